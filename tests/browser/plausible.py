"""Counts as a small campaign would have them, written into a running stack as folding writes them."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from chalicelib.core.counts import SPANS, RowKey, add_counts, begin_of, link_subject, name_of
from chalicelib.core.counts import workspace_subject as all_of
from chalicelib.service.ports import FoldStore, Receipt
from chalicelib.store.folds import FoldTable
from chalicelib.store.models import bind
from tests.conftest import RunningStack


# The stage that one machine runs says so.
TABLE, WORKSPACE = "everhop-prod", "default"
SHARES: Mapping[str, Mapping[str, int]] = {
    "country": {"DE": 52, "AT": 11, "US": 10, "CH": 8, "FR": 6, "GB": 5, "NL": 3, "IT": 2, "PL": 2}
    | {"SE": 1},
    "device": {"phone": 61, "desktop": 33, "tablet": 6},
    "browser": {"Chrome": 44, "Safari": 31, "Firefox": 11, "Edge": 7, "Samsung Internet": 5}
    | {"(program)": 2},
    "system": {"android": 36, "ios": 29, "windows": 21, "macos": 10, "linux": 4},
    "referrer": {"(unknown)": 38, "www.instagram.com": 24, "news.ycombinator.com": 15}
    | {"www.google.com": 12, "a-rather-long-name.of-some.newsletter-provider.example.com": 11},
    "language": {"de": 58, "en": 24, "fr": 8, "it": 5, "pt-BR": 3, "pl": 2},
    "utm_source": {"newsletter": 40, "poster": 20},
    "variant": {"blue": 70, "green": 30},
}
Rows = dict[RowKey, dict[str, int]]


def clicks_at(at: datetime, chance: Random, size: float) -> int:
    """How many clicks an hour has: fewer at night and at weekends, more as the weeks go by."""
    daily = 0.15 + max(math.sin((at.hour - 5) / 24 * 2 * math.pi), 0)
    weekly = 0.55 if at.weekday() >= 5 else 1
    return round(size * daily * weekly * chance.uniform(0.6, 1.4))


def names_of(clicks: int, chance: Random) -> Counter[str]:
    """The names of so many clicks."""
    names: Counter[str] = Counter(
        {"clicks": clicks, "bots": round(clicks * chance.uniform(0, 0.3))}
    )
    names["previews"] = clicks // 25
    names["heads"] = clicks // 40
    for dimension, shares in SHARES.items():
        for value in chance.choices([*shares], [*shares.values()], k=clicks):
            names[name_of(dimension, value)] += 1
    return names


def plausible_rows(slugs: Sequence[str], now: datetime, days: int) -> Iterator[Rows]:
    """The rows of some links over so many days, by the day; the first link is followed most."""
    chance = Random(8)  # noqa: S311 - the same in every run
    for ago in reversed(range(days)):
        rows: Rows = {}
        for hour in range(24):
            at = begin_of("day", now) - timedelta(days=ago) + timedelta(hours=hour)
            for place, slug in enumerate(slugs, 1) if at <= now else ():
                names = names_of(clicks_at(at, chance, (40 - ago / 3) / place), chance)
                _count(rows, link_subject(WORKSPACE, slug), at, names)
                every = {**names, name_of("link", slug): names["clicks"]}
                _count(rows, all_of(WORKSPACE), at, every)
        yield rows


def _count(rows: Rows, subject: str, at: datetime, names: Mapping[str, int]) -> None:
    for span in SPANS:
        add_counts(rows.setdefault(RowKey(subject, span, begin_of(span, at)), {}), names)


def fill(store: FoldStore, slugs: Sequence[str], now: datetime, days: int) -> None:
    """Write all of it, and that it is complete until some minutes ago."""
    for number, rows in enumerate(plausible_rows(slugs, now, days)):
        name, receipt = f"plausible-{slugs[0]}-{number}", Receipt()
        keys = [*rows]
        for first in range(0, len(keys), 20):
            some = {key: rows[key] for key in keys[first : first + 20]}
            after = store.fold({name: receipt}, "", some)
            assert after
            receipt = after[name]
        store.end(name, receipt, "folded", now - timedelta(minutes=7))


@contextmanager
def counts_of(stack: RunningStack) -> Iterator[FoldStore]:
    """The store of counts of a running stack's region."""
    region = stack.ask("GET", "/_local/status").json["regions"][0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_DYNAMODB", region["dynamodb_endpoint"])
        patch.setenv("AWS_ACCESS_KEY_ID", "none")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "none")
        yield FoldTable(bind(TABLE, region["name"]), region["name"])


def now() -> datetime:
    """The time of this machine, as the stack has it."""
    return datetime.now(UTC)
