"""The cells of a sheet of links, read as values; what can't be read stays the text it was.

So the field validators see it, and name the field and what it should look like.
"""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from chalicelib.core.slugs import decode_slug


_TAG_SEPARATORS = re.compile(r"[|,;]")
_TRUE = frozenset(["true", "t", "yes", "y", "1", "on"])
_FALSE = frozenset(["false", "f", "no", "n", "0", "off"])
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d)?(\.\d{1,9})?)?"
    r" ?(?:(Z|UTC|GMT)|([+-]\d\d)(?::?(\d\d))?)?",
    re.ASCII | re.IGNORECASE,
)


def read_text(cell: str) -> object:
    """The text itself."""
    return cell


def read_flag(cell: str) -> object:
    """True or false in the words of databases, spreadsheets and people."""
    word = cell.casefold()
    return word in _TRUE if word in _TRUE | _FALSE else cell


def is_set(cell: str) -> bool:
    """Whether the cell says anything other than no."""
    return bool(cell) and cell.casefold() not in _FALSE


def read_number(cell: str) -> object:
    """A whole number of up to twelve digits, which is more than any field takes."""
    return int(cell) if cell.isascii() and cell.isdigit() and len(cell) <= 12 else cell


def read_object(cell: str) -> object:
    """A JSON object."""
    found = _read_json(cell)
    return found if isinstance(found, dict) else cell


def read_objects(cell: str) -> object:
    """A JSON list of objects."""
    found = _read_json(cell)
    is_objects = isinstance(found, list) and all(isinstance(part, dict) for part in found)
    return found if is_objects else cell


def read_tags(cell: str) -> object:
    """Tags between | , or ; or, for those that have one of these in them, a JSON list."""
    # Once each: repeats in a sheet are no mistake, and only ten tags may be sent.
    return list(dict.fromkeys(part.strip() for part in _parts(cell) if part.strip()))


def write_tags(tags: list[str]) -> str:
    """The cell that `read_tags` reads back as these tags."""
    joined = "|".join(tags)
    return joined if read_tags(joined) == tags else json.dumps(tags, ensure_ascii=False)


def write_cell(value: object) -> str:
    """The cell that its reader reads back as this value; what is not text, as JSON has it."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return write_tags(value)
    # Compact, as the rules of a link may be long.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _parts(cell: str) -> list[str]:
    listed = _json_list(cell)
    return _TAG_SEPARATORS.split(cell) if listed is None else listed


def _read_json(cell: str) -> Any:
    try:
        return json.loads(cell) if cell.startswith(("[", "{")) else None
    except (ValueError, RecursionError):
        return None


def _json_list(cell: str) -> list[str] | None:
    found = _read_json(cell)
    is_texts = isinstance(found, list) and all(isinstance(part, str) for part in found)
    return found if is_texts else None


def read_utc_time(cell: str) -> object:
    """A time as RFC 3339; one without an offset is taken as UTC."""
    return _read_time(cell, "Z")


def read_offset_time(cell: str) -> object:
    """A time as RFC 3339; one without an offset stays as it is, so that one is asked for."""
    return _read_time(cell, "")


def _read_time(cell: str, assumed: str) -> str:
    match = _TIME.fullmatch(cell)
    if match is None:
        return cell
    day, minute, second, fraction, utc, hours, minutes = match.groups()
    offset = "Z" if utc else f"{hours}:{minutes or '00'}" if hours else assumed
    if not offset:
        return cell
    return f"{day}T{minute or '00:00'}{second or ':00'}{fraction or ''}{offset}"


def read_slug(cell: str) -> object:
    """The slug as it is; also from a short URL, for people who fill in the whole address."""
    return read_short_url(cell) if "://" in cell else cell


def read_encoded_slug(cell: str) -> object:
    """A slug that was cut out of a URL, so still percent-encoded."""
    return decode_slug(cell) or cell


def read_path_slug(cell: str) -> object:
    """A slug written as a path, with slashes around it."""
    return cell.strip("/") or cell


def read_short_url(cell: str) -> object:
    """The slug in a short URL; one with several path segments stays a URL, which no slug can be."""
    try:
        segment = urlsplit(cell if "://" in cell else f"//{cell}").path.strip("/")
    except ValueError:
        return cell
    return cell if "/" in segment or not segment else decode_slug(segment) or cell


def read_first_short_url(cell: str) -> object:
    """The slug in the first of a list of short URLs."""
    first = next((part.strip() for part in _parts(cell) if part.strip()), "")
    return read_short_url(first) if first else cell
