"""The origin-request function: which region is asked, for what, with which proof."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.origin_proofs import is_proof
from infra.edge import origin_request
from infra.edge.failures import AVOIDED_FOR, MOST, Failures
from infra.edge.settings import Settings
from infra.region_places import PLACES
from tests.edge import cloudfront
from tests.edge.conftest import SECRET


NOW = 1_790_000_000.0
US, EU, AP = "us.api.example", "eu.api.example", "ap.api.example"


class Edge:
    """One container of the function at a place; its clock is moved by hand."""

    def __init__(self, settings: Settings, place: str = "eu-central-1") -> None:
        self.settings, self.place = settings, place
        self.now, self.failures = NOW, Failures()

    def ask(
        self, uri: str, headers: Any = None, request: str = "one", **more: Any
    ) -> dict[str, Any]:
        event = cloudfront.origin_request(uri, headers, **more)
        event["Records"][0]["cf"]["config"]["requestId"] = request
        return cloudfront.run(
            lambda it: origin_request.route(it, self.settings, self.place, self.now, self.failures),
            event,
        )

    def domain(self, uri: str = "/promo", headers: Any = None, **more: Any) -> str:
        return str(self.ask(uri, headers, **more)["origin"]["custom"]["domainName"])


@pytest.fixture
def edge(settings: Settings) -> Edge:
    return Edge(settings)


def value(request: dict[str, Any], name: str) -> str:
    return str(request["headers"][name][0]["value"])


@pytest.mark.parametrize(
    ("place", "first", "second"),
    [
        ("eu-central-1", EU, US),
        ("us-west-2", US, EU),
        ("sa-east-1", US, EU),
        ("ap-northeast-1", AP, EU),
        ("somewhere-new-1", US, EU),
    ],
)
def test_the_nearest_region_first_and_the_next_second(
    settings: Settings, place: str, first: str, second: str
) -> None:
    """By where the function runs; where nobody knows how far it is, in the order of the stages."""
    edge = Edge(settings, place)

    assert (edge.domain(which="1"), edge.domain(which="2")) == (first, second)


def test_every_place_knows_all_regions(settings: Settings) -> None:
    """No place leaves one out, and the nearest to a region is itself."""
    assert set(settings.nearest) == set(PLACES)
    for place in PLACES:
        assert sorted(settings.order_at(place)) == sorted(settings.regions)
    for region in settings.regions:
        assert settings.order_at(region)[0] == region


def test_a_region_that_failed_is_left_alone_for_a_while(edge: Edge) -> None:
    """After one request that had to be asked twice, the others need not be; then one tries again."""
    edge.domain(which="1")
    edge.domain(which="2")
    at_once = edge.domain(which="1")
    edge.now += AVOIDED_FOR - 0.1
    before = edge.domain(which="1")
    edge.now += 0.2

    assert (at_once, before, edge.domain(which="1")) == (US, US, EU)


@given(st.lists(st.sampled_from([("1", 0.1), ("2", 0.1), ("2", 3.0), ("1", 9.0)]), max_size=12))
def test_the_second_origin_is_never_the_first_again(steps: list[tuple[str, float]]) -> None:
    """Whatever has failed before, what CloudFront asks next is another region."""
    from tests.edge.conftest import baked

    edge = Edge(baked())
    for which, waited in steps:
        edge.domain(which=which)
        edge.now += waited

    assert edge.domain(which="1") != edge.domain(which="2")


def test_requests_that_fail_at_the_same_time_do_not_mislead_each_other(edge: Edge) -> None:
    """Each is sent on from the region that it was sent to itself, whatever others noted since."""
    assert [edge.domain(request=name, which="1") for name in ("a", "b", "c")] == [EU] * 3
    assert [edge.domain(request=name, which="2") for name in ("a", "b", "c")] == [US] * 3


def test_a_second_try_in_another_container_is_not_the_nearest_again(edge: Edge) -> None:
    """Though that container has seen the nearest fail, and would ask another one first by now."""
    edge.domain(request="a", which="1")
    edge.domain(request="a", which="2")

    assert edge.domain(request="sent by another container", which="2") == US


def test_requests_that_are_never_tried_again_are_forgotten(edge: Edge) -> None:
    """Nearly all are answered at once: they must not fill the container."""
    for number in range(2 * MOST):
        edge.domain(request=str(number), which="1")

    assert len(edge.failures._asked) == MOST


@pytest.mark.parametrize(
    ("attempt", "asked"),
    [
        ("1", EU),
        ("2", US),
        ("3", AP),
        ("4", EU),
        ("", EU),
        ("0", EU),
        ("-1", EU),
        ("99", EU),
        ("²", EU),
    ],
)
def test_attempts_of_the_api_go_to_one_region_after_the_other(
    edge: Edge, attempt: str, asked: str
) -> None:
    """CloudFront repeats no write, so the client does, and says which attempt it is."""
    headers = {"Everhop-Attempt": attempt} if attempt.isascii() else {}

    assert edge.domain("/api/v1/links", headers, method="POST", which="1") == asked


def test_attempts_do_not_depend_on_what_a_container_remembers(edge: Edge) -> None:
    """Else the second attempt could go where the first went."""
    edge.domain(which="2")  # the nearest has just failed

    assert edge.domain("/api/v1/links", {"Everhop-Attempt": "1"}, method="POST") == EU
    assert edge.domain("/api/v1/links", {"Everhop-Attempt": "2"}, method="POST") == US


def test_attempts_mean_nothing_to_short_links(edge: Edge) -> None:
    """A visitor can't choose a region, and so no cache entry is filled from afar."""
    assert edge.domain("/promo", {"Everhop-Attempt": "2"}) == EU


