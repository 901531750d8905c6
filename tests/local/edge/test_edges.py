"""The edge over real sockets: what visitors get, and what origins are asked."""

import asyncio
import contextlib
import gzip
import random
import socket

import pytest
from aiohttp import web

from local.edge.access_logs import FIELDS, log_of
from local.edge.points import invalidate
from tests.local.edge.kit import HOLD, FakeOrigin, associate, redirect, running, split, template


def run(scenario):
    asyncio.run(scenario)


def echo(request: web.BaseRequest):
    """A redirect that tells all that the origin was asked.

    But for who asked and by which way, which CloudFront always tells: no answer may follow from it.
    """
    told = {"host", "x-forwarded-for", "via"}
    headers = sorted((name.lower(), value) for name, value in request.headers.items())
    said = "|".join(f"{name}={value}" for name, value in headers if name not in told)
    return redirect(f"https://example.com/?{request.raw_path}#{said}")


def test_a_miss_is_kept_and_told_to_the_next():
    async def scenario():
        one = FakeOrigin(lambda _: redirect())
        async with running(template(), {"one": one}) as site:
            status, headers, _ = await site.ask()
            assert (status, headers["location"]) == (302, "https://example.com/")
            assert headers["x-cache"] == "Miss from cloudfront"
            assert headers["cache-status"] == "edge; fwd=uri-miss; fwd-status=302; stored"
            assert "age" not in headers
            status, headers, _ = await site.ask()
            assert status == 302
            assert headers["x-cache"] == "Hit from cloudfront"
            assert headers["cache-status"].startswith("edge; hit; ttl=")
            assert headers["age"] == "0"
            assert len(one.seen) == 1

    run(scenario())


def test_a_ttl_of_the_template_is_the_edges_and_needs_no_other_edit():
    async def scenario():
        for seconds, asked in ((0, 2), (50, 1)):
            one = FakeOrigin(lambda _: {"status": 302, "headers": {"Location": "https://a.test"}})
            async with running(template(DefaultTTL=seconds), {"one": one}) as site:
                await site.ask()
                await site.ask()
                assert len(one.seen) == asked

    run(scenario())


ODD = random.Random(6)  # noqa: S311 - the same choice each time
NAMES = """x-forwarded-host x-original-url x-rewrite-url x-forwarded-scheme x-host forwarded accept
accept-language user-agent referer cookie authorization range if-range if-none-match if-modified-since
cache-control pragma origin x-http-method-override everhop-query everhop-device cloudfront-viewer-country
x-forwarded-for x-forwarded-port x-amz-website-redirect-location accept-encoding transfer-encoding-x via
content-type x-forwarded-prefix true-client-ip cf-connecting-ip expect-x max-forwards te-x""".split()
VALUES = [
    "evil.example",
    "/admin",
    "bytes=0-0",
    "bytes=9-",
    '"x"',
    "*",
    "no-cache",
    "<script>alert(1)</script>",
    "gzip;q=0, br",
    "a" * 3000,
    "\u00e4\u00f6",
    "0",
    "Mon, 01 Jan 2035 00:00:00 GMT",
    "close",
    "' or 1=1",
    "%0d%0aX: y",
]
QUERIES = [
    "",
    "x=1",
    "utm_source=a",
    "x=%00",
    "x[]=1",
    "&&",
    "=",
    "?",
    "x=1;y=2",
    "cb=" + "z" * 200,
    "%C3%A4=1",
]


def test_two_hundred_dirty_headers_never_change_a_clean_answer():
    """No header poisons what the next visitor gets, with any query."""

    async def scenario():
        dirty, clean = FakeOrigin(echo), FakeOrigin(echo)
        cases = [
            (query, {ODD.choice(NAMES): ODD.choice(VALUES)}) for query in QUERIES for _ in range(19)
        ][:200]
        async with running(template(), {"one": clean}) as site:
            right = {
                query: (await site.ask(f"/abc?{query}" if query else "/abc"))[1]["location"]
                for query in QUERIES
            }
        differences = 0
        async with running(template(), {"one": dirty}) as site:
            for number, (query, headers) in enumerate(cases):
                # Each under a path of its own, so that each dirty one is the first to be kept.
                path = f"/abc{number}" + (f"?{query}" if query else "")
                await site.ask(path, **{k.replace("-", "_"): v for k, v in headers.items()})
                status, said, body = await site.ask(path)
                wanted = right[query].replace("/abc", f"/abc{number}", 1)
                differences += (status, said["location"], body) != (302, wanted, b"")
        assert differences == 0
        assert len(dirty.seen) == len(cases)

    run(scenario())


