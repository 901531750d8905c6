"""The arithmetic of the bench, and what its load takes for a wrong answer."""

import pytest

from bench.figures import Figure, pair_rounds, percentile, write_table
from bench.load import Ask, WrongAnswer, check


FOLLOW = Ask("GET /a HTTP/1.1", 302, "https://example.com/a")
CREATE = Ask("POST /api/v1/links HTTP/1.1", 201, "/api/v1/links/", "https://example.com/a")


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([7.0], 50, 7.0),
        ([7.0], 99, 7.0),
        ([4.0, 1.0, 3.0, 2.0], 50, 2.0),
        ([float(n) for n in range(1, 101)], 95, 95.0),
        ([float(n) for n in range(1, 101)], 99, 99.0),
        ([float(n) for n in range(1, 101)], 100, 100.0),
    ],
)
def test_percentile_is_a_value_that_was_measured(
    values: list[float], percent: float, expected: float
) -> None:
    """It is the smallest value that enough of the values do not exceed."""
    assert percentile(values, percent) == expected


def test_ratio_is_of_rounds_that_belong_together() -> None:
    """A machine twice as slow in one round leaves the ratio as it is."""
    figure = Figure("ms", everhop=(3.0, 6.0, 3.0), bare=(2.0, 4.0, 2.0))

    assert figure.ratios == (1.5, 1.5, 1.5)
    assert figure.ratio == 1.5


def test_ratio_leaves_out_rounds_without_a_tick() -> None:
    """CPU time comes in ticks: a short round may have none, and then there is no ratio to it."""
    assert Figure("ms", (1.0, 3.0), (0.0, 2.0)).ratio == 1.5
    assert Figure("ms", (1.0,), (0.0,)).ratio is None


def test_rounds_become_figures_in_their_order() -> None:
    """Each name has the values of all rounds, Everhop's and the floor's."""
    figures = pair_rounds([{"b": 1.0, "a": 2.0}, {"b": 3.0, "a": 4.0}], [{"b": 5.0, "a": 6.0}] * 2)

    assert figures == [Figure("b", (1.0, 3.0), (5.0, 5.0)), Figure("a", (2.0, 4.0), (6.0, 6.0))]


def test_table_has_a_line_for_each_figure() -> None:
    """A line has the medians, the ratio and between which ratios the rounds were."""
    lines = write_table([Figure("redirects/s", (150.0, 250.0, 200.0), (100.0, 100.0, 100.0))])
    heading, line = lines.splitlines()

    assert heading.split() == ["Everhop", "bare", "boto3", "ratio", "from", "-", "to"]
    assert line.split() == ["redirects/s", "200", "100", "2.00", "1.50", "-", "2.50"]


def test_right_answers_pass() -> None:
    """A redirect has no new slug; a create has the one that its Location ends in."""
    body = b'{"slug": "k7", "destination": "https://example.com/a"}'

    assert check(FOLLOW, 302, "https://example.com/a", b"") == ""
    assert check(CREATE, 201, "/api/v1/links/k7", body) == "k7"


@pytest.mark.parametrize(
    ("ask", "status", "location", "body"),
    [
        (FOLLOW, 200, "https://example.com/a", b""),
        (FOLLOW, 302, "", b""),
        (FOLLOW, 302, "https://example.com/ab", b""),
        (CREATE, 409, "/api/v1/links/k7", b"{}"),
        (CREATE, 201, "/api/v1/links/", b'{"slug": "", "destination": "https://example.com/a"}'),
        (
            CREATE,
            201,
            "/api/v1/links/k7",
            b'{"slug": "k8", "destination": "https://example.com/a"}',
        ),
        (
            CREATE,
            201,
            "/api/v1/links/k7",
            b'{"slug": "k7", "destination": "https://example.com/b"}',
        ),
    ],
)
def test_wrong_answers_are_not_counted(ask: Ask, status: int, location: str, body: bytes) -> None:
    """Another status, place or link ends the bench, however fast it came."""
    with pytest.raises(WrongAnswer):
        check(ask, status, location, body)
