"""Keeps the edge warm: asks it for what visitors will ask for, and throws the answers away."""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from urllib.parse import quote

from chalicelib.core.counts import LINK, REST, CountRow, add_counts


AT_ONCE = 4
WITHIN = 25.0  # seconds for a whole round; what was not asked by then waits for the next
_REFERENCE = re.compile(rb"""\s(?:href|src)="(/assets/[^"\s]+)\"""")
_MOST = 500  # assets of a page


class Warmed(NamedTuple):
    """What became of one round: how many addresses were asked, and which of them failed."""

    asked: int
    failed: tuple[str, ...]
    late: int


def choose(chosen: Sequence[str], rows: Iterable[CountRow], most: int) -> list[str]:
    """So many links: those chosen by hand, then those followed most by a workspace's rows."""
    counts: dict[str, int] = {}
    for row in rows:
        add_counts(counts, row.counts)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    named = (name.partition(":") for name, _ in ranked)
    followed = [slug for dimension, _, slug in named if dimension == LINK and slug != REST]
    return list(dict.fromkeys([*chosen, *followed]))[:most]


# Takes a path, and whether the answer is to be read; says the status and what was read.
# OSError when there is no answer.
Ask = Callable[[str, bool], tuple[int, bytes]]


def assets_of(page: bytes) -> list[str]:
    """The assets that a page refers to, as their paths, each once."""
    found = dict.fromkeys(_REFERENCE.findall(page))
    return [it.decode("ascii", "replace") for it in found][:_MOST]


def warm(ask: Ask, slugs: Sequence[str], clock: Callable[[], float] = time.monotonic) -> Warmed:
    """Ask for the entry page, its assets, and these links; nothing that goes wrong is raised."""
    until = clock() + WITHIN
    failed: list[str] = []
    page = _try(ask, "/", failed, is_read=True)
    paths = [*assets_of(page), *(f"/{quote(slug, safe='')}" for slug in slugs)]
    late = _ask_all(ask, paths, failed, lambda: clock() > until)
    return Warmed(1 + len(paths) - late, tuple(failed), late)


def _ask_all(ask: Ask, paths: Iterable[str], failed: list[str], is_late: Callable[[], bool]) -> int:
    def one(path: str) -> bool:
        if is_late():
            return True
        _try(ask, path, failed, is_read=False)
        return False

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(one, paths))


def _try(ask: Ask, path: str, failed: list[str], *, is_read: bool) -> bytes:
    try:
        status, body = ask(path, is_read)
    except Exception as error:  # noqa: BLE001 - the next round tries again, and nobody waits
        failed.append(f"{path}: {type(error).__name__}")
        return b""
    if status >= 400:
        failed.append(f"{path}: {status}")
    return body
