"""The stack with its API cache: through the front, links lead where they should, and tell how."""

from collections.abc import Iterator

import pytest

from tests.conftest import RunningStack, start_stack


D = "https://example.com/"


@pytest.fixture(scope="module")
def cached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack of its own, whose stage caches."""
    running = start_stack(tmp_path_factory.mktemp("everhop"), EVERHOP_API_CACHE="on")
    yield running
    running.stop()


def test_redirects_are_kept_by_slug_and_query(cached: RunningStack) -> None:
    """A hundred links asked twice: the second answer is a hit, and each has its own destination."""
    rows = [
        {"destination": f"{D}{number}", "slug": f"c{number}", "forward_query": True}
        for number in range(100)
    ]
    cached.api("POST", "/links/batch", {"links": rows})
    for query in ("", "?a=1", ""):
        for number in range(100):
            answer = cached.ask("GET", f"/c{number}{query}")
            assert answer.headers["Location"] == f"{D}{number}{query}"
    assert answer.headers["Cache-Status"].startswith('"API cache"; hit; ttl=')


def test_what_depends_on_the_visitor_is_answered_apart(cached: RunningStack) -> None:
    """A link with a rule hops to its own address, where everybody gets their own redirect."""
    rules = [{"if": {"countries": ["DE"]}, "destination": f"{D}de"}]
    cached.api("POST", "/links", {"destination": f"{D}all", "slug": "geo", "rules": rules})
    for country, to in (("DE", "de"), ("FR", "all"), ("DE", "de")):
        told = {"CloudFront_Viewer_Country": country}
        hop = cached.ask("GET", "/geo?x=1", **told)
        assert hop.headers["Location"] == f"{cached.url}/geo~?x=1"
        answer = cached.ask("GET", "/geo~?x=1", **told)
        assert (answer.status, answer.headers["Location"]) == (302, f"{D}{to}")
        assert "Cache-Status" not in answer.headers


def test_a_password_is_asked_behind_the_hop(cached: RunningStack) -> None:
    """The form of the page that nobody keeps opens the link; nothing of it is kept."""
    link = {"destination": f"{D}secret", "slug": "locked", "password": "sesame"}
    cached.api("POST", "/links", link)
    assert cached.ask("GET", "/locked").headers["Location"] == f"{cached.url}/locked~"
    page = cached.ask("GET", "/locked~")
    assert (page.status, page.headers["Cache-Control"]) == (200, "no-store")
    assert b'<form method="post">' in page.body

    form = {"Content_Type": "application/x-www-form-urlencoded"}
    opened = cached.ask("POST", "/locked~", b"password=sesame", **form)
    assert (opened.status, opened.headers["Location"]) == (303, f"{D}secret")
