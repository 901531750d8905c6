"""One contract for every store of API keys; and no secret is in anything that is stored."""

import secrets
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import boto3
import pytest

from chalicelib.core.access import OPERATOR, Access, read_key
from chalicelib.core.errors import KeyConflict, Stale, Unavailable
from chalicelib.core.keys import ApiKey, retire_key, revoke_key
from chalicelib.service.access import Gate
from chalicelib.service.keys import KeyService
from chalicelib.service.ports import KeyStore
from chalicelib.store.key_models import KeyItem
from chalicelib.store.key_tables import KeyTable
from chalicelib.store.memory_keys import KeyMemory
from chalicelib.store.models import bind, bind_beside
from local.children import listen, url_of
from tests.clocks import SetClock
from tests.service.two_regions import A, B, World
from tests.store.tables import REGION, point_to, together


NOW = datetime(2026, 11, 23, 12, 0, 0, 123000, tzinfo=UTC)
TODAY = date(2026, 11, 23)


def key(key_id: str, minutes: int = 0, **fields: object) -> ApiKey:
    """A key made `minutes` after NOW."""
    values = {"workspace": "w", "name": "n", "scopes": ("read",), "salt": "s", "seal": "e"}
    made = NOW + timedelta(minutes=minutes)
    return ApiKey(id=key_id, created_at=made, **(values | fields))  # type: ignore[arg-type]


def table() -> KeyTable:
    return KeyTable(bind_beside(KeyItem, bind("links", REGION)))


