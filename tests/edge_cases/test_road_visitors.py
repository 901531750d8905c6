"""Visitors, limits and failures through the edge, the API cache and the app: rows 66 to 83."""

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import boto3
import pytest

from tests.conftest import RunningStack
from tests.edge_cases.roads import BROWSER, FORM, D, make, raw, status_of, visit, wait_for, where


pytestmark = pytest.mark.stack
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
PIXEL = (
    "Mozilla/5.0 (Linux; Android 9; Pixel 3 Build/PQ1A.190105.004; wv) AppleWebKit/537.36 (KHTML, "
    "like Gecko) Version/4.0 Chrome/71.0.3578.99 Mobile Safari/537.36 Instagram 75.0.0.23.99 "
    "Android (28/9; 440dpi; 1080x2028; Google/google; Pixel 3; blueline; blueline; en_US)"
)


def rule(to: str, **conditions: object) -> dict[str, object]:
    return {"if": conditions, "destination": f"{D}{to}"}


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


@contextmanager
def frozen(road: RunningStack, module: str) -> Iterator[None]:
    """The stack while the processes that run this module stand still."""
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(road.process.pid)], capture_output=True, text=True
    )
    found = [int(one.split()[0]) for one in listed.stdout.splitlines() if module in one.split()]
    assert found
    for one in found:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in found:
            os.kill(one, signal.SIGCONT)


def test_row_66(road: RunningStack) -> None:
    """Of one link each kind of visitor is led where its rule says, whoever was there before."""
    rules = [
        rule("de", countries=["DE"]),
        rule("phone", devices=["phone"]),
        rule("fr", languages=["fr"]),
    ]
    make(road, "row66", rules=rules)
    kinds = list(product(("DE", "US"), (PHONE, BROWSER["User_Agent"]), ("fr", "en")))
    for country, agent, language in kinds * 2:
        expected = "de" if country == "DE" else "phone" if agent == PHONE else language
        led = where(
            road,
            "/row66",
            CloudFront_Viewer_Country=country,
            User_Agent=agent,
            Accept_Language=language,
        )
        assert led == f"{D}{'row66' if expected == 'en' else expected}"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("en-US,es-ES;q=0.6,*;q=0.1", "en"),
        ("es-ES,en-US;q=0.6", "es"),
        ("es_ES", "es"),
        ("*", "row67"),
        ("", "row67"),
        ("es;q=0", "row67"),
        ("en;q=0.8,es;q=0.8", "en"),
        pytest.param("e" * 8000, "row67", id="long"),
    ],
)
def test_row_67(road: RunningStack, header: str, language: str) -> None:
    """The language that is liked best decides, also where the edge keeps the answer for others."""
    if road.api("GET", "/links/row67").status == 404:
        make(road, "row67", rules=[rule(one, languages=[one]) for one in ("en", "es")])
    for _ in range(2):
        assert where(road, "/row67", Accept_Language=header) == f"{D}{language}"


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (Linux; Android 14; SM-X910) Chrome/140.0.0.0 Safari/537.36", "tablet"),
        ("Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) Version/12.1 Mobile/15E148", "tablet"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1.15", "desktop"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) CriOS/140 Safari/605.1.15", "tablet"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) CriOS/140 Mobile/15E", "phone"),
        ("", "row68"),
    ],
    ids=["tablet", "ipad", "ipad as mac", "crios as mac", "crios", "none"],
)
def test_row_68(road: RunningStack, agent: str, device: str) -> None:
    """What each device is, is written down in docs/api.md; the edge's key says the same."""
    if road.api("GET", "/links/row68").status == 404:
        devices = ("phone", "tablet", "desktop")
        make(road, "row68", rules=[rule(one, devices=[one]) for one in devices])
    for _ in range(2):
        assert where(road, "/row68", User_Agent=agent) == f"{D}{device}"


def test_rows_69_and_71(road: RunningStack) -> None:
    """After its end a link is 410 at once, though every cache was asked for it until then."""
    ends_at = datetime.now(UTC) + timedelta(seconds=3)
    make(road, "row69", expires_at=ends_at.isoformat())
    assert visit(road, "/row69").status in (302, 410)  # a busy machine may be late
    wait_for(lambda: visit(road, "/row69") and datetime.now(UTC) > ends_at)
    for path in ("/row69", "/row69~", "/row69+", "/ROW69/"):
        answer = visit(road, path)
        assert (answer.status, answer.headers.get("Location")) == (410, None)


