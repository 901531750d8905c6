"""How long an answer stays: CloudFront's table of limits, and RFC 9111 by another engine's word."""

import time
from email.utils import formatdate

import pytest
from hishel import CacheMiss, CacheOptions, Headers, Request, Response, StoreAndUse
from hishel._core._spec import get_freshness_lifetime
from hypothesis import given, settings
from hypothesis import strategies as st

from local.edge.distributions import ErrorRule
from local.edge.freshness import FOREVER, age_of, stay_for
from local.edge.messages import headers_from
from local.edge.policies import Caching


NOW = 1_800_000_000.0
WIDE = Caching(0, 0, 2**31)
ERROR = ErrorRule(10)


def stay(
    said: str, caching: Caching = WIDE, status: int = 200, error: ErrorRule = ERROR, **more: str
):
    pairs = [(name.replace("_", "-"), value) for name, value in more.items()]
    pairs += [("Cache-Control", said)] if said else []
    return stay_for(status, headers_from(pairs), caching, error, NOW)


LIMITS = Caching(10, 100, 1000)
FROM_ZERO = Caching(0, 100, 1000)


@pytest.mark.parametrize(
    ("said", "caching", "fresh_for"),
    [
        ("max-age=50", FROM_ZERO, 50),
        ("max-age=5000", FROM_ZERO, 1000),
        ("max-age=0", FROM_ZERO, 0),
        ("max-age=5", LIMITS, 10),
        ("max-age=50", LIMITS, 50),
        ("max-age=5000", LIMITS, 1000),
        ("max-age=5, s-maxage=70", LIMITS, 70),
        ("s-maxage=7, max-age=500", FROM_ZERO, 7),
        ("", FROM_ZERO, 100),
        ("public", LIMITS, 100),
        ("", Caching(200, 100, 1000), 200),
        ("no-store", FROM_ZERO, None),
        ("private, max-age=600", FROM_ZERO, None),
        ("no-store", LIMITS, 10),
        ("private, max-age=600", LIMITS, 10),
        ("no-cache, max-age=600", LIMITS, 10),
        ("no-cache", FROM_ZERO, 0),
        ("max-age=banana", FROM_ZERO, 0),
        ('max-age="50"', FROM_ZERO, 50),
        ("max-age=50", Caching(0, 0, 0), None),
    ],
)
def test_an_answer_stays_as_it_says_within_the_policys_limits(said, caching, fresh_for):
    found = stay(said, caching)
    assert (found and found.fresh_for) == fresh_for


@pytest.mark.parametrize(
    ("status", "said", "error", "fresh_for"),
    [
        (404, "", ErrorRule(10), 10),
        (404, "max-age=30", ErrorRule(10), 30),
        (404, "no-store", ErrorRule(10), 10),
        (503, "s-maxage=2", ErrorRule(0), 2),
        (503, "private, max-age=60", ErrorRule(0), None),
        (404, "no-store", ErrorRule(0), None),
        (410, "max-age=0", ErrorRule(0), None),
        (403, "", ErrorRule(10), None),
        (403, "max-age=30", ErrorRule(10), 30),
        (410, "", ErrorRule(10), None),
        (410, "max-age=0, s-maxage=2", ErrorRule(0), 2),
        (410, "no-store, max-age=9", ErrorRule(10), None),
        (401, "max-age=30", ErrorRule(10), None),
        (429, "max-age=30", ErrorRule(10), None),
    ],
)
def test_errors_stay_by_a_rule_of_their_own(status, said, error, fresh_for):
    found = stay(said, FROM_ZERO, status, error)
    assert (found and found.fresh_for) == fresh_for


def test_an_error_stays_even_where_nothing_is_kept():
    assert stay("", Caching(0, 0, 0), 404).fresh_for == 10


def test_stale_answers_stand_in_as_they_say_and_by_default_for_ever():
    assert stay("max-age=1").on_error == FOREVER
    assert stay("max-age=1, stale-if-error=0").on_error == 0
    assert stay("max-age=1, stale-if-error=50").on_error == 50
    assert stay("max-age=1, stale-while-revalidate=7").while_asking == 7
    assert stay("max-age=90, stale-while-revalidate=70", Caching(0, 0, 100)).while_asking == 10
    assert stay("max-age=1, must-revalidate").on_error == 0
    assert stay("max-age=1, must-revalidate, stale-while-revalidate=7").while_asking == 0


