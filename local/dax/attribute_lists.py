"""The ids that stand for lists of attribute names: the same for ever, whatever restarts."""

import json
import os
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

from local.dax.cbor import dumps
from local.dax.errors import invalid


Names = tuple[str, ...]
EMPTY = 1  # clients know it, and never ask
_BITS = 52  # JavaScript's numbers hold 53


class AttributeLists:
    """Ids by names and names by ids, kept in a file of JSON lines where one is given.

    Clients never forget an id. One counted up in memory would mean other names after a restart,
    and what a client writes would go to other attributes; so it is a hash of the names. Only a
    list that was stored can be told from its id.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._ids: dict[Names, int] = {(): EMPTY}
        self._names: dict[int, Names] = {EMPTY: ()}
        if file and file.exists():
            self._restore(file)

    def id_of(self, names: Sequence[str]) -> int:
        """The id of a list, which is on disk before anyone hears of it."""
        known = tuple(names)
        if known not in self._ids:
            self._add(id_for(known), known)
        return self._ids[known]

    def names_of(self, number: int) -> Names:
        """The list of an id; a DaxError when it was never given out."""
        if number not in self._names:
            raise invalid(f"No list of attributes has the id {number}.")
        return self._names[number]

    def _add(self, number: int, names: Names) -> None:
        if number in self._names:  # one in 10 million with 30,000 lists, and then no data is mixed
            raise invalid(f"{self._names[number]} and {names} have the same id.")
        if self._file:
            _append(self._file, [number, *names])
        self._remember(number, names)

    def _remember(self, number: int, names: Names) -> None:
        self._ids[names] = number
        self._names[number] = names

    def _restore(self, file: Path) -> None:
        for number, names in _read_lines(file.read_text().splitlines()):
            self._remember(number, names)


def id_for(names: Names) -> int:
    """The id of a list of names, below 2**52 and never one that means something else."""
    digest = int.from_bytes(sha256(dumps(names)).digest())
    return max(digest >> (256 - _BITS), EMPTY + 1)


def _read_lines(lines: Iterable[str]) -> Iterable[tuple[int, Names]]:
    for line in lines:
        try:
            number, *names = json.loads(line)
        except ValueError:  # a line that a crash cut short; no client has heard of its id
            continue
        yield number, tuple(names)


def _append(file: Path, line: Sequence[int | str]) -> None:
    # The break is first, so that a line that was cut short before spoils no other.
    with file.open("a") as lines:
        lines.write("\n" + json.dumps(line))
        lines.flush()
        os.fsync(lines.fileno())
