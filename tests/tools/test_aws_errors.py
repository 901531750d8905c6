"""What an operator is told when AWS refuses: in one sentence, with a command that works where it is.

What could break: a wrong secret or a sign-in page told as riddles, a copied command that silently
does nothing as it goes to another region, errors above what they follow in a log.
"""

import os
import subprocess
import sys
from typing import Any

import pytest
from botocore import exceptions as botocore
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from tests.conftest import ROOT
from tools.aws_errors import sentence_for
from tools.client import CannotRun
from tools.deploys import Target
from tools.destroys import _say_left, split_parts
from tools.stacks import _refuse_half_made
from tools.stage_apis import calling
from tools.stages import find_group


def answer(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "It is so."}}, "Look")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        # The same fault as services of each protocol tell it.
        (answer("SignatureDoesNotMatch"), "secret key or the clock wrong (It is so): set AWS_"),
        (answer("InvalidSignatureException"), "secret key or the clock wrong (It is so)"),
        (answer("InvalidAccessKeyId"), "AWS does not know these credentials: set AWS_"),
        (answer("AuthFailure"), "AWS does not know these credentials: set AWS_"),
        (answer("RequestTimeTooSkewed"), "The clock is wrong (It is so): set it"),
        (answer("RequestExpired"), "sign in again, with `aws sso login`"),
        (answer("UnauthorizedOperation"), "These credentials may not do this: It is so."),
        (botocore.SSOTokenLoadError(error_msg="No token"), "sign in again with `aws sso login`."),
        (botocore.UnauthorizedSSOTokenError(), "sign in again with `aws sso login`."),
        (ResponseParserError("Unable to parse"), "What answered is not AWS"),
    ],
)
def test_a_refusal_says_what_mends_it(error: Exception, said: str) -> None:
    """Each in one line."""
    sentence = sentence_for(error)
    assert said in sentence
    assert "\n" not in sentence


def test_a_page_to_sign_in_is_not_a_crash() -> None:
    """What a hotel's network or a proxy answers is no XML, and no error that botocore owns."""

    def call() -> Any:
        raise ResponseParserError("Unable to parse response, invalid XML received")

    with pytest.raises(CannotRun, match="What answered is not AWS"):
        calling(call)


def test_a_stack_is_deleted_where_it_is() -> None:
    """In another region the command would find nothing, and say that all went well."""
    name = "everhop-prod-files"
    at = f"arn:aws:cloudformation:eu-west-1:123456789012:stack/{name}/1"
    with pytest.raises(CannotRun) as refused:
        _refuse_half_made({"StackName": name, "StackId": at, "StackStatus": "ROLLBACK_COMPLETE"})
    assert f"delete-stack --region eu-west-1 --stack-name {name})" in str(refused.value)


def test_what_stays_is_forgotten_with_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """One stage's `destroy --data` leaves the table that others share, so that is not what is said."""

    class Nothing:
        def left_of(self, _: Any) -> list[str]:
            return []

        def logs(self, _: Any) -> list[str]:
            return []

    group, stages = find_group("prod")
    one = Target(group, stages[1:], "us-east-1", "1", ())
    _say_left(Nothing(), one, split_parts(one, data=False)[1])  # type: ignore[arg-type]
    assert "python -m tools destroy prod --data\n" in capsys.readouterr().out


def test_errors_stand_below_what_they_follow() -> None:
    """Also where both go into one file, as they do in CI."""
    buffered = {key: it for key, it in os.environ.items() if key != "PYTHONUNBUFFERED"}
    said = subprocess.run(
        [sys.executable, "-c", "from tools.import_reports import tell; print('1st'); tell('2nd')"],
        cwd=ROOT,
        env=buffered,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    ).stdout
    assert said.split() == ["1st", "2nd"]
