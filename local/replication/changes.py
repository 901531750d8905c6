"""One change of one item, as it is logged and told to other regions, and which version wins."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, Self


class Version(NamedTuple):
    """When an item was written, in ms by its region's clock, and where. The greater one wins."""

    stamp: int
    origin: str


NEVER = Version(-1, "")


class Change(NamedTuple):
    """What one write did to one item. Key and images are JSON texts in DynamoDB's form."""

    table: str
    key: str
    old: str | None  # None: there was no such item
    new: str | None  # None: there is no such item any more
    version: Version
    at: int  # ms: when it was kept in this region, by the true clock
    by_ttl: bool = False  # this region's own sweep of what expired
    sequence: int = 0  # its place in this region's log

    def to_wire(self) -> dict[str, Any]:
        """What another region needs of it."""
        return {"table": self.table, "key": self.key, "new": self.new, "version": self.version}

    @classmethod
    def from_wire(cls, said: Mapping[str, Any]) -> Self:
        """What another region told; KeyError, TypeError or ValueError when it is none."""
        stamp, origin = said["version"]
        version = Version(int(stamp), str(origin))
        return cls(str(said["table"]), str(said["key"]), None, said["new"], version, 0)

    @property
    def changes_nothing(self) -> bool:
        """Whether the item is what it was: DynamoDB's streams are silent about such writes."""
        if self.old == self.new:
            return True
        if self.old is None or self.new is None:
            return False
        return bool(json.loads(self.old) == json.loads(self.new))


class Loss(NamedTuple):
    """A write of another region that came too late: a greater version stands here."""

    key: str
    lost: Version
    kept: Version

    def __str__(self) -> str:
        return (
            f"conflict: {self.key} as written in {self.lost.origin} at {self.lost.stamp} lost "
            f"to {self.kept.origin} at {self.kept.stamp}"
        )
