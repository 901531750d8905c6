"""Links for few clicks and for those who know a password: a row of our list of cases, a test.

Row 72 with three regions needs more than one; what there is of it holds in the home region. Row 116
is about exports; that no answer and no part of the store has a password is `test_row_116`.
"""

import json
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.core.links import Link
from chalicelib.service import passwords
from chalicelib.service.passwords import PER_VISITOR
from chalicelib.store.memory import LinkMemory
from chalicelib.store.memory_counters import CounterMemory
from tests.api.driver import Api, codes, make_api
from tests.conftest import Answer, RunningStack


D = "https://secret.example/where"
HOST = "secret.example"
WORD = "Öffne dich+&=%, Sesam"
FORM = "application/x-www-form-urlencoded"
BROWSER = {"User_Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"}
WHATSAPP = {"User_Agent": "WhatsApp/2.23.20.0 A"}
NOW = datetime.now(UTC)


def send(api: Api, path: str, password: str = WORD, **headers: str) -> Any:
    """Send the form of the link's page."""
    body = f"password={quote_plus(password)}".encode()
    return api.ask("POST", f"/r/{path}", body, Content_Type=FORM, **headers)


def parallel(count: int, stack: RunningStack, method: str, target: str, *more: Any) -> list[Answer]:
    """So many requests at once, over sockets of their own."""
    answers: list[Answer] = []
    start = threading.Barrier(count)

    def ask() -> None:
        start.wait()
        answers.append(stack.ask(method, target, *more, **BROWSER))

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.stack
def test_row_72(stack: RunningStack) -> None:
    """Of 50 clicks at once on an exact limit of 1 one leads on; the others are told it is over."""
    body = {"destination": D, "slug": "for-one", "max_clicks": 1, "max_clicks_exact": True}
    assert stack.api("POST", "/links", {**body, "status": 301}).status == 201
    answers = parallel(50, stack, "GET", "/for-one")
    led = [answer for answer in answers if answer.status == 301]

    assert Counter(answer.status for answer in answers) == {301: 1, 410: 49}
    assert led[0].headers["Location"] == D
    assert led[0].headers["Cache-Control"] == "no-store"
    refused = next(answer for answer in answers if answer.status == 410)
    assert b"used up" in refused.body
    assert HOST.encode() not in refused.body
    stack.api("PATCH", "/links/for-one", {"max_clicks": 3})
    assert Counter(one.status for one in parallel(9, stack, "GET", "/for-one")) == {301: 2, 410: 7}


@pytest.mark.stack
def test_row_72_approximate(stack: RunningStack) -> None:
    """A limit that is not exact ends the link too: those under way at that moment may be more."""
    body = {"destination": D, "slug": "for-some", "max_clicks": 5}
    assert stack.api("POST", "/links", body).status == 201
    led = 0
    while stack.ask("GET", "/for-some", **BROWSER).status == 302 and led < 100:
        led += 1

    assert led >= 5
    assert led <= 10
    assert stack.api("GET", "/links/for-some").json["state"] == "active"


def test_row_72_counters_away() -> None:
    """Counters that don't answer: the exact link is 503 and to be tried again, the other leads on."""

    class Away(CounterMemory):
        def add(self, *_: object, **__: object) -> int | None:
            raise Unavailable("The table did not answer.")

        def read(self, name: str) -> int:
            raise Unavailable("The table did not answer.")

    with make_api(counters=Away()) as api:
        api.made(D, slug="exact", max_clicks=1, max_clicks_exact=True)
        api.made(D, slug="about", max_clicks=1)
        api.made(D, slug="locked", password=WORD)
        exact, tried = api.follow("exact", **BROWSER), send(api, "locked")

        assert (exact.status_code, tried.status_code) == (503, 503)
        assert exact.headers["Retry-After"] == tried.headers["Retry-After"] == "2"
        assert HOST not in str(exact.body) + str(tried.body) + str(tried.headers)
        assert api.follow("about", **BROWSER).status_code == 302
        assert api.follow("locked", **BROWSER).status_code == 200


