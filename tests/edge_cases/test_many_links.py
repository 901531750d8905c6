"""Many links at once, and finding one among many: rows 94 to 101 of our list, a test each."""

import csv
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.service.ports import ListQuery, Page
from chalicelib.store.memory import LinkMemory
from tests.api.driver import Api, codes, make_api
from tests.conftest import RunningStack
from tests.edge_cases.throttled import Throttled
from tests.job_fakes import Platform


D = "https://example.com/x"
CSV = {"Content_Type": "text/csv"}


def test_row_94(api: Api) -> None:
    """Of 100 rows with a bad one and two alike, 98 are made, and each row says what became of it."""
    rows: list[Any] = [{"destination": D, "slug": f"s{number}"} for number in range(100)]
    rows[40]["destination"] = "javascript:alert(1)"
    rows[70]["slug"] = "S3"
    answer = api.keyed("POST", "/links/batch", {"links": rows}).json_body
    statuses = [one["status"] for one in answer["results"]]

    assert answer["counts"] == {"created": 98, "taken": 1, "invalid": 1, "failed": 0}
    assert {statuses.index(422): 422, statuses.index(409): 409} == {40: 422, 70: 409}
    bad = answer["results"][40]["problem"]["errors"][0]
    assert (bad["pointer"], bad["code"]) == ("/links/40/destination", "destination_scheme")
    over = api.keyed("POST", "/links/batch", {"links": [*rows, rows[0]]})
    assert codes(over) == {"/links": "too_many"}
    assert len(api.keyed("GET", "/links?limit=100").json_body["links"]) == 98


def test_row_95(throttled: Throttled) -> None:
    """A table that throttles midway: each row says so, and the same batch again makes the rest."""
    rows = {"links": [{"destination": f"{D}{number}"} for number in range(100)]}
    with make_api(throttled.links, claims=throttled.claims) as api:
        throttled.puts_left = 30
        first = api.keyed("POST", "/links/batch", rows, Idempotency_Key="k").json_body
        throttled.puts_left = 1000
        again = api.keyed("POST", "/links/batch", rows, Idempotency_Key="k").json_body
        listed = api.keyed("GET", "/links?limit=100").json_body["links"]
    made = [one["link"]["slug"] for one in first["results"] if one["status"] == 201]
    failed = [one["problem"] for one in first["results"] if one["status"] == 503]

    assert (len(made), len(failed)) == (30, 70)
    assert "ProvisionedThroughputExceededException" in failed[0]["detail"]
    assert again["counts"] == {"created": 100, "taken": 0, "invalid": 0, "failed": 0}
    assert set(made) <= {one["link"]["slug"] for one in again["results"]}
    assert len(listed) == 100


def test_row_96(api: Api) -> None:
    """A sheet as spreadsheets write it is read, tried out first, and bounded."""
    sheet = (
        '\ufeffDestination;SLUG;Notes;Tags\r\nhttps://example.com/;one;"two\r\nlines";foo|bar\r\n'
    ).encode()
    trial = api.keyed("POST", "/imports?dry_run=true", sheet, **CSV).json_body
    assert (trial["counts"]["ready"], api.keyed("GET", "/links/one").status_code) == (1, 404)
    api.keyed("POST", "/imports", sheet, **CSV)

    link = api.keyed("GET", "/links/one").json_body
    assert (link["notes"], link["tags"]) == ("two\r\nlines", ["foo", "bar"])
    rows = b"destination\n" + b"https://e.example\n" * 100_000
    assert codes(api.keyed("POST", "/imports", rows, **CSV)) == {"/file": "too_many_rows"}


FORMULAS = ['=HYPERLINK("https://e.example";"x")', "+1", "-1", "@SUM(1)", "\tx\t=1", "a\n=1", "'=1"]


def test_row_97() -> None:
    """No cell of an exported CSV is a formula, and imported again each is what it was."""
    platform = Platform(LinkMemory())
    with make_api(platform.links, tools=platform.tools) as api:
        slugs = [api.made(slug=f"-{at}", title=text)["slug"] for at, text in enumerate(FORMULAS)]
        api.keyed("POST", "/exports", {"format": "csv"})
        platform.run()
        before = [api.keyed("GET", f"/links/{slug}").json_body["title"] for slug in slugs]
    (file,) = platform.files.files.values()
    cells = [cell for row in csv.reader(io.StringIO(file.decode("utf-8-sig"), "")) for cell in row]
    with make_api() as api:
        api.keyed("POST", "/imports", file, **CSV)
        after = [api.keyed("GET", f"/links/{slug}").json_body["title"] for slug in slugs]

    assert len(cells) > len(FORMULAS)
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert after == before == [text.strip() for text in FORMULAS]


