"""Rules, compiled: one matcher for all the rules of a link, made once for as long as they stay.

Each rule is a bit. A country, a language or a moment looks up the bits of the rules that it lets
hold, and the lowest bit that all of them leave is the rule: a thousand rules cost about what one
does. Loaded at the first link that has rules.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple

from chalicelib.core.rules import DAYS, Plain, Rules, ZoneFinder
from chalicelib.core.visitors import Visitor


Find = Callable[[Visitor, datetime], int]  # the bits of the rules that this lets hold
MINUTES_A_DAY = 24 * 60
_WEEK = 7 * MINUTES_A_DAY
# A thousand rules take 0.2 to 2 MB when they are compiled.
_KEPT = 64
_ALWAYS = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


class Lead(NamedTuple):
    """Where a rule leads a visitor, and whether others are led elsewhere by the same rule."""

    destination: str
    is_variant: bool


class Variants(NamedTuple):
    """Destinations that share their visitors, and where the share of each ends."""

    destinations: tuple[str, ...]
    ends: tuple[int, ...]

    def choose(self, place: int) -> str:
        """The destination at a place (0 to 2**64 - 1): each has its share of them, to one place."""
        return self.destinations[bisect_right(self.ends, place * self.ends[-1] >> 64)]


@dataclass(frozen=True, slots=True)
class Matcher:
    """The rules of one link, compiled."""

    outcomes: tuple[str | Variants, ...]
    finders: tuple[Find, ...]

    def lead_for(self, visitor: Visitor, now: datetime, seed: str) -> Lead | None:
        """Where the first rule that holds leads; None when none does."""
        held = (1 << len(self.outcomes)) - 1
        for find in self.finders:
            held &= find(visitor, now)
        if not held:
            return None
        outcome = self.outcomes[(held & -held).bit_length() - 1]
        if isinstance(outcome, str):
            return Lead(outcome, is_variant=False)
        return Lead(outcome.choose(visitor.place(seed)), is_variant=True)


@lru_cache(maxsize=_KEPT)
def compile_rules(rules: Rules, find_zone: ZoneFinder) -> Matcher:
    """The matcher of these rules, made once for as long as they stay the same."""
    plain = rules.plain()
    asked = [rule["if"] for rule in plain]
    finders = (
        _by_value(asked, "countries", lambda visitor: (visitor.country,)),
        _by_value(asked, "devices", lambda visitor: visitor.devices),
        _by_value(asked, "languages", lambda visitor: visitor.languages),
        _by_moment(asked),
        *_by_hours(asked, find_zone),
        *_by_query(asked),
    )
    return Matcher(tuple(map(_outcome, plain)), tuple(filter(None, finders)))


def _outcome(rule: Plain) -> str | Variants:
    if "destination" in rule:
        return str(rule["destination"])
    ends: list[int] = []
    for variant in rule["variants"]:
        ends.append(variant["weight"] + (ends[-1] if ends else 0))
    return Variants(tuple(one["destination"] for one in rule["variants"]), tuple(ends))


def _index(wanted: Iterable[Iterable[Any] | None]) -> tuple[int, dict[Any, int]]:
    """The bits of the rules that ask for nothing (None), and by value of those that want it."""
    free, masks = 0, dict[Any, int]()
    for number, values in enumerate(wanted):
        if values is None:
            free |= 1 << number
        for value in values or ():
            masks[value] = masks.get(value, 0) | 1 << number
    return free, masks


def _by_value(
    asked: Sequence[Plain], name: str, values_of: Callable[[Visitor], Iterable[str]]
) -> Find | None:
    wanted = [one.get(name) for one in asked]
    if not any(wanted):
        return None
    fold = str.lower if name == "languages" else str
    free, masks = _index(values and map(fold, values) for values in wanted)

    def find(visitor: Visitor, _now: datetime) -> int:
        held = free
        for value in values_of(visitor):
            held |= masks.get(value, 0)
        return held

    return find


def _by_query(asked: Sequence[Plain]) -> Iterable[Find]:
    wanted = [{one["name"]: one.get("value") for one in some.get("query", ())} for some in asked]
    for name in dict.fromkeys(name for one in wanted for name in one):
        yield _by_parameter(name, wanted)


def _by_parameter(name: str, wanted: Sequence[Mapping[str, str | None]]) -> Find:
    free, masks = _index([one[name]] if name in one else None for one in wanted)
    any_value = free | masks.get(None, 0)

    def find(visitor: Visitor, _now: datetime) -> int:
        values = visitor.parameters.get(name)
        if values is None:
            return free
        held = any_value
        for value in values:
            held |= masks.get(value, 0)
        return held

    return find


def _timeline(
    spans: Iterable[Iterable[tuple[Any, Any]] | None],
) -> Callable[[Any], int] | None:
    """The bits of the rules whose spans (from, until) a moment is in, or that have none (None).

    The spans of one rule do not overlap. None when no rule has any.
    """
    free, turns, asked = 0, dict[Any, int](), False
    for number, ones in enumerate(spans):
        if ones is None:
            free |= 1 << number
            continue
        asked = True
        for start, end in ones:
            for turn in (start, end):
                turns[turn] = turns.get(turn, 0) ^ 1 << number
    if not asked:
        return None
    points, masks = sorted(turns), [free]
    for point in points:
        masks.append(masks[-1] ^ turns[point])
    return lambda moment: masks[bisect_right(points, moment)]


def _by_moment(asked: Sequence[Plain]) -> Find | None:
    look_up = _timeline(map(_moments, asked))
    return None if look_up is None else lambda _visitor, now: look_up(now)


def _moments(asked: Plain) -> list[tuple[datetime, datetime]] | None:
    names = ("starts_at", "expires_at")
    if not any(name in asked for name in names):
        return None
    start, end = (
        datetime.fromisoformat(asked[name]) if name in asked else limit
        for name, limit in zip(names, _ALWAYS, strict=True)
    )
    return [(start, end)] if start < end else []


def _by_hours(asked: Sequence[Plain], find_zone: ZoneFinder) -> Iterable[Find]:
    hours = [one.get("hours") for one in asked]
    for name in dict.fromkeys(one["time_zone"] for one in hours if one):
        yield _in_zone(find_zone(name), [_apart(one, name) for one in hours])


def _apart(hours: Plain | None, name: str) -> list[tuple[int, int]] | None:
    return week_spans(hours) if hours and hours["time_zone"] == name else None


def _in_zone(zone: tzinfo | None, spans: Sequence[list[tuple[int, int]] | None]) -> Find:
    look_up = _timeline(spans)
    if zone is None or look_up is None:
        # A zone that is no longer known: its rules hold at no time, rather than at a wrong one.
        free, _ = _index(spans)
        return lambda _visitor, _now: free

    def find(_visitor: Visitor, now: datetime) -> int:
        local = now.astimezone(zone)
        return look_up(local.weekday() * MINUTES_A_DAY + local.hour * 60 + local.minute)

    return find


def week_spans(hours: Plain) -> list[tuple[int, int]]:
    """The spans of some hours in minutes since Monday 00:00; past Sunday they go on at Monday."""
    start, end = minutes_of(hours["from"]), minutes_of(hours["until"])
    lasts = end - start if end > start else end - start + MINUTES_A_DAY
    spans = []
    for day in hours["days"]:
        first = DAYS.index(day) * MINUTES_A_DAY + start
        spans.append((first, min(first + lasts, _WEEK)))
        if first + lasts > _WEEK:
            spans.append((0, first + lasts - _WEEK))
    return spans


def minutes_of(time_of_day: str) -> int:
    """Minutes since midnight of a time like `09:30`; `24:00` is the day's end."""
    hour, _, minute = time_of_day.partition(":")
    return int(hour) * 60 + int(minute)
