"""`python -m bench.edge`: the functions of the edge stay under three trivial ones."""

import json

from bench.edge import LINKS, event, measure, over_the_bar, sides, trivial
from bench.figures import Figure
from tests.edge.cloudfront import check


def test_the_functions_stay_under_the_bar() -> None:
    """A short run of each, against a handler that only answers a 302."""
    figures = measure(2.0)

    assert [one.name for one in figures] == list(sides())
    assert over_the_bar(figures) == []


def test_a_missed_bar_is_told() -> None:
    """By the median of its pairs."""
    figures = [
        Figure("slow", (3.1, 3.2, 2.0), (1.0,) * 3),
        Figure("once", (2.0, 2.0, 9.0), (1.0,) * 3),
    ]

    assert over_the_bar(figures) == ["slow"]


def test_what_is_measured_is_right() -> None:
    """Both sides answer what CloudFront would take, and each event is another one."""
    cf = json.loads(event("/promo"))["Records"][0]["cf"]
    cf["config"]["eventType"] = "viewer-request"
    check(cf, trivial(json.loads(event("/promo"))))
    for handle, texts in sides().values():
        assert len(set(texts)) == LINKS
        assert "headers" in handle(json.loads(texts[0]))