def test_row_70(road: RunningStack) -> None:
    """Before its start a link is like one that is not there, and not a moment longer than errors."""
    make(road, "row70", starts_at=soon(3600))
    hidden, nothing = visit(road, "/row70"), visit(road, "/row70-nothing")
    assert (hidden.status, hidden.body) == (nothing.status, nothing.body)
    assert road.api("PATCH", "/links/row70", {"starts_at": soon(1)}).status == 200
    wait_for(lambda: visit(road, "/row70").status == 302)


def test_row_72(road: RunningStack) -> None:
    """One exact click, fifty visitors at once: one of them goes on, and the edge keeps nothing."""
    make(road, "row72", max_clicks=1, max_clicks_exact=True)
    with ThreadPoolExecutor(10) as pool:
        led = Counter(pool.map(lambda _: visit(road, "/row72", **BROWSER).status, range(50)))
    assert led == {302: 1, 410: 49}
    assert visit(road, "/row72", **BROWSER).status == 410


@pytest.mark.parametrize("agent", ["Slackbot-LinkExpanding 1.0", "WhatsApp/2.23", "Mastodon/4.2"])
def test_row_73(road: RunningStack, agent: str) -> None:
    """Robots that show a card get one, and leave the only click to a person."""
    slug = f"row73-{agent[:5]}"
    make(road, slug, max_clicks=1, max_clicks_exact=True)
    for _ in range(5):
        card = visit(road, f"/{slug}", User_Agent=agent)
        assert (card.status, card.headers.get("Location")) == (200, None)
        assert b"<title>" in card.body
    assert where(road, f"/{slug}", **BROWSER) == f"{D}{slug}"


def test_row_74(road: RunningStack) -> None:
    """Instagram on a Pixel, which names Google twice, is a person and goes on."""
    make(road, "row74", max_clicks=1, max_clicks_exact=True)
    assert where(road, "/row74", User_Agent=PIXEL) == f"{D}row74"


@pytest.mark.parametrize(
    "header",
    [
        b"X: none said",
        b"User-Agent:",
        b"User-Agent: " + b"x" * 8192,
        b"User-Agent: " + b"x" * 18000,
        b"User-Agent: \xff\xfe\x80",
        b"Referer: \xff\xfe\x80",
        b"Referer: " + b"x" * 18000,
        b"Accept-Language: " + b"a, " * 4000,
        b"X-Request-Id: " + b"x" * 9000,
        b"Cookie: " + b"x" * 18000,
        b"CloudFront-Viewer-Country: \xff\xfe",
    ],
    ids=lambda header: header[:24].decode("latin-1") + f" {len(header)}",
)
@pytest.mark.parametrize("kind", ["plain", "ruled"])
def test_row_75(road: RunningStack, header: bytes, kind: str) -> None:
    """Whatever a visitor says of themselves, up to all that CloudFront takes, is no error."""
    slug = f"row75-{kind}"
    if road.api("GET", f"/links/{slug}").status == 404:
        rules = [rule("bot", devices=["bot"]), rule("de", countries=["DE"], languages=["de"])]
        make(road, slug, **({"rules": rules} if kind == "ruled" else {}))
    mark = "~" if kind == "ruled" else ""
    # Nobody asked with this query before: the region is asked.
    answer = raw(road, f"/{slug}{mark}?{header[:30].hex()}{len(header)}".encode(), header)
    assert status_of(answer) == 302
    assert f"\r\nLocation: {D}{slug}\r\n".encode() in answer


def test_row_76(road: RunningStack) -> None:
    """A referrer that is a script is in no page; what stats show of it is the dashboard's test."""
    make(road, "row76")
    said = '"><script>alert(76)</script>'
    for path in ("/row76+", "/row76-nothing", "/row76"):
        answer = road.ask("GET", path, Referer=said)
        assert answer.status in (200, 302, 404)
        assert b"alert(76)" not in answer.body


def test_row_77(road: RunningStack) -> None:
    """Clicks are counted out of the edge's log: where that is written is on nobody's way."""
    make(road, "row77")
    with frozen(road, "local.files"):
        for number in range(10):
            assert road.ask("GET", f"/row77?{number}").status == 302
    assert road.ask("GET", "/row77").status == 302


