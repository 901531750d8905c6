"""What the functions ask of AWS is what their policies grant: no more, and no less."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from chalicelib.core.counts import RowKey
from chalicelib.core.errors import KeyConflict, SlugTaken, Stale, Unavailable
from chalicelib.core.idempotency import new_claim
from chalicelib.core.jobs import lease_job, new_job
from chalicelib.core.keys import ApiKey, revoke_key
from chalicelib.core.links import Link, edit_link
from chalicelib.service.ports import (
    ClaimStore,
    CounterStore,
    CountStore,
    FileStore,
    FoldStore,
    JobStore,
    KeyStore,
    LinkStore,
    ListQuery,
)
from chalicelib.store import job_clients
from chalicelib.store.breakers import Breaker
from chalicelib.store.claims import ClaimItem, ClaimTable
from chalicelib.store.counters import CounterItem, CounterTable
from chalicelib.store.counts import CountTable
from chalicelib.store.dax import DaxRoad
from chalicelib.store.dax_clusters import Cluster
from chalicelib.store.dax_errors import Lost
from chalicelib.store.dax_links import bind_over, road_of
from chalicelib.store.far_links import FarLinks
from chalicelib.store.files import FileBucket
from chalicelib.store.folds import FoldTable
from chalicelib.store.job_calls import WorkerCall
from chalicelib.store.jobs import JobItem, JobTable
from chalicelib.store.key_models import KeyItem
from chalicelib.store.key_tables import KeyTable
from chalicelib.store.links import LinkTable
from chalicelib.store.log_files import DeadLogs, read_log
from chalicelib.store.models import LinkItem, bind, bind_beside
from tests.infra.grants import ON_COUNTS, ON_DAX, ON_FILES, ON_INDEX, ON_TABLE, ON_WORKER
from tests.store.regions import regional


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[LinkItem]]:
    """The model over a table in a DynamoDB on a socket of this machine."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    bound = bind("everhop-dev", "us-east-1")
    bound.create_table(billing_mode="PAY_PER_REQUEST", wait=True)
    yield bound
    server.stop()


def use_everything(store: LinkStore) -> set[str]:
    """Call each method of the store, the refusals too; the names of those called."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    link = Link(
        workspace="w", slug="a", destination="https://e.test/", created_at=now, updated_at=now
    )
    store.create("a", link)
    with pytest.raises(SlugTaken):
        store.create("a", link)
    store.get("a")
    store.get("a", consistent=True)
    store.current("a")
    store.seek("a")
    store.page("w", ListQuery(text="a", tag="b"))
    store.replace("a", edit_link(link, {"title": "b"}, now))
    return {"create", "current", "get", "page", "replace", "seek"}


def use_all_claims(store: ClaimStore) -> set[str]:
    """The same for the store of claims."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    claim = new_claim("digest", "receipt", "plan", now)
    store.claim("w", "k", claim)
    store.claim("w", "k", new_claim("other", "other", "plan", now))
    store.find("w", "k", now)
    store.release("w", "k", claim, now)
    return {"claim", "find", "release"}


def use_all_counters(store: CounterStore) -> set[str]:
    """The same for the store of counters."""
    assert store.add("a", 1, until=datetime(2027, 1, 1, tzinfo=UTC)) == 1
    assert store.add("a", 1, most=1) is None
    assert store.read("a") == 1
    return {"add", "read"}


def methods_of(port: type) -> set[str]:
    """What a port promises."""
    return {name for name in vars(port) if not name.startswith("_")}


def watch_calls(model: type[LinkItem]) -> set[str]:
    """The calls that are made from now on, as they come."""
    calls: set[str] = set()
    model._get_connection().connection.client.meta.events.register(
        "before-call.dynamodb", lambda model, **_: calls.add(f"dynamodb:{model.name}")
    )
    return calls


def test_store_makes_only_allowed_calls(model: type[LinkItem]) -> None:
    """The store's calls are the grants: one more is an outage, one less is a grant too many."""
    calls = watch_calls(model)
    used = use_everything(LinkTable(model))
    claims_used = use_all_claims(ClaimTable(bind_beside(ClaimItem, model)))
    counters_used = use_all_counters(CounterTable(bind_beside(CounterItem, model)))

    assert methods_of(LinkStore) == used
    assert methods_of(CounterStore) == counters_used
    assert methods_of(ClaimStore) == claims_used
    assert calls == ON_TABLE | ON_INDEX