@pytest.mark.parametrize("said", ["*", " * "])
def test_what_varies_by_everything_is_not_kept(said):
    assert stay("max-age=60", vary=said) is None


def test_age_is_the_larger_of_what_is_told_and_what_the_date_says():
    date = formatdate(NOW - 30, usegmt=True)
    assert age_of(headers_from([("Age", "5"), ("Date", date)]), NOW) == 30
    assert age_of(headers_from([("Age", "50"), ("Date", date)]), NOW) == 50
    assert age_of(headers_from([("Age", "-1"), ("Date", "soon")]), NOW) == 0
    assert age_of({}, NOW) == 0


seconds = st.one_of(st.integers(0, 5000).map(str), st.sampled_from(["0", "2147483647"]))
directive = st.one_of(
    seconds.map("max-age={}".format),
    seconds.map("s-maxage={}".format),
    st.sampled_from(["no-store", "private", "public", "must-revalidate", "immutable"]),
    seconds.map("stale-if-error={}".format),
)
answers = st.fixed_dictionaries(
    {
        "status": st.sampled_from([200, 203, 301, 302, 307, 308]),
        "directives": st.lists(directive, max_size=4, unique_by=lambda one: one.partition("=")[0]),
        "upper": st.booleans(),
        "expires": st.one_of(st.none(), st.integers(-500, 5000), st.just("0")),
    }
)


def as_pairs(answer) -> list[tuple[str, str]]:
    now = int(time.time())
    pairs = [("Date", formatdate(now, usegmt=True))]
    if answer["directives"]:
        said = ", ".join(answer["directives"])
        pairs.append(("Cache-Control", said.upper() if answer["upper"] else said))
    if answer["expires"] is not None:
        at = answer["expires"]
        pairs.append(("Expires", at if at == "0" else formatdate(now + at, usegmt=True)))
    return pairs


def by_oracle(answer) -> float | None:
    """Seconds by hishel as a shared cache; None when it may not store."""
    headers = Headers(dict(as_pairs(answer)))
    state = CacheMiss(
        request=Request("GET", "https://example.com/", Headers({})),
        options=CacheOptions(shared=True, supported_methods=["GET"], allow_stale=False),
    )
    response = Response(answer["status"], headers)
    if not isinstance(state.next(response), StoreAndUse):
        return None
    lifetime = get_freshness_lifetime(response, is_cache_shared=True)
    return None if lifetime is None else max(lifetime, 0)


def by_us(answer, rules=stay_for) -> float | None:
    found = rules(answer["status"], headers_from(as_pairs(answer)), WIDE, ERROR, time.time())
    return found and found.fresh_for


def explicit(answer) -> bool:
    # Without a time of its own CloudFront has DefaultTTL where the RFC allows a guess.
    said = [one.partition("=")[0] for one in answer["directives"]]
    return "max-age" in said or "s-maxage" in said or answer["expires"] is not None


@settings(max_examples=300, deadline=None)
@given(answers.filter(explicit))
def test_another_engine_keeps_the_same_answers_for_the_same_time(answer):
    assert by_us(answer) == by_oracle(answer)


@pytest.mark.parametrize(
    ("bug", "answer"),
    [
        (lambda pairs: [one for one in pairs if "s-max" not in one[1].lower()], ["s-maxage=9"]),
        (
            lambda pairs: [(k, v.replace("private", "public")) for k, v in pairs],
            ["private", "max-age=5"],
        ),
        (lambda pairs: [one for one in pairs if one[0] != "Cache-Control"], ["max-age=5"]),
    ],
)
def test_the_other_engine_would_tell(bug, answer):
    """Each planted bug makes the two differ."""
    described = {"status": 200, "directives": answer, "upper": False, "expires": None}

    def wrong(status, headers, *rest):
        pairs = [(name, line["value"]) for name, lines in headers.items() for line in lines]
        named = [("Cache-Control" if n == "cache-control" else n, v) for n, v in pairs]
        return stay_for(status, headers_from(bug(named)), *rest)

    assert by_us(described, wrong) != by_oracle(described)
