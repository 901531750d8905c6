"""A region's functions fenced off: whatever they have permission for, they write nothing.

A Deny beside the roles' own policies, which a deploy leaves alone. IAM is one for all regions, so
that a region which is cut off hears of it too, as soon as it hears of anything.
"""

import json
from functools import partial
from typing import Any

from tools.client import CannotRun
from tools.stage_apis import calling, make_client
from tools.stages import Stage


FENCE = "everhop-fence"
_WRITES = (
    "PutItem UpdateItem DeleteItem BatchWriteItem PartiQLInsert PartiQLUpdate PartiQLDelete"
).split()
_BY_DAX = "PutItem UpdateItem DeleteItem BatchWriteItem".split()


def fence_policy(table: str) -> dict[str, Any]:
    """What is denied: writes to the table in any region, and those through any DAX."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "WriteNothing",
                "Effect": "Deny",
                "Action": [f"dynamodb:{it}" for it in _WRITES],
                "Resource": [f"arn:*:dynamodb:*:*:table/{table}"],
            },
            {
                "Sid": "NorThroughDax",
                "Effect": "Deny",
                "Action": [f"dax:{it}" for it in _BY_DAX],
                "Resource": ["*"],
            },
        ],
    }


class Fence:
    """The roles of one stage's functions; each call raises CannotRun."""

    def __init__(self, stage: Stage) -> None:
        self._prefix = f"{stage.config['app_name']}-{stage.name}-"
        self._table = stage.environment["EVERHOP_TABLE"]
        # IAM's own region, and not the one that may be gone.
        self._iam = make_client("iam", "us-east-1")

    def roles(self) -> list[str]:
        """What the functions are, by name."""
        pages = self._iam.get_paginator("list_roles").paginate()
        names = calling(lambda: [it["RoleName"] for page in pages for it in page["Roles"]])
        return [name for name in names if name.startswith(self._prefix)]

    def raise_it(self) -> list[str]:
        """Fence all roles off; their names."""
        roles = self.roles()
        if not roles:
            raise CannotRun(f"There is no role {self._prefix}... to be fenced off.")
        document = json.dumps(fence_policy(self._table))
        for role in roles:
            named = {"RoleName": role, "PolicyName": FENCE}
            calling(partial(self._iam.put_role_policy, **named, PolicyDocument=document))
        return roles

    def lift(self) -> None:
        """Let them write again."""
        for role in self.roles():
            if FENCE in self._policies(role):
                calling(partial(self._iam.delete_role_policy, RoleName=role, PolicyName=FENCE))

    def _policies(self, role: str) -> list[str]:
        said = calling(partial(self._iam.list_role_policies, RoleName=role))
        names: list[str] = said["PolicyNames"]
        return names
