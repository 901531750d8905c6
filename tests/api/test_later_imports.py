"""Background imports over HTTP: asked for by a preference, looked at until done, and refused."""

import csv
import io
from typing import Any

import pytest

from chalicelib.api.imports import MAX_LATER_CSV, is_preferred
from chalicelib.core.errors import Unavailable
from chalicelib.service.ports import JobTools
from chalicelib.store.memory import LinkMemory
from chalicelib.store.memory_jobs import JobMemory
from tests.api.driver import Api, codes, make_api
from tests.api.test_imports import SHEET
from tests.job_fakes import FileMemory, Platform


@pytest.fixture
def platform() -> Platform:
    return Platform(LinkMemory())


@pytest.fixture
def api(platform: Platform):
    with make_api(platform.links, tools=platform.tools) as driven:
        yield driven


def send(api: Api, text: str, query: str = "", prefer: str = "respond-async", **more: str) -> Any:
    data = text.encode()
    return api.keyed(
        "POST", f"/imports{query}", data, Content_Type="text/csv", Prefer=prefer, **more
    )


def read_report(platform: Platform) -> list[dict[str, str]]:
    (file,) = [data for name, data in platform.files.files.items() if name.endswith("/report.csv")]
    return list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"), "")))


def test_an_import_from_begin_to_end(api: Api, platform: Platform) -> None:
    """202 with an address and what was understood; there it waits, and then each row is told."""
    begun = send(api, "\ufeff" + SHEET)
    where = begun.headers["Location"].removeprefix("/api/v1")
    waiting = api.keyed("GET", where).json_body
    platform.run()
    done = api.keyed("GET", where).json_body
    report = read_report(platform)

    assert (begun.status_code, begun.json_body) == (202, waiting)
    assert begun.headers["Preference-Applied"] == "respond-async"
    assert (waiting["state"], waiting["done"], waiting["total"]) == ("waiting", 0, 5)
    assert waiting["columns"]["destination"] == "destination"
    assert (done["state"], done["done"], done["last_row"]) == ("done", 5, 6)
    assert done["url"] == f"https://files.test/jobs/default/{done['id']}/report.csv?for=600"
    assert [row["status"] for row in report] == ["created", "invalid", "created", "taken", "exists"]
    assert done["counts"]["created"] == 2
    # The last is there already, but differs in a field that the sheet has.
    assert [row["row"] for row in done["failing_rows"]] == [3, 5, 6]
    assert report[1]["field"] == "destination"
    assert report[2]["short_url"] == f"https://sho.rt/{report[2]['slug']}"
    assert api.follow(report[2]["slug"]).headers["Location"] == "https://example.com/3"


def test_it_reports_what_the_other_way_does(api: Api, platform: Platform) -> None:
    """Row by row, dry or not, both ways say the same of the same sheet."""
    for query in ("?dry_run=true", "?first_row=101", ""):
        sheet = SHEET.replace("one", f"one{len(query)}").replace("ONE", f"ONE{len(query)}")
        other = Platform(LinkMemory())
        with make_api(other.links, tools=other.tools) as beside:
            begun = send(beside, sheet, query).json_body
            other.run()
            later = beside.keyed("GET", f"/imports/{begun['id']}").json_body
            rows = read_report(other)
            kept = len(beside.keyed("GET", "/links").json_body["links"])
        now = api.keyed("POST", f"/imports{query}", sheet.encode(), Content_Type="text/csv")
        told = [(row["row"], row["status"]) for row in now.json_body["rows"]]

        assert [(int(row["row"]), row["status"]) for row in rows] == told
        assert later["counts"] == now.json_body["counts"]
        assert kept == later["counts"]["created"]
        bad = [row for row in now.json_body["rows"] if row["errors"]]
        assert later["failing_rows"] == bad


@pytest.mark.parametrize(
    ("header", "is_it"),
    [
        ("respond-async", True),
        ("wait=10, Respond-Async", True),
        ("respond-async; x=1, handling=lenient", True),
        ("return=minimal", False),
        ("respond-asynchronously", False),
        ("", False),
    ],
)
def test_preferences(header: str, is_it: bool) -> None:
    """The preference is found among others, in any case; others change nothing."""
    assert is_preferred(header, "respond-async") is is_it


def test_without_the_preference_it_is_as_ever(api: Api, platform: Platform) -> None:
    """Another preference, as any that is not known, is passed over."""
    answer = send(api, SHEET, prefer="handling=lenient")

    assert answer.status_code == 200
    assert "Preference-Applied" not in answer.headers
    assert platform.calls == []


def test_what_is_refused_at_once(api: Api, platform: Platform) -> None:
    """A sheet that can't be used, or is too large, is refused before a job or file is stored."""
    rows = "destination\n" + "x\n" * 50_001
    assert codes(send(api, rows)) == {"/file": "too_many_rows"}
    assert send(api, "destination\n" + "x" * MAX_LATER_CSV).status_code == 413
    assert codes(send(api, "a,b\n1,2")) == {"/destination": "column_missing"}
    assert codes(send(api, SHEET, "?dry_run=1")) == {"/dry_run": "type"}
    assert codes(send(api, SHEET, Idempotency_Key="k")) == {
        "/Idempotency-Key": "idempotency_unsupported"
    }
    assert (platform.calls, platform.files.files) == ([], {})


def test_a_header_that_is_a_book(api: Api) -> None:
    """What the sheet has for a header is cut, so that the job fits into its item."""
    header = ",".join(["slug" + "!" * 400_000, *(f"x{at}" * 200 for at in range(3000))])
    begun = send(api, f"destination,{header}\n")

    assert begun.status_code == 202
    assert len(begun.body) < 20_000


def test_without_a_bucket() -> None:
    """Both are 501, however bad the sheet is, and the synchronous way works."""
    with make_api(LinkMemory()) as bare:
        for answer in (send(bare, "nothing"), bare.keyed("GET", "/imports/x")):
            assert (answer.status_code, answer.json_body["code"]) == (501, "not_configured")
        answer = bare.keyed("POST", "/imports", SHEET.encode(), Content_Type="text/csv")
        assert answer.status_code == 200


def test_a_key_that_only_reads(api: Api) -> None:
    """It neither begins an import nor sees what one says of a sheet."""
    begun = send(api, SHEET).json_body
    key = api.keyed("POST", "/keys", {"name": "r", "scopes": ["read"]}).json_body["key"]
    bearer = {"Authorization": f"Bearer {key}"}

    assert api.ask("GET", f"/v1/imports/{begun['id']}", **bearer).status_code == 403
    sent = {"Content_Type": "text/csv", "Prefer": "respond-async", **bearer}
    assert api.ask("POST", "/v1/imports", SHEET.encode(), **sent).status_code == 403


def test_a_bucket_that_is_away() -> None:
    """When the sheet can't be kept it is 503, and no job waits for it."""
    files, jobs = FileMemory(down=True), JobMemory()
    with make_api(tools=JobTools(jobs, files, lambda *_: None)) as api:
        assert send(api, SHEET).status_code == 503
        assert jobs._jobs == {}


def test_a_worker_that_can_not_be_called() -> None:
    """When Lambda does not answer it is 503; the job waits for whoever looks at it."""

    def down(workspace: str, job_id: str) -> None:
        raise Unavailable("The worker function did not answer.")

    with make_api(tools=JobTools(JobMemory(), FileMemory(), down)) as api:
        assert send(api, SHEET).status_code == 503
