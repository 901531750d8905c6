"""The edge's connections: order, smuggled requests, limits, bodies, visitors who leave."""

import asyncio
import contextlib
import socket

from aiohttp import web

from tests.local.edge.kit import (
    FakeOrigin,
    redirect,
    run,
    running,
    split,
    template,
)


def test_requests_on_one_connection_are_answered_in_their_order():
    async def scenario():
        one = FakeOrigin(lambda r: redirect(f"https://x.test{r.raw_path}"))
        async with running(template(), {"one": one}) as site:
            raw = b"".join(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % n for n in (1, 2, 1))
            answered = await site.send(
                raw + b"GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
            )
            places = [answered.index(b"Location: https://x.test/%d" % n) for n in (1, 2, 3)]
            assert places == sorted(places)
            assert answered.count(b"HTTP/1.1 302") == 4

    run(scenario())


def test_a_smuggled_request_is_never_answered():
    async def scenario():
        one = FakeOrigin(lambda _: redirect())
        async with running(template(), {"one": one}) as site:
            for framing in (
                b"Content-Length: 4\r\nTransfer-Encoding: chunked",
                b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
                b"Content-Length: 0\r\nContent-Length: 30",
            ):
                raw = (
                    b"POST /api/x HTTP/1.1\r\nHost: h\r\n"
                    + framing
                    + b"\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\nHost: h\r\n\r\n"
                )
                answered = await site.send(raw)
                assert split(answered)[0] == 400
                assert answered.count(b"HTTP/1.1") == 1
            assert one.seen == []

    run(scenario())


def test_who_speaks_no_http_is_told_so_and_not_waited_for():
    async def scenario():
        one = FakeOrigin(lambda _: redirect())
        async with running(template(), {"one": one}) as site:
            for raw in (b"GET /a HTTP/1.1\nHost: h\n\n", bytes.fromhex("1603010200010001fc")):
                answered = await site.send(raw)  # which reads until the edge has closed
                assert split(answered)[0] == 400
            assert one.seen == []

    run(scenario())


def test_who_has_said_all_may_still_listen():
    async def scenario():
        one = FakeOrigin(lambda r: redirect(f"https://x.test{r.raw_path}"))
        async with running(template(), {"one": one}) as site:
            reader, writer = await asyncio.open_connection("127.0.0.1", site.ports[0])
            writer.write(b"".join(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % n for n in (1, 2, 1)))
            writer.write_eof()
            answered = await asyncio.wait_for(reader.read(), 40)
            assert answered.count(b"HTTP/1.1 302") == 3
            assert b"https://x.test/2" in answered
            writer.close()

    run(scenario())


def test_limits_are_said_by_name():
    async def scenario():
        one = FakeOrigin(lambda _: redirect())
        async with running(template(), {"one": one}) as site:
            assert (await site.ask("/" + "a" * 8100))[0] == 302
            assert (await site.ask("/" + "a" * 8192))[0] == 414
            assert (await site.ask("/" + "a" * 30_000))[0] == 414
            assert (await site.ask("/a", X="b" * 20_000))[0] == 302
            assert (await site.ask("/a", X="b" * 21_000))[0] == 431
            raw = b"POST /api/x HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n"
            # Who is still sending is told so as well, and not cut off.
            assert split(await site.send(raw + b"x" * 3_000_000))[0] == 413

    run(scenario())


def test_a_body_in_chunks_and_one_that_is_asked_for_reach_the_origin():
    async def scenario():
        bodies = []

        async def keep(request):
            bodies.append(await request.read())
            return web.Response()

        one = FakeOrigin(lambda _: web.Response())
        one.handle = keep
        async with running(template(), {"one": one}) as site:
            head = b"POST /api/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
            await site.send(head + b"\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            answered = await site.send(head + b"Expect: 100-continue\r\n\r\n1\r\nx\r\n0\r\n\r\n")
            assert answered.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")
            assert bodies == [b"abcde", b"x"]

    run(scenario())


def test_a_visitor_who_goes_away_leaves_the_edge_as_it_was():
    async def scenario():
        one = FakeOrigin(lambda _: redirect())
        one.wait_for = 0.1
        async with running(template(), {"one": one}) as site:
            for _ in range(20):
                with contextlib.closing(
                    socket.create_connection(("127.0.0.1", site.ports[0]))
                ) as gone:
                    gone.sendall(b"GET /abc HTTP/1.1\r\nHost: h\r\n\r\n")
            await asyncio.sleep(0.2)
            one.wait_for = 0
            assert (await site.ask("/abc"))[0] == 302

    run(scenario())
