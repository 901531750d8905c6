"""Chunks of logs' tallies: what is written in one transaction, of one file or of several together.

The groups of a file are counted in one order, which depends on its lines alone. So how far a file
is counted is told by its last group, its mark: whoever goes on there may cut what is left in other
chunks, and together with other files than the attempt before.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import TypeVar

from chalicelib.core.counts import (
    LINK,
    ORPHANS,
    SPANS,
    RowKey,
    begin_of,
    link_subject,
    name_of,
    sum_counts,
    workspace_subject,
)
from chalicelib.core.tallies import Group


# How logs are tallied, and in which order. A file that was begun under another form can't be gone
# on with: with each change of what this file, tallies or access_logs make of a log, it is one more.
FORM = 2
BLOCK = 100_000  # lines that are tallied together
MOST_FILES = 20  # that are written together: the receipt of each is an item of the transaction
MOST_ITEMS = 100  # of one transaction, says DynamoDB
# Rows that many write at once are several, so that none takes more than DynamoDB writes of one
# (1,000 KB a second): those of links that so many of one chunk follow, and what all chunks share.
HOT = 1000
SHARDS = 16
Counts = Mapping[str, int]
Counted = tuple[Group, Counts]
Chunk = list[Counted]
Shares = Mapping[str, Counts]  # a group's counts by the name of the file that has them
Rows = dict[RowKey, Counts]
_VARIANT = name_of("variant", "")
K = TypeVar("K")
V = TypeVar("V")


def mark_of(block: int, group: Group) -> str:
    """The place of a group among all of its file: marks of later ones are greater.

    They are in the order of groups, as no slug has a tab, or anything that is less.
    """
    return f"{block:06}\t{group.hour:%Y-%m-%dT%H}\t{group.slug_key}\t{int(group.orphan)}"


def merge_groups(files: Mapping[str, Iterable[Counted]]) -> Iterator[tuple[Group, Shares]]:
    """The groups of several files in one order, each once, with what each file has of it."""
    parts = [_named(name, counted) for name, counted in files.items()]
    for group, found in groupby(merge(*parts, key=itemgetter(0)), itemgetter(0)):
        yield group, {name: counts for _, name, counts in found}


def _named(name: str, counted: Iterable[Counted]) -> Iterator[tuple[Group, str, Counts]]:
    return ((group, name, counts) for group, counts in counted)


def cut(groups: Iterable[tuple[Group, V]], receipts: int = 1) -> Iterator[list[tuple[Group, V]]]:
    """Chunks of these groups: as many as have room for all rows that they may come to.

    Besides the rows a transaction has so many receipts.
    """
    chunk: list[tuple[Group, V]] = []
    room = _Room(MOST_ITEMS - receipts)
    for group, counts in groups:
        if not room.has(group):
            yield chunk
            chunk, room = [], _Room(MOST_ITEMS - receipts)
        room.take(group)
        chunk.append((group, counts))
    if chunk:
        yield chunk


class _Room:
    """How many rows a chunk may come to when each link is in a workspace of its own."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._links: set[tuple[str, datetime, str]] = set()
        self._orphans: set[tuple[str, datetime]] = set()

    def has(self, group: Group) -> bool:
        links, orphans = self._links | _links_of(group), self._orphans | _spans_of(group)
        return 2 * len(links) + len(orphans) <= self._most

    def take(self, group: Group) -> None:
        self._links |= _links_of(group)
        # A link may be gone when it comes to writing, and its clicks be orphans then.
        self._orphans |= _spans_of(group)


def _spans_of(group: Group) -> set[tuple[str, datetime]]:
    return {(span, begin_of(span, group.hour)) for span in SPANS}


def _links_of(group: Group) -> set[tuple[str, datetime, str]]:
    if group.orphan:
        return set()
    return {(span, at, group.slug_key) for span, at in _spans_of(group)}


def rows_of(chunk: Chunk, workspaces: Mapping[str, str], name: str, number: int) -> Rows:
    """The rows that a chunk of this file adds to; links that are in no workspace are orphans."""
    hours: dict[tuple[str, datetime], Counts] = {}
    for group, counts in chunk:
        for subject, counted in _subjects_of(group, counts, workspaces):
            _add(hours, (subject, group.hour), counted)
    spans: Rows = {}
    for (subject, hour), counts in hours.items():
        for span in SPANS:
            _add(spans, RowKey(subject, span, begin_of(span, hour)), counts)
    return {_sharded(row, counts, name, number): counts for row, counts in spans.items()}


def _subjects_of(
    group: Group, counts: Counts, workspaces: Mapping[str, str]
) -> Iterator[tuple[str, Counts]]:
    workspace = None if group.orphan else workspaces.get(group.slug_key)
    if workspace is None:
        yield ORPHANS, counts
        return
    yield link_subject(workspace, group.slug_key), counts
    clicks = counts.get("clicks", 0)
    followed = {name_of(LINK, group.slug_key): clicks} if clicks else {}
    # Which side of a link was followed says nothing beside the sides of others.
    shared = {name: count for name, count in counts.items() if not name.startswith(_VARIANT)}
    yield workspace_subject(workspace), shared | followed


def _add(totals: dict[K, Counts], key: K, counts: Counts) -> None:
    # Most have one part, which need not be copied for each span.
    there = totals.get(key)
    totals[key] = counts if there is None else sum_counts(there, counts)


def _sharded(row: RowKey, counts: Mapping[str, int], name: str, number: int) -> RowKey:
    requests = sum(count for name, count in counts.items() if ":" not in name)
    shared = not row.subject.startswith("link/")
    if requests < HOT and not (shared and number):
        return row
    digest = hashlib.blake2b(f"{name}/{number}".encode(), digest_size=8).digest()
    return row._replace(shard=int.from_bytes(digest, "big") % SHARDS)