def test_the_check_for_poison_would_tell():
    """A header that is forwarded and not in the key, as a planted bug has it, changes the answer."""

    async def scenario():
        described = template()
        described["Resources"]["Distribution"]["Properties"]["DistributionConfig"][
            "DefaultCacheBehavior"
        ]["OriginRequestPolicyId"] = "216adef6-5c7f-47e4-b989-5492eafa07d3"
        one = FakeOrigin(echo)
        async with running(described, {"one": one}) as site:
            await site.ask(x_forwarded_host="evil.example")
            assert "evil" in (await site.ask())[1]["location"]

    run(scenario())


def test_a_header_in_the_key_splits_what_is_kept_and_goes_to_the_origin():
    async def scenario():
        one = FakeOrigin(echo)
        async with running(template(headers=["CloudFront-Viewer-Country"]), {"one": one}) as site:
            first = (await site.ask(CloudFront_Viewer_Country="DE"))[1]["location"]
            assert "cloudfront-viewer-country=DE" in first
            await site.ask(CloudFront_Viewer_Country="FR")
            await site.ask(CloudFront_Viewer_Country="DE")
            await site.ask()
            assert len(one.seen) == 3

    run(scenario())


def test_the_second_origin_answers_while_the_first_is_dead_and_the_first_is_always_asked_first():
    async def scenario():
        two = FakeOrigin(lambda _: redirect("https://two.test/"))
        async with running(template(), {"two": two}) as site:
            assert (await site.ask())[1]["location"] == "https://two.test/"
        one = FakeOrigin(lambda _: {"status": 503})
        async with running(template(), {"one": one, "two": two}) as site:
            for number in range(3):
                assert (await site.ask(f"/{number}"))[0] == 302
            assert (len(one.seen), len(two.seen)) == (3, 4)

    run(scenario())


def test_a_status_that_is_not_listed_and_a_write_are_not_failed_over():
    async def scenario():
        one, two = FakeOrigin(lambda _: {"status": 404}), FakeOrigin(lambda _: redirect())
        async with running(template(), {"one": one, "two": two}) as site:
            assert (await site.ask())[0] == 404
            one.answer = lambda _: {"status": 503}
            assert (await site.ask("/api/v1/links", "POST", b"{}"))[0] == 503
            assert two.seen == []

    run(scenario())


def test_a_frozen_origin_costs_its_time_and_no_more_and_hits_nothing():
    async def scenario():
        one, two = (
            FakeOrigin(lambda _: redirect()),
            FakeOrigin(lambda _: redirect("https://two.test/")),
        )
        async with running(template(), {"one": one, "two": two}) as site:
            await site.ask("/kept")
            one.wait_for = 30
            loop = asyncio.get_running_loop()
            started = loop.time()
            asking = [asyncio.ensure_future(site.ask(f"/{number % 20}")) for number in range(100)]
            await asyncio.sleep(HOLD / 4)
            hit_at = loop.time()
            assert (await site.ask("/kept"))[1]["x-cache"] == "Hit from cloudfront"
            assert loop.time() - hit_at < HOLD / 2
            answers = await asyncio.gather(*asking)
            assert {one[1]["location"] for one in answers} == {"https://two.test/"}
            assert loop.time() - started < HOLD + 1
            # Those who asked for the same waited for one question.
            assert len(two.seen) == 20
            one.wait_for = 0

    run(scenario())


def test_the_edge_says_so_itself_when_no_origin_answers():
    async def scenario():
        async with running(template(), {}) as site:
            status, headers, _ = await site.ask()
            assert (status, headers["x-cache"]) == (502, "Error from cloudfront")

    run(scenario())


def test_methods_that_a_behaviour_has_not_are_403_and_never_reach_an_origin():
    async def scenario():
        one = FakeOrigin(lambda _: redirect())
        async with running(template(), {"one": one}) as site:
            for method in ("POST", "DELETE", "TRACE", "FOO"):
                assert (await site.ask("/abc", method))[0] == 403
            assert (await site.ask("/abc", "GET", b"body"))[0] == 403
            assert one.seen == []
            assert (await site.ask("/api/x", "POST", b"body"))[0] == 302
            assert (await site.ask("/x/../api/y", "PUT", b"body"))[0] == 302
            assert one.seen[1].raw_path == "/x/../api/y"

    run(scenario())


def test_head_is_answered_from_what_get_kept_and_not_the_other_way_round():
    async def scenario():
        one = FakeOrigin(
            lambda r: {
                "body": b"" if r.method == "HEAD" else b"text",
                "headers": {"Cache-Control": "max-age=9"},
            }
        )
        async with running(template(), {"one": one}) as site:
            await site.ask("/abc", "HEAD")
            assert (await site.ask("/abc"))[2] == b"text"
            status, headers, body = await site.ask("/abc", "HEAD")
            assert (status, headers["content-length"], body) == (200, "4", b"")
            assert len(one.seen) == 2

    run(scenario())