@pytest.mark.parametrize(
    ("uri", "method", "to", "path"),
    [
        ("/promo", "GET", "/api/r/promo", None),
        ("/promo+", "GET", "/api/r/promo+", None),
        ("/promo", "OPTIONS", "/api/r/promo", None),
        ("/promo~", "GET", "/api/v/promo", None),
        ("/promo~", "POST", "/api/r/promo", None),
        ("/promo/a/b%2F/", "GET", "/api/v/promo", "/a/b%2F/"),
        ("/promo~/a", "GET", "/api/v/promo", "/a"),
        ("/promo/é", "GET", "/api/v/promo", "/%C3%A9"),
        ("/%C3%BCber", "GET", "/api/r/%C3%BCber", None),
        ("/api/v1/links", "POST", "/api/v1/links", None),
        ("/api/v/promo", "POST", "/api/v/promo", None),
    ],
)
def test_paths(edge: Edge, uri: str, method: str, to: str, path: str | None) -> None:
    """A short link is asked for at the API; what nobody may keep, where no cache keeps it."""
    request = edge.ask(uri, method=method)

    assert request["uri"] == to
    assert ("everhop-path" in request["headers"]) == (path is not None)
    if path:
        assert value(request, "everhop-path") == path


@pytest.mark.parametrize(
    ("uri", "method", "to", "shared"),
    [
        ("/promo", "GET", "/api/v/promo", True),
        ("/promo", "HEAD", "/api/v/promo", True),
        ("/promo+", "GET", "/api/v/promo+", True),
        ("/promo~", "GET", "/api/v/promo", False),
        ("/promo/a", "GET", "/api/v/promo", False),
        ("/promo~", "POST", "/api/r/promo", False),
        ("/api/v1/links", "GET", "/api/v1/links", False),
    ],
)
def test_no_stage_keeps_a_query(edge: Edge, uri: str, method: str, to: str, shared: bool) -> None:
    """Nobody could purge it by name: the edge asks where no cache is, for what all are answered."""
    request = edge.ask(uri, method=method, query="utm_source=x")

    assert request["uri"] == to
    assert ("everhop-shared" in request["headers"]) == shared


def test_the_query_travels_as_it_was_typed(edge: Edge) -> None:
    """In the header that the API cache has in its key; what no header can have is escaped."""
    query = "b=2&a=%20+x;y=\"<>'é|&%zz"
    request = edge.ask("/promo", query=query)

    assert value(request, "everhop-query") == query.replace("é", "%C3%A9")
    assert request["headers"]["everhop-query"][0]["key"] == "everhop-query"
    assert request["querystring"] == ""  # there API Gateway would read it in its own way
    assert value(edge.ask("/promo"), "everhop-query") == ""
    assert edge.ask("/api/v1/links", query="limit=2")["querystring"] == "limit=2"


@pytest.mark.parametrize("path", ["/promo", "/promo~", "/promo/a"])
def test_the_longest_query_is_no_more_than_api_gateway_takes(edge: Edge, path: str) -> None:
    """Of 8,192 bytes of address, which is what CloudFront takes, beside what it adds itself."""
    request = edge.ask(path, {"User-Agent": "a" * 1024}, query="q" * (8192 - len(path) - 1))
    lines = [f"{name}: {one[0]['value']}" for name, one in request["headers"].items()]
    head = len(request["uri"]) + len(request["querystring"]) + sum(len(one) + 2 for one in lines)
    assert head < 10_240


def test_the_region_is_told_who_asks(edge: Edge) -> None:
    """The proof holds there, the address is the one that CloudFront saw, the host is the region's."""
    request = edge.ask("/promo", {"Everhop-Address": "192.0.2.66", "Everhop-Edge": "forged"})

    assert is_proof(value(request, "everhop-edge"), (SECRET,), NOW + 60)
    assert value(request, "everhop-address") == "203.0.113.7"
    assert value(request, "host") == EU
    assert SECRET not in str(request)


def test_buckets_are_left_alone(edge: Edge) -> None:
    """Attached to the dashboard's files by mistake, it changes nothing."""
    event = cloudfront.origin_request("/index.html")
    request = event["Records"][0]["cf"]["request"]
    request["origin"] = {"s3": {"domainName": "bucket.s3.amazonaws.com"}}
    before = str(request)

    assert str(origin_request.route(event, edge.settings, "eu-west-1", NOW, Failures())) == before
