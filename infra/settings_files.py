"""Files of settings, with a table for each stage or group; each mistake is named by its place."""

import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any


class SettingsFileError(ValueError):
    """A setting can't be used; the text names the file, the table and the field."""


def read_tables(folder: str, path: Path, kind: type) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each table's name, its place for people and what it has: fields of this dataclass alone.

    `folder` is where people find the file. SettingsFileError when it is no such file.
    """
    file = f"{folder}/{path.name}"
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsFileError(f"{file} can't be read: {error}") from None
    known = [field.name for field in fields(kind)]
    for name, table in tables.items():
        place = f"{file}: [{name}]"
        if not isinstance(table, dict):
            raise SettingsFileError(f"{place} must be a table with {', '.join(known)}.")
        unknown = sorted(set(table) - set(known))
        if unknown:
            raise SettingsFileError(
                f"{place} {unknown[0]} is unknown; there are {', '.join(known)}."
            )
        yield name, place, table


def must(is_right: bool, given: Any, place: str, wanted: str) -> Any:
    """What was given, where it is right; else SettingsFileError says what would be."""
    if not is_right:
        raise SettingsFileError(f"{place} is {given!r}, but it must be {wanted}.")
    return given


def switch(place: str, given: Any) -> bool:
    """On or off."""
    return bool(must(isinstance(given, bool), given, place, "true or false"))


def whole(place: str, given: Any, least: int, most: int) -> int:
    """A whole number within these."""
    right = type(given) is int and least <= given <= most
    return int(must(right, given, place, f"a whole number from {least} to {most}"))
