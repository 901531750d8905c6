"""One contract for every store: memory, and DynamoDB, DAX and two regions over sockets."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.core.errors import SlugTaken, Stale, Unavailable
from chalicelib.core.links import Link, State, bury_link, edit_link, state_of
from chalicelib.core.rules import Rules
from chalicelib.core.utm import Utm
from chalicelib.service.ports import LinkStore, ListQuery
from chalicelib.store.dax_links import DaxSettings
from chalicelib.store.links import LinkTable
from chalicelib.store.memory import LinkMemory
from chalicelib.store.models import bind, to_item, to_link
from local.children import listen, url_of
from tests.store.regions import all_at_home_here, all_at_home_there
from tests.store.tables import REGION, connect, data_calls, links_over_dax, point_to, together


NOW = datetime(2026, 11, 23, 12, 0, 0, 123000, tzinfo=UTC)
RULES = [{"if": {"countries": ["DE"]}, "destination": "https://e.example/de"}]


def link(slug: str, minutes: int = 0, **fields: object) -> Link:
    """A link made `minutes` after NOW."""
    at = NOW + timedelta(minutes=minutes)
    values = {"workspace": "w", "destination": "https://e.example/", "created_at": at} | fields
    return Link(slug=slug, updated_at=at, **values)  # type: ignore[arg-type]


REGIONAL = {"home-here": all_at_home_here, "home-there": all_at_home_there}


@pytest.fixture(params=["memory", "dynamodb", "dax", *REGIONAL])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[LinkStore]:
    """Each store in turn; its table is shared, so tests use a workspace of their own."""
    if request.param == "memory":
        yield LinkMemory()
    elif request.param == "dynamodb":
        point_to(request.getfixturevalue("dynamodb"), monkeypatch)
        yield LinkTable(bind("links", REGION))
    elif request.param in REGIONAL:
        near, far = map(request.getfixturevalue, ("dynamodb", "table_of_dax"))
        point_to(near, monkeypatch)  # and with it, credentials
        yield REGIONAL[request.param]((near, far))
    else:
        dax = request.getfixturevalue("dax")
        point_to(request.getfixturevalue("table_of_dax"), monkeypatch)
        with links_over_dax(DaxSettings(dax.endpoint, read_for=10)) as links:
            connect(links)
            asked = data_calls(dax)
            yield links
            # Or it would be the table that keeps the promises once more, past DAX.
            assert data_calls(dax) > asked


def test_a_link_comes_back_as_it_was(store: LinkStore) -> None:
    """Every field survives, those left out too."""
    full = link(
        "Full",
        title="T",
        notes="N\nn",
        tags=("b", "a"),
        status=308,
        expires_at=NOW + timedelta(days=1),
        starts_at=NOW,
        forward_query=True,
        query_winner="visitor",
        forward_path=True,
        utm=Utm.of({"source": "a b", "term": "ü"}),
        rules=Rules.of(RULES),
        disabled=True,
        archived=True,
        password="$scrypt$",
        max_clicks=10**9,
        max_clicks_exact=True,
    )
    store.create("full", full)
    store.create("bare", link("bare"))

    assert store.get("full") == full
    assert store.get("full", consistent=True) == full
    assert store.get("bare") == link("bare")
    assert store.get("none") is None


def test_long_rules_come_back(store: LinkStore) -> None:
    """A thousand of them too, which are stored deflated."""
    long = link("Long", rules=Rules.of(RULES * 1000))
    store.create("long", long)

    assert long.rules.packed[:1] != b"["
    assert store.get("long") == long


def test_a_page_of_long_rules_is_short(store: LinkStore) -> None:
    """What a page answers with stays under Lambda's limit, and no link is left out or doubled."""
    long = Rules.of([{"if": {}, "destination": f"https://e.example/{'x' * 1900}"}] * 60)
    for number in range(25):
        store.create(f"heavy{number}", link(f"heavy{number}", number, workspace="h", rules=long))
    pages = [store.page("h", ListQuery(limit=20))]
    while pages[-1].after:
        pages.append(store.page("h", ListQuery(limit=20, after=pages[-1].after)))

    assert max(sum(len(one.rules.text) for one in page.links) for page in pages) < 1024 * 1024
    assert [one.slug for page in pages for one in page.links] == [
        f"heavy{number}" for number in reversed(range(25))
    ]
    assert len(pages) < 6


def test_create_once(store: LinkStore) -> None:
    """The second create is refused and leaves the first as it was."""
    store.create("once", link("Once"))
    with pytest.raises(SlugTaken, match="Once"):
        store.create("once", link("once", destination="https://other.example/"))

    found = store.get("once")
    assert found is not None
    assert found.destination == "https://e.example/"


