"""What publishing makes of the dashboard's files.

What could break for a user: a name in a file that leads nowhere; a file that changes under a name
that is kept for a year; a name that changes though nothing in the file did, so that all is fetched
again; a module that a browser refuses for its type.
"""

import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.site_builds import ENTRY, Site, build_site, read_site, type_of
from infra.site_references import SiteError, find_references


PAGE = b'<html><script type="module" src="/assets/m0.js"></script></html>'
REAL = read_site()


def unresolved(site: Site) -> list[str]:
    """References of a built site that lead nowhere."""
    return [
        f"{file.key} > {reference.path}"
        for file in site.files
        for reference in find_references(file.key, file.body.decode("utf-8", "ignore"))
        if reference.path not in site.by_key and reference.path != "."
    ]


def names(site: Site) -> dict[str, str]:
    """The hashed name of each file by the name that it had; these are all different."""
    return {key.partition("-")[2]: key for key in site.by_key if site.by_key[key].is_hashed}


def test_the_real_site_is_whole() -> None:
    """Every reference leads somewhere, and all that a page asks for may be kept for good."""
    site = build_site(REAL)
    page = site.by_key[ENTRY].body.decode()
    asked = re.findall(r'"/(assets/[^"]+)"', page)
    assert unresolved(site) == []
    assert len(asked) > 60
    assert all(re.fullmatch(r"assets/[0-9a-f]{16}-[\w.-]+", it) for it in asked)
    assert all(site.by_key[it].kept == "public, max-age=31536000, immutable" for it in asked)
    named = {it.key for it in site.files if not it.is_hashed}
    assert {"index.html", "favicon.ico", "robots.txt"} < named
    assert {it.rpartition("/")[2] for it in named if it.startswith("assets/")} == {
        it.rpartition("/")[2] for it in REAL if it.endswith((".LICENSE.txt", ".toml"))
    }


def test_the_keys_are_spread() -> None:
    """What follows assets/ is a hash, so that no character of it is everywhere the same."""
    firsts = {it.key[7] for it in build_site(REAL).files if it.is_hashed}
    assert len(firsts) > 12


def test_types_are_what_browsers_take() -> None:
    """The same on each machine, whatever its list of types says."""
    kinds = {it.key.rpartition(".")[2]: it.kind for it in build_site(REAL).files}
    assert kinds == {
        "css": "text/css; charset=utf-8",
        "html": "text/html; charset=utf-8",
        "ico": "image/x-icon",
        "js": "text/javascript; charset=utf-8",
        "json": "application/json; charset=utf-8",
        "mjs": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml; charset=utf-8",
        "toml": "text/plain; charset=utf-8",
        "txt": "text/plain; charset=utf-8",
    }
    assert type_of("x.png") == "image/png"
    assert type_of("x.unheard-of") == "application/octet-stream"


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, bytes]:
    """Modules that import some of those after them, by any way of writing it."""
    count = draw(st.integers(1, 8))
    ways = st.sampled_from(
        ['import "{}";', 'import {{a}} from "{}";', "export*from'{}';", 'import("{}");']
    )
    sources = {ENTRY: PAGE}
    for number in range(count):
        later = draw(st.sets(st.integers(number + 1, count - 1))) if number + 1 < count else set()
        lines = [draw(ways).format(f"./m{it}.js") for it in sorted(later)]
        sources[f"assets/m{number}.js"] = "\n".join([f"// {number}", *lines]).encode()
    return sources


@given(graphs(), st.data())
def test_a_change_renames_what_depends_on_it_and_nothing_else(
    sources: Mapping[str, bytes], data: st.DataObject
) -> None:
    """In whichever order files are read."""
    before = build_site(sources)
    assert unresolved(before) == []
    shuffled = data.draw(st.permutations(list(sources)))
    assert build_site({path: sources[path] for path in shuffled}) == before
    changed = data.draw(st.sampled_from([it for it in sources if it != ENTRY]))
    after = build_site({**sources, changed: sources[changed] + b"\n// changed"})
    assert unresolved(after) == []
    depends = dependents(sources, changed)
    was, now = names(before), names(after)
    assert was.keys() == now.keys()
    renamed = {f"assets/{it}" for it in was if was[it] != now[it]}
    assert renamed == {it for it in depends if it.rpartition("/")[2] in was}


def dependents(sources: Mapping[str, bytes], path: str) -> set[str]:
    """A file, and all that import it, at once or by others; found without what is tested."""
    found = {path}
    while True:
        more = {
            it
            for it, body in sources.items()
            if any(f"/{one.rpartition('/')[2]}".encode() in body for one in found)
        }
        if more <= found:
            return found - {ENTRY}
        found |= more


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a/x.css", "a { background: url(b.svg) }", ["a/b.svg"]),
        ("a/x.css", "a { background: url( '../b.svg?v#i' ) }", ["b.svg"]),
        ("a/x.css", '@import "y.css"; b { src: url("data:font/woff2,x") }', ["a/y.css"]),
        ("a/x.css", "b { fill: url(#gradient) }", []),
        ("x.html", '<a href="https://e.org/"><img src=\'/i.png\'><a href="//e.org/x">', ["i.png"]),
        ("x.html", '<a href="/"><meta content="/x.js">', ["."]),
        ("a/x.js", 'import{a}from"./b.mjs";export * from "../c.js"', ["a/b.mjs", "c.js"]),
        ("a/x.js", 'const u = new URL("./i.svg", import.meta.url)', ["a/i.svg"]),
        ("a/x.js", 'import {\n  a,\n  b,\n} from "/c.js";', ["c.js"]),
        ("a/x.svg", '<svg><use href="y.svg#a"/></svg>', ["a/y.svg"]),
    ],
)
def test_references(path: str, text: str, expected: list[str]) -> None:
    """By the kind of file; what is elsewhere stays as it is."""
    assert [it.path for it in find_references(path, text)] == expected


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"assets/a.js": 'import "./b.js";'}, "assets/a.js refers to assets/b.js"),
        ({"assets/a.js": 'import "preact";'}, "browsers need it to begin with ./, ../ or /"),
        (
            {"assets/a.js": 'import "./b.js";', "assets/b.js": 'import "./a.js";'},
            "refer to each other in a circle",
        ),
        (
            {
                "assets/a.js": 'fetch("/assets/a.css")',
                "assets/b.css": "@import 'a.css'",
                "assets/a.css": "",
            },
            "assets/a.js names /assets/a.css",
        ),
        ({"assets/a.js": "'\udcff'"}, "is not UTF-8"),
        ({ENTRY: '<script type="importmap">{}</script>'}, "has an import map"),
        ({ENTRY: '<link href="/assets/none.css">'}, "refers to assets/none.css"),
    ],
)
def test_what_cannot_be_followed_is_refused(files: dict[str, str], words: str) -> None:
    """Before anybody sees it, with the file and what is wrong."""
    whole = {ENTRY: "<html></html>", **files}
    sources = {path: text.encode("utf-8", "surrogateescape") for path, text in whole.items()}
    with pytest.raises(SiteError, match=re.escape(words)):
        build_site(sources)


def test_there_must_be_a_page() -> None:
    """Without one there is nothing to publish."""
    with pytest.raises(SiteError, match=r"no index\.html"):
        build_site({})
