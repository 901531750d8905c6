"""What a publication of the dashboard is, and what would have to change for it. Pure.

A record in the bucket says all that is needed to bring it back: assets are never deleted, and files
that keep their names are there a second time, under the hash of what is in them.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from infra.site_builds import ENTRY, FOR_GOOD, Site, SiteFile
from tools.client import CannotRun


RECORDS, COPIES = "publications/", "publications/files/"
_DIGITS = 12
# A distribution whose root is the entry page keeps it under both names.
_ENTRY_PATHS = ("/", f"/{ENTRY}")


@dataclass(frozen=True, slots=True)
class Published:
    """A file as a bucket has it, or is to have it; `sha256` is hexadecimal."""

    key: str
    sha256: str
    kind: str
    kept: str

    @property
    def is_hashed(self) -> bool:
        """Whether its name says what is in it."""
        return self.kept == FOR_GOOD

    @property
    def source(self) -> str:
        """The key of what will still be this file when its name is another one's."""
        return self.key if self.is_hashed else copy_of(self).key


@dataclass(frozen=True, slots=True)
class Publication:
    """One state of the dashboard; `at` is like 20270101T120000123Z, when it was made public.

    `before` is the record that a rollback goes back to, "" when there is none. What was put back
    has its own former one, so that each rollback goes one further and none goes forth again.
    """

    id: str
    at: str
    files: tuple[Published, ...]
    before: str = ""

    @property
    def entry(self) -> Published:
        """The entry page, which says which of the other files are asked for."""
        return next(it for it in self.files if it.key == ENTRY)

    @property
    def record(self) -> str:
        """The key of its record, by which a list of keys tells all that `--list` shows."""
        return f"{RECORDS}{self.at}-{self.id}-{self.entry.sha256[:_DIGITS]}.json"

    def needed(self) -> tuple[tuple[Published, ...], ...]:
        """What must be there, in this order: no page may refer to what is not there yet."""
        named = [it for it in self.files if not it.is_hashed]
        assets = [it for it in self.files if it.is_hashed]
        others = [it for it in named if it.key != ENTRY]
        return (*assets, *map(copy_of, named)), tuple(others), (self.entry,)


class Noted(NamedTuple):
    """A record by its key alone."""

    key: str
    at: str
    id: str
    entry: str


def publication_of(site: Site, at: str) -> Publication:
    """The publication of a site that was built; the same site has the same id."""
    files = tuple(map(published, site.files))
    said = json.dumps([asdict(it) for it in files])
    return Publication(hashlib.sha256(said.encode()).hexdigest()[:_DIGITS], at, files)


def published(file: SiteFile) -> Published:
    """A file as the bucket is to have it."""
    return Published(file.key, file.sha256, file.kind, file.kept)


def copy_of(file: Published) -> Published:
    """A file once more, under a name that nothing else will ever have."""
    name = f"{COPIES}{file.sha256[:16]}-{file.key.rpartition('/')[2]}"
    return Published(name, file.sha256, file.kind, FOR_GOOD)


def write_record(publication: Publication) -> bytes:
    """The record, as JSON."""
    said = {"entry": publication.entry.sha256, **asdict(publication)}
    return json.dumps(said, indent=1).encode()


def read_record(key: str, text: bytes) -> Publication:
    """What a record says; CannotRun when it is none."""
    try:
        said: dict[str, Any] = json.loads(text)
        files = tuple(Published(**it) for it in said["files"])
        return Publication(said["id"], said["at"], files, said["before"])
    except (ValueError, KeyError, TypeError):
        raise CannotRun(f"{key} is no record of a publication.") from None


def read_history(keys: Sequence[str]) -> list[Noted]:
    """The records among these keys, oldest first."""
    names = (it.removeprefix(RECORDS) for it in sorted(keys))
    return [
        Noted(RECORDS + name, *name.removesuffix(".json").split("-"))
        for name in names
        if name.endswith(".json") and name.count("-") == 2 and "/" not in name
    ]


def live_of(history: Sequence[Noted], entry: str) -> str:
    """The id of what is live by its entry page's hash; "" when that was published halfway."""
    if not history or not entry.startswith(history[-1].entry):
        return ""
    return history[-1].id


def paths_to_forget(
    new: Publication, old: Publication | None, written: Iterable[Published]
) -> tuple[str, ...]:
    """The paths that the edge may have otherwise: of hashed names, none.

    Those that differ from what was live, and those that are written because a bucket had others.
    """
    had = set(old.files if old else ()) - set(written)
    return tuple(_paths(it for it in new.files if not it.is_hashed and it not in had))


def _paths(files: Iterator[Published]) -> Iterator[str]:
    for file in files:
        yield from _ENTRY_PATHS if file.key == ENTRY else (f"/{file.key}",)
