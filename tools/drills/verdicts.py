"""What a drill found: promises with what was measured, as a table, and whether all were kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


_LATE = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise: in words, what was measured, what it had to be, and whether it was kept."""

    what: str
    measured: str
    bar: str
    kept: bool


def at_most(what: str, measured: float, bar: float, unit: str = "") -> Promise:
    """A promise that a number is no greater than its bar."""
    return Promise(what, f"{measured:,.6g}{unit}", f"<= {bar:,g}{unit}", measured <= bar)


def none_of(what: str, bad: int, tried: int) -> Promise:
    """A promise that of so many, none is bad; where nothing was tried, nothing was kept."""
    return Promise(what, f"{bad:,} of {tried:,}", "0", tried > 0 and not bad)


def share_of(what: str, good: int, tried: int, bar: float) -> Promise:
    """A promise that at least such a part of all was good."""
    part = good / tried if tried else 0.0
    shown = f"{100 * part:.4f} % of {tried:,}"
    return Promise(what, shown, f">= {100 * bar:g} %", tried > 0 and part >= bar)


def of_load(what: str, late: float) -> Promise:
    """The promise that a load kept its times, by how much it was late: else it proves nothing."""
    return at_most(f"{what} began late by", round(late, 2), _LATE, " s")


def table(promises: Sequence[Promise]) -> list[str]:
    """The promises as lines, in columns."""
    rows = [("promise", "measured", "bar", "")]
    rows += [(it.what, it.measured, it.bar, "kept" if it.kept else "BROKEN") for it in promises]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def status_of(promises: Sequence[Promise]) -> int:
    """The exit status: 0 when there are promises and all were kept, else 1."""
    return 0 if promises and all(it.kept for it in promises) else 1


def say_verdict(drill: str, promises: Sequence[Promise]) -> int:
    """Print the table and the verdict; the exit status."""
    print()
    for line in table(promises):
        print(line)
    broken = sum(not it.kept for it in promises)
    print(f"\n{drill}: {f'{broken} BROKEN' if status_of(promises) else 'every promise was kept'}.")
    return status_of(promises)


def quantile(times: Sequence[float], part: float) -> float:
    """The time that such a part of all is no longer than; 0 of none."""
    ordered = sorted(times)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0.0


def histogram(times: Sequence[float], edges: Sequence[float]) -> list[str]:
    """How many times are up to each edge and above the one before, with a bar each."""
    bounds = [0.0, *edges, float("inf")]
    counts = [
        sum(low < time <= high or (low == 0 and time <= 0) for time in times)
        for low, high in pairwise(bounds)
    ]
    names = [f"<= {edge:g} s" for edge in edges] + [f"> {edges[-1]:g} s"]
    most = max([*counts, 1])
    return [
        f"  {name:>9}  {count:5}  {'#' * round(40 * count / most)}".rstrip()
        for name, count in zip(names, counts, strict=True)
    ]
