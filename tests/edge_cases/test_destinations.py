"""What people and attackers put in as a destination: rows 1 to 22, a test each.

The number in each docstring is the row's. Rows 13-15 (titles fetched from a destination) do not
apply: Everhop fetches nothing, which `test_row_13` holds.
"""

import json
import re

import pytest

from tests.api.driver import Api, make_api
from tests.conftest import ROOT


def scheme_refused(api: Api, destination: str) -> bool:
    return api.refusal(destination) == {"/destination": "destination_scheme"}


def test_row_1(api: Api) -> None:
    """A javascript: destination is refused, and the answer names the schemes that do."""
    answer = api.create("javascript:alert(1)")

    assert answer.status_code == 422
    assert "https:, http:" in json.loads(answer.body)["errors"][0]["detail"]


@pytest.mark.parametrize(
    "destination",
    [
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "\x01javascript:alert(1)",
        " javascript:alert(1)",
        "javascript\n:alert(1)",
        "\u2028javascript:alert(1)",
    ],
)
def test_row_2(api: Api, destination: str) -> None:
    """Case, controls and spaces do not hide a scheme."""
    assert set(api.refusal(destination)) == {"/destination"}


@pytest.mark.parametrize(
    "destination",
    [
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox(1)",
        "file:///etc/passwd",
        "blob:https://example.com/x",
        "about:blank",
        "ftp://example.com/",
        "ws://example.com/",
        "wss://example.com/",
        "view-source:https://example.com",
        "mailto:a@example.com",
        "tel:+123",
        "myapp://deep/link",
    ],
)
def test_rows_3_and_4(api: Api, destination: str) -> None:
    """Only http and https are stored by default."""
    assert scheme_refused(api, destination)


@pytest.mark.parametrize(
    "destination",
    ["mailto:a@b.example?subject=Hi%20there", "tel:+1-201-555-0123", "myapp://Deep/Link?X=%7e#y"],
)
def test_row_5(destination: str) -> None:
    """A scheme that was opted in to is kept and followed byte for byte."""
    with make_api(EVERHOP_EXTRA_SCHEMES="mailto,tel,myapp") as api:
        link = api.made(destination, slug="deep")

        assert link["destination"] == destination
        assert api.follow("deep").headers["Location"] == destination
        assert scheme_refused(api, "javascript:alert(1)")


@pytest.mark.parametrize(
    "destination",
    [
        "https://example.com/\r\nX-Inj: 1",
        "https://example.com/\nx",
        "https://example.com/%0d%0aX-Inj:1",
        "https://example.com/%0D%0AX-Inj:1",
        "https://example.com/%0aX-Inj:1",
        "https://example.com/?a=%0d%0aSet-Cookie:x",
    ],
)
def test_row_6(api: Api, destination: str) -> None:
    """Line breaks, raw or encoded, never get near a header."""
    assert api.refusal(destination) == {"/destination": "destination_control"}


@pytest.mark.parametrize("destination", ["myapp://a]b", "myapp:[", "myapp://[x"])
def test_row_5_previews(destination: str) -> None:
    """What an opted-in scheme leads to need not be a URL with a host to be previewed."""
    with make_api(EVERHOP_EXTRA_SCHEMES="myapp") as api:
        api.made(destination, slug="deep")

        assert api.follow("deep+").status_code == 200


def test_row_6_share_text(api: Api) -> None:
    """A lone %0A in a query, usual in links that share a text, is kept as it is."""
    destination = "https://wa.me/15550100?text=Hello%0AWorld"

    api.made(destination, slug="share")

    assert api.follow("share").headers["Location"] == destination


@pytest.mark.parametrize(
    "destination",
    ["http://evil.com%00.example.com/", "http://evil.com\x00.example.com/", "https://a.com/%00"],
)
def test_row_7(api: Api, destination: str) -> None:
    """A NUL, raw or encoded, is refused."""
    assert set(api.refusal(destination)) == {"/destination"}


@pytest.mark.parametrize(
    "destination",
    [
        "http://2130706433/",
        "HTTP://2130706433/",
        "HTTP://127.0.0.1/",
        "http://0177.0.0.1/",
        "http://0x7f.1/",
        "http://127.1/",
        "http://127。0。0。1/",
        "http://①27.0.0.1/",
    ],
)
def test_rows_8_and_9(api: Api, destination: str) -> None:
    """An address is the same address in every spelling of it."""
    assert api.refusal(destination) == {"/destination": "destination_private"}


@pytest.mark.parametrize(
    ("destination", "stored"),
    [
        ("http://[2606:4700:4700::1111]/", "http://[2606:4700:4700::1111]/"),
        ("http://[2606:4700:4700:0:0:0:0:1111]:8080/x", "http://[2606:4700:4700::1111]:8080/x"),
        ("http://[::1]/", None),
        ("http://[::ffff:127.0.0.1]/", None),
        ("http://[fe80::1]/", None),
        ("http://[fe80::1%25eth0]/", None),
    ],
)
def test_row_10(api: Api, destination: str, stored: str | None) -> None:
    """Public IPv6 literals are stored in their short form; private ones follow the policy."""
    if stored is None:
        assert set(api.refusal(destination)) == {"/destination"}
    else:
        assert api.made(destination)["destination"] == stored