def test_one_of_many_creates_wins(store: LinkStore) -> None:
    """Of 20 creates at once, one is stored and nineteen are refused."""
    outcomes = together(20, lambda number: store.create("raced", link(f"r{number}")))

    assert outcomes == {"": 1, "SlugTaken": 19}


def test_one_of_many_replaces_wins(store: LinkStore) -> None:
    """Of 10 edits of one version, one is stored and nine are told."""
    first = link("edited")
    store.create("edited", first)

    def edit(number: int) -> None:
        store.replace("edited", edit_link(first, {"title": str(number)}, NOW))

    assert together(10, edit) == {"": 1, "Stale": 9}


def test_tombstones_win(store: LinkStore) -> None:
    """A tombstone can't be edited, refuses creates in its quarantine, and gives way after it."""
    first = link("mortal")
    store.create("mortal", first)
    store.replace("mortal", bury_link(first, NOW))
    with pytest.raises(Stale):
        store.replace("mortal", edit_link(bury_link(first, NOW), {"title": "back"}, NOW))
    with pytest.raises(SlugTaken, match="was deleted"):
        store.create("mortal", link("mortal", minutes=60 * 24 * 89))

    late = link("mortal", minutes=60 * 24 * 91)
    store.create("mortal", late)
    assert store.get("mortal") == late


def test_replacing_what_is_not_there(store: LinkStore) -> None:
    """An edit never makes a link."""
    with pytest.raises(Stale):
        store.replace("absent", edit_link(link("absent"), {}, NOW))

    assert store.get("absent") is None