def test_other_regions_are_asked_only_what_is_allowed(model: type[LinkItem]) -> None:
    """Items alone, at their home; a list is the own region's, whose index alone is granted."""
    far = bind("everhop-dev", "eu-west-1")
    far.create_table(billing_mode="PAY_PER_REQUEST", wait=True)
    near_calls, far_calls = watch_calls(model), watch_calls(far)
    others = {"eu-west-1": FarLinks(lambda: LinkTable(far))}
    use_everything(regional(LinkTable(model), others.__getitem__, absent="us-east-1"))

    assert far_calls == {"dynamodb:GetItem", "dynamodb:PutItem"}
    assert near_calls == {"dynamodb:GetItem"} | ON_INDEX


class Watched:
    """A client of DAX that notes what it is asked for, and has no answer to anything."""

    def __init__(self) -> None:
        self.calls: set[str] = set()

    def close(self) -> None: ...

    def __getattr__(self, method: str) -> Any:
        name = "".join(map(str.capitalize, method.split("_")))
        name = {"TransactWriteItems": "ConditionCheckItem"}.get(name, name)  # IAM's word for it

        def call(**_: Any) -> None:
            self.calls.add(f"dax:{name}")
            raise ConnectionResetError

        return call


def test_dax_is_asked_only_what_is_allowed(model: type[LinkItem]) -> None:
    """What goes through DAX is what is granted there; all of it is granted at the table too."""
    watched = Watched()
    breaker = Breaker()
    cluster = Cluster(lambda: watched, lambda _: None, breaker)
    cached = bind_over(model, DaxRoad(cluster, lambda: model._get_connection().connection.client))
    store = LinkTable(model, cached)
    cluster._made()
    calls = watch_calls(model)

    def answered() -> LinkStore:
        breaker.close()
        return store

    now = datetime(2026, 1, 1, tzinfo=UTC)
    link = Link(
        workspace="w", slug="dax", destination="https://e.test/", created_at=now, updated_at=now
    )
    answered().create("dax", link)
    answered().replace("dax", edit_link(link, {"title": "b"}, now))
    answered().get("dax")
    answered().get("dax", consistent=True)
    answered().page("w", ListQuery())
    for operation in ("TransactWriteItems", "BatchGetItem"):  # a purge's checks, and its look
        breaker.close()
        with pytest.raises(Lost):
            road_of(cached).ask_dax(operation, {})

    assert watched.calls == ON_DAX
    assert calls == {"dynamodb:GetItem", "dynamodb:PutItem"} | ON_INDEX


def use_all_of_keys(store: KeyStore) -> set[str]:
    """Call each method of the store of keys, the refusals too; the names of those called."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    key = ApiKey(
        id="a", workspace="w", name="n", scopes=("read",), salt="s", seal="e", created_at=now
    )
    store.create(key)
    with pytest.raises(KeyConflict):
        store.create(key)
    store.replace(revoke_key(key, now))
    with pytest.raises(Stale):
        store.replace(revoke_key(key, now))
    store.get("a")
    store.current("a")
    store.note_use(key, now.date())
    store.note_use(key, now.date())
    assert store.page("w", 5, None).keys[0].last_used_on == now.date()
    return {"create", "current", "get", "note_use", "page", "replace"}


def test_keys_need_no_grant_of_their_own(model: type[LinkItem]) -> None:
    """The calls for keys are those for links, over the same connection."""
    calls = watch_calls(model)
    used = use_all_of_keys(KeyTable(bind_beside(KeyItem, model)))

    assert {name for name in vars(KeyStore) if not name.startswith("_")} == used
    assert calls <= ON_TABLE | ON_INDEX


def use_all_of_jobs(store: JobStore) -> set[str]:
    """Call each method of the store of jobs, the refusals too; the names of those called."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    job = new_job("a", "w", "export", {}, now)
    store.create(job)
    store.replace(lease_job(job, now))
    with pytest.raises(Stale):
        store.replace(lease_job(job, now))
    assert store.get("w", "a") == lease_job(job, now)
    return {"create", "get", "replace"}


