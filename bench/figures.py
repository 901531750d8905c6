"""Figures: percentiles, medians of rounds, ratios to the floor, and the table of them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of both sides, a value for each round; the rounds belong together in pairs."""

    name: str
    everhop: tuple[float, ...]
    bare: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """Everhop over bare boto3, round by round; without rounds too short for a tick of CPU."""
        pairs = zip(self.everhop, self.bare, strict=True)
        return tuple(one / other for one, other in pairs if other)

    @property
    def ratio(self) -> float | None:
        """The median of the rounds' ratios: noise that lasts over a pair cancels out."""
        return median(self.ratios) if self.ratios else None


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that at least `percent` per cent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def pair_rounds(
    everhop: Sequence[Mapping[str, float]], bare: Sequence[Mapping[str, float]]
) -> list[Figure]:
    """The figures of several rounds, in the order of the first round's names."""
    return [
        Figure(name, tuple(one[name] for one in everhop), tuple(one[name] for one in bare))
        for name in everhop[0]
    ]


def describe(figure: Figure) -> dict[str, object]:
    """The figure as JSON."""
    return {
        "figure": figure.name,
        "everhop": median(figure.everhop),
        "bare_boto3": median(figure.bare),
        "ratio": figure.ratio,
        "ratios": figure.ratios,
    }


def write_table(
    figures: Sequence[Figure], sides: tuple[str, str] = ("Everhop", "bare boto3")
) -> str:
    """The figures as a small table for people."""
    rows = [("", *sides, "ratio", "from - to"), *map(_row, figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _row(figure: Figure) -> tuple[str, ...]:
    medians = _number(median(figure.everhop)), _number(median(figure.bare))
    if figure.ratio is None:
        return (figure.name, *medians, "-", "-")
    spread = f"{min(figure.ratios):.2f} - {max(figure.ratios):.2f}"
    return (figure.name, *medians, f"{figure.ratio:.2f}", spread)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
    return "  ".join([row[0].ljust(len(first)), *others])


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
