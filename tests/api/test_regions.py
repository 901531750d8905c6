"""A deployment of two regions as its clients see it, while the other region is there and gone."""

from collections.abc import Iterator

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.core.homes import home_of
from chalicelib.service.ports import LinkStore
from chalicelib.service.regional_links import RegionalLinks
from chalicelib.store.far_links import FarLinks
from chalicelib.store.memory import LinkMemory
from tests.api.driver import Api, make_api
from tests.store.regions import HERE, THERE, regional


NEAR, FAR = (
    next(key for key in ("promo", "spring", "sale", "news") if home_of(key, (HERE, THERE)) == it)
    for it in (HERE, THERE)
)
REGIONS = {"EVERHOP_REGION": HERE, "EVERHOP_REGIONS": f"{HERE},{THERE}"}


class Other:
    """The other region, which may be lost."""

    def __init__(self) -> None:
        self.links = LinkMemory()
        self.is_lost = False

    def __call__(self) -> LinkStore:
        if self.is_lost:
            raise Unavailable("There was no answer.")
        return self.links


@pytest.fixture
def other() -> Other:
    return Other()


@pytest.fixture
def api(other: Other) -> Iterator[Api]:
    """The region that is asked; what it tells of tiers is told for real."""
    from chalicelib.api.tiers import tell_tier

    links = regional(LinkMemory(), {THERE: FarLinks(other)}.__getitem__)
    telling = RegionalLinks(links.local, links.regions, links.store_of, 20, tell_tier)
    with make_api(telling, **REGIONS) as driven:
        yield driven


def test_a_custom_slug_is_written_at_its_home(api: Api, other: Other) -> None:
    """It is followed, read, edited and deleted from here, and its home is named where it answers."""
    api.made(slug=FAR)
    assert other.links.get(FAR) is not None
    followed = api.follow(FAR)
    assert followed.status_code == 302
    assert f'home;desc="{THERE}";dur=' in followed.headers["Server-Timing"]

    assert api.create("https://e.test/", slug=FAR).status_code == 409
    read = api.keyed("GET", f"/links/{FAR}")
    tag = {"If-Match": read.headers["ETag"]}
    assert api.keyed("PATCH", f"/links/{FAR}", {"title": "T"}, **tag).status_code == 200
    assert api.keyed("PATCH", f"/links/{FAR}", {"title": "U"}, **tag).status_code == 412
    assert api.keyed("DELETE", f"/links/{FAR}").status_code == 204
    assert api.follow(FAR).status_code == 410


def test_nobody_is_asked_for_what_is_at_home_here(api: Api) -> None:
    """A slug that nobody has is 404 by this region alone, and then is anyone's who makes it."""
    answers = [api.follow(NEAR), api.create("https://e.test/", slug=NEAR), api.follow(NEAR)]

    assert [one.status_code for one in answers] == [404, 201, 302]
    assert not any("home" in one.headers["Server-Timing"] for one in answers)


def test_while_the_other_region_is_lost(api: Api, other: Other) -> None:
    """What is at home there is 503, and nobody keeps that; what is drawn, or at home here, works."""
    other.is_lost = True
    visited = api.follow(FAR)
    refused = api.create("https://e.test/", slug=FAR)
    edited = api.keyed("PATCH", f"/links/{FAR}", {"title": "T"})
    batch = {
        "links": [
            {"destination": "https://e.test/"},
            {"destination": "https://e.test/", "slug": FAR},
        ]
    }
    rows = api.keyed("POST", "/links/batch", batch).json_body

    assert visited.status_code == 503
    assert visited.headers["Cache-Control"] == "no-store"
    assert visited.headers["Retry-After"] == "1"
    for answer in (refused, edited):
        assert answer.status_code == 503
        assert THERE in answer.json_body["detail"]
        assert answer.headers["Retry-After"]
    assert api.follow(NEAR).status_code == 404
    api.made(slug=NEAR)
    assert [api.made()["slug"] for _ in range(5)]
    assert [one["status"] for one in rows["results"]] == [201, 503]


def test_a_replica_is_followed_while_its_home_is_lost(api: Api, other: Other) -> None:
    """What this region has is enough for visitors, and for owners who look."""
    api.made(slug=FAR)
    there = other.links.get(FAR)
    assert there is not None
    store = api.store
    assert isinstance(store, RegionalLinks)
    store.local.create(FAR, there)
    other.is_lost = True

    assert api.follow(FAR).status_code == 302
    assert api.keyed("GET", f"/links/{FAR}").status_code == 200
    assert api.keyed("DELETE", f"/links/{FAR}").status_code == 503