def test_jobs_need_no_grant_on_the_table(model: type[LinkItem]) -> None:
    """The calls for jobs are those for links, and none to the index."""
    calls = watch_calls(model)

    assert methods_of(JobStore) == use_all_of_jobs(JobTable(bind_beside(JobItem, model)))
    assert calls <= ON_TABLE


# An action's name is its operation's, but for the uploads in parts, which are puts to IAM.
ACTIONS = {
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "Invoke": "lambda:InvokeFunction",
}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The actions of S3 and Lambda that are asked for from now on; nobody need answer."""
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_LAMBDA"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setitem(job_clients._SENDING, "retries", {"total_max_attempts": 1})
    job_clients.make_client.cache_clear()
    seen: set[str] = set()
    for service in ("s3", "lambda"):
        job_clients.make_client(service, "us-east-1").meta.events.register(
            f"provide-client-params.{service}",
            lambda model, **_: seen.add(
                ACTIONS.get(model.name, f"{model.service_model.service_name}:{model.name}")
            ),
        )
    yield seen
    job_clients.make_client.cache_clear()


def test_jobs_make_only_allowed_calls(calls: set[str]) -> None:
    """What is asked of S3 and Lambda is what is granted there; signing a URL counts as its use."""
    bucket, call = FileBucket("everhop-dev-files-1", "us-east-1"), WorkerCall("w", "us-east-1")
    acts = {
        "begin": lambda: bucket.begin("jobs/a", "text/csv"),
        "put_part": lambda: bucket.put_part("jobs/a", "u", 1, b""),
        "complete": lambda: bucket.complete("jobs/a", "u", ["t"]),
        "put": lambda: bucket.put("jobs/a", b""),
        "get": lambda: bucket.get("jobs/a"),
    }
    for act in (*acts.values(), lambda: call("w", "j")):
        with pytest.raises(Unavailable):
            act()
    assert bucket.url_of("jobs/a", 60).startswith("http")

    assert methods_of(FileStore) == {*acts, "url_of"}
    assert calls == ON_FILES | ON_WORKER


def test_counts_make_only_allowed_calls(model: type[LinkItem]) -> None:
    """A transaction is granted as the updates that are in it, and reads and deletions by theirs."""
    calls = watch_calls(model)
    counts, folds = CountTable(model), FoldTable(model, "us-east-1")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    row = RowKey("link/w/a", "hour", at)
    after = folds.fold({"f": folds.receipt("f")}, "", {row: {"clicks": 1}})
    assert after is not None
    folds.names([row])
    folds.workspaces(["a"])
    folds.end("f", after["f"], "{}", at)
    assert counts.read("link/w/a", "hour", at, datetime(2027, 1, 1, tzinfo=UTC))
    assert counts.complete_as_of() == at
    assert counts.erase("link/w/a") == 1

    assert methods_of(FoldStore) == {"receipt", "workspaces", "names", "fold", "end"}
    assert methods_of(CountStore) == {"read", "complete_as_of", "erase"}
    assert calls - {"dynamodb:TransactWriteItems"} == ON_COUNTS | {"dynamodb:UpdateItem"}


def test_logs_are_read_and_told_of_as_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the file is read, and nothing but a letter is sent."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setitem(job_clients._SENDING, "retries", {"total_max_attempts": 1})
    job_clients.make_client.cache_clear()
    seen: set[str] = set()
    for service in ("s3", "sqs"):
        job_clients.make_client(service, "us-east-1").meta.events.register(
            f"provide-client-params.{service}",
            lambda model, **_: seen.add(f"{model.service_model.service_name}:{model.name}"),
        )
    with pytest.raises(Unavailable):
        list(read_log("everhop-dev-logs-1", "a.gz", "us-east-1"))
    with pytest.raises(Unavailable):
        DeadLogs("http://127.0.0.1:9/1/everhop-dev-dead-logs", "us-east-1").send("b", "k", "why")
    DeadLogs("", "us-east-1").send("b", "k", "why")
    job_clients.make_client.cache_clear()

    assert seen == {"s3:GetObject", "sqs:SendMessage"}
