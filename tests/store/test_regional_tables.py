"""Two apps over two DynamoDBs on sockets, wired as they ship, with nothing replicated between them.

That is a replication that lags for ever: what holds here holds however late it is.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from chalice.test import Client

from chalicelib.config import Config, load
from chalicelib.core.homes import Absence, home_of
from chalicelib.entrance import make_counters, make_link_store
from chalicelib.job_wiring import make_job_tools
from chalicelib.store.absences import AbsencesItem, write_absences
from chalicelib.store.models import bind, bind_beside
from chalicelib.wiring import make_app, make_stores
from local.children import listen, url_of
from tests.api.contract import Contract
from tests.api.driver import BASE, KEY, Api
from tests.store.tables import FAR_REGION, REGION, point_to


A, B = NAMES = (REGION, FAR_REGION)


@dataclass
class Region:
    """One region's app, and the address of its table."""

    name: str
    table: str
    api: Api
    config: Config

    def items(self, kind: str) -> list[dict[str, Any]]:
        """What its table has of a kind, by the beginning of the keys."""
        client = boto3.client("dynamodb", endpoint_url=self.table, region_name=self.name)
        pages = client.get_paginator("scan").paginate(TableName="links")
        items = [item for page in pages for item in page["Items"]]
        return [item for item in items if item["pk"]["S"].startswith(f"{kind}#")]


def open_region(name: str, tables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Region:
    """A region's app; other tables are where its setting says, as on one machine."""
    point_to(tables[name], monkeypatch)
    others = " ".join(f"{one}={url}" for one, url in tables.items() if one != name)
    config = load(
        {
            **BASE,
            "EVERHOP_STORE": "dynamodb",
            "EVERHOP_TABLE": "links",
            "EVERHOP_REGION": name,
            "EVERHOP_REGIONS": " ".join(NAMES),
            "EVERHOP_TABLE_ENDPOINTS": others,
            "EVERHOP_BUCKET": f"files-{name}",
            "EVERHOP_WORKER": "worker",
        }
        | {"EVERHOP_API_KEY_HASH": load(BASE).api_key_digest}
    )
    links: Any = make_link_store(config)
    app = make_app(config, make_stores(config, links, make_counters(config, links)))
    links.local.get("any")  # the client is made while the environment names its table
    return Region(name, tables[name], Api(Client(app), links, Contract(app)), config)


@pytest.fixture
def regions(
    dynamodb: str, far_dynamodb: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Region, Region]]:
    tables = {A: dynamodb, B: far_dynamodb}
    here, there = (open_region(name, tables, monkeypatch) for name in NAMES)
    with here.api.client, there.api.client:
        yield here, there


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def patient(ask: Any, wanted: int) -> Any:
    """The answer, once a first connection to the other region is no longer too slow for it.

    What was not heard of because of that may be missing for the 5 s that a container knows it.
    """
    for _ in range(80):
        answer = ask()
        if answer.status_code == wanted:
            break
        time.sleep(0.2)
    assert answer.status_code == wanted, answer.body
    return answer


def test_a_key_works_everywhere_and_dies_at_home(regions: tuple[Region, Region]) -> None:
    """Made in one region it opens the other; revoked from the other it is revoked in the first."""
    here, there = regions
    made = here.api.keyed("POST", "/keys", {"name": "n", "scopes": ["read"]}).json_body
    patient(lambda: there.api.ask("GET", "/v1/links", **bearer(made["key"])), 200)
    assert [one.name for one in regions if made["id"] in repr(one.items("key"))] == [A, B]
    revoked = there.api.keyed("DELETE", f"/keys/{made['id']}")

    assert revoked.status_code == 204
    (stored,) = (one for one in here.items("key") if one["pk"]["S"] == f"key#{made['id']}")
    assert "revoked_at" in stored
    unknown = there.api.ask("GET", "/v1/links", **bearer(made["key"]))
    assert unknown.status_code == 401


def test_a_repeated_create_makes_no_second_link(regions: tuple[Region, Region]) -> None:
    """The second attempt, in the other region, is told of the link of the first."""
    here, there = regions
    body = {"destination": "https://example.com/"}
    first = here.api.keyed("POST", "/links", body, Idempotency_Key="one").json_body
    sent = {"Idempotency_Key": "one", "Everhop_Attempt": "2"}
    second = there.api.keyed("POST", "/links", body, **sent)

    assert second.json_body["slug"] == first["slug"]
    assert second.headers["Idempotent-Replayed"] == "true"
    assert there.items("claim") == []

    rows = {"links": [{"destination": "https://example.com/"} for _ in range(3)]}
    batch = here.api.keyed("POST", "/links/batch", rows, Idempotency_Key="many").json_body
    again = there.api.keyed(
        "POST", "/links/batch", rows, Idempotency_Key="many", Everhop_Attempt="2"
    )
    assert again.json_body == batch


def test_an_exact_limit_is_counted_at_home(regions: tuple[Region, Region]) -> None:
    """Three clicks in two regions on a link for two: the third is refused, wherever it is."""
    here, there = regions
    made = here.api.made(max_clicks=2, max_clicks_exact=True)
    followed = [
        patient(lambda at=at: at.api.follow(made["slug"]), status).status_code
        for at, status in ((there, 302), (here, 302), (there, 410))
    ]

    assert followed == [302, 302, 410]
    assert [len(one.items(f"counter#{made['slug']}")) for one in regions] == [1, 0]


def test_a_job_is_seen_from_the_other_region(
    regions: tuple[Region, Region], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export begun in one region is there in the other, under its own name."""
    here, there = regions
    with listen() as nobody:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", url_of(nobody))
    begun = here.api.keyed("POST", "/exports", {})
    assert begun.status_code == 503  # nobody calls a worker here; the job is stored before that
    (stored,) = here.items("job")
    job_id = stored["pk"]["S"].rpartition("#")[2]
    seen = patient(lambda: there.api.keyed("GET", f"/exports/{job_id}"), 200).json_body

    assert (seen["id"], seen["state"]) == (job_id, "waiting")
    assert stored["place"]["S"] == f"{A}/files-{A}"
    tools = make_job_tools(there.config, there.api.store)
    job = tools.jobs.get("default", job_id)
    assert job is not None
    url = tools.files_of(job).url_of("jobs/x", 60)
    assert f"files-{A}" in url
    assert json.dumps(stored["plan"])  # what was asked for travels with it


def test_the_tests_own_key_opens_both(regions: tuple[Region, Region]) -> None:
    """The bootstrap key is the deployment's, not a region's."""
    assert [one.api.ask("GET", "/v1/links", **bearer(KEY)).status_code for one in regions] == [
        200,
        200,
    ]


def test_a_region_hears_of_its_absence_from_the_others(regions: tuple[Region, Region]) -> None:
    """One that comes back is home of nothing, though replication has not told its own table so."""
    here, there = regions
    slug = next(one for one in map("slug{}".format, range(99)) if home_of(one, NAMES) == A)
    far = bind_beside(AbsencesItem, bind("links", B, there.table))
    write_absences(far, [Absence(A, datetime.now(UTC) - timedelta(minutes=5))], 1)
    there.api.made(slug=slug)

    patient(lambda: here.api.ask("GET", f"/r/{slug}"), 302)
    held = [[slug in repr(item) for item in one.items("link")] for one in regions]
    assert [any(items) for items in held] == [False, True]
    write_absences(far, [], 2)