def test_parts_and_conditions_are_answered_out_of_the_whole():
    async def scenario():
        headers = {
            "Cache-Control": "max-age=9",
            "ETag": '"a"',
            "Last-Modified": "Mon, 02 Nov 2026 00:00:00 GMT",
        }
        one = FakeOrigin(lambda _: {"body": b"0123456789", "headers": headers})
        async with running(template(), {"one": one}) as site:
            status, said, body = await site.ask(Range="bytes=2-4")
            assert (status, said["content-range"], body) == (206, "bytes 2-4/10", b"234")
            assert "Range" not in one.seen[0].headers
            for asked, part in (("bytes=-3", b"789"), ("bytes=7-", b"789"), ("bytes=8-99", b"89")):
                assert (await site.ask(Range=asked))[2] == part
            for asked in ("bytes=0-1,3-4", "bytes=5-2", "lines=1-2", "bytes=" + "9" * 5000 + "-"):
                assert (await site.ask(Range=asked))[0] == 200
            status, said, _ = await site.ask(Range="bytes=10-")
            assert (status, said["content-range"]) == (416, "bytes */10")
            assert (await site.ask(Range="bytes=0-0", If_Range='"b"'))[0] == 200
            assert (await site.ask(Range="bytes=0-0", If_Range='"a"'))[0] == 206
            for condition in ('"a"', 'W/"a"', '"z", "a"', "*"):
                status, said, body = await site.ask(If_None_Match=condition)
                assert (status, body, said["etag"]) == (304, b"", '"a"')
            assert (await site.ask(If_None_Match='"z"'))[0] == 200
            assert (await site.ask(If_Modified_Since="Tue, 03 Nov 2026 00:00:00 GMT"))[0] == 304
            assert (await site.ask(If_Modified_Since="Sun, 01 Nov 2026 00:00:00 GMT"))[0] == 200
            assert len(one.seen) == 1

    run(scenario())


def test_text_is_compressed_for_who_takes_it_and_kept_apart():
    async def scenario():
        text = b"short link " * 500
        one = FakeOrigin(
            lambda _: {
                "body": text,
                "headers": {
                    "Cache-Control": "max-age=9",
                    "Content-Type": "text/html",
                    "ETag": '"a"',
                },
            }
        )
        async with running(template(gzip=True), {"one": one}) as site:
            _, said, body = await site.ask(Accept_Encoding="br;q=0, gzip, zstd")
            assert (said["content-encoding"], said["etag"]) == ("gzip", 'W/"a"')
            assert gzip.decompress(body) == text
            _, said, body = await site.ask(Accept_Encoding="gzip;q=0")
            assert (body, "content-encoding" in said) == (text, False)
            await site.ask(Accept_Encoding="gzip")
            await site.ask()
            assert len(one.seen) == 2

    run(scenario())


def test_each_place_keeps_its_own_and_an_invalidation_reaches_all():
    async def scenario():
        one = FakeOrigin(lambda _: redirect())
        async with running(template(), {"one": one}, places=("IAD89-C1", "FRA56-P1")) as site:
            for target in ("/abc", "/abc?x=1", "/abd", "/Abc"):
                for at in (0, 1):
                    assert (await site.ask(target, at=at))[1]["x-cache"].startswith("Miss")
            assert (await site.ask(at=1))[1]["x-amz-cf-pop"] == "FRA56-P1"
            assert invalidate(site.edges, ["/abc"]) == 2
            assert (await site.ask("/abc"))[1]["x-cache"].startswith("Miss")
            assert (await site.ask("/abc?x=1"))[1]["x-cache"].startswith("Hit")
            assert invalidate(site.edges, ["/ab*"]) == 6 - 1
            assert (await site.ask("/Abc", at=1))[1]["x-cache"].startswith("Hit")
            assert invalidate(site.edges, ["/*"]) == 2

    run(scenario())


def test_one_shield_stands_between_all_places_and_the_origin():
    async def scenario():
        described = template()
        for each in described["Resources"]["Distribution"]["Properties"]["DistributionConfig"][
            "Origins"
        ]:
            each["OriginShield"] = {"Enabled": True, "OriginShieldRegion": "us-east-1"}
        one = FakeOrigin(lambda _: redirect())
        async with running(described, {"one": one}, places=("IAD89-C1", "FRA56-P1")) as site:
            await site.ask()
            await site.ask(at=1)
            assert len(one.seen) == 1
            invalidate(site.edges, ["/abc"])
            await site.ask(at=1)
            assert len(one.seen) == 2

    run(scenario())