@pytest.mark.parametrize("limit", ["0", "-1", "1000000000", "abc", "1.5", "101", "", "٣"])
def test_row_98(api: Api, limit: str) -> None:
    """A limit that is none is 422, in every list."""
    for path in ("/links", "/keys"):
        answer = api.keyed("GET", f"{path}?limit={quote(limit)}")
        assert codes(answer) == {"/limit": "limit"}


def test_row_98_cursors(api: Api) -> None:
    """A cursor goes on where it was, also when that link is gone; a forged one is 422."""
    for number in range(4):
        api.made(slug=f"l{number}", tags=["t"])
    page = api.keyed("GET", "/links?limit=2").json_body
    seen, cursor = [link["slug"] for link in page["links"]], page["next_cursor"]
    api.keyed("DELETE", f"/links/{seen[-1]}")
    rest = api.keyed("GET", f"/links?cursor={cursor}").json_body
    for link in rest["links"]:
        api.keyed("DELETE", f"/links/{link['slug']}")

    assert not {link["slug"] for link in rest["links"]} & set(seen)
    assert len(rest["links"]) == 2
    past_end = api.keyed("GET", f"/links?cursor={cursor}").json_body
    assert past_end == {"links": [], "next_cursor": None}
    for wrong in (cursor[:-1], f"{cursor}A", "x"):
        assert codes(api.keyed("GET", f"/links?cursor={wrong}")) == {"/cursor": "cursor"}
    assert codes(api.keyed("GET", f"/links?tag=t&cursor={cursor}")) == {"/cursor": "cursor"}


class Lagging(LinkMemory):
    """A store whose list has not heard of the latest links yet."""

    def page(self, workspace: str, query: ListQuery) -> Page:
        return Page((), None)


def test_row_99() -> None:
    """What a create answers is all there is to know, and the link works before any list has it."""
    with make_api(Lagging()) as api:
        made = api.made(slug="new")

        assert api.keyed("GET", "/links").json_body["links"] == []
        assert api.keyed("GET", "/links/new").json_body == made
        assert api.follow("new").status_code == 302
        assert api.create(D, slug="new").status_code == 409


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("%", {"percent"}),
        ("_", {"under"}),
        (".*", set()),
        ("[a", set()),
        ("SALE 50", {"percent"}),
        ("\N{ROCKET}", {"emoji"}),
        ("strasse", {"emoji"}),
    ],
)
def test_row_100(api: Api, text: str, found: set[str]) -> None:
    """A search is for the very text, in any case; no character in it means another."""
    api.made(slug="percent", title="Sale 50%")
    api.made(slug="under", title="snake_case")
    api.made(slug="emoji", title="Straße \N{ROCKET}")
    answer = api.keyed("GET", f"/links?q={quote(text)}")

    assert {link["slug"] for link in answer.json_body["links"]} == found
    assert codes(api.keyed("GET", f"/links?q={'x' * 10_000}")) == {"/q": "too_long"}


def test_row_101(api: Api) -> None:
    """Tags are the same in any case and spacing, kept once, and their limits are told."""
    assert api.made(tags=["Foo", "foo ", " A  b"])["tags"] == ["foo", "a b"]
    assert api.refusal(D, tags=["x" * 33]) == {"/tags": "tag"}
    assert api.refusal(D, tags=[" "]) == {"/tags": "tag"}
    assert api.refusal(D, tags=[f"t{number}" for number in range(11)]) == {"/tags": "too_many"}


@pytest.mark.stack
def test_row_101_at_once(stack: RunningStack) -> None:
    """Links that are the first with a tag, all at once, are all made and all found by it."""
    barrier = threading.Barrier(8)

    def create(number: int) -> int:
        barrier.wait()
        return stack.api("POST", "/links", {"destination": D, "tags": ["row-101"]}).status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(create, range(8)))

    assert statuses == [201] * 8
    assert len(stack.api("GET", "/links?tag=ROW-101").json["links"]) == 8
