"""One contract for the stores of claims: memory, and DynamoDB over a socket."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.core.idempotency import Claim, new_claim
from chalicelib.service.ports import ClaimStore, ListQuery
from chalicelib.store.claims import ClaimItem, ClaimTable
from chalicelib.store.keys import claim_pk, link_pk
from chalicelib.store.links import LinkTable
from chalicelib.store.memory import ClaimMemory
from chalicelib.store.models import bind, bind_beside
from local.children import listen, url_of
from tests.service.two_regions import A, World
from tests.store.tables import REGION, point_to, together
from tests.store.test_contract import LosingFirstAnswer


NOW = datetime(2026, 11, 23, 12, 0, 0, 123000, tzinfo=UTC)


def claim(receipt: str = "r1", digest: str = "d1", at: datetime = NOW) -> Claim:
    return new_claim(digest, receipt, f"slug-of-{receipt}", at)


@pytest.fixture(params=["memory", "dynamodb", "regions"])
def claims(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ClaimStore:
    """Each store in turn; the table is shared, so tests use keys of their own."""
    if request.param == "memory":
        return ClaimMemory()
    if request.param == "regions":
        return World().claims_at(A)
    point_to(request.getfixturevalue("dynamodb"), monkeypatch)
    return ClaimTable(bind_beside(ClaimItem, bind("links", REGION)))


def test_the_first_claim_stands(claims: ClaimStore) -> None:
    """A key keeps its first claim, whole; a second one is told the first."""
    assert claims.find("w", "first", NOW) is None
    assert claims.claim("w", "first", claim()) == claim()
    assert claims.claim("w", "first", claim("r2", "d2")) == claim()
    assert claims.find("w", "first", NOW) == claim()


def test_keys_are_their_workspaces(claims: ClaimStore) -> None:
    """The same key in another workspace is another key, also where names could run together."""
    claims.claim("w", "own", claim())

    assert claims.find("other", "own", NOW) is None
    assert claims.find("w", "Own", NOW) is None
    assert claims.claim("other", "own", claim("r2")) == claim("r2")


def test_expiry_is_decided_when_read(claims: ClaimStore) -> None:
    """A claim that is over is as good as none, though it is still stored; a new one takes over."""
    late = NOW + timedelta(hours=24)
    claims.claim("w", "old", claim())

    assert claims.find("w", "old", late - timedelta(seconds=2)) == claim()
    assert claims.find("w", "old", late) is None
    assert claims.claim("w", "old", claim("r2", at=late)) == claim("r2", at=late)
    assert claims.find("w", "old", late) == claim("r2", at=late)


def test_release(claims: ClaimStore) -> None:
    """A released key is free at once; releasing a claim that is not the key's own frees nothing."""
    claims.claim("w", "freed", claim())
    claims.release("w", "freed", claim("r2"), NOW)
    assert claims.find("w", "freed", NOW) == claim()
    claims.release("w", "freed", claim(), NOW)
    assert claims.find("w", "freed", NOW) is None
    assert claims.claim("w", "freed", claim("r3")) == claim("r3")
    claims.release("w", "freed", claim(), NOW)
    claims.release("w", "absent", claim(), NOW)

    assert claims.find("w", "freed", NOW) == claim("r3")
    assert claims.find("w", "absent", NOW) is None


def test_one_of_many_claims_stands(claims: ClaimStore) -> None:
    """Of 20 claims of one key at once all are told the same one."""
    told: list[Claim | None] = []

    outcomes = together(
        20, lambda number: told.append(claims.claim("w", "raced", claim(f"r{number}")))
    )

    assert outcomes == {"": 20}
    assert Counter(told) == {claims.find("w", "raced", NOW): 20}


@pytest.fixture
def tables(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> tuple[LinkTable, ClaimTable]:
    """Both stores over one table and one connection, as they are wired."""
    point_to(request.getfixturevalue("dynamodb"), monkeypatch)
    model = bind("links", REGION)
    return LinkTable(model), ClaimTable(bind_beside(ClaimItem, model))


def test_a_lost_answer_is_no_conflict(tables: tuple[LinkTable, ClaimTable]) -> None:
    """A claim that was stored, but whose answer got lost, is still this request's own."""
    links, claims = tables
    hook = LosingFirstAnswer(links)  # also shows that both use one client

    assert claims.claim("w", "repeated", claim()) == claim()
    assert hook.lost == 2


def test_claims_are_read_consistently(tables: tuple[LinkTable, ClaimTable]) -> None:
    """A replica that lags would not know the claim, and the retry would make a second link."""
    links, claims = tables
    asked: list[bool] = []
    links.model._get_connection().connection.client.meta.events.register(
        "provide-client-params.dynamodb.GetItem",
        lambda params, **_: asked.append(params["ConsistentRead"]),
    )
    claims.find("w", "consistent", NOW)

    assert asked == [True]


def test_claims_are_no_links(tables: tuple[LinkTable, ClaimTable]) -> None:
    """A claim is in no list and no slug leads to it; what is stored does not tell the key."""
    links, claims = tables
    claims.claim("listed", "a-key-of-somebody", claim())
    item = claims._model.get(claim_pk("listed", "a-key-of-somebody"), "claim")

    assert links.page("listed", ListQuery()).links == ()
    assert not link_pk("").startswith(claim_pk("", "")[:5])
    assert "a-key-of-somebody" not in str(item.serialize())
    assert item.ttl == int((NOW + timedelta(hours=24)).timestamp())


def test_a_silent_table_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """When nothing answers, no method says that a key is free."""
    listener = listen()
    url = url_of(listener)
    listener.close()
    point_to(url, monkeypatch)
    claims = ClaimTable(bind_beside(ClaimItem, bind("links", REGION)))

    for act in (
        lambda: claims.find("w", "k", NOW),
        lambda: claims.claim("w", "k", claim()),
        lambda: claims.release("w", "k", claim(), NOW),
    ):
        with pytest.raises(Unavailable):
            act()
