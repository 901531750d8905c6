"""Chunks of a log's tally: what is written in one transaction, cut the same way every time.

A chunk is known by its number alone, so how chunks are cut may depend on nothing but the log: not
on the links that are there now, nor on which attempt this is.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
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


# How logs are tallied and cut. A file that was begun under another form can't be gone on with: with
# each change of what this file, tallies or access_logs make of a log, this is one more.
FORM = 1
BLOCK = 100_000  # lines that are tallied together
MOST_ROWS = 99  # of one transaction, which has the receipt besides: DynamoDB's limit is 100
# Rows that many write at once are several, so that none takes more than DynamoDB writes of one
# (1,000 KB a second): those of links that so many of one chunk follow, and what all chunks share.
HOT = 1000
SHARDS = 16
Chunk = list[tuple[Group, Mapping[str, int]]]
Counts = Mapping[str, int]
Rows = dict[RowKey, Counts]
K = TypeVar("K")


def cut(groups: Iterable[tuple[Group, Mapping[str, int]]]) -> Iterator[Chunk]:
    """Chunks of these groups: as many as have room for all rows that they may come to."""
    chunk: Chunk = []
    room = _Room()
    for group, counts in groups:
        if not room.has(group):
            yield chunk
            chunk, room = [], _Room()
        room.take(group)
        chunk.append((group, counts))
    if chunk:
        yield chunk


class _Room:
    """How many rows a chunk may come to when each link is in a workspace of its own."""

    def __init__(self) -> None:
        self._links: set[tuple[str, datetime, str]] = set()
        self._orphans: set[tuple[str, datetime]] = set()

    def has(self, group: Group) -> bool:
        links, orphans = self._links | _links_of(group), self._orphans | _spans_of(group)
        return 2 * len(links) + len(orphans) <= MOST_ROWS

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
    yield workspace_subject(workspace), {**counts, **followed}


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
