"""Stats over the API: what was counted comes back, to whoever may see it and to nobody else."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.counts import REST, link_subject, workspace_subject
from chalicelib.core.rules import variant_id
from chalicelib.store.memory_counts import CountMemory
from tests.api.driver import Api, codes, make_api
from tests.clocks import SetClock
from tests.counted import count


PROMO, ALL = link_subject("default", "promo"), workspace_subject("default")


@pytest.fixture
def clock() -> SetClock:
    return SetClock()  # 2026-11-23, noon


@pytest.fixture
def counts(clock: SetClock) -> CountMemory:
    """Three clicks an hour for the last three days: one from Austria, two from Germany."""
    store = CountMemory()
    names = {"clicks": 3, "bots": 1, "country:DE": 2, "country:AT": 1, "referrer:=cmd()": 3}
    for ago in range(72):
        at = clock.time - timedelta(hours=ago)
        count(store, PROMO, at, names)
        count(store, ALL, at, {**names, "link:promo": 3})
    return store


@pytest.fixture
def api(counts: CountMemory, clock: SetClock) -> Iterator[Api]:
    with make_api(counts=counts, clock=clock) as driven:
        driven.made(slug="Promo")
        yield driven


def ask(api: Api, query: str = "", path: str = "/links/promo/stats") -> dict[str, Any]:
    answer = api.keyed("GET", f"{path}?{query}")
    assert answer.status_code == 200, answer.body
    return dict(answer.json_body)


def test_what_was_counted(api: Api) -> None:
    """Totals, a point a day and the top values, for 30 days unless told otherwise."""
    found = ask(api)

    assert (found["slug"], found["interval"], found["time_zone"]) == ("Promo", "day", "UTC")
    assert (found["from"], found["to"]) == ("2026-10-25T00:00:00Z", "2026-11-23T13:00:00Z")
    assert (found["clicks"], found["bots"], found["heads"], found["previews"]) == (216, 72, 0, 0)
    assert [point["clicks"] for point in found["series"]] == [0] * 26 + [33, 72, 72, 39]
    assert found["top"]["countries"] == [
        {"value": "DE", "clicks": 144, "share": 0.6667},
        {"value": "AT", "clicks": 72, "share": 0.3333},
    ]
    assert found["compared"] is None
    assert found["complete_as_of"] is None


def test_other_looks(api: Api) -> None:
    """A day by the hours of a zone, one value a dimension, beside the day before."""
    zone = "time_zone=Europe/Berlin&interval=hour&top=1&compare=previous"
    found = ask(api, f"from=2026-11-22&to=2026-11-22&{zone}")

    assert found["from"] == "2026-11-21T23:00:00Z"
    assert [point["clicks"] for point in found["series"]] == [3] * 24
    assert [one["value"] for one in found["top"]["countries"]] == ["DE", "(other)"]
    assert found["compared"] == {
        "from": "2026-11-20T23:00:00Z",
        "to": "2026-11-21T23:00:00Z",
        "clicks": 72,
        "change": 0,
    }


def test_variants_are_told_by_name(api: Api, counts: CountMemory, clock: SetClock) -> None:
    """By their name or destination of today; what was counted of others is `(removed)`."""
    sides = [
        {"name": "Blue", "destination": "https://example.com/blue", "weight": 1},
        {"destination": "https://example.com/green", "weight": 1},
    ]
    assert api.keyed("PATCH", "/links/promo", {"rules": [{"variants": sides}]}).status_code == 200
    clicks = {variant_id("https://example.com/blue"): 5, "0123456789ab": 1, "ba9876543210": 2}
    clicks |= {variant_id("https://example.com/green"): 4, REST: 3}
    count(counts, PROMO, clock.time, {f"variant:{name}": n for name, n in clicks.items()})

    found = ask(api, "from=2026-11-23")["top"]["variants"]

    assert [(one["value"], one["clicks"]) for one in found] == [
        ("Blue", 5),
        ("https://example.com/green", 4),
        ("(removed)", 3),
        ("(other)", 3),
    ]
    sheet = api.keyed("GET", "/links/promo/stats?format=csv").body
    assert b"Blue" in sheet if isinstance(sheet, bytes) else "Blue" in sheet


def test_the_workspace(api: Api) -> None:
    """All links together, and which of them were followed."""
    found = ask(api, path="/stats")

    assert "slug" not in found
    assert found["clicks"] == 216
    assert found["top"]["links"] == [{"value": "promo", "clicks": 216, "share": 1}]
    assert "links" not in ask(api)["top"]


@pytest.mark.parametrize(
    ("path", "name"),
    [("/links/promo/stats", "Promo-stats"), ("/stats", "stats")],
    ids=["link", "all"],
)
def test_a_sheet(api: Api, path: str, name: str) -> None:
    """The same as CSV to save, by the zone's clocks, and no formula in it."""
    answer = api.keyed(
        "GET", f"{path}?format=csv&from=2026-11-22&time_zone=Europe/Berlin&interval=day"
    )
    text = answer.body.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}.csv"'
    assert rows[0]["section"] == "total"
    assert rows[0]["clicks"] == "114"
    assert [(row["value"], row["clicks"]) for row in rows if row["section"] == "day"] == [
        ("2026-11-22", "72"),
        ("2026-11-23", "42"),
    ]
    assert [row["value"] for row in rows if row["section"] == "referrers"] == ["'=cmd()"]


