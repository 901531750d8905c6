"""The edge over real sockets: what it keeps, under which key, and what that may not change."""

import random

from tests.local.edge.kit import FakeOrigin, echo, redirect, run, running, template


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
