"""Has DAX forget a link: it never hears of writes that come from another region.

There is no call for that. But what a transaction has written, DAX reads anew from the table when
it is through; and one that only checks changes nothing, and so is nothing to replicate. That DAX
does so for a check too is an assumption that nobody has tried on AWS. So it is asked afterwards
what it has: if that is the old, this is told, and its time to live ends it.
"""

import time
from collections.abc import Callable, Sequence

from botocore.exceptions import ClientError

from chalicelib.core.changes import Change, Purged, Version
from chalicelib.store.dax import DaxRoad
from chalicelib.store.dax_errors import Lost
from chalicelib.store.keys import LINK_SK, link_pk
from chalicelib.store.streams import read_image


CONNECT_WITHIN = 2.0  # seconds: nobody waits for this, unlike for a redirect
# DAX reads its own table eventually, so what it reads first may be the old once more.
WAITS = (0.05, 0.2, 0.5)
# Holds whatever is there. A check must have a condition.
_ALWAYS = "attribute_exists(pk) OR attribute_not_exists(pk)"


class DaxPurge:
    """A `Purge` of one region's cluster."""

    def __init__(
        self, road: DaxRoad, table: str, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._road = road
        self._table = table
        self._wait = wait

    def __call__(self, changes: Sequence[Change], unsure: frozenset[str]) -> Purged:
        """Have it forget; also what visitors are not shown, as owners' programs may read it."""
        del unsure  # below it there is the table alone
        purged = Purged()
        if changes and not self._is_connected():
            purged.failed |= {it.key for it in changes}
            return purged
        for change in changes:
            try:
                if not self._forget(change):
                    purged.ignored.add(change.key)
            except (Lost, ClientError):
                purged.failed.add(change.key)
        return purged

    def _is_connected(self) -> bool:
        until = time.monotonic() + CONNECT_WITHIN
        while not self._road.is_connected():
            if time.monotonic() > until:
                return False
            self._wait(0.02)
        return True

    def _forget(self, change: Change) -> bool:
        """Whether DAX has it as it is now, or newer."""
        key = {"pk": {"S": link_pk(change.key)}, "sk": {"S": LINK_SK}}
        named = {"TableName": self._table, "Key": key}
        check = {"ConditionCheck": {**named, "ConditionExpression": _ALWAYS}}
        for wait in (*WAITS, None):
            self._road.ask_dax("TransactWriteItems", {"TransactItems": [check]})
            # This read also fills it, for those who come after the purge.
            answer = self._road.ask_dax("GetItem", named)
            if not is_old(read_image(answer.get("Item")), change.now):
                return True
            if wait is not None:
                self._wait(wait)
        return False


def is_old(kept: Version | None, now: Version | None) -> bool:
    """Whether what a cache has is from before what stands there now."""
    if now is None:
        return False  # it is gone: another may have come in its place since
    if kept is None:
        return True
    return kept.write_id != now.write_id and kept.link.version <= now.link.version
