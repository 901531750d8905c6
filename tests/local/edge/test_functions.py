"""Functions at the edge: what CloudFront would not take of them, and what they may change."""

import pytest

from tests.local.edge.kit import FakeOrigin, associate, redirect, run, running, template


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
