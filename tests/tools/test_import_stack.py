"""Imports into the real local stack, and every link followed afterwards."""

import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.conftest import start_stack
from tools.sample_links import FORMATS, make_links, write_links


pytestmark = pytest.mark.stack


def import_links(tools, stack, name, links):
    text = write_links(iter(links), name)
    return tools.run(
        *("import", tools.write(f"{name}.csv", text), "--url", stack.url),
        EVERHOP_API_KEY=stack.api_key,
    )


def follow(stack, links):
    """The status and Location that each link answers with, over one kept connection."""
    parts = urlsplit(stack.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    answers = []
    try:
        for link in links:
            connection.request("GET", f"/{link.slug}")
            response = connection.getresponse()
            response.read()
            answers.append((link.slug, response.status, response.getheader("Location")))
    finally:
        connection.close()
    return answers


def follow_all(stack, links):
    parts = [links[at::4] for at in range(4)]
    with ThreadPoolExecutor(4) as pool:
        return [
            answer
            for found in pool.map(lambda part: follow(stack, part), parts)
            for answer in found
        ]


def expected(links):
    return sorted((link.slug, 302, link.location) for link in links)


@pytest.mark.parametrize(("seed", "name"), list(enumerate(sorted(FORMATS), start=100)))
def test_each_format(tools, stack, seed, name):
    """300 links of each format are stored by the command and lead where the file says."""
    links = list(make_links(300, seed))

    done = import_links(tools, stack, name, links)

    assert (done.returncode, done.stdout) == (0, "Done: 300 created.\n"), done.stderr
    assert sorted(follow_all(stack, links)) == expected(links)


def test_fields_arrive(tools, stack):
    """What the file says of a link is what the API then says of it."""
    text = (
        "long_url,custom_bitlink,title,archived,tags,created_at\n"
        'https://a.example/,bit.ly/import-fields,\'=Title,true,"X, y",2020-10-26T17:20:40+0200\n'
    )

    done = tools.run(
        *("import", tools.write("b.csv", text), "--url", stack.url), EVERHOP_API_KEY=stack.api_key
    )

    link = stack.api("GET", "/links/import-fields").json
    assert done.returncode == 0, done.stdout
    assert (link["title"], link["archived"], link["tags"]) == ("=Title", True, ["x", "y"])
    assert (link["created_at"], link["expires_at"]) == ("2020-10-26T15:20:40Z", None)


def test_refusals_of_the_real_server(tools, stack):
    """The server's reasons come with the file's row numbers; a dry run gives the same ones."""
    text = (
        "url;slug;expires\n"
        "https://a.example/;import-ok;\n"
        "\n"
        "javascript:alert(1);import-bad;\n"
        "https://a.example/;import/slash;\n"
        "https://a.example/;import-late;2030-01-01\n"
        "https://b.example/;import-OK;\n"
    )
    tools.write("r.csv", text)
    command = ("import", "r.csv", "--url", stack.url)

    dry = tools.run(*command, "--dry-run", EVERHOP_API_KEY=stack.api_key)
    done = tools.run(*command, EVERHOP_API_KEY=stack.api_key)

    assert (dry.returncode, done.returncode) == (1, 1)
    assert "nothing is stored: 1 ready, 1 taken, 3 invalid" in dry.stdout
    assert "Done: 1 created, 1 taken, 3 invalid" in done.stdout
    for output in (dry.stdout, done.stdout):
        assert "row 4, invalid: destination: It must begin with one of" in output
        assert "row 5, invalid: slug:" in output
        assert "row 6, invalid: expires_at: Write a time with its offset" in output
        assert "row 7, taken: slug:" in output


@pytest.mark.slow
def test_an_import_over_the_limit_waits(tools, tmp_path):
    """With more requests than a key may make in a minute, it waits as it is told, and loses none."""
    if time.time() % 60 < 45:  # so that little of the minute is left to wait for
        time.sleep(45 - time.time() % 60)
    links = list(make_links(130, 11))
    stack = start_stack(tmp_path / "limited", EVERHOP_RATE_LIMIT="2")
    bare = write_links(iter(links), "plain").replace(",slug,", ",notes,", 1)
    try:
        done = tools.run(
            *("import", tools.write("limited.csv", bare), "--url", stack.url, "--workers", "3"),
            EVERHOP_API_KEY=stack.api_key,
        )
        limited = [line for line in stack.lines if line.startswith("429 ")]
    finally:
        stack.stop()

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Done: 130 created.\n")
    assert limited


@pytest.mark.slow
def test_ten_thousand_links(tools, stack):
    """10,000 links are all stored; each, followed, leads exactly where the file says."""
    links = list(make_links(10_000, 7))

    done = import_links(tools, stack, "shlink", links)

    assert (done.returncode, done.stdout) == (0, "Done: 10,000 created.\n"), done.stderr
    answers = follow_all(stack, links)
    assert len(answers) == 10_000
    assert sorted(answers) == expected(links)
