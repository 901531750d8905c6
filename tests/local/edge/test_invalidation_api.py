"""CreateInvalidation: what AWS's own client gets of the local one, and what places forget by it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.core.changes import Record as StreamRecord
from chalicelib.core.changes import Version, change_of
from chalicelib.core.links import edit_link
from chalicelib.store import job_clients
from chalicelib.store.edge_purges import EdgePurge
from local.children import listen, url_of
from local.controls import Channel, ControlError, ask
from local.edge.distributions import read_distribution
from local.edge.doors import Door
from local.edge.intrinsics import evaluate
from local.edge.invalidation_api import DISTRIBUTION, Places, invalidation_handler
from local.edge.origins import OriginClient
from local.edge.points import make_edges
from local.edge.purges import INVALIDATE, make_first
from local.servers import start_server
from tests.core.test_changes import LINK, NOW
from tests.local.edge.kit import FakeOrigin, redirect, template


TOKEN = "t" * 20


class World:
    """Two places of one distribution, and CloudFront's API over them."""

    def __init__(self, api: str, channels: dict[str, Channel], doors: list[str]) -> None:
        self.api, self.channels, self.doors = api, channels, doors


@asynccontextmanager
async def world(origin: FakeOrigin) -> AsyncIterator[World]:
    """Everything at sockets."""
    behind = listen()
    runner = await start_server(origin.handle, behind)
    client = OriginClient({f"{name}.test": url_of(behind) for name in ("one", "two")})
    await client.open()
    edges = make_edges(["A", "B"], read_distribution(evaluate(template(), {}), {}), client.send)
    doors, channels = [], {}
    for edge in edges:
        door, listener = Door(edge, first=make_first([edge], TOKEN, lambda _: None)), listen()
        await door.open(listener)
        doors.append(door)
        channels[edge.place] = Channel(url_of(listener), TOKEN)
    api = listen()
    serving = await start_server(invalidation_handler(DISTRIBUTION, Places(lambda: channels)), api)
    try:
        yield World(url_of(api), channels, [it.url for it in channels.values()])
    finally:
        for door in doors:
            await door.close()
        await serving.cleanup()
        await client.close()
        await runner.cleanup()


@pytest.fixture(autouse=True)
def client_made_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    job_clients.make_client.cache_clear()
    yield
    job_clients.make_client.cache_clear()


def get(url: str) -> int:
    """Ask a door for a path, as often as one likes."""
    import urllib.error
    import urllib.request

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any, **__: Any) -> None:
            return None

    try:
        with urllib.request.build_opener(Stay).open(url, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return int(error.code)


def create(client: Any, *paths: str, reference: str = "r", distribution: str = DISTRIBUTION) -> Any:
    """What a call of CreateInvalidation comes to."""
    batch = {"Paths": {"Quantity": len(paths), "Items": list(paths)}, "CallerReference": reference}
    return client.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)


def test_a_purge_reaches_every_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """By botocore's client: all places ask the origin anew, of these paths and no other."""
    origin = FakeOrigin(lambda _: redirect())

    async def run() -> list[int]:
        async with world(origin) as here:
            monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", here.api)
            client = job_clients.make_client("cloudfront", "us-east-1")

            def act() -> list[int]:
                asked = []
                for paths in (["/nothing"], ["/a"], ["/a*"], []):
                    if paths:
                        made = create(client, *paths, reference=paths[0])
                        assert made["Invalidation"]["Status"] == "Completed"
                        assert made["Invalidation"]["InvalidationBatch"]["Paths"]["Items"] == paths
                    before = len(origin.seen)
                    for door in here.doors:
                        for path in ("/a", "/a?q=1", "/b"):
                            assert get(door + path) == 302
                    asked.append(len(origin.seen) - before)
                return asked

            return await asyncio.to_thread(act)

    # All of it at first; then at both places one, then that with its query too, then nothing.
    assert asyncio.run(run()) == [6, 2, 4, 0]


def test_one_reference_is_one_invalidation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Said again it is the same; of other paths it is refused, and so is all that AWS refuses."""
    origin = FakeOrigin(lambda _: redirect())

    def act(api: str) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", api)
        client = job_clients.make_client("cloudfront", "us-east-1")
        first, again = (create(client, "/a")["Invalidation"] for _ in range(2))
        assert first == again
        other = create(client, "/a", reference="other")["Invalidation"]
        assert other["Id"] != first["Id"]
        found = client.get_invalidation(DistributionId=DISTRIBUTION, Id=other["Id"])
        assert found["Invalidation"]["InvalidationBatch"] == other["InvalidationBatch"]
        listed = client.list_invalidations(DistributionId=DISTRIBUTION)["InvalidationList"]
        assert [it["Id"] for it in listed["Items"]] == [other["Id"], first["Id"]]
        refused = {
            "InvalidArgument": lambda: create(client, "/b"),
            "NoSuchDistribution": lambda: create(client, "/a", distribution="EOTHER"),
            "NoSuchInvalidation": lambda: client.get_invalidation(
                DistributionId=DISTRIBUTION, Id="I0"
            ),
            "BatchTooLarge": lambda: create(client, *map(str, range(3001)), reference="3001"),
        }
        for code, call in refused.items():
            with pytest.raises(ClientError) as told:
                call()
            assert told.value.response["Error"]["Code"] == code

    async def run() -> None:
        async with world(origin) as here:
            await asyncio.to_thread(act, here.api)

    asyncio.run(run())


def test_nobody_but_the_stack_tells_a_place() -> None:
    """The port is the visitors': a command without the token is refused, and forgets nothing."""
    origin = FakeOrigin(lambda _: redirect())

    async def run() -> None:
        async with world(origin) as here:
            url = next(iter(here.channels.values())).url
            for token, paths in (("x" * 20, ["/a"]), (TOKEN, ["a path"]), (TOKEN, "/a")):
                with pytest.raises(ControlError):
                    await asyncio.to_thread(ask, Channel(url, token), INVALIDATE, {"paths": paths})

    asyncio.run(run())


def test_a_batch_told_twice_is_paid_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream may hand it over again; only after a tier below had failed it is another."""
    edited = edit_link(LINK, {"destination": "https://b.test/"}, NOW)
    change = change_of(
        StreamRecord("1", NOW, "promo", Version(LINK, "one"), Version(edited, "two")), NOW
    )
    assert change is not None

    def act(api: str) -> int:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", api)
        purge = EdgePurge(DISTRIBUTION, "us-east-1", "all")
        for unsure in (frozenset({"promo"}), frozenset[str](), frozenset[str]()):
            assert not purge([change], unsure).failed
        client = job_clients.make_client("cloudfront", "us-east-1")
        listed = client.list_invalidations(DistributionId=DISTRIBUTION)["InvalidationList"]
        return int(listed["Quantity"])

    async def run() -> int:
        async with world(FakeOrigin(lambda _: redirect())) as here:
            return await asyncio.to_thread(act, here.api)

    assert asyncio.run(run()) == 2
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", "http://127.0.0.1:9")
    job_clients.make_client.cache_clear()
    assert EdgePurge(DISTRIBUTION, "us-east-1", "all")([change], frozenset()).failed == {"promo"}