@pytest.fixture(params=["memory", "dynamodb", "regions"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> KeyStore:
    """Each store in turn; the table is shared, so tests use ids and workspaces of their own."""
    if request.param == "memory":
        return KeyMemory()
    if request.param == "regions":
        world = World()
        world.regions[B].keys = world.regions[A].keys  # all is replicated at once
        return world.keys_at(A)
    point_to(request.getfixturevalue("dynamodb"), monkeypatch)
    return table()


def test_a_key_comes_back_as_it_was(store: KeyStore) -> None:
    """Every field survives, those left out too."""
    full = key(
        "full",
        scopes=("read", "write", "admin"),
        expires_at=NOW + timedelta(days=9),
        retires_at=NOW + timedelta(days=1),
        revoked_at=NOW,
        replaces="a",
        replaced_by="b",
        version=3,
    )
    store.create(full)
    store.create(key("bare"))

    assert store.get("full") == full
    assert store.get("bare") == key("bare")
    assert store.get("none") is None
    assert (store.current("bare"), store.current("none")) == (key("bare"), None)


def test_one_of_many_creates_wins(store: KeyStore) -> None:
    """An id has one key, whoever comes second."""
    assert together(20, lambda number: store.create(key("raced", number))) == {
        "": 1,
        "KeyConflict": 19,
    }


def test_one_of_many_changes_wins(store: KeyStore) -> None:
    """Of 10 changes of one version, one is stored and nine are told; none makes a key."""
    first = key("changed")
    store.create(first)

    assert together(10, lambda _: store.replace(revoke_key(first, NOW))) == {"": 1, "Stale": 9}
    with pytest.raises(Stale):
        store.replace(revoke_key(key("absent"), NOW))
    assert store.get("absent") is None


def test_lists_are_whole_and_in_order(store: KeyStore) -> None:
    """Newest first, each once, with the day of its last use, and no other workspace's."""
    made = [key(f"p{number}", number // 3, workspace="listed") for number in range(20)]
    for one in made:
        store.create(one)
    for one in made[::2]:
        store.note_use(one, TODAY)
    store.create(key("q", 1, workspace="listed-too"))
    store.replace(retire_key(made[4], "p5", NOW))

    expected = [
        (one.id, TODAY if number % 2 == 0 else None)
        for number, one in sorted(
            enumerate(made), key=lambda pair: (pair[1].created_at, pair[1].id), reverse=True
        )
    ]
    assert listed(store, "listed", 7) == expected
    assert listed(store, "listed", 100) == expected
    assert listed(store, "nobody", 5) == []


def listed(store: KeyStore, workspace: str, limit: int) -> list[tuple[str, date | None]]:
    found: list[ApiKey] = []
    while True:
        page = store.page(workspace, limit, found[-1] if found else None)
        assert len(page.keys) <= limit
        found += page.keys
        if not page.more:
            return [(one.id, one.last_used_on) for one in found]


def test_a_use_never_goes_back(store: KeyStore) -> None:
    """A note that comes late does not hide a later day."""
    used = key("used", workspace="used")
    store.create(used)
    for days in (0, 2, 1, 2):
        store.note_use(used, TODAY + timedelta(days=days))

    assert listed(store, "used", 5) == [("used", TODAY + timedelta(days=2))]


def test_a_use_undoes_no_revocation(store: KeyStore) -> None:
    """A note and a revocation that meet are both kept: they are not of one item."""
    used = key("met")
    store.create(used)
    store.replace(revoke_key(used, NOW))
    store.note_use(used, TODAY)

    assert store.get("met") == revoke_key(used, NOW)


def test_a_silent_table_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """When nothing answers, every method says Unavailable and none guesses."""
    listener = listen()
    url = url_of(listener)
    listener.close()
    point_to(url, monkeypatch)
    silent = table()

    for act in (
        lambda: silent.get("a"),
        lambda: silent.current("a"),
        lambda: silent.create(key("a")),
        lambda: silent.replace(revoke_key(key("a"), NOW)),
        lambda: silent.page("w", 5, None),
        lambda: silent.note_use(key("a"), TODAY),
    ):
        with pytest.raises(Unavailable):
            act()


class LosingFirstAnswer:
    """A hook in the real client: the first put's answer is lost, so the client puts again."""

    def __init__(self, keys: KeyTable) -> None:
        self.puts = 0
        connection = keys._model._get_connection().connection
        connection.client.meta.events.register("needs-retry.dynamodb.PutItem", self.ask)

    def ask(self, response: object, **_: object) -> float | None:
        self.puts += 1
        return 0.0 if self.puts == 1 else None


def test_a_lost_answer_is_not_a_conflict(dynamodb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A revocation that was stored, but whose answer got lost, is not reported as stale."""
    point_to(dynamodb, monkeypatch)
    keys = table()
    first = key("repeated")
    keys.create(first)
    hook = LosingFirstAnswer(keys)
    keys.replace(revoke_key(first, NOW))

    assert hook.puts == 2
    assert keys.get("repeated") == revoke_key(first, NOW)


def writes_of(keys: KeyTable) -> list[str]:
    """The answers to the puts that are made from now on, as they come."""
    answers: list[str] = []
    keys._model._get_connection().connection.client.meta.events.register(
        "after-call.dynamodb.PutItem",
        lambda parsed, **_: answers.append(parsed.get("Error", {}).get("Code", "written")),
    )
    return answers


def test_a_day_is_written_once(dynamodb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """20 containers that see a key on one day make one write; the table refuses the others."""
    point_to(dynamodb, monkeypatch)
    keys, clock = table(), SetClock()
    issued = KeyService(keys, clock, secrets.randbelow, str).issue(
        Access(OPERATOR, "bootstrap", ("admin",)), {"name": "n", "workspace": "once"}
    )
    answers = writes_of(keys)
    gates = [Gate(keys, "", clock) for _ in range(20)]
    together(20, lambda number: gates[number].admit(issued.text))
    for gate in gates:
        gate.admit(issued.text)
    for _ in range(100):
        if len(answers) == 20:
            break
        time.sleep(0.05)

    assert sorted(answers) == ["ConditionalCheckFailedException"] * 19 + ["written"]


def test_nothing_stored_has_a_secret(dynamodb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every item of the table is scanned for the secret and the text of every key made."""
    point_to(dynamodb, monkeypatch)
    keys, clock = table(), SetClock()
    service = KeyService(keys, clock, secrets.randbelow, str)
    admin = Access(OPERATOR, "bootstrap", ("admin",))
    made = [
        service.issue(admin, {"name": str(number), "workspace": "dump"}) for number in range(20)
    ]
    made += [service.rotate(admin, one.key.id, {}) for one in made[:5]]
    gate = Gate(keys, "", clock)
    for one in made:
        gate.admit(one.text)
    service.revoke(admin, made[0].key.id)

    dump = repr(everything(dynamodb))
    parts = [read_key(one.text) for one in made]
    assert all(one and one.id in dump for one in parts)
    assert [one.id for one in parts if one and one.secret in dump] == []


def everything(url: str) -> list[dict[str, Any]]:
    client = boto3.client("dynamodb", endpoint_url=url, region_name=REGION)
    pages = client.get_paginator("scan").paginate(TableName="links")
    return [item for page in pages for item in page["Items"]]


def test_keys_that_end_are_swept(dynamodb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table forgets a key 90 days after its end, and never one that still opens something."""
    point_to(dynamodb, monkeypatch)
    keys = table()
    lasting = key("lasting", workspace="swept")
    keys.create(lasting)
    keys.create(replace(lasting, id="ending", expires_at=NOW))
    items = {item["pk"]["S"]: item for item in everything(dynamodb)}

    assert "ttl" not in items["key#lasting"]
    assert int(items["key#ending"]["ttl"]["N"]) > (NOW + timedelta(days=90)).timestamp()
    with pytest.raises(KeyConflict):
        keys.create(lasting)
