"""The file to import, as CSV text: whatever its encoding, and JSON exports turned into rows."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib.core.sheets import write_table
from tools.client import CannotRun


_NOT_TEXT = (
    (b"PK\x03\x04", "a spreadsheet or a zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "compressed"),
)
_HOLDERS = ("data", "links", "shortUrls")
_TOTALS = ("total", "totalItems", "total_links")


class Text(NamedTuple):
    """The CSV text of a file, and sentences about what was done to get it."""

    csv: str
    notices: tuple[str, ...] = ()


def read_file(name: str) -> Text:
    """The text in the file (`-` is standard input); CannotRun says why there is none."""
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise CannotRun(f"{name} can't be read: {error.strerror or error}.") from error
    text, notices = _decode(data)
    if text.lstrip("\ufeff \t\r\n").startswith(("[", "{")):
        csv, more = _from_json(text)
        return Text(csv, (*notices, *more))
    return Text(text, notices)


def _decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    for beginning, kind in _NOT_TEXT:
        if data.startswith(beginning):
            raise CannotRun(f"The file is {kind}, not CSV; save it as CSV (UTF-8) first.")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decode_as("utf-16", data), ()
    if b"\x00" in data:
        raise CannotRun("The file is not text; save it as CSV (UTF-8) first.")
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        notice = "The file is not UTF-8; it is read as Windows-1252, so look at accented letters."
        return _decode_as("cp1252", data), (notice,)


def _decode_as(encoding: str, data: bytes) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise CannotRun("The file's encoding is not known; save it as CSV (UTF-8).") from error


def _from_json(text: str) -> tuple[str, tuple[str, ...]]:
    try:
        whole = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise CannotRun(f"The file begins like JSON but can't be read as JSON: {error}.") from error
    links = _find_links(whole)
    if not links:
        raise CannotRun(
            "There is no list of links in this JSON (at the top, or under data or links)."
        )
    rows = [_flatten(link) for link in links]
    header = list(dict.fromkeys(name for row in rows for name in row))
    csv = write_table(header, ([row.get(name, "") for name in header] for row in rows))
    return csv, ("The file is JSON: row 2 below is the first link in it.", *_missing(whole, rows))


def _find_links(found: Any, depth: int = 3) -> list[Mapping[str, Any]]:
    if isinstance(found, list):
        return found if all(isinstance(link, dict) for link in found) else []
    if not isinstance(found, dict) or not depth:
        return []
    for name in _HOLDERS:
        if links := _find_links(found.get(name), depth - 1):
            return links
    # YOURLS answers with an object of links: {"link_1": {...}, "link_2": {...}}.
    values = list(found.values())
    return values if depth < 3 and all(isinstance(link, dict) for link in values) else []


def _flatten(link: Mapping[str, Any]) -> dict[str, str]:
    meta = link.get("meta")
    inner = meta if isinstance(meta, dict) else {}
    return {str(name): _cell(value) for name, value in {**inner, **link}.items() if name != "meta"}


def _cell(value: Any) -> str:
    if value is None or value in ([], {}):
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _missing(whole: Any, rows: list[dict[str, str]]) -> tuple[str, ...]:
    """APIs answer in pages: a file with one of them is easily taken for all."""
    parts = [whole, *whole.values()] if isinstance(whole, dict) else []
    parts += [part.get("pagination") for part in parts if isinstance(part, dict)]
    totals = [
        part[name]
        for part in parts
        if isinstance(part, dict)
        for name in _TOTALS
        if isinstance(part.get(name), int)
    ]
    if max(totals, default=0) <= len(rows):
        return ()
    return (f"The file says that there are {max(totals):,} links, but it has {len(rows):,}.",)
