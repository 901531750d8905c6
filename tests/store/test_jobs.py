"""One contract for every store of jobs; and what the bucket of files does, as S3 does it.

What could break for a user: two workers that both win; a save that is lost; a file in the wrong
words; a signed link that does not work, or that opens more than one file.
"""

import urllib.error
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core.errors import Stale, Unavailable
from chalicelib.core.jobs import Job, fail_job, lease_job, new_job, release_job, save_job
from chalicelib.service.ports import SMALLEST_PART, FileGone, JobStore
from chalicelib.store import job_clients
from chalicelib.store.files import FileBucket
from chalicelib.store.jobs import JobItem, JobTable
from chalicelib.store.memory_jobs import JobMemory
from chalicelib.store.models import bind, bind_beside
from local.children import listen, url_of
from tests.service.two_regions import A, World
from tests.store.tables import REGION, point_to, together


NOW = datetime(2026, 11, 23, 12, 0, 0, 123000, tzinfo=UTC)


def job(job_id: str) -> Job:
    return new_job(job_id, "w", "export", {"format": "csv", "q": None, "é": ["ü"]}, NOW)


@pytest.fixture(params=["memory", "dynamodb", "regions"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> JobStore:
    """Each store in turn; the table is shared, so tests use ids of their own."""
    if request.param == "memory":
        return JobMemory()
    if request.param == "regions":
        return World().jobs_at(A)
    point_to(request.getfixturevalue("dynamodb"), monkeypatch)
    return JobTable(bind_beside(JobItem, bind("links", REGION)))


def test_a_job_comes_back_as_it_was(store: JobStore) -> None:
    """Every field survives, in each of its states, and only in its own workspace."""
    first = job("all")
    leased = lease_job(first, NOW + timedelta(seconds=1))
    saved = save_job(leased, {"after": "x", "parts": ["a"], "count": 3}, NOW)
    released = release_job(saved, NOW, "A reason.")
    failed = replace(fail_job(released, "It failed.", NOW), resets=2, place="us-east-1/files")
    store.create(first)
    for one in (first, leased, saved, released, failed):
        if one is not first:
            store.replace(one)
        assert store.get("w", "all") == one
    assert store.get("x", "all") is None
    assert store.get("w", "none") is None


def test_only_the_next_version_is_stored(store: JobStore) -> None:
    """What is not one on from the stored job is stale, and changes nothing."""
    first = job("next")
    store.create(first)
    store.replace(lease_job(first, NOW))
    for wrong in (first, lease_job(first, NOW), replace(first, version=4)):
        with pytest.raises(Stale):
            store.replace(wrong)
    with pytest.raises(Stale):
        store.create(first)
    with pytest.raises(Stale):
        store.replace(job("never"))

    assert store.get("w", "next") == lease_job(first, NOW)


def test_of_many_workers_one_wins(store: JobStore) -> None:
    """However many take a job at once, one has it."""
    first = job("race")
    store.create(first)
    outcomes = together(12, lambda _: store.replace(lease_job(first, NOW)))

    assert outcomes == {"": 1, "Stale": 11}


def test_a_repeat_of_ones_own_save_is_no_conflict(
    dynamodb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the answer to a save is lost and the client saves again, it has still won."""
    point_to(dynamodb, monkeypatch)
    store = JobTable(bind_beside(JobItem, bind("links", REGION)))
    store.create(job("lost"))
    save = store._model.save

    def twice(item, **named):
        save(item, **named)
        save(item, **named)

    monkeypatch.setattr(store._model, "save", twice)
    store.replace(lease_job(job("lost"), NOW))
    assert store.get("w", "lost") == lease_job(job("lost"), NOW)


def test_a_table_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is Unavailable, whatever is asked."""
    with listen() as nobody:
        url = url_of(nobody)
    point_to(url, monkeypatch)
    store = JobTable(bind_beside(JobItem, bind("links", REGION)))
    for act in (
        lambda: store.get("w", "a"),
        lambda: store.create(job("a")),
        lambda: store.replace(job("a")),
    ):
        with pytest.raises(Unavailable):
            act()


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> FileBucket:
    point_to(s3, monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3)
    job_clients.make_client.cache_clear()
    return FileBucket("files", REGION)


def fetch(url: str) -> tuple[bytes, dict[str, str]]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read(), {name.lower(): text for name, text in answer.headers.items()}


def test_a_file_in_parts(bucket: FileBucket) -> None:
    """Parts become one file, also when one is sent twice; its URL gives it a name and a type."""
    name = "jobs/w/1/links.csv"
    upload = bucket.begin(name, "text/csv; charset=utf-8")
    first = b"a" * SMALLEST_PART
    tags = [bucket.put_part(name, upload, 1, first) for _ in range(2)]
    last = bucket.put_part(name, upload, 2, "é".encode())
    bucket.complete(name, upload, [tags[1], last])
    body, headers = fetch(bucket.url_of(name, 60))

    assert tags[0] == tags[1]
    assert body == first + "é".encode() == bucket.get(name)
    assert headers["content-type"] == "text/csv; charset=utf-8"
    assert headers["content-disposition"] == 'attachment; filename="links.csv"'


def test_what_is_gone_is_told(bucket: FileBucket) -> None:
    """An upload that is over, a part that is another's, a file that never was: FileGone."""
    name = "jobs/w/2/links.csv"
    upload = bucket.begin(name, "text/csv")
    tag = bucket.put_part(name, upload, 1, b"a")
    with pytest.raises(FileGone):
        bucket.complete(name, upload, [f'"{"0" * 32}"'])
    bucket.complete(name, upload, [tag])
    for act in (
        lambda: bucket.put_part(name, upload, 2, b"b"),
        lambda: bucket.get("jobs/w/2/none"),
    ):
        with pytest.raises(FileGone):
            act()


def test_a_bucket_that_is_away(bucket: FileBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """No bucket of that name, or nobody there: Unavailable, with the reason."""
    with pytest.raises(Unavailable, match="NoSuchBucket"):
        FileBucket("another", REGION).put("a", b"")
    with listen() as nobody:
        url = url_of(nobody)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
    job_clients.make_client.cache_clear()
    monkeypatch.setitem(job_clients._SENDING, "retries", {"total_max_attempts": 1})
    with pytest.raises(Unavailable, match="EndpointConnectionError"):
        bucket.put("a", b"")
    job_clients.make_client.cache_clear()


def test_urls_on_aws_are_the_regions_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signed URL names the bucket's region and one file, and ends soon."""
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_DYNAMODB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    job_clients.make_client.cache_clear()
    url = FileBucket("everhop-prod-files-1", "eu-west-1").url_of("jobs/w/1/links.csv", 600)
    job_clients.make_client.cache_clear()

    assert url.startswith(
        "https://everhop-prod-files-1.s3.eu-west-1.amazonaws.com/jobs/w/1/links.csv?"
    )
    assert "X-Amz-Expires=600" in url
    assert "AWS4-HMAC-SHA256" in url
