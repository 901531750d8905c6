"""Variants: visitors are shared out by weight exactly, and each comes back to the same side."""

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.matchers import Variants, compile_rules
from chalicelib.core.rules import (
    Rules,
    only_utc,
)
from chalicelib.core.visitors import Visitor


LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WEIGHTS = st.lists(st.integers(1, 1000), min_size=1, max_size=20)


@given(WEIGHTS)
def test_weights_are_exact(weights: list[int]) -> None:
    """Of all 2**64 places each variant has its share, to one place."""
    ends = [sum(weights[: count + 1]) for count in range(len(weights))]
    variants = Variants(tuple(map(str, range(len(weights)))), tuple(ends))
    total, places = ends[-1], 2**64
    # The first place of each: the smallest that is not before its share.
    firsts = [
        -(-places * (end - weight) // total) for end, weight in zip(ends, weights, strict=True)
    ]

    for number, first in enumerate(firsts):
        assert variants.choose(first) == str(number)
        assert number == 0 or variants.choose(first - 1) == str(number - 1)
    assert variants.choose(places - 1) == str(len(weights) - 1)
    shares = [last - first for first, last in zip(firsts, [*firsts[1:], places], strict=True)]
    assert all(
        abs(share * total - weight * places) < total
        for share, weight in zip(shares, weights, strict=True)
    )


SPLIT = Rules.of(
    [
        {
            "if": {},
            "variants": [
                {"destination": "https://e.example/a", "weight": 70},
                {"destination": "https://e.example/b", "weight": 30},
            ],
        }
    ]
)


def variant_of(address: str, agent: str = LINUX, slug: str = "slug", rules: Rules = SPLIT) -> str:
    visitor = Visitor(headers={"user-agent": agent}, address=address)
    found = compile_rules(rules, only_utc).lead_for(visitor, NOW, slug)
    assert found is not None
    assert found.is_variant
    return found.destination[-1]


def test_visitors_are_shared_out_and_come_back() -> None:
    """Of 20,000 visitors 70 % see one side, and each sees the same side again."""
    visitors = [f"10.{n // 256 % 256}.{n % 256}.7" for n in range(20_000)]
    first = [variant_of(address) for address in visitors]

    # Four standard deviations are 1.3 %.
    assert abs(Counter(first)["a"] / len(visitors) - 0.7) < 0.013
    assert [variant_of(address) for address in visitors[:200]] == first[:200]


def test_which_side_is_the_same_in_every_process() -> None:
    """The hash is not seeded by the process: another container decides alike."""
    agents = ["Firefox", "Chrome", "Safari"]

    found = "".join(variant_of(f"192.0.2.{n}", agent) for n in range(8) for agent in agents)
    assert found == "baaaabaabaaaaaaaaabbaaaa"


def test_links_are_shared_out_independently() -> None:
    """Who sees the one side of a link sees either side of another."""
    both = Counter(
        variant_of(f"198.51.100.{n}", slug=slug) == variant_of(f"198.51.100.{n}", slug="x")
        for n in range(200)
        for slug in ("y", "z")
    )

    # 0.7² + 0.3² = 58 % see the same side of both.
    assert 0.45 < both[True] / 400 < 0.71


def test_a_change_of_weights_moves_only_who_must() -> None:
    """From 70:30 to 60:40 no visitor leaves the side that grows."""
    grown = Rules.of(
        [
            {
                "if": {},
                "variants": [
                    {"destination": "https://e.example/a", "weight": 6},
                    {"destination": "https://e.example/b", "weight": 4},
                ],
            }
        ]
    )
    addresses = [f"203.0.113.{n}" for n in range(256)]
    moved = [(variant_of(one), variant_of(one, rules=grown)) for one in addresses]

    assert ("b", "a") not in moved
    assert ("a", "b") in moved
