"""The documentation page: whole in itself, safe to show, and as complete as the document."""

import base64
import hashlib
import re
from html import escape
from html.parser import HTMLParser

import pytest

from chalicelib.api.openapi.page import reference_page
from chalicelib.api.openapi.parts import code, curl, inline, quoted, sample
from tests.api.driver import Api


class Elements(HTMLParser):
    """What is in a page: its elements with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def values(self, name: str) -> list[str]:
        return [str(attributes[name]) for _, attributes in self.found if name in attributes]


@pytest.fixture
def page(api: Api) -> str:
    """The page as it is served."""
    return api.ask("GET", "/docs").body.decode()


def test_its_policy_lets_in_its_style_and_nothing_else(api: Api) -> None:
    """One hashed style, no script, no frame, no form, nothing from elsewhere."""
    answer = api.ask("GET", "/docs")
    html = answer.body.decode()
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert answer.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not {"script", "iframe", "form", "img", "object"} & {
        tag for tag, _ in Elements(html).found
    }
    assert Elements(html).values("style") == []
    assert [
        name for _, found in Elements(html).found for name in found if name.startswith("on")
    ] == []


def test_every_operation_model_and_code_is_on_it(api: Api, page: str) -> None:
    """What the document has, the page shows: nothing is left to read in JSON."""
    document = api.contract.document
    names = Elements(page).values("id")
    for item in document["paths"].values():
        for method, operation in item.items():
            if method != "head":
                assert names.count(operation["operationId"]) == 1
                assert escape(operation["summary"]) in page
    for name, schema in document["components"]["schemas"].items():
        for field in schema["properties"]:
            assert f"<code>{field}</code>" in page, name
    for error in document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]:
        assert f"<code>{error}</code>" in page


def test_links_lead_somewhere(page: str) -> None:
    """Every link is to a part of the page that is there, or to the document."""
    elements = Elements(page)
    names = elements.values("id")

    assert len(names) == len(set(names))
    links = [str(found["href"]) for tag, found in elements.found if tag == "a"]
    assert {link for link in links if link[0] != "#"} == {"v1/openapi.json"}
    assert {link[1:] for link in links if link[0] == "#"} <= set(names)


def test_addresses_are_never_the_clients_word(api: Api) -> None:
    """Commands are for the deployment's own address, whatever host was asked for."""
    html = api.ask(
        "GET", "/docs", Host="evil.example", X_Forwarded_Host="evil.example"
    ).body.decode()

    assert "evil.example" not in html
    assert "curl https://sho.rt/v1/links" in html


def test_what_is_in_the_document_is_text(api: Api) -> None:
    """A description or a name with HTML in it is shown, not obeyed."""
    document = api.contract.document
    document["paths"]["/v1/links"]["get"]["summary"] = "<script>alert(1)</script>"
    document["tags"][0]["description"] = 'a `<b onclick="x">` *<i>*'
    html, _ = reference_page(document, "https://sho.rt/<x>")

    assert "<script" not in html
    assert "<b onclick" not in html
    assert "/<x>" not in html


@pytest.mark.parametrize("text", ["a b", "it's", "$HOME", "`id`", "a\nb", ";rm", "", "plain/x.y:1"])
def test_commands_quote(text: str) -> None:
    """A text is one word of a shell, as it is."""
    import shlex

    assert shlex.split(quoted(text, always=True)) == [text]
    if text:
        assert shlex.split(curl(text, "GET", keyed=False)) == ["curl", text]


def test_parts() -> None:
    """Prose has code and stress; JSON is coloured and short lists stay on a line."""
    assert inline("a `b<` *c* & d") == "a <code>b&lt;</code> <em>c</em> &amp; d"
    assert sample({"tags": ["a", "b"], "none": []}) == '{\n  "tags": ["a", "b"],\n  "none": []\n}'
    coloured = code("T", '{"a<": "b: 1", "n": -1}', is_json=True)
    assert '<span class="k">"a&lt;"</span>: <span class="s">"b: 1"</span>' in coloured
    assert '<span class="n">-1</span>' in coloured