def test_row_78(road: RunningStack) -> None:
    """Without the table what is kept goes on; all else is an error for now, and never a kept 404."""
    make(road, "row78")
    make(road, "row78-later")
    assert road.ask("GET", "/row78").status == 302
    with frozen(road, "local.database"), frozen(road, "local.dax"):
        assert road.ask("GET", "/row78").status == 302
        # The purge of a new link has API Gateway ask for it; this address it does not keep.
        failed = visit(road, "/row78-later~")
        assert failed.status in (503, 504)
        assert "s-maxage" not in failed.headers.get("Cache-Control", "")
        if failed.status == 503:
            assert int(failed.headers["Retry-After"]) > 0
    wait_for(lambda: visit(road, "/row78-later~").status == 302)


def test_row_79(road: RunningStack) -> None:
    """The right word opens, ten wrong ones end the trying; no cache keeps a word of it."""
    make(road, "row79", password="sesame")
    assert visit(road, "/row79?password=sesame&pw=sesame").status == 200
    statuses = []
    for word in ("sesame", *(f"wrong{number}" for number in range(12)), "sesame"):
        answer = road.ask("POST", "/api/v/row79", f"password={word}".encode(), Content_Type=FORM)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "fwd=method" in answer.headers["Cache-Status"]
        statuses.append(answer.status)
    assert statuses == [303, *[403] * 10, 429, 429, 429]


@pytest.mark.parametrize("unsafe", ["javascript:alert(1)", "data:text/html,x", "ftp://e.example/"])
def test_row_80(road: RunningStack, unsafe: str) -> None:
    """No link is made to what is no page, and none that got into the table leads there."""
    body = {"destination": unsafe, "slug": "row80-refused"}
    assert road.api("POST", "/links", body).status == 422
    good, bad = f"row80-{unsafe[:3]}", f"row80-{unsafe[:3]}-bad"
    make(road, good)
    _copy_item(road, good, bad, unsafe)
    answer = visit(road, f"/{bad}")
    assert (answer.status, answer.headers.get("Location")) == (404, None)
    assert unsafe.encode() not in visit(road, f"/{bad}+").body


def _copy_item(road: RunningStack, slug: str, to: str, destination: str) -> None:
    """Past the app, as a bug or a hand might: a link that leads there, which DAX never saw."""
    region = road.ask("GET", "/_local/status").json["regions"][0]
    client = boto3.client(
        "dynamodb",
        endpoint_url=region["dynamodb_endpoint"],
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    (table,) = [one for one in client.list_tables()["TableNames"] if "everhop" in one]
    sought = {":slug": {"S": slug}}
    found = client.scan(
        TableName=table, FilterExpression="slug = :slug", ExpressionAttributeValues=sought
    )
    (item,) = found["Items"]
    copied = {
        name: {"S": it["S"].replace(slug, to)} if "S" in it else it for name, it in item.items()
    }
    client.put_item(TableName=table, Item={**copied, "destination": {"S": destination}})
    client.close()
    assert road.api("GET", f"/links/{to}").json["destination"] == destination


@pytest.mark.parametrize("path", ["/row81", "/row81+", "/ROW81+/", "/row81+~"])
def test_row_81(road: RunningStack, path: str) -> None:
    """Nothing but the password shows where a locked link leads; what is over shows nothing."""
    if road.api("GET", "/links/row81").status == 404:
        make(road, "row81", password="sesame", title="Merger plans")
    for method in ("GET", "HEAD"):
        answer = visit(road, path, method)
        assert answer.status == 200
        assert b"example.com" not in answer.body
        assert b"Merger" not in answer.body
        assert answer.headers["Cache-Control"] == "no-store"


def test_row_82(road: RunningStack) -> None:
    """Monitors have an address of their own, which no cache answers and no visitor has."""
    for method in ("GET", "HEAD"):
        answer = road.ask(method, "/api/v1/health")
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
        assert "hit" not in answer.headers["Cache-Status"]


def test_row_83(road: RunningStack) -> None:
    """Links are in no index, and robots that show cards may look at them all the same."""
    make(road, "row83")
    for path in ("/row83", "/row83+", "/row83-nothing"):
        assert road.ask("GET", path).headers["X-Robots-Tag"] == "noindex"
    robots = road.ask("GET", "/robots.txt")
    assert robots.status == 200
    assert robots.body == (Path(__file__).parents[2] / "static_site" / "robots.txt").read_bytes()
    assert b"Disallow: /\n" not in robots.body