def test_no_cache_between_keeps_it(api: Api) -> None:
    """A browser may for a moment, for the same key; and what it has is not sent again."""
    first = api.keyed("GET", "/links/promo/stats")
    again = api.keyed("GET", "/links/promo/stats", If_None_Match=first.headers["ETag"])

    assert first.headers["Cache-Control"] == "private, max-age=5"
    assert first.headers["Vary"] == "Authorization"
    assert (again.status_code, again.body) == (304, b"")
    assert again.headers["Cache-Control"] == "private, max-age=5"


def test_a_new_click_changes_the_tag(api: Api, counts: CountMemory, clock: SetClock) -> None:
    """What was counted meanwhile is told, though the period has the same words."""
    before = api.keyed("GET", "/links/promo/stats").headers["ETag"]
    count(counts, PROMO, clock.time, {"clicks": 1})
    after = api.keyed("GET", "/links/promo/stats", If_None_Match=before)

    assert (after.status_code, after.json_body["clicks"]) == (200, 217)


def test_every_wrong_parameter_is_named(api: Api) -> None:
    """All at once; and a slip in a name is no answer to another question."""
    wrong = api.keyed("GET", "/stats?from=x&top=0&time_zone=Mars")
    unknown = api.keyed("GET", "/links/promo/stats?form=2026-11-01&top=1&top=2")

    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert codes(wrong) == {"/from": "time", "/top": "limit", "/time_zone": "time_zone"}
    assert codes(unknown) == {"/form": "unknown_field", "/top": "repeated"}


def test_erased_is_gone(api: Api) -> None:
    """All of the link's, at once and for good; the workspace's sums keep the clicks."""
    assert api.keyed("DELETE", "/links/promo/stats").status_code == 204
    assert ask(api)["clicks"] == 0
    assert ask(api, "from=2025-01-01&interval=month")["clicks"] == 0
    assert ask(api, path="/stats")["clicks"] == 216
    assert api.keyed("DELETE", "/links/promo/stats").status_code == 204


def test_a_deleted_link_can_be_erased(api: Api) -> None:
    """Its stats are not shown any more, and can still be forgotten, once."""
    api.keyed("DELETE", "/links/promo")

    assert api.keyed("GET", "/links/promo/stats").status_code == 404
    assert api.keyed("DELETE", "/links/promo/stats").status_code == 204
    assert api.keyed("DELETE", "/links/promo/stats").status_code == 404


def key_of(api: Api, workspace: str) -> dict[str, str]:
    body = {"name": "k", "workspace": workspace, "scopes": ["read", "write", "admin"]}
    made = api.keyed("POST", "/keys", body).json_body
    return {"Authorization": f"Bearer {made['key']}"}


def test_anothers_link_has_no_stats(api: Api, clock: SetClock) -> None:
    """404 in the words of a link that never was, erasing does nothing, and sums are apart."""
    other = key_of(api, "acme")
    for method in ("GET", "DELETE"):
        theirs = api.ask(method, "/v1/links/promo/stats", **other)
        nobodys = api.ask(method, "/v1/links/prom0/stats", **other)
        assert (theirs.status_code, nobodys.status_code) == (404, 404)
        assert theirs.json_body["detail"].replace("promo", "prom0") == nobodys.json_body["detail"]

    assert api.ask("GET", "/v1/stats", **other).json_body["clicks"] == 0
    assert ask(api)["clicks"] == 216


def test_the_next_owner_of_a_slug_sees_nothing_of_before(api: Api, clock: SetClock) -> None:
    """Even with a link that is said to be from long ago, as an import may bring it."""
    other = key_of(api, "acme")
    api.keyed("DELETE", "/links/promo")
    clock.move(days=91)
    sheet = b"slug,destination,created_at\npromo,https://a.example/,2020-01-01T00:00:00Z\n"
    made = api.ask("POST", "/v1/imports", sheet, Content_Type="text/csv", **other).json_body
    query = "from=2026-11-01&interval=day&top=100"
    found = api.ask("GET", f"/v1/links/promo/stats?{query}", **other).json_body

    assert made["counts"]["created"] == 1
    assert (found["clicks"], found["top"]["countries"]) == (0, [])


def test_slugs_are_folded(api: Api) -> None:
    """However the slug is typed, it is the same link's stats."""
    assert ask(api, path="/links/PROMO/stats")["clicks"] == 216
