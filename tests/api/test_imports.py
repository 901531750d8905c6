"""Imports over HTTP: each row is stored or explained, and time that runs out is told."""

from typing import Any

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.core.links import Link
from chalicelib.store.memory import LinkMemory
from tests.api.driver import Api, codes, make_api


SHEET = """destination,slug,title
https://example.com/1,one,First
javascript:alert(1),bad,Second
https://example.com/3,,"Third, with
a second line"
https://example.com/other,one,Same slug
https://example.com/1,ONE,Same link
"""


def send(api: Api, text: str, query: str = "") -> Any:
    answer = api.keyed("POST", f"/imports{query}", text.encode(), Content_Type="text/csv")
    assert answer.status_code == 200, answer.body
    return answer.json_body


def test_every_row_is_accounted_for(api: Api) -> None:
    """The report has a status for each row, in order, and what is wrong where."""
    report = send(api, SHEET)

    assert [row["status"] for row in report["rows"]] == [
        "created",
        "invalid",
        "created",
        "taken",
        "exists",
    ]
    assert [row["row"] for row in report["rows"]] == [2, 3, 4, 5, 6]
    assert report["rows"][1]["errors"][0]["pointer"] == "/destination"
    assert report["rows"][0]["short_url"] == "https://sho.rt/one"
    assert report["counts"]["created"] == 2
    assert report["next_row"] is None
    assert len(api.keyed("GET", "/links").json_body["links"]) == 2


def test_a_dry_run_stores_nothing(api: Api) -> None:
    """A dry run says what would be, duplicates within the sheet too, and leaves no trace."""
    report = send(api, SHEET, "?dry_run=true")

    assert [row["status"] for row in report["rows"]] == [
        "ready",
        "invalid",
        "ready",
        "taken",
        "exists",
    ]
    assert api.keyed("GET", "/links").json_body["links"] == []


def test_importing_again_changes_nothing(api: Api) -> None:
    """Rows that are there already are left as they are."""
    send(api, SHEET)
    api.keyed("PATCH", "/links/one", {"title": "Edited"})
    again = send(api, SHEET)

    assert again["rows"][0]["status"] == "exists"
    assert api.keyed("GET", "/links/one").json_body["title"] == "Edited"


def test_a_sheet_that_is_none(api: Api) -> None:
    """A file that can't be read is refused as a whole, with a reason, and stores nothing."""
    for text in ("", "a,b\n1,2\n", "<html></html>"):
        answer = api.keyed("POST", "/imports", text.encode(), Content_Type="text/csv")
        assert answer.status_code == 422, text
        assert answer.json_body["errors"][0]["detail"]


@pytest.mark.parametrize("query", ["?dry_run=yes", "?first_row=0", "?first_row=x"])
def test_parameters(api: Api, query: str) -> None:
    """A parameter that can't be used is named."""
    answer = api.keyed("POST", f"/imports{query}", SHEET.encode(), Content_Type="text/csv")

    assert answer.status_code == 422
    assert answer.json_body["errors"][0]["pointer"] == "/" + query[1:].partition("=")[0]


def test_rows_are_numbered_as_asked(api: Api) -> None:
    """The first row below the header has the number that the request gives it, from 1 on."""
    answer = api.keyed("POST", "/imports?first_row=1", SHEET.encode(), Content_Type="text/csv")

    assert answer.json_body["rows"][0]["row"] == 1


def test_limits(api: Api) -> None:
    """More rows or bytes than one request may bring are refused before anything is stored."""
    rows = "destination\n" + "https://example.com/\n" * 1001
    assert api.keyed("POST", "/imports", rows.encode(), Content_Type="text/csv").status_code == 422
    large = b"destination\n" + b"x" * (2 * 1024 * 1024)
    assert api.keyed("POST", "/imports", large, Content_Type="text/csv").status_code == 413
    assert api.keyed("POST", "/imports", b"{}", Content_Type="application/json").status_code == 415
    assert api.keyed("GET", "/links").json_body["links"] == []


def test_no_idempotency_key(api: Api) -> None:
    """Rows without a slug would be made again by a repeat, so the header is refused, with why."""
    answer = api.keyed(
        "POST", "/imports", SHEET.encode(), Content_Type="text/csv", Idempotency_Key="k"
    )

    assert codes(answer) == {"/Idempotency-Key": "idempotency_unsupported"}
    assert "slug" in answer.json_body["errors"][0]["detail"]
    assert api.keyed("GET", "/links").json_body["links"] == []


class FailingOnce(LinkMemory):
    """A store that does not take the second link."""

    creates = 0

    def create(self, key: str, link: Link) -> None:
        self.creates += 1
        if self.creates == 2:
            raise Unavailable("The table did not answer.")
        super().create(key, link)


def test_a_row_that_failed_is_told_and_can_be_tried_again() -> None:
    """When the table fails for one row, that row is `failed` and a second run stores it."""
    sheet = "destination,slug\n" + "".join(f"https://e.example/{n},s{n}\n" for n in range(4))
    with make_api(FailingOnce()) as api:
        first = [row["status"] for row in send(api, sheet)["rows"]]
        second = [row["status"] for row in send(api, sheet)["rows"]]

    assert first == ["created", "failed", "created", "created"]
    assert second == ["exists", "created", "exists", "exists"]
