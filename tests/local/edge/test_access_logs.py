"""The edge's access logs: a line for each request, delivered in the end."""

import gzip

import pytest

from local.edge.access_logs import FIELDS, log_of
from tests.local.edge.kit import FakeOrigin, redirect, run, running, template


def test_the_log_has_a_line_of_34_fields_for_each_request():
    async def scenario():
        log = log_of("edge", "E1", cookies=False)
        one = FakeOrigin(lambda _: redirect())
        async with running(template(), {"one": one}, log=log) as site:
            await site.ask(
                "/abc?x=1",
                User_Agent="Mozilla/5.0 (X11)\tq",
                Cookie="a=b",
                Referer="https://r.test/\u00e4",
            )
            await site.ask("/abc?x=1", "HEAD")
            await site.ask("/abc", "POST")
        files = {}
        assert log.deliver(files.__setitem__) == 3
        ((key, data),) = files.items()
        assert key.startswith("edge/E1.20")
        assert key.endswith(".gz")
        version, fields, *lines = gzip.decompress(data).decode("ascii").splitlines()
        assert version == "#Version: 1.0"
        assert len(FIELDS) == 34
        assert fields.split(" ")[1:] == FIELDS
        rows = [dict(zip(FIELDS, line.split("\t"), strict=True)) for line in lines]
        assert [row["x-edge-result-type"] for row in rows] == ["Miss", "Hit", "Error"]
        first = rows[0]
        assert first["cs(User-Agent)"] == "Mozilla/5.0%20(X11)%09q"
        assert (first["cs-uri-stem"], first["cs-uri-query"], first["cs(Cookie)"]) == (
            "/abc",
            "x=1",
            "-",
        )
        assert (first["sc-status"], first["c-ip"], first["cs-method"]) == (
            "302",
            "127.0.0.1",
            "GET",
        )
        assert log.deliver(files.__setitem__) == 0

    run(scenario())


def test_lines_that_could_not_be_delivered_are_delivered_later():
    async def scenario():
        log = log_of("", "E1", cookies=False)
        one = FakeOrigin(lambda _: redirect())
        async with running(template(), {"one": one}, log=log) as site:
            await site.ask()

        def full(_key, _data):
            raise OSError("no space")

        with pytest.raises(OSError, match="no space"):
            log.deliver(full)
        assert log.deliver(lambda _key, _data: None) == 1

    run(scenario())
