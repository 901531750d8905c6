"""The file that `python -m tools import` is given: its encoding, and JSON in place of CSV."""

import json

import pytest


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_encodings(tools, server, encoding):
    """UTF-8 and UTF-16 are read as such; anything else as Windows-1252, and that is said."""
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    content = f"{mark}url,slug,title\nhttps://a.example,a,Größe\n".encode(encoding)

    done = tools.run("import", tools.write("a.csv", content), "--url", server.url)

    assert done.returncode == 0
    assert "Größe" in server.requests[0]["body"].decode()
    assert ("Windows-1252" in done.stderr) == (encoding == "cp1252")


def test_terminal_is_safe(tools, server):
    """What the file says can't send the terminal control codes."""
    text = "url,slug,\x1b[31mred\nhttps://a.example,a,x\n"

    done = tools.run("import", tools.write("a.csv", text), "--url", server.url)

    assert "[31mred" in done.stderr
    assert "\x1b" not in done.stderr


def test_standard_input(tools, server):
    """`-` reads the file from standard input."""
    done = tools.run(
        "import",
        "-",
        "--url",
        server.url,
        stdin=b"url,slug\nhttps://a.example,a\nhttps://b.example,b\n",
    )

    assert (done.returncode, done.stdout) == (0, "Done: 2 created.\n")


KUTT_LINK = {
    "address": "abc",
    "target": "https://a.example/",
    "password": False,
    "banned": False,
    "expire_in": None,
}
SHLINK_LINK = {
    "shortCode": "abc",
    "longUrl": "https://a.example/",
    "tags": ["x", "y,z"],
    "meta": {"validUntil": None, "maxVisits": None},
}
BITLY_LINK = {
    "id": "bit.ly/q",
    "link": "https://bit.ly/q",
    "custom_bitlinks": ["https://bit.ly/abc"],
    "long_url": "https://a.example/",
    "tags": [],
}
JSON_EXPORTS = {
    "Kutt": {"total": 1, "data": [KUTT_LINK]},
    "Shlink": {"shortUrls": {"data": [SHLINK_LINK], "pagination": {"totalItems": 1}}},
    "Bitly": {"links": [BITLY_LINK], "pagination": {"total": 1}},
    "Yourls": {
        "links": {
            "link_1": {
                "shorturl": "https://s.example/abc",
                "url": "https://a.example/",
                "timestamp": "2021-05-04 10:11:12",
            }
        }
    },
}


@pytest.mark.parametrize("name", JSON_EXPORTS)
def test_json_exports(tools, server, name):
    """What the API of another shortener answers with is read as its export."""
    text = json.dumps(JSON_EXPORTS[name])

    done = tools.run("import", tools.write("a.json", text), "--url", server.url)

    assert done.returncode == 0, done.stderr
    assert f"an export of {name}, 1 row." in done.stderr
    assert server.links == {"abc": "https://a.example/"}


def test_json_with_one_page_of_many(tools, server):
    """A file that says it holds fewer links than there are is said to."""
    text = json.dumps({"total": 312, "data": [KUTT_LINK]})

    done = tools.run("import", tools.write("a.json", text), "--url", server.url)

    assert "says that there are 312 links, but it has 1" in done.stderr


def test_json_limit_is_refused(tools, server):
    """A limit inside Shlink's `meta` is seen."""
    link = {**SHLINK_LINK, "meta": {"maxVisits": 5}}

    done = tools.run("import", tools.write("a.json", json.dumps([link])), "--url", server.url)

    assert done.returncode == 1
    assert "stops after a number of visits" in done.stdout


def test_invalid_unicode(tools, server):
    """A lone surrogate refuses its own row, not the rows it would travel with."""
    text = '[{"url": "https://a.example", "slug": "a", "title": "\\ud800"},'
    text += '{"url": "https://b.example", "slug": "b"}]'

    done = tools.run("import", tools.write("a.json", text), "--url", server.url)

    assert "Done: 1 created, 1 invalid." in done.stdout
    assert "not valid Unicode" in done.stdout
