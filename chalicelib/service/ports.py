"""What the use cases need from the world: stores, files, workers, a clock and chance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from chalicelib.core.links import Link, State


if TYPE_CHECKING:  # what no redirect needs, no cold start loads
    from chalicelib.core.counts import CountRow, RowKey, Span
    from chalicelib.core.idempotency import Claim
    from chalicelib.core.jobs import Job
    from chalicelib.core.keys import ApiKey


Clock = Callable[[], datetime]
Chance = Callable[[int], int]  # chance(n) is a secure random number from 0 to n - 1
T = TypeVar("T")
S_co = TypeVar("S_co", covariant=True)
END_OF_TIME = datetime.max.replace(tzinfo=UTC)
# Links that one filtered request looks through before it hands back a position to go on from.
SCANNED = 1000


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which of a workspace's links to list, newest first unless told otherwise.

    `after` is the position to go on from; `text` is case-folded and literal; `state` is as of `at`.
    """

    limit: int = 50
    after: str | None = None
    text: str = ""
    tag: str | None = None
    archived: bool = False
    oldest_first: bool = False
    state: State | None = None
    at: datetime = END_OF_TIME  # the use case says when
    scanned: int = SCANNED

    @property
    def filtered(self) -> bool:
        """Whether links are looked through, and not just counted off."""
        return bool(self.text) or self.tag is not None or self.state is not None


class Page(NamedTuple):
    """Some links of a list, and the position to go on from when there may be more."""

    links: tuple[Link, ...]
    after: str | None


# Of rules that one page of a list answers with: Lambda's own limit for an answer is 6 MB.
PAGE_RULES = 1024 * 1024


def page_end(links: Iterable[Link], limit: int) -> int:
    """How many of these links fit into a page: `limit`, or fewer when their rules are long."""
    room, count = PAGE_RULES, 0
    for link in islice(links, limit):
        room -= len(link.rules.text)
        if room < 0 and count:
            break
        count += 1
    return count


class LinkStore(Protocol):
    """Links by slug key. Every method raises Unavailable when the store does not answer."""

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        """The link or tombstone with this slug key; None when there never was one.

        Consistent is what its home has; when that does not answer, what this region has.
        Unavailable when it has none either.
        """

    def current(self, key: str) -> Link | None:
        """The same as its home has it now, or Unavailable: what a change is made of."""

    def seek(self, key: str) -> Link | None:
        """The same for visitors after a miss: of this region's table, then of the home's.

        Unavailable when there is none here and the home does not tell in time.
        """

    def create(self, key: str, link: Link) -> None:
        """Store a new link, once; SlugTaken when the key has a link or a quarantined tombstone."""

    def replace(self, key: str, link: Link) -> None:
        """Store the next version of a link; Stale unless the stored one is the version before."""

    def page(self, workspace: str, query: ListQuery) -> Page:
        """Up to `limit` links that the query finds among the next `scanned`; may be none."""


class ClaimStore(Protocol):
    """What idempotency keys stand for. Every method raises Unavailable as a LinkStore does."""

    def find(self, workspace: str, key: str, now: datetime) -> Claim | None:
        """The live claim of a workspace's key, read so that no write before it is missed."""

    def claim(self, workspace: str, key: str, claim: Claim) -> Claim | None:
        """Store the claim unless the key has a live one; the one that it has then.

        None when that can't be told: the one that stood in the way is gone by now.
        """

    def release(self, workspace: str, key: str, claim: Claim, now: datetime) -> None:
        """Let the key stand for nothing, if it still has this claim."""


class KeyPage(NamedTuple):
    """Some keys of a workspace, newest first, and whether there may be more after them."""

    keys: tuple[ApiKey, ...]
    more: bool


class KeyStore(Protocol):
    """API keys by id. Every method raises Unavailable when the store does not answer."""

    def get(self, key_id: str) -> ApiKey | None:
        """The key, without the day it was last used; None when there is none in any region.

        As this region has it, where that has it: others' changes come with replication.
        """

    def current(self, key_id: str) -> ApiKey | None:
        """The same as its home has it now: what a change is made of."""

    def create(self, key: ApiKey) -> None:
        """Store a new key, once; KeyConflict when its id is another's."""

    def replace(self, key: ApiKey) -> None:
        """Store the next version of a key; Stale unless the stored one is the version before."""

    def page(self, workspace: str, limit: int, after: ApiKey | None) -> KeyPage:
        """Up to `limit` keys of the workspace that are older than `after`."""

    def note_use(self, key: ApiKey, day: date) -> None:
        """Keep the day a key was used on; not written again when it is kept already."""


class CounterStore(Protocol):
    """Numbers that only grow, by name. Every method raises Unavailable as a LinkStore does.

    Whether a repeated call after a lost answer counts twice can't be told: a counter may be high,
    it is never low.
    """

    def add(
        self, name: str, amount: int, *, until: datetime | None = None, most: int | None = None
    ) -> int | None:
        """Add to a counter that begins at 0; the new total.

        None, and nothing is added, when that would exceed `most`. After `until` the counter may be
        swept away; a name is not used beyond it.
        """

    def read(self, name: str) -> int:
        """The total that was current within the last second or so."""