def answering(kind, change):
    def handler(event, _context):
        cf = event["Records"][0]["cf"]
        assert cf["config"]["eventType"] == kind
        return change(cf["response" if kind.endswith("response") else "request"])

    return {kind: handler}


def set_header(name, value):
    def change(message):
        message["headers"][name.lower()] = [{"key": name, "value": value}]
        return message

    return change


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("viewer-request", set_header("Host", "evil.example")),
        ("viewer-request", set_header("X-Amz-Cf-Id", "1")),
        ("viewer-request", set_header("X-Edge-Thing", "1")),
        ("viewer-request", set_header("Connection", "close")),
        ("viewer-request", set_header("CloudFront-Viewer-Country", "DE")),
        ("viewer-request", set_header("X", "a\r\nY: b")),
        ("viewer-request", lambda r: {**r, "uri": "abc"}),
        ("viewer-request", lambda r: {**r, "method": "POST"}),
        ("viewer-request", lambda r: None),
        ("viewer-request", lambda r: {"status": "999"}),
        ("viewer-request", lambda r: {"status": "200", "body": "x" * 50_000}),
        ("viewer-request", lambda r: {**r, "headers": {"host": r["headers"]["host"], "x": "y"}}),
        (
            "viewer-request",
            lambda r: {
                **r,
                "headers": {"host": r["headers"]["host"], "x": [{"key": "Y", "value": "z"}]},
            },
        ),
        ("viewer-request", lambda r: 1 / 0),
        ("origin-request", set_header("Via", "me")),
        ("origin-request", set_header("If-None-Match", '"x"')),
        ("origin-request", lambda r: {**r, "origin": {}}),
        ("origin-response", set_header("Via", "me")),
        ("origin-response", lambda r: {**r, "status": "abc"}),
        ("viewer-response", set_header("Content-Encoding", "br")),
        ("viewer-response", set_header("X-Cache", "mine")),
    ],
)
def test_what_cloudfront_would_not_take_of_a_function_is_502_here(kind, change):
    async def scenario():
        one = FakeOrigin(lambda _: redirect())
        handlers = answering(kind, change)
        async with running(associate(template(), kind), {"one": one}, handlers) as site:
            status, headers, _ = await site.ask()
            assert status == 502
            assert headers["x-cache"] in (
                "LambdaValidationError from cloudfront",
                "LambdaExecutionError from cloudfront",
            )

    run(scenario())


def test_functions_change_key_origin_and_answer():
    async def scenario():
        seen = []

        def at_viewer(event, _context):
            request = event["Records"][0]["cf"]["request"]
            assert "cloudfront-viewer-country" not in request["headers"]
            request["uri"] = request["uri"].lower()
            return request

        def to_origin(event, _context):
            request = event["Records"][0]["cf"]["request"]
            seen.append(request["origin"]["custom"]["domainName"])
            request["origin"]["custom"]["domainName"] = "two.test"
            request["headers"]["everhop-query"] = [
                {"key": "Everhop-Query", "value": request["querystring"]}
            ]
            request["uri"] = f"/api/r{request['uri']}"
            return request

        def from_origin(event, _context):
            return set_header("Cache-Control", "s-maxage=50")(event["Records"][0]["cf"]["response"])

        handlers = {
            "viewer-request": at_viewer,
            "origin-request": to_origin,
            "origin-response": from_origin,
        }
        two = FakeOrigin(
            lambda r: redirect(
                f"https://x.test{r.raw_path}#{r.headers['Everhop-Query']}", "no-store"
            )
        )
        async with running(associate(template(), *handlers), {"two": two}, handlers) as site:
            _, said, _ = await site.ask("/ABC?a=%20b")
            assert said["location"] == "https://x.test/api/r/abc?a=%20b#a=%20b"
            assert (await site.ask("/abc?a=%20b"))[1]["x-cache"].startswith("Hit")
            assert seen == ["one.test"]
            assert two.seen[0].headers["Everhop-Origin"] == "one"

    run(scenario())


def test_a_function_may_answer_by_itself_and_with_the_same_page_again():
    page = {
        "status": "410",
        "headers": {"x-why": [{"key": "X-Why", "value": "gone"}]},
        "body": "gone",
    }

    async def scenario():
        handlers = {"viewer-request": lambda _event, _context: {**page}}
        one = FakeOrigin(lambda _: redirect())
        async with running(associate(template(), *handlers), {"one": one}, handlers) as site:
            for _ in range(2):
                status, headers, body = await site.ask()
                assert (status, headers["x-why"], body) == (410, "gone", b"gone")
                assert headers["x-cache"] == "LambdaGeneratedResponse from cloudfront"
            assert one.seen == []

    run(scenario())


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


def test_the_log_has_a_line_of_33_fields_for_each_request():
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
        assert len(FIELDS) == 33
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
