"""The grammar of the table's keys: one place that knows how an item is found and listed.

item            pk               sk     list_key                 list_sort
a link          link#<slug key>  link   <workspace>#active       <created_at>#<slug key>
an archived one link#<slug key>  link   <workspace>#archived     <created_at>#<slug key>
a tombstone     link#<slug key>  link   (none: not in the list)  (none)
a claim         claim#<workspace>#<SHA-256 of the idempotency key>, sk = claim; in no list
an API key      key#<id>         key    <workspace>#keys         <created_at>#<id>
its last use    key#<id>         use    <workspace>#key_uses     <created_at>#<id>, the key's own
a counter       counter#<name>, sk = counter; in no list
a job           job#<workspace>#<id>, sk = job; in no list
absences        regions, sk = absences: which regions are no homes; in no list
counts          counts#<subject>, sk = <span>#<begin of it>#<region>#<shard>; in no list
a log's receipt log#<name of the file>, sk = <region that folded of it>; in no list
logs seen       logs, sk = <region>; in no list
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from chalicelib.core.links import Link
from chalicelib.core.times import sortable_time


if TYPE_CHECKING:  # what no redirect needs, no cold start loads
    from datetime import datetime

    from chalicelib.core.counts import RowKey, Span
    from chalicelib.core.keys import ApiKey


LINK_SK = "link"
CLAIM_SK = "claim"
_PK_PREFIX = "link#"


def link_pk(key: str) -> str:
    """The partition key of the link with this slug key."""
    return _PK_PREFIX + key


def key_of_link(pk: str) -> str | None:
    """The slug key in such a partition key; None for one of anything else."""
    return pk.removeprefix(_PK_PREFIX) if pk.startswith(_PK_PREFIX) else None


def list_key(workspace: str, *, archived: bool) -> str:
    """The partition of the list index: archived links are listed apart."""
    return f"{workspace}#{'archived' if archived else 'active'}"


def list_sort(key: str, link: Link) -> str:
    """The place of a link in its list, by when it was made."""
    return f"{sortable_time(link.created_at)}#{key}"


def key_of_position(position: str) -> str:
    """The slug key that a place in the list ends in."""
    return position.partition("#")[2]


def claim_pk(workspace: str, key: str) -> str:
    """The partition key of what an idempotency key stands for; the key itself is not stored."""
    return f"claim#{workspace}#{hashlib.sha256(key.encode()).hexdigest()}"


KEY_SK = "key"
USE_SK = "use"


def key_pk(key_id: str) -> str:
    """The partition key of an API key and of its last use."""
    return f"key#{key_id}"


def keys_list(workspace: str) -> str:
    """The partition of the list index that has a workspace's API keys."""
    return f"{workspace}#keys"


def uses_list(workspace: str) -> str:
    """The partition of the list index that has the last uses of a workspace's API keys."""
    return f"{workspace}#key_uses"


def key_sort(key: ApiKey) -> str:
    """The place of an API key in its list, and of its last use in that one's."""
    return f"{sortable_time(key.created_at)}#{key.id}"


COUNTER_SK = "counter"


def counter_pk(name: str) -> str:
    """The partition key of a counter."""
    return f"counter#{name}"


ABSENCES_PK = "regions"
ABSENCES_SK = "absences"
JOB_SK = "job"


def job_pk(workspace: str, job_id: str) -> str:
    """The partition key of a job; no workspace has a # in its name."""
    return f"job#{workspace}#{job_id}"


LOGS_PK = "logs"
_BEGINS = "%Y-%m-%dT%H"


def counts_pk(subject: str) -> str:
    """The partition key of all counts of a subject."""
    return f"counts#{subject}"


def counts_sk(row: RowKey, region: str) -> str:
    """The sort key of a row of counts, which belongs to the region that writes it."""
    return f"{counts_since(row.span, row.at)}#{region}#{row.shard}"


def counts_since(span: Span, at: datetime) -> str:
    """What is before the sort keys of rows that begin at this time (UTC) or later, not before."""
    return f"{span}#{at:{_BEGINS}}"


def log_pk(name: str) -> str:
    """The partition key of the receipts of a log file."""
    return f"log#{name}"
