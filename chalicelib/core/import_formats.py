"""What the columns of a sheet of links mean: plain CSV, and what other shorteners export.

docs/import.md says where each set of headers was found.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from chalicelib.core import import_cells as cells


_NOT_WORD = re.compile(r"[\W_]+")


def plain_name(header: str) -> str:
    """The header without what differs between `Long URL`, `long_url` and `longUrl`."""
    return _NOT_WORD.sub("", header).casefold()


class Source(NamedTuple):
    """Headers (by `plain_name`) that a field is read from, and how its cells are read."""

    names: tuple[str, ...]
    read: Callable[[str], object]


def _from(names: str, read: Callable[[str], object] = cells.read_text) -> Source:
    return Source(tuple(names.split()), read)


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of sheet: any of `signs` in the header marks it.

    Each field comes from the first of its sources that is filled in. `refused` are columns with a
    promise that a link here would break; cells that are one of `empty` say nothing.
    """

    name: str
    fields: Mapping[str, tuple[Source, ...]]
    signs: tuple[frozenset[str], ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    empty: frozenset[str] = frozenset()


_PLAIN = {
    "destination": (
        _from("destination destinationurl longurl longlink originalurl target targeturl url"),
    ),
    "slug": (
        _from("slug customslug shortcode alias keyword backhalf slashtag", cells.read_slug),
        _from("shorturl shortlink bitlink", cells.read_short_url),
    ),
    "title": (_from("title name"),),
    "notes": (_from("notes note description comment comments"),),
    "tags": (_from("tags tag labels label", cells.read_tags),),
    "status": (
        _from("status statuscode httpstatus redirectstatus redirecttype", cells.read_number),
    ),
    "expires_at": (
        _from(
            "expiresat expires expiry expirydate expiration expirationdate expirein validuntil",
            cells.read_offset_time,
        ),
    ),
    "starts_at": (_from("startsat starts startdate validsince validfrom", cells.read_offset_time),),
    "created_at": (
        _from(
            "createdat created createdon datecreated creationdate timestamp", cells.read_utc_time
        ),
    ),
    "forward_query": (_from("forwardquery", cells.read_flag),),
    "query_winner": (_from("querywinner"),),
    "forward_path": (_from("forwardpath", cells.read_flag),),
    "utm": (_from("utm", cells.read_object),),
    "rules": (_from("rules", cells.read_objects),),
    "disabled": (_from("disabled", cells.read_flag),),
    "archived": (_from("archived", cells.read_flag),),
    "max_clicks": (_from("maxclicks", cells.read_number),),
    "max_clicks_exact": (_from("maxclicksexact", cells.read_flag),),
}
FIELDS = tuple(_PLAIN)

_SQL_EMPTY = frozenset(("NULL", r"\N", "0000-00-00 00:00:00"))
_PROTECTED = (
    "This link asks for a password, which no export has, so it is not made public here. "
    "Empty the cell to import it without, and give it one."
)
_TYPED = (
    "Passwords are not read from sheets, so this link is not made public here. "
    "Empty the cell to import it without, and set `password`."
)
_MAX_VISITS = (
    "This link stops after a number of visits, and the sheet does not tell how many are left. "
    "Empty the cell to import it without that limit, and set `max_clicks`."
)
PLAIN = Format("plain", _PLAIN, refused={"haspassword": _PROTECTED, "password": _TYPED})


def _signs(*headers: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(header.split()) for header in headers)


FORMATS = (
    Format(
        "kutt",
        {
            "destination": (_from("target"),),
            "slug": (_from("address", cells.read_slug),),
            "title": (_from("description"),),
            "disabled": (_from("banned", cells.read_flag),),
            "expires_at": (_from("expirein", cells.read_utc_time),),
            "created_at": (_from("createdat", cells.read_utc_time),),
        },
        _signs("address target"),
        {"password": _PROTECTED},
        _SQL_EMPTY,
    ),
    Format(
        "yourls",
        {
            "destination": (_from("url target"),),
            "slug": (
                _from("keyword"),
                _from("source", cells.read_path_slug),
                _from("shorturl", cells.read_short_url),
            ),
            "title": (_from("title"),),
            "created_at": (_from("timestamp", cells.read_utc_time),),
        },
        _signs("keyword url", "source target hits", "shorturl url timestamp"),
        {},
        _SQL_EMPTY,
    ),
    Format(
        "shlink",
        {
            "destination": (_from("longurl"),),
            "slug": (
                _from("shortcode", cells.read_encoded_slug),
                _from("shorturl", cells.read_short_url),
            ),
            "title": (_from("title"),),
            "tags": (_from("tags", cells.read_tags),),
            "expires_at": (_from("validuntil", cells.read_utc_time),),
            "starts_at": (_from("validsince", cells.read_utc_time),),
            "created_at": (_from("createdat datecreated", cells.read_utc_time),),
            "forward_query": (_from("forwardquery", cells.read_flag),),
        },
        _signs("shortcode longurl"),
        {"maxvisits": _MAX_VISITS},
    ),
    Format(
        "bitly",
        {
            "destination": (_from("longurl originalurl longlink"),),
            "slug": (
                _from("custombitlinks custombitlink", cells.read_first_short_url),
                _from("bitlink link shortlink shorturl", cells.read_short_url),
                _from("id bitlinkid", cells.read_short_url),
            ),
            "title": (_from("title"),),
            "tags": (_from("tags", cells.read_tags),),
            "archived": (_from("archived", cells.read_flag),),
            "created_at": (_from("createdat created datecreated", cells.read_utc_time),),
        },
        _signs(
            "longurl bitlink",
            "longurl link",
            "longurl custombitlink",
            "longurl custombitlinks",
            "originalurl bitlink",
            "longlink bitlink",
        ),
    ),
)


def find_format(header: Iterable[str]) -> Format:
    """The format whose signs are all in the header; plain when none is recognised."""
    names = frozenset(map(plain_name, header))
    return next((one for one in FORMATS if any(sign <= names for sign in one.signs)), PLAIN)


def understood_names(one: Format) -> frozenset[str]:
    """The headers that mean something in this format."""
    sources = (source for group in one.fields.values() for source in group)
    return frozenset(name for source in sources for name in source.names) | frozenset(one.refused)
