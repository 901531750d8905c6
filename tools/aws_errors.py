"""What went wrong with a call to AWS, in one sentence that says what to do."""

from botocore import exceptions as botocore
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError


_HOW = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run `aws configure`"
_AWAY = "AWS can't be reached: {}. Look after the network, HTTPS_PROXY and AWS_ENDPOINT_URL."
_AGAIN = (
    "The AWS credentials have expired: sign in again, with `aws sso login` or as you did before."
)
# By kind of error; {} is what botocore says itself.
_SENTENCES: tuple[tuple[type[Exception], str], ...] = (
    (botocore.NoCredentialsError, f"There are no AWS credentials: {_HOW}."),
    (botocore.PartialCredentialsError, f"The AWS credentials are not whole ({{}}): {_HOW}."),
    (
        botocore.NoRegionError,
        "There is no region: set AWS_DEFAULT_REGION, like `export AWS_DEFAULT_REGION=us-east-1`.",
    ),
    (
        botocore.ProfileNotFound,
        "{}: AWS_PROFILE must name one of ~/.aws/config (`aws configure list-profiles`).",
    ),
    (botocore.TokenRetrievalError, "{}: sign in again with `aws sso login`."),
    (botocore.SSOError, "{}: sign in again with `aws sso login`."),
    (botocore.ConnectionError, _AWAY),
    (botocore.HTTPClientError, _AWAY),
    (
        ResponseParserError,
        "What answered is not AWS: look after HTTPS_PROXY, and a page to sign in to the network.",
    ),
)
# By the code of AWS's answer.
_ANSWERS = {
    "ExpiredToken": _AGAIN,
    "ExpiredTokenException": _AGAIN,
    "RequestExpired": f"{_AGAIN[:-1]}; or the clock is wrong.",
    "UnrecognizedClientException": f"AWS does not know these credentials: {_HOW}.",
    "InvalidClientTokenId": f"AWS does not know these credentials: {_HOW}.",
    "InvalidAccessKeyId": f"AWS does not know these credentials: {_HOW}.",
    "AuthFailure": f"AWS does not know these credentials: {_HOW}.",
    "InvalidSignatureException": f"AWS finds the secret key or the clock wrong ({{}}): {_HOW}.",
    "SignatureDoesNotMatch": f"AWS finds the secret key or the clock wrong ({{}}): {_HOW}.",
    "RequestTimeTooSkewed": "The clock is wrong ({}): set it, and try again.",
    "UnauthorizedOperation": "These credentials may not do this: {}.",
    "AccessDenied": "These credentials may not do this: {}.",
    "AccessDeniedException": "These credentials may not do this: {}.",
}


# What a call can end with; that which can't be parsed is no BotoCoreError.
AWS_ERRORS = (BotoCoreError, ClientError, ResponseParserError)


def sentence_for(error: Exception) -> str:
    """The sentence: what is missing or was refused, and what would do."""
    if isinstance(error, ClientError):
        code, said = (error.response.get("Error", {}).get(it, "") for it in ("Code", "Message"))
        known = _ANSWERS.get(code, f"{error.operation_name} failed with {code}: {{}}.")
    else:
        said = str(error)
        known = next((text for kind, text in _SENTENCES if isinstance(error, kind)), "{}.")
    return known.replace("{}", " ".join(said.split()).rstrip("."))
