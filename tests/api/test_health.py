"""The health of a region as monitors ask for it."""

from chalicelib.core.links import Link
from chalicelib.store.memory import LinkMemory
from tests.api.driver import Api, make_api
from tests.api.test_openapi import Down
from tests.clocks import SetClock


def test_health(api: Api) -> None:
    """Health needs no key, names its region and its checks, and no cache keeps it."""
    answer = api.ask("GET", "/v1/health")
    (check,) = answer.json_body["checks"]

    assert answer.headers["Cache-Control"] == "no-store"
    assert {**answer.json_body, "checks": []} == {
        "status": "ok",
        "region": "us-east-1",
        "release": None,
        "checks": [],
    }
    assert (check["name"], check["status"]) == ("table", "ok")
    assert check["took_ms"] >= 0
    assert api.ask("HEAD", "/v1/health").status_code == 200


def test_a_failing_check_is_named() -> None:
    """503 says which check fails, in which region and release, and when to ask again."""
    environ = {"EVERHOP_REGION": "eu-west-1", "EVERHOP_RELEASE": "1.4.0+3"}
    with make_api(Down(), clock=SetClock(), **environ) as api:
        answer = api.ask("GET", "/v1/health")
        head = api.ask("HEAD", "/v1/health")

    assert (answer.status_code, head.status_code) == (503, 503)
    assert answer.headers["Retry-After"] == "2"
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json_body
    assert (body["status"], body["region"], body["release"]) == (
        "failing",
        "eu-west-1",
        "1.4.0+3",
    )
    assert [(one["name"], one["status"]) for one in body["checks"]] == [("table", "failing")]


class Counted(LinkMemory):
    """A store that counts its reads, and can go away."""

    reads = 0

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        self.reads += 1
        return super().get(key, consistent=consistent)


def test_asking_often_is_no_lever() -> None:
    """A thousand requests in a second read the table once; the next second sees what is new."""
    store, clock = Counted(), SetClock()
    with make_api(store, clock=clock) as api:
        for _ in range(1000):
            api.client.http.get("/v1/health")
        assert store.reads == 1
        clock.move(seconds=1)
        api.ask("GET", "/v1/health")
        assert store.reads == 2
