"""Exports over HTTP: begun at once, looked at until done, and what is lacking is named."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.service.ports import JobTools
from chalicelib.store.memory import LinkMemory
from chalicelib.store.memory_jobs import JobMemory
from tests.api.driver import Api, codes, make_api
from tests.job_fakes import FileMemory, Platform


@pytest.fixture
def platform() -> Platform:
    return Platform(LinkMemory())


@pytest.fixture
def api(platform: Platform):
    with make_api(platform.links, tools=platform.tools) as driven:
        yield driven


def test_an_export_from_begin_to_end(api: Api, platform: Platform) -> None:
    """202 with an address; there it waits, then it is done, with a URL for the file."""
    api.made(slug="one", title="=1+1")
    begun = api.keyed("POST", "/exports", {"format": "csv", "tag": None})
    where = begun.headers["Location"].removeprefix("/api/v1")
    waiting = api.keyed("GET", where).json_body
    platform.run()
    done = api.keyed("GET", where).json_body
    (name,) = platform.files.files
    rows = list(csv.DictReader(io.StringIO(platform.files.files[name].decode("utf-8-sig"), "")))

    assert begun.status_code == 202
    assert begun.json_body == waiting
    assert (waiting["state"], waiting["url"]) == ("waiting", None)
    assert (done["state"], done["count"]) == ("done", 1)
    assert done["bytes"] == len(platform.files.files[name])
    assert done["url"] == f"https://files.test/{name}?for=600"
    assert name == f"jobs/default/{done['id']}/links.csv"
    assert [(row["slug"], row["title"], row["short_url"]) for row in rows] == [
        ("one", "'=1+1", "https://sho.rt/one")
    ]


def test_everything_by_default(api: Api, platform: Platform) -> None:
    """Without filters the archived links are there too, and the file is CSV."""
    api.made(slug="one")
    api.made(slug="two", archived=True)
    answer = api.keyed("POST", "/exports", {})
    platform.run()
    done = api.keyed("GET", f"/exports/{answer.json_body['id']}").json_body

    assert done["format"] == "csv"
    assert done["filters"] == {"archived": "all", "tag": None, "q": None, "state": None}
    assert done["count"] == 2


def test_json_is_what_links_are(api: Api, platform: Platform) -> None:
    """The JSON has what GET of each link answers."""
    api.made(slug="one", tags=["a"], notes="x\ny")
    api.keyed("POST", "/exports", {"format": "json"})
    platform.run()
    (file,) = platform.files.files.values()

    assert json.loads(file) == [api.keyed("GET", "/links/one").json_body]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"format": "xml"}, {"/format": "choice"}),
        ({"archived": "yes"}, {"/archived": "choice"}),
        ({"archived": 1}, {"/archived": "choice"}),
        ({"archived": None}, {"/archived": "required"}),
        ({"tag": "x" * 33, "state": "old"}, {"/tag": "tag", "/state": "choice"}),
        ({"q": "x" * 101, "limit": 5}, {"/q": "too_long", "/limit": "unknown_field"}),
    ],
)
def test_what_can_not_be_asked(api: Api, platform: Platform, body, wrong) -> None:
    """Every field that is wrong is named, and nothing is begun."""
    answer = api.keyed("POST", "/exports", body)

    assert (answer.status_code, codes(answer)) == (422, wrong)
    assert platform.calls == []


def test_a_failed_export_says_why(api: Api, platform: Platform) -> None:
    """The reason is told once the export has failed, and not while another try may do it."""
    begun = api.keyed("POST", "/exports", {}).json_body
    platform.files.down = True
    for _ in range(9):
        platform.call("default", begun["id"])
        looked = api.keyed("GET", f"/exports/{begun['id']}").json_body
        assert (looked["problem"] is None) == (looked["state"] != "failed")

    assert looked["state"] == "failed"
    assert "did not answer" in looked["problem"]


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, "EVERHOP_STORE"),
        ({"EVERHOP_STORE": "dynamodb"}, "EVERHOP_BUCKET"),
        ({"EVERHOP_STORE": "dynamodb", "EVERHOP_BUCKET": "a-bucket"}, "EVERHOP_WORKER"),
    ],
)
def test_what_is_not_set_is_named(environ, named: str) -> None:
    """Without a bucket exports are 501 with the setting's name, and everything else works."""
    from chalicelib.config import load
    from chalicelib.core.access import digest_key
    from tests.api.driver import BASE, KEY

    hashed = {"EVERHOP_API_KEY_HASH": digest_key(KEY)}
    assert load({**BASE, **hashed, **environ})
    with make_api(LinkMemory(), **hashed, **environ) as bare:
        for answer in (bare.keyed("POST", "/exports", {}), bare.keyed("GET", "/exports/x")):
            assert (answer.status_code, answer.json_body["code"]) == (501, "not_configured")
            assert named in answer.json_body["detail"]
        assert bare.create("https://example.com/").status_code == 201


def test_a_worker_that_can_not_be_called() -> None:
    """When Lambda does not answer, it is 503: nobody waits for a file that is not being made."""

    def down(workspace: str, job_id: str) -> None:
        raise Unavailable("The worker function did not answer.")

    tools = JobTools(JobMemory(), FileMemory(), down)
    with make_api(tools=tools) as api:
        assert api.keyed("POST", "/exports", {}).status_code == 503


def test_links_as_of_when_they_are_read(platform: Platform) -> None:
    """An expired link says so in the file."""
    with make_api(platform.links, tools=platform.tools) as api:
        api.made(slug="old", expires_at="2200-01-01T00:00:00Z")
        api.keyed("POST", "/exports", {"format": "json", "state": "expired"})
        platform.clock = lambda: datetime(2201, 1, 1, tzinfo=UTC)
        platform.run()
    (file,) = platform.files.files.values()

    assert [link["state"] for link in json.loads(file)] == ["expired"]