class JobStore(Protocol):
    """Jobs by workspace and id. Every method raises Unavailable when the store does not answer."""

    def get(self, workspace: str, job_id: str) -> Job | None:
        """The job as it is now, read so that no save before it is missed.

        That is in its own region; another shows what has come from there when that is silent.
        """

    def create(self, job: Job) -> None:
        """Store a new job."""

    def replace(self, job: Job) -> None:
        """Store the next version of a job; Stale unless the stored one is the version before."""


class FileGone(Exception):
    """A file, or an upload in parts, is not there any more."""


# Every part of an upload but the last has at least so many bytes: S3's rule.
SMALLEST_PART = 5 * 1024 * 1024


class FileStore(Protocol):
    """Files by name, for a day. Every method raises Unavailable when the store does not answer."""

    def begin(self, name: str, content_type: str) -> str:
        """Begin to upload a file in parts; the id of the upload."""

    def put_part(self, name: str, upload: str, number: int, data: bytes) -> str:
        """Upload part `number` (from 1 on), also again; its tag. FileGone: begin anew."""

    def complete(self, name: str, upload: str, parts: Sequence[str]) -> None:
        """Make the file of the parts with these tags. FileGone: begin anew."""

    def put(self, name: str, data: bytes) -> None:
        """Store a whole file."""

    def get(self, name: str) -> bytes:
        """A whole file; FileGone when there is none."""

    def url_of(self, name: str, works_for: int) -> str:
        """A URL from which anyone can fetch the file for so many seconds."""


class CountStore(Protocol):
    """Counts of clicks. Every method raises Unavailable when the store does not answer."""

    def read(
        self,
        subject: str,
        span: Span,
        since: datetime,
        until: datetime,
        names: Sequence[str] | None = None,
    ) -> list[CountRow]:
        """The rows of a subject whose spans begin in [since, until), oldest first.

        With `names` their counts of these alone: what is not sent is not read through either.
        """

    def complete_as_of(self) -> datetime | None:
        """Until when all clicks are counted, as far as logs have come; None before the first."""

    def erase(self, subject: str) -> int:
        """Forget all counts of a subject; how many rows there were."""


class Receipt(NamedTuple):
    """How far a log file is folded: in so many chunks, `mine` of them as this region's row tells.

    `mine` is None when this region has folded none of it. `upto` is the mark of the last group that
    is counted, and `form` says how files were tallied then; see core/folds.
    """

    chunks: int = 0
    mine: int | None = None
    form: int = 0
    ended: bool = False
    upto: str = ""

    def move(self, upto: str) -> Receipt:
        """The receipt after this region's next chunk, which ends at this mark."""
        return self._replace(chunks=self.chunks + 1, mine=self.chunks + 1, upto=upto)


class FoldStore(Protocol):
    """Counts as they are written. Every method raises Unavailable when the store does not answer.

    Whatever is written is this region's own: rows of other regions are never touched.
    """

    def receipt(self, name: str) -> Receipt:
        """How far the log file of this name is folded, by whichever region."""

    def workspaces(self, keys: Sequence[str]) -> Mapping[str, str]:
        """The workspaces of the links and tombstones with these slug keys that are here."""

    def names(self, rows: Iterable[RowKey]) -> Mapping[RowKey, frozenset[str]]:
        """The names that this region's rows have about now, but for rows that are not there."""

    def fold(
        self, receipts: Mapping[str, Receipt], upto: str, rows: Mapping[RowKey, Mapping[str, int]]
    ) -> Mapping[str, Receipt] | None:
        """Add a chunk's counts to their rows, and move the files' receipts, or do nothing of it.

        The receipts, by name, are of all files that the counts are of; after it they are `upto`
        this mark. None, and nothing is added, when one of them is not this one any more.
        """

    def end(self, name: str, receipt: Receipt, told: str, seen_at: datetime | None) -> None:
        """Note what became of a file, once, and when the last request in it was."""


# wake(workspace, job_id) has a worker take the job soon; Unavailable when none can be called.
Wake = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class JobTools:
    """What jobs need besides links.

    `files` are kept in `place`; `open_files(place)` are those that a job has elsewhere.
    """

    jobs: JobStore
    files: FileStore
    wake: Wake
    place: str = ""
    open_files: Callable[[str], FileStore] | None = None

    def files_of(self, job: Job) -> FileStore:
        """The files of a job, wherever it was worked on."""
        is_elsewhere = job.place not in ("", self.place)
        return self.open_files(job.place) if is_elsewhere and self.open_files else self.files


class OtherRegions(Protocol[S_co]):
    """A kind of store in the other regions, which are far and may be away."""

    def __call__(self, region: str, act: Callable[[S_co], T]) -> T:
        """What `act` returns of that region's store; Unavailable when it does not answer."""
