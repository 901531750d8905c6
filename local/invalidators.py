"""Who may have a stage's cache make an answer anew: whose request bears the stack's signature.

As on AWS it takes a Signature Version 4 of somebody with the right. On one machine there is one
principal, that of the region's own process; who has not its secret key can't sign.
"""

import re
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


SERVICE = "execute-api"
GOOD_FOR = 300.0  # seconds that a signature is taken, before and after its time: AWS's own rule
# may(method, path, headers): path and query as they were sent, with the stage.
MayInvalidate = Callable[[str, str, Mapping[str, str]], bool]
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})",
    re.ASCII,
)
# What the right is about must be signed, or somebody could use another request's signature.
_MUST_BE_SIGNED = frozenset({"host", "x-amz-date", "cache-control"})


def nobody(_method: str, _path: str, _headers: Mapping[str, str]) -> bool:
    """Where there are no principals."""
    return False


def signed_by(
    credentials: Credentials, region: str, clock: Callable[[], float] = time.time
) -> MayInvalidate:
    """Whether a request is signed, for this region's API, with these credentials."""

    def may(method: str, path: str, headers: Mapping[str, str]) -> bool:
        said = {name.lower(): value for name, value in headers.items()}
        match = _SIGNED.fullmatch(said.get("authorization", ""))
        if match is None or match[1] != credentials.access_key:
            return False
        names = match[5].split(";")
        stamp = said.get("x-amz-date", "")
        if (match[3], match[4]) != (region, SERVICE) or not set(names) >= _MUST_BE_SIGNED:
            return False
        if not stamp.startswith(match[2]) or not _is_now(stamp, clock()):
            return False
        request = AWSRequest(method, f"http://{said.get('host', '')}{path}", data=b"")
        for name in names:
            request.headers[name] = said.get(name, "")
        request.context["timestamp"] = stamp
        auth = SigV4Auth(credentials, SERVICE, region)
        text = auth.string_to_sign(request, auth.canonical_request(request))
        return secrets.compare_digest(auth.signature(text, request), match[6])

    return may


def _is_now(stamp: str, now: float) -> bool:
    try:
        at = datetime.strptime(stamp, SIGV4_TIMESTAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return False
    return abs(now - at) <= GOOD_FOR
