"""What a group's edge proves itself with, kept encrypted in us-east-1's parameter store.

One secret, or while it is changed the new and the old: the edge says the first, regions take both.
"""

import secrets
from typing import Any

from tools.client import CannotRun
from tools.edge_parts import secret_name
from tools.parts import HOME_OF_GLOBALS
from tools.stage_apis import calling, make_client


_BYTES = 32


def draw_secret() -> str:
    """A new one."""
    return secrets.token_urlsafe(_BYTES)


def read_secrets(group: str) -> str:
    """As EVERHOP_ORIGIN_SECRETS has them; "" when there are none yet."""
    named = {"Name": secret_name(group), "WithDecryption": True}
    try:
        said: str = calling(lambda: _client().get_parameter(**named))["Parameter"]["Value"]
    except CannotRun as error:
        if "ParameterNotFound" in str(error):
            return ""
        raise
    return said


def keep_secrets(group: str, said: str) -> None:
    """Keep them, in place of what is there."""
    named = {"Name": secret_name(group), "Type": "SecureString", "Overwrite": True}
    calling(lambda: _client().put_parameter(**named, Value=said))


def forget_secrets(group: str) -> None:
    """Of an edge that is gone."""
    if read_secrets(group):
        calling(lambda: _client().delete_parameter(Name=secret_name(group)))


def begin_change(group: str) -> None:
    """Put a new secret before the one there is; CannotRun when that is not one."""
    now = read_secrets(group)
    if not now or "," in now:
        reason = "is being changed already" if now else "has no secret yet: deploy it first"
        raise CannotRun(f"The edge of {group} {reason}.")
    keep_secrets(group, f"{draw_secret()},{now}")


def end_change(group: str) -> None:
    """Forget the old one, once the deploy after `begin_change` is done."""
    now = read_secrets(group)
    if "," not in now:
        raise CannotRun(f"The secret of {group} is not being changed.")
    keep_secrets(group, now.partition(",")[0])


def _client() -> Any:
    return make_client("ssm", HOME_OF_GLOBALS)
