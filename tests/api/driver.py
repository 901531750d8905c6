"""A deployment in one process: the real app, its store in memory, Chalice's test client."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalice.test import Client, HTTPResponse

from chalicelib.config import Config, load
from chalicelib.service.ports import (
    ClaimStore,
    Clock,
    CounterStore,
    CountStore,
    JobTools,
    KeyStore,
    LinkStore,
)
from chalicelib.store.memory import ClaimMemory, LinkMemory
from chalicelib.store.memory_counters import CounterMemory
from chalicelib.store.memory_counts import CountMemory
from chalicelib.store.memory_keys import KeyMemory
from chalicelib.wiring import Stores, find_tools, make_app
from tests.api.contract import Contract


KEY = "eh_key_of_the_tests"
BASE = {
    "EVERHOP_STORE": "memory",
    "EVERHOP_API_KEY": KEY,
    "EVERHOP_PUBLIC_URL": "https://sho.rt",
    "EVERHOP_HOSTS": "links.example.org",
    "EVERHOP_RATE_LIMIT": "1000000",
    "EVERHOP_LOG": "off",
}


@dataclass
class Api:
    """Requests to one app; each answer must be one that the API's document has."""

    client: Client
    store: LinkStore
    contract: Contract

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> HTTPResponse:
        sent = {"Content-Type": "application/json"} if body is not None else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self.client.http.request(method, path, sent, data if body is not None else b"")
        self.contract.check(method, path, answer)
        return answer

    def keyed(self, method: str, path: str, body: Any = None, **headers: str) -> HTTPResponse:
        return self.ask(method, f"/v1{path}", body, Authorization=f"Bearer {KEY}", **headers)

    def create(self, destination: Any, **fields: Any) -> HTTPResponse:
        return self.keyed("POST", "/links", {"destination": destination, **fields})

    def made(self, destination: Any = "https://example.com/x", **fields: Any) -> dict[str, Any]:
        answer = self.create(destination, **fields)
        assert answer.status_code == 201, answer.body
        return dict(answer.json_body)

    def follow(self, path: str, **headers: str) -> HTTPResponse:
        return self.ask("GET", f"/r/{path}", **headers)

    def refusal(self, destination: Any, **fields: Any) -> dict[str, str]:
        """The codes by pointer of a create that is refused with 422."""
        answer = self.create(destination, **fields)
        assert answer.status_code == 422, answer.body
        return codes(answer)


def codes(answer: HTTPResponse) -> dict[str, str]:
    """Which field was refused, with which code."""
    return {one["pointer"]: one["code"] for one in json.loads(answer.body)["errors"]}


def memory_stores(config: Config | None = None, **some: Any) -> Stores:
    """Stores in memory, but for those that are given."""
    kinds = {
        "links": LinkMemory,
        "keys": KeyMemory,
        "claims": ClaimMemory,
        "counters": CounterMemory,
        "counts": CountMemory,
    }
    made: dict[str, Any] = {name: some.get(name) or kind() for name, kind in kinds.items()}
    tools = some.get("tools")
    find = find_tools(config or load(BASE), made["links"]) if tools is None else lambda: tools
    return Stores(**made, tools=find)


@contextmanager
def make_api(
    store: LinkStore | None = None,
    keys: KeyStore | None = None,
    clock: Clock = lambda: datetime.now(UTC),
    *,
    claims: ClaimStore | None = None,
    counters: CounterStore | None = None,
    counts: CountStore | None = None,
    tools: JobTools | None = None,
    **environ: str,
) -> Iterator[Api]:
    """A deployment with these settings on top of the tests' own."""
    config = load({**BASE, **environ})
    some = {"links": store, "keys": keys, "claims": claims, "tools": tools}
    some |= {"counters": counters, "counts": counts}
    stores = memory_stores(config, **some)
    app = make_app(config, stores, clock)
    with Client(app) as client:
        yield Api(client, stores.links, Contract(app))
