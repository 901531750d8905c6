"""What the edge's tests share: a small template of the real one's shape, origins, raw requests."""

import asyncio
import contextlib
import copy
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from local.children import listen, url_of
from local.edge.distributions import read_distribution
from local.edge.doors import Door
from local.edge.intrinsics import evaluate
from local.edge.origins import OriginClient
from local.edge.points import make_edges
from local.servers import start_server


HOLD = 0.4  # seconds that the small template waits for an origin


def policy(**changes: Any) -> dict[str, Any]:
    """A cache policy's config: the whole query is in the key, and nothing else."""
    key = {
        "EnableAcceptEncodingGzip": changes.pop("gzip", False),
        "EnableAcceptEncodingBrotli": changes.pop("brotli", False),
        "CookiesConfig": {"CookieBehavior": "none"},
        "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": changes.pop("headers", [])},
        "QueryStringsConfig": {"QueryStringBehavior": "all"},
    }
    return {
        "MinTTL": 0,
        "DefaultTTL": 0,
        "MaxTTL": 100,
        **changes,
        "ParametersInCacheKeyAndForwardedToOrigin": key,
    }


def origin(name: str) -> dict[str, Any]:
    return {
        "Id": name,
        "DomainName": f"{name}.test",
        "CustomOriginConfig": {"OriginProtocolPolicy": "http-only", "OriginReadTimeout": HOLD},
        "OriginCustomHeaders": [{"HeaderName": "Everhop-Origin", "HeaderValue": name}],
        "ConnectionAttempts": 1,
        "ConnectionTimeout": 1,
    }


def template(**caching: Any) -> dict[str, Any]:
    """Short links from two origins, and an API that is not kept."""
    config = {
        "Origins": [origin("one"), origin("two")],
        "OriginGroups": {
            "Items": [
                {
                    "Id": "api",
                    "FailoverCriteria": {"StatusCodes": {"Items": [500, 502, 503, 504]}},
                    "Members": {"Items": [{"OriginId": "one"}, {"OriginId": "two"}]},
                }
            ]
        },
        "CacheBehaviors": [
            {
                "PathPattern": "/api/*",
                "TargetOriginId": "one",
                "AllowedMethods": ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"],
                "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
                "OriginRequestPolicyId": "b689b0a8-53d0-40ab-baf2-68738e2966ac",
            }
        ],
        "DefaultCacheBehavior": {
            "TargetOriginId": "api",
            "AllowedMethods": ["GET", "HEAD", "OPTIONS"],
            "CachePolicyId": {"Ref": "Keep"},
            "Compress": True,
        },
        "CustomErrorResponses": [
            {"ErrorCode": code, "ErrorCachingMinTTL": 0} for code in (404, 500, 502, 503, 504)
        ],
    }
    return {
        "Resources": {
            "Distribution": {
                "Type": "AWS::CloudFront::Distribution",
                "Properties": {"DistributionConfig": config},
            },
            "Keep": {
                "Type": "AWS::CloudFront::CachePolicy",
                "Properties": {"CachePolicyConfig": policy(**caching)},
            },
        }
    }


def associate(changed: dict[str, Any], *events: str) -> dict[str, Any]:
    """The template with functions of these events at its default behaviour."""
    made = copy.deepcopy(changed)
    config = made["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    config["DefaultCacheBehavior"]["LambdaFunctionAssociations"] = [
        {"EventType": event, "LambdaFunctionARN": f"arn:{event}"} for event in events
    ]
    return made


class FakeOrigin:
    """An origin that counts what it is asked, and answers as the test says."""

    def __init__(self, answer: Callable[[web.BaseRequest], Any]) -> None:
        self.answer = answer
        self.seen: list[web.BaseRequest] = []
        self.wait_for = 0.0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append(request)
        await request.read()
        if self.wait_for:
            await asyncio.sleep(self.wait_for)
        made = self.answer(request)
        return made if isinstance(made, web.StreamResponse) else web.Response(**made)


def redirect(
    to: str = "https://example.com/", said: str = "max-age=0, s-maxage=60"
) -> dict[str, Any]:
    return {"status": 302, "headers": {"Location": to, "Cache-Control": said}}


class Site:
    """A running edge: `ask` sends one request and says its status, headers and body."""

    def __init__(self, ports: list[int], edges: list[Any]) -> None:
        self.ports = ports
        self.edges = edges

    async def ask(
        self,
        target: str = "/abc",
        method: str = "GET",
        body: bytes = b"",
        at: int = 0,
        **headers: str,
    ) -> tuple[int, dict[str, str], bytes]:
        lines = [f"{method} {target} HTTP/1.1", "Host: sho.rt"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}"] if body else []
        raw = "\r\n".join([*lines, "Connection: close\r\n\r\n"]).encode() + body
        return split(await self.send(raw, at))

    async def send(self, raw: bytes, at: int = 0) -> bytes:
        """All that comes back before the connection is closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.ports[at])
        writer.write(raw)
        try:
            async with asyncio.timeout(10):
                return await reader.read()
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def split(raw: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    return int(first.split(" ")[1]), {name.lower(): value for name, _, value in pairs}, body


@asynccontextmanager
async def running(
    described: dict[str, Any],
    origins: dict[str, FakeOrigin],
    handlers: dict[str, Any] | None = None,
    places: tuple[str, ...] = ("IAD89-C1",),
    addresses: dict[str, str] | None = None,
    **door: Any,
) -> AsyncIterator[Site]:
    """An edge in front of these origins, by the first label of their domain."""
    runners, addresses = [], {f"{name}.test": url for name, url in (addresses or {}).items()}
    for name, one in origins.items():
        listener = listen()
        runners.append(await start_server(one.handle, listener))
        addresses[f"{name}.test"] = url_of(listener)
    for name in ("one", "two"):
        addresses.setdefault(f"{name}.test", "http://127.0.0.1:9")  # nobody is there
    client = OriginClient(addresses)
    await client.open()
    distribution = read_distribution(evaluate(described, {}))
    edges = make_edges(places, distribution, client.send, handlers)
    doors, listeners = [Door(edge, **door) for edge in edges], [listen() for _ in edges]
    for each, listener in zip(doors, listeners, strict=True):
        await each.open(listener)
    try:
        yield Site([one.getsockname()[1] for one in listeners], edges)
    finally:
        for each in doors:
            await each.close()
        await client.close()
        for runner in runners:
            await runner.cleanup()
        await asyncio.sleep(0)  # transports close their sockets in the loop's next turn


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
