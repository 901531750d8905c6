"""Requests to the whole app over DAX: what answers say of it, and what it may never decide."""

from collections.abc import Iterator

import pytest

from chalicelib.api.tiers import MOST, tell_tier
from chalicelib.config import ConfigError, load
from chalicelib.store.dax_links import DaxSettings, road_of
from chalicelib.store.links import LinkTable
from chalicelib.store.models import bind
from local.dax.faults import Fault
from local.dax.threads import ClusterThread
from tests.api.driver import Api, make_api
from tests.store.tables import REGION, connect, links_over_dax, point_to


@pytest.fixture
def api(dax: ClusterThread, table_of_dax: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A deployment with a DAX that is connected."""
    point_to(table_of_dax, monkeypatch)
    settings = DaxSettings(dax.endpoint, read_for=0.5)
    with (
        links_over_dax(settings, tell_tier) as links,
        make_api(links, EVERHOP_DAX=dax.endpoint) as driven,
    ):
        connect(links)
        yield driven
    dax.behave(Fault.HEALTHY)


def tiers(timing: str) -> list[str]:
    """The entries of a Server-Timing without their durations."""
    return [entry.partition(";dur")[0] for entry in timing.split(", ")]


def test_answers_say_who_answered(api: Api, dax: ClusterThread) -> None:
    """Of each redirect: whether DAX had the link, whether the table had to be asked, and why."""
    slug = api.made()["slug"]
    dax.clear()
    road = road_of(api.store._cached)  # type: ignore[attr-defined]

    followed = [api.follow(slug) for _ in range(2)]
    timings = [tiers(answer.headers["Server-Timing"]) for answer in followed]
    dax.behave(Fault.SILENT)
    lost = api.follow(slug)
    assert not road._cluster._breaker.is_closed
    road._cluster._breaker.open(60)
    away = api.follow(slug)

    assert timings == [["app", 'dax;desc="miss"'], ["app", 'dax;desc="hit"']]
    assert tiers(lost.headers["Server-Timing"]) == ["app", 'table;desc="DAX did not answer"']
    assert tiers(away.headers["Server-Timing"]) == ["app", 'table;desc="DAX is not asked"']
    every = (*followed, lost, away)
    assert [answer.headers["Cache-Status"] for answer in every] == [
        *("DAX; fwd=miss", "DAX; hit"),
        *("DAX; fwd=bypass", "DAX; fwd=bypass"),
    ]
    assert [answer.status_code for answer in every] == [302] * 4


def test_an_answer_without_dax_says_nothing_of_it(api: Api) -> None:
    """Nor does one that keeps the tiers of a request before it."""
    api.follow(api.made()["slug"])

    assert tiers(api.ask("GET", "/v1/openapi.json").headers["Server-Timing"]) == ["app"]


def test_a_batch_names_only_some(api: Api) -> None:
    """A header of a hundred entries helps nobody."""
    rows = [{"destination": "https://example.com/"} for _ in range(MOST + 4)]
    answer = api.keyed("POST", "/links/batch", {"links": rows})

    assert answer.status_code == 200
    assert len(tiers(answer.headers["Server-Timing"])) <= 1 + MOST


def test_health_looks_at_the_table_itself(api: Api, dax: ClusterThread) -> None:
    """A region without its DAX is slower, not ill; one whose table is away is, whatever is cached."""
    assert api.ask("GET", "/v1/health").status_code == 200
    dax.behave(Fault.REFUSING)
    asked = dax.counters.calls["GetItem"]

    assert api.ask("GET", "/v1/health").status_code == 200
    assert dax.counters.calls["GetItem"] == asked


def test_owners_see_their_own_writes(api: Api) -> None:
    """Reads of owners are consistent, past DAX: also after somebody else's write past it."""
    made = api.made(title="old")
    api.follow(made["slug"])
    other = LinkTable(bind("links", REGION))
    with make_api(other) as elsewhere:
        answer = elsewhere.keyed("PATCH", f"/links/{made['slug']}", {"title": "new"})
        assert answer.status_code == 200

    assert api.keyed("GET", f"/links/{made['slug']}").json_body["title"] == "new"
    edited = api.keyed("PATCH", f"/links/{made['slug']}", {"notes": "n"})
    assert (edited.json_body["title"], edited.json_body["version"]) == ("new", 3)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("EVERHOP_DAX", "https://cluster", "a cluster's endpoint"),
        ("EVERHOP_DAX", "daxs://a b", "a cluster's endpoint"),
        ("EVERHOP_DAX_CONNECT_MS", "0", "milliseconds"),
        ("EVERHOP_DAX_READ_MS", "60000", "milliseconds"),
        ("EVERHOP_DAX_FALLBACKS", "0", "from 1 to 999"),
    ],
)
def test_settings_that_cannot_be_used(name: str, text: str, said: str) -> None:
    """Are named, with what would do."""
    with pytest.raises(ConfigError, match=f"{name} is .*{said}"):
        load({name: text})


def test_settings() -> None:
    """Off by default; milliseconds become seconds."""
    config = load({})
    told = load({"EVERHOP_DAX": "daxs://c.x1.dax-clusters.eu-west-1.amazonaws.com"})

    assert config.dax == ""
    assert told.dax.startswith("daxs://")
    assert (told.dax_connect_for, told.dax_read_for, told.dax_fallbacks) == (0.15, 0.25, 16)
