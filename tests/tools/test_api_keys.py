"""`python -m tools keys` against the real stack, as an operator types it."""

import pytest

from chalicelib.core.access import read_key


pytestmark = pytest.mark.stack


def test_the_life_of_a_key(tools, stack) -> None:
    """Created, listed, rotated and revoked; a key is printed alone, so that it can be piped."""

    def keys(*arguments: str, **environ: str):
        own = {"EVERHOP_API_KEY": stack.api_key} | environ
        return tools.run("keys", "--url", stack.url, *arguments, **own)

    text = keys("create", "a shop", "--scope", "read", "--workspace", "by-tool").stdout.strip()
    parts = read_key(text)
    assert parts
    listed = keys("list", "--workspace", "by-tool").stdout.splitlines()
    assert listed[0].split("\t")[:3] == ["id", "workspace", "state"]
    assert [line.split("\t")[0] for line in listed[1:]] == [parts.id]
    assert listed[1].endswith("a shop")

    rotated = keys("rotate", parts.id, "--overlap", "60")
    assert read_key(rotated.stdout.strip())
    assert "works until" in rotated.stderr
    assert keys("revoke", parts.id).returncode == 0
    states = [
        line.split("\t")[2] for line in keys("list", "--workspace", "by-tool").stdout.splitlines()
    ]
    assert states[1:] == ["active", "revoked"]

    refused = keys("list", EVERHOP_API_KEY=rotated.stdout.strip())
    assert (refused.returncode, "admin" in refused.stderr) == (1, True)
    assert keys("revoke", "2222222222").returncode == 1


def test_nobody_there(tools) -> None:
    """An address where nothing listens is said in a sentence."""
    done = tools.run("keys", "--url", "http://127.0.0.1:9", "list")

    assert done.returncode == 2
    assert "Nothing was done" in done.stderr
    assert "Traceback" not in done.stderr
