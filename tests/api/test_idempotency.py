"""Idempotency-Key over HTTP: what a program that repeats a create is told."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from chalice.test import Client

from chalicelib.config import load
from chalicelib.core.errors import Unavailable
from chalicelib.core.idempotency import Claim
from chalicelib.core.links import Link
from chalicelib.store.memory import ClaimMemory, LinkMemory
from chalicelib.wiring import make_app
from tests.api.contract import Contract
from tests.api.driver import BASE, Api, codes, make_api, memory_stores


D = "https://example.com/x"
BODY: dict[str, Any] = {"destination": D, "title": "T", "tags": ["a"]}


def post(api: Api, body: Any, key: str = "key-1") -> Any:
    return api.keyed("POST", "/links", body, Idempotency_Key=key)


def all_links(api: Api) -> list[dict[str, Any]]:
    return list(api.keyed("GET", "/links").json_body["links"])


def test_a_repeat_is_the_same_answer(api: Api) -> None:
    """Status, body, ETag and Location are those of the first answer; a header says it is a replay."""
    first = post(api, BODY)
    api.keyed("PATCH", f"/links/{first.json_body['slug']}", {"title": "Other"})
    spelt_otherwise = json.dumps(dict(reversed(BODY.items())), indent=2).encode()
    second = post(api, spelt_otherwise)

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.body == first.body
    for name in ("ETag", "Location", "Content-Type", "Cache-Control"):
        assert second.headers[name] == first.headers[name]
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(all_links(api)) == 1


def test_without_a_key_each_create_is_its_own(api: Api) -> None:
    """The header decides: two creates without it are two links."""
    assert api.create(D).json_body["slug"] != api.create(D).json_body["slug"]
    assert post(api, BODY, "one").json_body["slug"] != post(api, BODY, "two").json_body["slug"]


def test_a_repeat_of_a_link_that_ends(api: Api) -> None:
    """The state in a replay is that of the first answer, like all the rest."""
    body = {"destination": D, "starts_at": "2098-01-01T00:00:00Z"}
    first = post(api, body)

    assert first.json_body["state"] == "scheduled"
    assert first.headers["ETag"] == '"v1-scheduled"'
    assert post(api, body).body == first.body


def test_another_body_is_422(api: Api) -> None:
    """The problem has its own code, and points to the header."""
    post(api, BODY)
    answer = post(api, {"destination": "https://other.example/"})

    assert answer.status_code == 422
    assert json.loads(answer.body)["code"] == "idempotency_mismatch"
    assert codes(answer) == {"/Idempotency-Key": "idempotency_mismatch"}
    assert len(all_links(api)) == 1


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "clé", "tab\tbed"])
def test_a_key_that_is_none(api: Api, key: str) -> None:
    """A key that can't be one is 422 before anything is made."""
    answer = post(api, BODY, key)

    assert answer.status_code == 422
    assert codes(answer) == {"/Idempotency-Key": "idempotency_key"}
    assert all_links(api) == []


@pytest.mark.parametrize(
    ("refused", "status"),
    [
        ({"destination": "nonsense:"}, 422),
        ({"destination": D, "slug": "taken"}, 409),
        (b"{bad", 400),
        (b"[" * 5000 + b"]" * 5000, 400),
    ],
)
def test_refusals_are_not_kept(api: Api, refused: Any, status: int) -> None:
    """An answer that says nothing was made leaves the key free for what is corrected."""
    api.made(D, slug="taken")

    assert post(api, refused).status_code == status
    assert post(api, BODY).status_code == 201
    assert post(api, BODY).headers["Idempotent-Replayed"] == "true"


def test_deep_bodies_are_answered(api: Api) -> None:
    """However deep a body is nested, the answer is a problem and no accident of ours."""
    for depth in range(100, 3000, 100):
        body = b'{"destination":' + b"[" * depth + b"]" * depth + b"}"
        assert post(api, body).status_code in (400, 422), depth


class Busy(ClaimMemory):
    """A store in which others always get in between."""

    def claim(self, workspace: str, key: str, claim: Claim) -> Claim | None:
        return None


def test_a_key_that_others_keep_busy() -> None:
    """409 with its own code says when to send it again."""
    app = make_app(load(BASE), memory_stores(claims=Busy()))
    with Client(app) as client:
        answer = post(Api(client, LinkMemory(), Contract(app)), BODY)

    assert answer.status_code == 409
    assert json.loads(answer.body)["code"] == "idempotency_in_progress"
    assert answer.headers["Retry-After"] == "1"


class LosesAnswers(LinkMemory):
    """A store that does what it is told, and then does not answer, three times."""

    left = 3

    def create(self, key: str, link: Link) -> None:
        super().create(key, link)
        self._lose()

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        self._lose()
        return super().get(key, consistent=consistent)

    def _lose(self) -> None:
        self.left -= 1
        if self.left >= 0:
            raise Unavailable("The table did not answer.", retry_for=3)


def test_retries_through_an_outage() -> None:
    """503 as long as the store is away, then the one link: retrying is always right."""
    store = LosesAnswers()
    with make_api(store) as api:
        answers = [post(api, BODY) for _ in range(5)]
        found = all_links(api)

    assert [answer.status_code for answer in answers] == [503, 503, 503, 201, 201]
    assert answers[0].headers["Retry-After"] == "3"
    assert answers[3].body == answers[4].body
    assert [link["slug"] for link in found] == [answers[3].json_body["slug"]]


def test_twenty_at_once() -> None:
    """Twenty requests with one key are twenty equal answers and one link."""
    store, claims = LinkMemory(), ClaimMemory()

    def send(_: int) -> Any:
        # An app each, as Chalice's test client serves one request at a time.
        app = make_app(load(BASE), memory_stores(links=store, claims=claims))
        with Client(app) as client:
            return post(Api(client, store, Contract(app)), BODY)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(send, range(20)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    with make_api(store) as api:
        assert len(all_links(api)) == 1
