"""What the edge makes of an answer that it has: HEAD, parts, conditions, text made small, places."""

import gzip

import brotli

from local.edge.points import invalidate
from tests.local.edge.kit import FakeOrigin, redirect, run, running, template


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
            for asked in ("bytes=0-3,3-4", "bytes=5-2", "lines=1-2", "bytes=" + "9" * 5000 + "-"):
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


def test_brotli_is_for_who_takes_it_and_one_text_has_a_copy_for_each_coding():
    async def scenario():
        text = b"short link " * 500
        said = {"Cache-Control": "max-age=9", "Content-Type": "text/css", "ETag": '"a"'}
        one = FakeOrigin(lambda _: {"body": text, "headers": said})
        async with running(template(gzip=True, brotli=True), {"one": one}) as site:
            found = {}
            for taken in ("gzip, deflate, br, zstd", "br;q=0, gzip", "BR", "br;q=0.0", "brx, *"):
                _, headers, body = await site.ask(Accept_Encoding=taken)
                found[taken] = headers.get("content-encoding")
                decode = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}
                assert decode[found[taken]](body) == text
                assert (headers["etag"] == '"a"') is (found[taken] is None)
            assert [*found.values()] == ["br", "gzip", "br", None, None]
            assert len(one.seen) == 4  # both, gzip, Brotli alone, neither
            await site.ask(Accept_Encoding="br, gzip;q=0.5")
            part = await site.ask(Accept_Encoding="br, gzip", Range="bytes=0-3")
            assert (part[0], part[1]["content-encoding"], len(one.seen)) == (206, "br", 4)

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


def test_an_error_has_the_templates_page_in_its_place_and_is_not_kept_for_it():
    async def scenario():
        described = template()
        config = described["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
        config["CustomErrorResponses"] = [
            {
                "ErrorCode": 404,
                "ErrorCachingMinTTL": 0,
                "ResponsePagePath": "/sorry",
                "ResponseCode": 410,
            },
            {"ErrorCode": 403, "ErrorCachingMinTTL": 9, "ResponsePagePath": "/gone"},
        ]
        known = {
            "/sorry": {"body": b"Sorry.", "headers": {"Cache-Control": "max-age=9"}},
            "/closed": {"status": 403},
        }
        one = FakeOrigin(lambda r: known.get(r.path, {"status": 404, "text": "nothing"}))
        async with running(described, {"one": one}) as site:
            for path in ("/abc", "/abd", "/api/x"):
                status, said, body = await site.ask(path)
                assert (status, body, said["x-cache"]) == (410, b"Sorry.", "Error from cloudfront")
            assert [r.path for r in one.seen] == ["/abc", "/sorry", "/abd", "/api/x"]
            status, said, body = await site.ask("/abc", "HEAD")
            assert (status, said["content-length"], body) == (410, "6", b"")
            # The page for this one is not to be had.
            assert [(await site.ask("/closed"))[0] for _ in range(2)] == [403, 403]
            del known["/sorry"]
            site.edges[0].layer.invalidate("/sorry")
            assert (await site.ask("/abc"))[::2] == (404, b"nothing")

    run(scenario())