@pytest.mark.stack
def test_row_113(stack: RunningStack) -> None:
    """Many at once on a limited link: it leads at least so many on, soon no more, and stays as it is."""
    body = {"destination": D, "slug": "hot", "max_clicks": 20}
    made = stack.api("POST", "/links", body).json
    burst = Counter(answer.status for answer in parallel(60, stack, "GET", "/hot"))
    until = time.monotonic() + 40
    while stack.ask("GET", "/hot", **BROWSER).status != 410:
        assert time.monotonic() < until, "the limit never held"
        time.sleep(0.1)

    assert set(burst) <= {302, 410}
    assert burst[302] >= 20
    assert stack.api("GET", "/links/hot").json == made


@pytest.mark.parametrize("headers", [WHATSAPP, {"User_Agent": "Slackbot-LinkExpanding 1.0"}])
def test_row_73(api: Api, headers: dict[str, str]) -> None:
    """Robots that show a card, and HEAD, burn no click of either kind of limit."""
    api.made(D, slug="about", max_clicks=1)
    api.made(D, slug="exact", max_clicks=1, max_clicks_exact=True)
    for _ in range(30):
        assert api.follow("about", **headers).status_code == 302
        assert api.ask("HEAD", "/r/about", **BROWSER).status_code == 302
        card = api.follow("exact", **headers)
        head = api.ask("HEAD", "/r/exact", **BROWSER)
        assert (card.status_code, head.status_code) == (200, 200)
        assert "Location" not in {**card.headers, **head.headers}
        assert HOST not in card.body.decode()
        assert "<title>" in card.body.decode()

    for slug in ("about", "exact"):
        assert api.follow(slug, **BROWSER).headers["Location"] == D
        assert api.follow(slug, **BROWSER).status_code == 410


def test_row_79(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred wrong passwords: ten are tried, and from then on none; no header buys more."""
    monkeypatch.setattr(passwords, "SETTLES_WITHIN", 0.001)  # guesses in a row: none is under way
    with make_api(clock=lambda: NOW) as api:
        try_a_hundred(api)


def try_a_hundred(api: Api) -> None:
    api.made(D, slug="locked", password=WORD, max_clicks=1, max_clicks_exact=True)
    statuses: Counter[int] = Counter()
    for number in range(100):
        answer = send(api, "locked", f"wrong {number}", X_Forwarded_For=f"192.0.2.{number}")
        statuses[answer.status_code] += 1
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Location" not in answer.headers
        assert HOST not in answer.body.decode()
    held = send(api, "locked")

    assert statuses == {403: PER_VISITOR.wrong, 429: 100 - PER_VISITOR.wrong}
    assert held.status_code == 429
    assert 0 < int(held.headers["Retry-After"]) <= PER_VISITOR.within + 1


def test_row_79_a_password_in_the_url_is_never_read(api: Api) -> None:
    """Neither a query nor a header opens the link; the form's field alone does."""
    api.made(D, slug="locked", password="sesame")

    assert api.follow("locked?password=sesame&pw=sesame", **BROWSER).status_code == 200
    assert api.follow("locked", Authorization="Bearer sesame").status_code == 200
    assert api.ask("POST", "/r/locked?password=sesame", b"", Content_Type=FORM).status_code == 403


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_row_79_the_password_goes_no_further(api: Api, status: int) -> None:
    """The right one leads on by 303, so by GET, whatever the link's status; nothing keeps it."""
    api.made(D, slug="locked", password=WORD, status=status, forward_query=True)
    page = api.follow("locked?a=%22%3Cb%3E", **BROWSER)
    answer = send(api, "locked?a=%22%3Cb%3E")

    assert '<form method="post">' in page.body.decode()  # to the page's own address, query and all
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{D}?a=%22%3Cb%3E")
    assert answer.headers["Cache-Control"] == page.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == page.headers["Referrer-Policy"] == "no-referrer"


def test_row_79_a_hostile_query_stays_in_the_form(api: Api) -> None:
    """What stands in the query is text in the page, not a part of it."""
    api.made(D, slug="locked", password=WORD)
    query = '"><script>alert(1)</script>'
    page = api.follow("locked", Everhop_Query=query, **BROWSER).body.decode()

    assert "<script" not in page
    assert page.count("<form") == 1


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"password=" + b"x" * 5000, FORM, 413),
        (b"\xff\xfe", FORM, 400),
        (b"{}", "application/json", 415),
        (b"x", "multipart/form-data; boundary=x", 415),
        (b"", FORM, 403),
        (b"a=1&" * 50 + b"password=x", FORM, 403),
        (b"password=%ff%fe", FORM, 403),
        (b"password=%00", FORM, 403),
    ],
)
def test_row_79_what_is_no_form(api: Api, body: bytes, kind: str, status: int) -> None:
    """Whatever is sent in place of the form, the answer is a refusal and never a 500."""
    api.made(D, slug="locked", password=WORD)
    answer = api.ask("POST", "/r/locked", body, Content_Type=kind)

    assert answer.status_code == status
    assert HOST not in answer.body.decode()


