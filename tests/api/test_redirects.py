"""The visitors' side: redirects, refusals and previews, at the API of one region."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core.destinations import DestinationPolicy
from chalicelib.core.links import Link
from chalicelib.core.redirects import Redirect, Refusal, follow
from chalicelib.core.visitors import Visitor
from chalicelib.store.memory import LinkMemory
from tests.api.driver import Api, make_api


D = "https://example.com/x"
NOW = datetime.now(UTC)


def made(**fields: object) -> Link:
    values = {"workspace": "default", "slug": "x", "destination": D} | fields
    return Link(created_at=NOW, updated_at=NOW, **values)  # type: ignore[arg-type]


def answer_to(link: Link, method: str = "GET", path: str = "x") -> tuple[int, str, str]:
    store = LinkMemory()
    store.create("x", link)
    with make_api(store) as api:
        answer = api.ask(method, f"/r/{path}")
        return answer.status_code, answer.headers.get("Location", ""), answer.body.decode()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_owner_chooses_the_status(status: int) -> None:
    """Each of the four redirects is sent as chosen, and told to be asked again."""
    store = LinkMemory()
    store.create("x", made(status=status))
    with make_api(store) as api:
        answer = api.follow("x")

    assert (answer.status_code, answer.headers["Location"]) == (status, D)
    assert answer.headers["Cache-Control"] == "private, max-age=0"
    assert answer.headers["X-Robots-Tag"] == "noindex"


PAST, FUTURE = NOW - timedelta(seconds=1), NOW + timedelta(days=1)
REFUSED = [
    (made(expires_at=PAST), 410, "This link has ended"),
    (made(disabled=True), 410, "This link is switched off"),
    (made(starts_at=FUTURE), 404, "There is no link here"),
    (made(destination="javascript:alert(1)"), 404, "There is no link here"),
    (made(destination="https://e.example/\r\nX: y"), 404, "There is no link here"),
    (made(deleted_at=NOW, destination=""), 410, "This link was deleted"),
]


@pytest.mark.parametrize("path", ["x", "x+"])
@pytest.mark.parametrize(("link", "status", "words"), REFUSED)
def test_refusals_tell_nothing_of_the_destination(
    link: Link, status: int, words: str, path: str
) -> None:
    """What can't be followed is refused alike with and without +, and leads nowhere."""
    got, location, page = answer_to(link, path=path)

    assert (got, location) == (status, "")
    assert words in page
    assert "example.com" not in page


def test_a_link_that_has_not_started_looks_unknown() -> None:
    """The page of a scheduled link is the page of no link, byte for byte."""
    _, _, scheduled = answer_to(made(starts_at=FUTURE))
    _, _, unknown = answer_to(made(), path="other")

    assert scheduled == unknown


@pytest.mark.parametrize("link", [made(), made(expires_at=PAST), made(starts_at=FUTURE)])
def test_head_is_get_without_a_body(link: Link) -> None:
    """HEAD has the status and location of GET, and no body."""
    status, location, _ = answer_to(link)

    assert answer_to(link, "HEAD") == (status, location, "")


def test_archived_links_still_lead_somewhere() -> None:
    """Archiving hides a link from its owner's list, not from visitors."""
    assert answer_to(made(archived=True))[:2] == (302, D)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods(api: Api, method: str) -> None:
    """Only GET and HEAD follow; the others are told so, whatever they send; POST: test_locks."""
    answer = api.ask(method, "/r/x", b"a=1", Content_Type="application/x-www-form-urlencoded")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST, OPTIONS"


def test_options(api: Api) -> None:
    """OPTIONS says what is allowed and follows nothing."""
    answer = api.ask("OPTIONS", "/r/x")

    assert (answer.status_code, answer.headers["Allow"]) == (204, "GET, HEAD, POST, OPTIONS")


def test_the_preview_shows_before_it_leads(api: Api) -> None:
    """The preview names the title, the destination and the short link, and nothing runs in it."""
    api.made("https://example.com/a?b=1&c=<2>", slug="look", title="A <title>")
    answer = api.follow("look+")
    page = answer.body.decode()

    assert answer.status_code == 200
    assert "A &lt;title&gt;" in page
    assert 'href="https://example.com/a?b=1&amp;c=%3C2%3E"' in page
    assert "https://sho.rt/look leads to" in page
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    "slug", ["%zz", "%", "%00", "%E0%A4%A", "one%0d%0a", "%256fne", "x" * 3000]
)
def test_odd_slugs_are_simply_unknown(api: Api, slug: str) -> None:
    """Whatever stands in the path, the answer is a plain 404."""
    api.made(slug="one")

    assert api.follow(slug).status_code == 404


def test_an_encoded_slug_is_the_slug(api: Api) -> None:
    """Percent-encoding an ASCII letter changes nothing."""
    api.made(slug="one")

    assert api.follow("%6fne").status_code == 302
    assert api.follow("%4F%4E%45").status_code == 302


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-1, Redirect), (0, Refusal), (1, Refusal)], ids=str
)
def test_expiry_is_exact(seconds: int, expected: type) -> None:
    """A link ends at its moment, by the clock of whoever follows it."""
    link = made(expires_at=NOW)

    outcome = follow(link, Visitor(), DestinationPolicy(), NOW + timedelta(seconds=seconds))
    assert isinstance(outcome, expected)
