"""CPU of following a link with 1,000 rules, and of following one without, in turn in one process.

Run by bench.rules as `python -m bench.rule_invocations SECONDS ROUNDS KEY` in the app's
environment; prints the figures of each round in JSON.
"""

import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bench.events import Json, create_event, redirect_event
from bench.invocations import CONTEXT, cpu_ms
from chalicelib.config import load
from chalicelib.core.countries import COUNTRIES
from chalicelib.core.destinations import DestinationPolicy
from chalicelib.core.links import Link
from chalicelib.core.redirects import Redirect, follow
from chalicelib.core.rules import Rules
from chalicelib.core.visitors import Visitor
from chalicelib.entrance import make_app
from chalicelib.time_zones import find_zone


RULES = 1000
OTHERWISE = "https://example.com/otherwise"
LAST = "https://example.com/last"
HOURS = {"days": ["mon", "fri"], "from": "09:00", "until": "17:00", "time_zone": "Asia/Tokyo"}
BARE, RULED = "bare302", "ruled302"
# What is followed, with which query, and where that must lead.
ASKED = {
    "bare": (BARE, "ref=last", OTHERWISE),
    "the last holds": (RULED, "ref=last", LAST),
    "none holds": (RULED, "ref=none", OTHERWISE),
}
Call = Callable[[Json, object], Mapping[str, Any]]


def make_rules() -> list[Json]:
    """As many rules, of every kind in turn, of which the last alone can hold for these requests."""
    countries = sorted(COUNTRIES - {"DE"})
    kinds: list[Callable[[int], Json]] = [
        lambda n: {"countries": [countries[n % len(countries)], countries[n * 7 % 97]]},
        lambda n: {"languages": [f"de-{n}", "fr"]},
        lambda _: {"devices": ["phone", "tablet"], "countries": ["DE"]},
        lambda n: {"query": [{"name": "ref", "value": f"partner-{n}"}]},
        lambda n: {
            "starts_at": "2090-01-01T00:00:00Z",
            "expires_at": f"2091-01-01T00:00:{n % 60:02}Z",
        },
        lambda _: {"hours": HOURS, "countries": ["JP"]},
    ]
    rules = [
        {
            "if": kinds[number % len(kinds)](number),
            "destination": f"https://example.com/to/{number}",
        }
        for number in range(RULES - 1)
    ]
    last = {"if": {"query": [{"name": "ref", "value": "last"}]}, "destination": LAST}
    return [*rules, last]


def visit_event(slug: str, query: str) -> Json:
    """The Lambda event of a visitor as CloudFront describes one."""
    event = redirect_event(slug)
    told = {"cloudfront-viewer-country": "DE", "everhop-query": query}
    return {**event, "headers": {**event["headers"], **told}}


def core_alone() -> Call:
    """Only the decision: no HTTP, no store, but a link as a store would have just made it."""
    now = datetime.now(UTC)
    packed = {BARE: b"", RULED: Rules.of(make_rules()).packed}
    policy = DestinationPolicy()

    def call(event: Json, _context: object) -> Mapping[str, Any]:
        slug = event["pathParameters"]["slug"]
        # A copy, as each read of the table brings the bytes anew.
        rules = Rules(bytes(memoryview(packed[slug])))
        link = Link(
            workspace="w",
            slug=slug,
            destination=OTHERWISE,
            rules=rules,
            created_at=now,
            updated_at=now,
        )
        headers = event["headers"]
        visitor = Visitor(headers["everhop-query"], "", headers, "203.0.113.7")
        outcome = follow(link, visitor, policy, now, find_zone)
        location = outcome.location if isinstance(outcome, Redirect) else ""
        return {"statusCode": 302, "headers": {"Location": location}}

    return call


def make_links(app: Call, key: str) -> None:
    """Create both links through the API; exit with a sentence when that fails."""
    for slug, rules in ((BARE, []), (RULED, make_rules())):
        event = create_event(key, 0)
        event["body"] = json.dumps({"destination": OTHERWISE, "slug": slug, "rules": rules})
        answer = app(event, CONTEXT)
        if answer["statusCode"] != 201:
            sys.exit(f"The links of the bench were not made: {answer['body'][:300]}")


def measure(calls: Mapping[str, Call], seconds: float, rounds: int) -> list[Json]:
    """For each call and kind of rules: CPU milliseconds with and without them, round by round."""
    each = seconds / (rounds * len(calls) * len(ASKED))
    taken: dict[tuple[str, str], list[float]] = {}
    for number in range(-1, rounds):  # round -1 warms up
        for name, call in calls.items():
            for kind in list(ASKED)[:: 1 if number % 2 else -1]:
                slug, query, location = ASKED[kind]
                took = cpu_ms(call, visit_event(slug, query), 302, location, each)
                if number >= 0:
                    taken.setdefault((name, kind), []).append(took)
    return [
        {"figure": f"{name}, {kind}", "ruled": taken[name, kind], "bare": taken[name, "bare"]}
        for name in calls
        for kind in ASKED
        if kind != "bare"
    ]


def main(seconds: str, rounds: str, key: str) -> None:
    """Measure and print."""
    from app import app  # noqa: PLC0415 - it reads the environment when imported

    config = load({"EVERHOP_STORE": "memory", "EVERHOP_API_KEY": key})
    in_memory = make_app(config)
    for made in (app, in_memory):
        make_links(made, key)
    calls = {
        "invocation, from the table": app,
        "invocation, from memory": in_memory,
        "core alone": core_alone(),
    }
    json.dump(measure(calls, float(seconds), int(rounds)), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