def test_row_79_links_without_a_password(api: Api) -> None:
    """A form for a link that has none is 405 with what it takes; for no link it is 404."""
    api.made(D, slug="open")
    answer = send(api, "open")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert HOST not in answer.body.decode()
    assert send(api, "nothing").status_code == 404
    assert send(api, "%zz").status_code == 404


@pytest.mark.parametrize("destination", ["javascript:alert(1)", "data:text/html,x"])
def test_row_80(destination: str) -> None:
    """A stored destination that no longer may be sent is not sent after a right password either."""
    store = LinkMemory()
    with make_api(store) as api:
        made = api.made(slug="locked", password=WORD)
        there = store.get("locked")
        assert there is not None
        edited = {"destination": destination, "version": 2}
        store.replace(
            "locked", Link(**{**{n: getattr(there, n) for n in there.__slots__}, **edited})
        )
        answer = send(api, made["slug"])

        assert answer.status_code == 404
        assert "Location" not in answer.headers
        assert destination not in answer.body.decode()


@pytest.mark.parametrize("path", ["locked", "locked+", "LOCKED+"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_row_81(api: Api, path: str, method: str) -> None:
    """Nothing but the right password shows where a protected link leads, its preview no more."""
    api.made(D, slug="locked", password=WORD, title="Merger plans", notes="for the board")
    answer = api.ask(method, f"/r/{path}", **BROWSER)
    seen = answer.body.decode() + json.dumps(dict(answer.headers))

    assert answer.status_code == 200
    assert HOST not in seen
    assert "Merger" not in seen
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"expires_at": NOW - timedelta(seconds=1)}, 410),
        ({"disabled": True}, 410),
        ({"starts_at": NOW + timedelta(days=1)}, 404),
        ({"deleted_at": NOW, "destination": ""}, 410),
    ],
)
@pytest.mark.parametrize("path", ["x", "x+"])
def test_row_81_what_is_over_asks_for_nothing(
    fields: dict[str, Any], status: int, path: str
) -> None:
    """An expired, disabled, deleted or scheduled link is refused as if it had no password."""
    bare = {"workspace": "default", "slug": "x", "destination": D}
    times = {"created_at": NOW, "updated_at": NOW}
    pages = []
    for password in (None, "$scrypt$"):
        store = LinkMemory()
        store.create("x", Link(**{**bare, **times, **fields, "password": password}))
        with make_api(store) as api:
            answer = api.follow(path, **BROWSER)
            pages.append(answer.body)
            assert answer.status_code == status
            assert send(api, "x").status_code == status

    assert pages[0] == pages[1]


def test_row_81_exact_limits(api: Api) -> None:
    """The preview of a link whose every click counts does not give one away; a used-up one is 410."""
    api.made(D, slug="exact", max_clicks=1, max_clicks_exact=True)
    api.made(D, slug="about", max_clicks=1)

    assert HOST not in api.follow("exact+").body.decode()
    assert HOST in api.follow("about+").body.decode()
    for slug in ("exact", "about"):
        api.follow(slug, **BROWSER)
        assert api.follow(f"{slug}+").status_code == 410


