"""Has DAX forget a link: it never hears of writes that come from another region.

There is no call for that. But what a transaction has written, DAX reads anew from the table when
it is through; and one that only checks changes nothing, and so is nothing to replicate. That DAX
does so for a check too is an assumption that nobody has tried on AWS. So it is asked afterwards
what it has: if that is the old, this is told, and its time to live ends it.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.core.changes import Change, Purged, Version
from chalicelib.store.dax import DaxRoad, is_throttled
from chalicelib.store.dax_errors import Lost
from chalicelib.store.keys import LINK_SK, link_pk
from chalicelib.store.streams import read_image


CONNECT_WITHIN = 2.0  # seconds: nobody waits for this, unlike for a redirect
# DAX reads its own table eventually, so what it reads first may be the old once more.
WAITS = (0.05, 0.2, 0.5)
AT_ONCE = 25  # links: what DynamoDB took in one transaction when DAX was made
# Holds whatever is there. A check must have a condition.
_ALWAYS = "attribute_exists(pk) OR attribute_not_exists(pk)"
Item = dict[str, Any]


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
        for start in range(0, len(changes), AT_ONCE):
            purged.add(self._forget(changes[start : start + AT_ONCE]))
        return purged

    def _forget(self, changes: Sequence[Change]) -> Purged:
        """All in one transaction; in halves when it is refused, as one is just being written."""
        try:
            return Purged(ignored=self._ask(changes))
        except (Lost, ClientError) as error:
            if len(changes) == 1 or isinstance(error, Lost) or is_throttled(error):
                return Purged(failed={it.key for it in changes})
        middle = len(changes) // 2
        purged = self._forget(changes[:middle])
        purged.add(self._forget(changes[middle:]))
        return purged

    def _is_connected(self) -> bool:
        until = time.monotonic() + CONNECT_WITHIN
        while not self._road.is_connected():
            if time.monotonic() > until:
                return False
            self._wait(0.02)
        return True

    def _ask(self, changes: Sequence[Change]) -> set[str]:
        """The keys of which it still has the old after some tries."""
        for wait in (*WAITS, None):
            checks = [{"ConditionCheck": self._check(it.key)} for it in changes]
            self._road.ask_dax("TransactWriteItems", {"TransactItems": checks})
            # This read also fills it, for those who come after the purge.
            kept = self._read([it.key for it in changes])
            changes = [it for it in changes if is_old(kept.get(link_pk(it.key)), it.now)]
            if not changes:
                break
            if wait is not None:
                self._wait(wait)
        return {it.key for it in changes}

    def _check(self, key: str) -> Item:
        return {"TableName": self._table, "Key": item_key(key), "ConditionExpression": _ALWAYS}

    def _read(self, keys: Sequence[str]) -> dict[str, Version | None]:
        """What it has, by partition keys; without what it did not get to."""
        wanted = {self._table: {"Keys": [item_key(key) for key in keys]}}
        answer = self._road.ask_dax("BatchGetItem", {"RequestItems": wanted})
        items = answer.get("Responses", {}).get(self._table, [])
        return {item["pk"]["S"]: _readable(item) for item in items}


def item_key(key: str) -> Item:
    """The key of a link's item, in DynamoDB's own form."""
    return {"pk": {"S": link_pk(key)}, "sk": {"S": LINK_SK}}


def _readable(item: Item) -> Version | None:
    # One that can't be read must not be the end of the other links' purge.
    with suppress(Exception):
        return read_image(item)
    return None


def is_old(kept: Version | None, now: Version | None) -> bool:
    """Whether what a cache has is from before what stands there now."""
    if now is None:
        return False  # it is gone: another may have come in its place since
    if kept is None:
        return True
    return kept.write_id != now.write_id and kept.link.version <= now.link.version