def test_pages_are_whole_and_in_order(store: LinkStore) -> None:
    """Newest first, each once, without tombstones, archived apart; equal times are no trouble."""
    links = [link(f"p{number}", minutes=number // 3, workspace="pages") for number in range(30)]
    for one in links:
        store.create(one.slug, one)
    store.replace("p5", bury_link(links[5], NOW))
    store.replace("p6", edit_link(links[6], {"archived": True}, NOW))
    store.create("q", link("q", workspace="another"))

    seen = listed(store, "pages", ListQuery(limit=7))
    expected = sorted(
        (one for one in links if one.slug not in ("p5", "p6")), key=made, reverse=True
    )

    assert seen == [one.slug for one in expected]
    assert listed(store, "pages", ListQuery(limit=7, archived=True)) == ["p6"]


def listed(store: LinkStore, workspace: str, query: ListQuery) -> list[str]:
    """The slugs of all pages of a list."""
    slugs: list[str] = []
    while True:
        page = store.page(workspace, query)
        assert len(page.links) <= query.limit
        slugs += [one.slug for one in page.links]
        if page.after is None:
            return slugs
        query = replace(query, after=page.after)


def test_filters(store: LinkStore) -> None:
    """A text is found literally in all that people wrote, in any case; a tag as a whole."""
    for number in range(40):
        title = "100%_ÄRA" if number % 8 == 0 else None
        tags = ("red", "redder") if number % 5 == 0 else ("redder",)
        one = link(f"f{number}", minutes=number, workspace="filters", title=title, tags=tags)
        store.create(one.slug, one)

    assert listed(store, "filters", ListQuery(limit=2, text="100%_ära")) == [
        "f32",
        "f24",
        "f16",
        "f8",
        "f0",
    ]
    assert listed(store, "filters", ListQuery(limit=3, tag="red", text="f")) == [
        f"f{number}" for number in range(35, -1, -5)
    ]
    assert listed(store, "filters", ListQuery(text="100%_ära", tag="red")) == ["f0"]
    assert listed(store, "filters", ListQuery(text="100.*")) == []
    assert listed(store, "filters", ListQuery(text="E.EXAMPLE/".casefold(), limit=100))[-1] == "f0"


def made(one: Link) -> tuple[datetime, str]:
    return one.created_at, one.slug


def test_oldest_first(store: LinkStore) -> None:
    """The other order is the same list from its other end, through all its pages."""
    for number in range(12):
        one = link(f"o{number}", minutes=number // 2, workspace="ordered", title="T")
        store.create(one.slug, one)
    newest = listed(store, "ordered", ListQuery(limit=5))

    assert listed(store, "ordered", ListQuery(limit=5, oldest_first=True)) == newest[::-1]
    assert listed(store, "ordered", ListQuery(limit=5, oldest_first=True, text="t")) == newest[::-1]


STATES: dict[str, dict[str, object]] = {
    "plain": {},
    "ends": {"expires_at": NOW + timedelta(hours=1)},
    "ends-now": {"expires_at": NOW},
    "ended": {"expires_at": NOW - timedelta(hours=1)},
    "starts": {"starts_at": NOW + timedelta(milliseconds=1)},
    "starts-now": {"starts_at": NOW},
    "off": {"disabled": True},
    "off-ended": {"disabled": True, "expires_at": NOW - timedelta(days=400)},
    "off-starts": {"disabled": True, "starts_at": NOW + timedelta(days=400)},
    "both": {"starts_at": NOW + timedelta(hours=1), "expires_at": NOW + timedelta(hours=2)},
    "crossed": {"starts_at": NOW + timedelta(hours=3), "expires_at": NOW - timedelta(hours=1)},
    "window": {"starts_at": NOW - timedelta(hours=1), "expires_at": NOW + timedelta(hours=2)},
}


@pytest.mark.parametrize("minutes", [0, 61, 121])
def test_states(store: LinkStore, minutes: int) -> None:
    """A list of a state has just the links that core says are in it at that moment."""
    workspace, at = f"states{minutes}", NOW + timedelta(minutes=minutes)
    links = [link(f"{name}-{minutes}", workspace=workspace, **it) for name, it in STATES.items()]
    for one in links:
        store.create(one.slug, one)

    for state in get_args(State):
        expected = {one.slug for one in links if state_of(one, at) == state}
        found = listed(store, workspace, ListQuery(limit=3, state=state, at=at))
        assert sorted(found) == sorted(expected), state


def test_a_receipt_outlives_the_link(store: LinkStore) -> None:
    """What made a link is told by the link, by its edits and by its tombstone."""
    first = link("kept", made_by="receipt")
    edited = edit_link(first, {"title": "T"}, NOW)
    for one in (first, edited, bury_link(edited, NOW)):
        if one is first:
            store.create("kept", one)
        else:
            store.replace("kept", one)
        found = store.get("kept", consistent=True)
        assert found is not None
        assert found.made_by == "receipt"


def refuse(listener: socket.socket) -> None:
    """Nothing listens any more."""
    listener.close()


def hang_up(listener: socket.socket) -> None:
    """Every connection is closed without an answer."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                listener.accept()[0].close()

    threading.Thread(target=serve, daemon=True).start()


def hang(listener: socket.socket) -> None:
    """Every connection is taken, and no answer ever comes."""


@pytest.mark.parametrize("fail", [refuse, hang_up, hang])
def test_a_table_that_does_not_answer_is_unavailable(
    monkeypatch: pytest.MonkeyPatch, fail: Callable[[socket.socket], None]
) -> None:
    """However the table fails to answer, every method says Unavailable and none guesses."""
    listener = listen()
    point_to(url_of(listener), monkeypatch)
    fail(listener)
    table = LinkTable(bind("links", REGION))

    for act in (
        lambda: table.get("a"),
        lambda: table.create("a", link("a")),
        lambda: table.replace("a", edit_link(link("a"), {}, NOW)),
        lambda: table.page("w", ListQuery()),
    ):
        with pytest.raises(Unavailable, match="did not answer"):
            act()
    listener.close()


class LosingFirstAnswer:
    """A hook in the real client: the first put's answer is lost, so the client puts again."""

    def __init__(self, table: LinkTable) -> None:
        self.lost = 0
        connection = table._model._get_connection().connection
        connection.client.meta.events.register("needs-retry.dynamodb.PutItem", self.ask)

    def ask(self, response: object, **_: object) -> float | None:
        self.lost += 1
        return 0.0 if self.lost == 1 else None


def test_a_lost_answer_is_not_a_conflict(dynamodb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A create that was stored, but whose answer got lost, is not reported as taken by another."""
    point_to(dynamodb, monkeypatch)
    table = LinkTable(bind("links", REGION))
    hook = LosingFirstAnswer(table)

    table.create("repeated", link("repeated"))

    assert hook.lost == 2
    assert table.get("repeated") == link("repeated")


TIMES = st.datetimes(datetime(1970, 1, 2), datetime(9999, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=50)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    title=st.none() | TEXT,
    tags=st.lists(TEXT, max_size=5).map(tuple),
    until=st.none() | TIMES,
    version=st.integers(1, 10**12),
)
def test_items_round_trip(
    title: str | None, tags: tuple[str, ...], until: datetime | None, version: int
) -> None:
    """Whatever a link holds, its item holds it too."""
    one = link("s", title=title, tags=tags, expires_at=until, version=version)
    model = bind("links", REGION)
    item = to_item(model, "s", one, "w")
    stored = model()
    stored.deserialize(item.serialize())

    assert to_link(stored) == one