def test_row_116(api: Api) -> None:
    """No answer of the API has the password or what is kept of it; whether there is one it says."""
    made = api.made(D, slug="locked", password=WORD)
    answers = [
        api.keyed("GET", "/links/locked"),
        api.keyed("GET", "/links"),
        api.keyed("PATCH", "/links/locked", {"title": "T"}),
        api.keyed("PATCH", "/links/locked", {"password": "another"}),
        api.keyed("GET", "/links?q=scrypt"),
        api.keyed("GET", f"/links?q={quote_plus('Sesam')}"),
        api.keyed("PATCH", "/links/locked", {"password": "x" * 201}),
    ]

    assert made["has_password"] is True
    assert "password" not in made
    assert answers[0].json_body["has_password"] is True
    assert [len(one.json_body["links"]) for one in answers[4:6]] == [0, 0]
    assert codes(answers[6]) == {"/password": "too_long"}
    for answer in answers:
        text = answer.body.decode()
        assert "Sesam" not in text
        assert "scrypt" not in text
        assert "another" not in text


def test_a_password_is_kept_changed_and_cleared(api: Api) -> None:
    """Missing keeps it, a new one replaces it, null clears it, nothing is not a password."""
    api.made(D, slug="locked", password=WORD)
    api.keyed("PATCH", "/links/locked", {"title": "T"})
    assert send(api, "locked").status_code == 303

    api.keyed("PATCH", "/links/locked", {"password": "new"})
    assert send(api, "locked").status_code == 403
    assert send(api, "locked", "new").status_code == 303
    assert codes(api.keyed("PATCH", "/links/locked", {"password": ""})) == {"/password": "required"}
    answer = api.keyed("PATCH", "/links/locked", {"password": None})
    assert answer.json_body["has_password"] is False
    assert api.follow("locked", **BROWSER).headers["Location"] == D


@pytest.mark.parametrize("value", [0, -1, 1.5, "5", True, 10**9 + 1])
def test_limits_that_are_none(api: Api, value: object) -> None:
    """A limit is a whole number from 1 to a thousand million."""
    assert set(api.refusal(D, max_clicks=value)) == {"/max_clicks"}


def test_a_replay_is_the_same_link(api: Api) -> None:
    """A repeated create with a key and a password is answered the same, and another password isn't."""
    body = {"destination": D, "slug": "once", "password": WORD}
    first = api.keyed("POST", "/links", body, Idempotency_Key="k")
    again = api.keyed("POST", "/links", body, Idempotency_Key="k")
    other = api.keyed("POST", "/links", {**body, "password": "other"}, Idempotency_Key="k")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.body == first.body
    assert again.headers["Idempotent-Replayed"] == "true"
    assert codes(other) == {"/Idempotency-Key": "idempotency_mismatch"}
    assert send(api, "once").status_code == 303


@pytest.mark.stack
def test_the_store_has_no_password(stack: RunningStack) -> None:
    """A dump of all that is kept, after every kind of write, has no password and no quick hash."""
    word = "correct-horse-battery-0815"
    body = {"destination": D, "slug": "dumped", "password": word}
    assert stack.api("POST", "/links", body, Idempotency_Key="dump").status == 201
    assert stack.api("PATCH", "/links/dumped", {"password": f"{word}-2"}).status == 200
    form = {"Content_Type": FORM}
    assert stack.ask("POST", "/dumped", f"password={word}-2".encode(), **form).status == 303
    assert stack.ask("POST", "/dumped", f"password={word}".encode(), **form).status == 403
    files = [path for path in stack.data.rglob("*") if path.is_file()]
    dump = b"".join(path.read_bytes() for path in files)

    assert b"dumped" in dump
    assert b"$scrypt$ln=14" in dump
    assert word.encode() not in dump
    assert word not in "".join(stack.lines)
    assert b"127.0.0.1#tried" not in dump
