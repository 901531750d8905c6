"""The files of exports: links as text, a page at a time, and how far a file is.

Everything is as the API shows it, so what it never shows (a password's hash, say) is in no file.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from chalicelib.core.import_cells import write_cell
from chalicelib.core.import_formats import FIELDS
from chalicelib.core.links import Link, describe_link
from chalicelib.core.sheets import write_rows


CONTENT_TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
# The archived ones last: what is archived meanwhile comes twice rather than not at all.
_LISTS: Mapping[Any, tuple[str, ...]] = {
    False: ("active",),
    True: ("archived",),
    "all": ("active", "archived"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """How far an export is: in which list and after which link, what is uploaded, and how much.

    `aside` is what stands before the next part, in a file of its own, as no part may be that small.
    """

    upload: str
    lists: tuple[str, ...]
    after: str | None = None
    parts: tuple[str, ...] = ()
    count: int = 0
    bytes: int = 0
    aside: str | None = None

    def past(self, after: str | None, count: int, size: int) -> "Place":
        """The place after a page of so many links and bytes; `after` is None at a list's end."""
        lists = self.lists[1:] if after is None else self.lists
        return replace(
            self, lists=lists, after=after, count=self.count + count, bytes=self.bytes + size
        )


def first_place(upload: str, plan: Mapping[str, Any]) -> Place:
    """Where an export begins."""
    return Place(upload, _LISTS[plan["archived"]])


def read_place(progress: Mapping[str, Any]) -> Place:
    """The place that `write_place` wrote."""
    lists, parts = tuple(progress["lists"]), tuple(progress["parts"])
    return Place(**{**progress, "lists": lists, "parts": parts})


def write_place(place: Place) -> dict[str, Any]:
    """The place as JSON."""
    return asdict(place)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BLANK = Link(workspace="", slug="", destination="", created_at=_EPOCH, updated_at=_EPOCH)
_SHOWN = tuple(describe_link(_BLANK, "", _EPOCH))
# Those that an import reads come first, in its order.
COLUMNS = (*(name for name in FIELDS if name in _SHOWN), *sorted(set(_SHOWN) - set(FIELDS)))
# The byte order mark is what makes spreadsheets read the file as UTF-8.
_HEADS = {"csv": "\ufeff" + write_rows([COLUMNS]), "json": "["}
_TAILS = {"csv": "", "json": "\n]\n"}


def write_head(form: str) -> str:
    """What a file begins with."""
    return _HEADS[form]


def write_links(form: str, links: Iterable[Mapping[str, Any]], *, first: bool) -> str:
    """Links as the API describes them, as the next piece of the file, or as its first.

    The JSON is one array with a link on each line, so that it can be read line by line as well.
    """
    if form == "csv":
        return write_rows([write_cell(link[name]) for name in COLUMNS] for link in links)
    lines = [json.dumps(link, ensure_ascii=False, separators=(",", ":")) for link in links]
    between = "" if first or not lines else ","
    return between + "".join(f"{',' if at else ''}\n{line}" for at, line in enumerate(lines))


def write_tail(form: str) -> str:
    """What a file ends with."""
    return _TAILS[form]