@pytest.mark.parametrize("destination", ["example.com/x", "localhost:8080/x", "/x", "x"])
def test_row_11(api: Api, destination: str) -> None:
    """The API guesses no scheme."""
    assert scheme_refused(api, destination)


@pytest.mark.parametrize(
    "destination",
    [
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost/",
        "http://localhost./",
        "http://db.internal/",
        "http://printer.local/",
        "http://intranet/",
        "http://[fd00::1]/",
    ],
)
def test_row_12(api: Api, destination: str) -> None:
    """Private destinations follow the deployment's policy, which denies them by default."""
    assert api.refusal(destination) == {"/destination": "destination_private"}
    with make_api(EVERHOP_PRIVATE_DESTINATIONS="allow") as allowing:
        assert allowing.create(destination).status_code == 201


def test_row_13() -> None:
    """What ships never asks a destination for anything: it has no HTTP client but botocore's.

    And those of keep-warm and of purges, which ask our own edge and API, and follow no redirect.
    """
    own = {ROOT / "chalicelib/store" / name for name in ("edge_calls.py", "api_purges.py")}
    paths = {*(ROOT / "chalicelib").rglob("*.py")} - own
    sources = [path.read_text() for path in paths]
    fetching = re.compile(
        r"^\s*(import|from) (requests|httpx|aiohttp|urllib\.request|http)\b", re.MULTILINE
    )

    assert len(sources) > 20
    assert [text for text in sources if fetching.search(text)] == []


@pytest.mark.parametrize("title", ['"><script>alert(1)</script>', '" onmouseover="x', "</h1><b>"])
def test_row_16(api: Api, title: str) -> None:
    """A title is text: as it was in JSON, escaped in HTML."""
    link = api.made(title=title, slug="titled")
    page = api.follow("titled+").body.decode()

    assert link["title"] == title
    assert title not in page
    assert "&lt;" in page or "&quot;" in page


def test_row_17(api: Api) -> None:
    """A user name in front of the real host is refused."""
    for destination in ("https://google.com@evil.example/", "https://a:b@example.com/"):
        assert api.refusal(destination) == {"/destination": "destination_userinfo"}


def test_row_18(api: Api) -> None:
    """A look-alike host is stored in punycode; the preview shows both forms and warns."""
    link = api.made("https://exаmple.com/", slug="fake")  # the first а is Cyrillic
    page = api.follow("fake+").body.decode()

    assert link["destination"] == "https://xn--exmple-4nf.com/"
    assert "xn--exmple-4nf.com" in page
    assert "exаmple.com" in page
    assert "look-alike letters" in page
    api.made("https://xn--80ak6aa92e.com/", slug="whole")  # all Cyrillic, reads as apple.com
    assert "look-alike letters" in api.follow("whole+").body.decode()
    api.made("https://bücher.example/", slug="real")
    assert "look-alike letters" not in api.follow("real+").body.decode()


def test_row_19_previews(api: Api) -> None:
    """A title can't turn the preview page around."""
    api.made(slug="turned", title="abc\u202eevil\u200b")

    assert "<bdi>abcevil</bdi>" in api.follow("turned+").body.decode()


@pytest.mark.parametrize("character", ["\u202e", "\u200b", "\u2066"])
def test_row_19(api: Api, character: str) -> None:
    """Bidirectional and zero-width characters are encoded in a destination, refused in a slug."""
    stored = api.made(f"https://example.com/a{character}b")["destination"]

    assert stored.isascii()
    assert "%E2%80" in stored or "%E2%81" in stored
    assert api.refusal("https://example.com/", slug=f"a{character}b") == {
        "/slug": "slug_characters"
    }


def test_row_20(api: Api) -> None:
    """What browsers would encode is encoded, and nothing is dropped."""
    for scheme in ("https", "HTTPS"):
        stored = api.made(f"{scheme}://example.com/ü?q=a b")["destination"]

        assert stored == "https://example.com/%C3%BC?q=a%20b"


@pytest.mark.parametrize(
    ("destination", "stored"),
    [
        ("https:\\\\example.com\\a", "https://example.com/a"),
        ("http://example.com\\@evil.example/", "http://example.com/@evil.example/"),
        ("http://127.0.0.1\\x", None),
    ],
)
def test_row_21(api: Api, destination: str, stored: str | None) -> None:
    """A backslash is a slash before any rule looks at the host, as in browsers."""
    if stored is None:
        assert api.refusal(destination) == {"/destination": "destination_private"}
    else:
        assert api.made(destination)["destination"] == stored


def test_row_22(api: Api) -> None:
    """A destination without a scheme of its own is refused."""
    assert scheme_refused(api, "//evil.com/x")
