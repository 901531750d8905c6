"""The checker of CloudFront's rules: it must catch what CloudFront would answer 502 to."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.edge.cloudfront import Refused, origin_request, origin_response, run, viewer_request


Json = dict[str, Any]


def changed(part: str, change: Callable[[Json], Any]) -> Callable[[Json], Json]:
    def function(event: Json) -> Json:
        message: Json = event["Records"][0]["cf"][part]
        change(message)
        return message

    return function


def header(name: str, value: Any = "x", key: str | None = None) -> Callable[[Json], Any]:
    one = {"key": key or name, "value": value}
    return lambda message: message["headers"].update({name.lower(): [one]})


def origin(**fields: Any) -> Callable[[Json], Any]:
    return lambda message: message["origin"]["custom"].update(fields)


def field(**fields: Any) -> Callable[[Json], Any]:
    return lambda message: message.update(fields)


VIEWER, ORIGIN, ANSWER = (
    viewer_request("/a", {"Via": "1.1 x"}),
    origin_request("/a"),
    origin_response(200, {}),
)
PLANTED = [
    (VIEWER, "request", header("Host", "other.example")),
    (VIEWER, "request", lambda it: it["headers"].pop("via")),
    (VIEWER, "request", header("X-Cache")),
    (VIEWER, "request", header("X-Edge-Location")),
    (VIEWER, "request", header("X-Forwarded-Proto", "https")),
    (VIEWER, "request", header("CloudFront-Viewer-Country", "DE")),
    (VIEWER, "request", header("Everhop-Device", "a\r\nb")),
    (VIEWER, "request", header("Everhop-Device", "ü")),
    (VIEWER, "request", header("Everhop-Device", None)),
    (VIEWER, "request", header("Everhop-Device", "x", key="Everhop-Language")),
    (VIEWER, "request", lambda it: it["headers"].update({"Upper": [{"key": "Upper", "value": "x"}]})),
    (VIEWER, "request", lambda it: it["headers"].update({"plain": "x"})),
    (VIEWER, "request", field(uri="no-slash")),
    (VIEWER, "request", field(uri="/a?b")),
    (VIEWER, "request", field(uri="/" + "a" * 8192)),
    (VIEWER, "request", field(querystring="a b")),
    (VIEWER, "request", field(querystring="a#b")),
    (VIEWER, "request", field(method="POST")),
    (VIEWER, "request", field(clientIp="192.0.2.1")),
    (VIEWER, "request", field(origin=ORIGIN["Records"][0]["cf"]["request"]["origin"])),
    (VIEWER, "request", field(unknown=1)),
    (ORIGIN, "request", header("Accept-Encoding", "gzip")),
    (ORIGIN, "request", header("If-None-Match", '"a"')),
    (ORIGIN, "request", origin(domainName="https://a.example")),
    (ORIGIN, "request", origin(protocol="ftp")),
    (ORIGIN, "request", origin(port=22)),
    (ORIGIN, "request", origin(path="/api/")),
    (ORIGIN, "request", origin(unknown=1)),
    (ORIGIN, "request", lambda it: it["origin"]["custom"].pop("sslProtocols")),
    (ORIGIN, "request", lambda it: it["origin"].update({"s3": {}})),
    (ANSWER, "response", field(status=404)),
    (ANSWER, "response", field(status="4O4")),
    (ANSWER, "response", header("Via", "1.1 x")),
    (ANSWER, "response", header("X-Amz-Cf-Id")),
    (ANSWER, "response", field(cookies=[])),
]  # fmt: skip


@pytest.mark.parametrize(("event", "part", "change"), PLANTED)
def test_planted_mistakes_are_caught(event: Json, part: str, change: Callable[[Json], Any]) -> None:
    """Each is one that CloudFront refuses; without it the same event passes."""
    run(changed(part, lambda _: None), event)
    with pytest.raises(Refused):
        run(changed(part, change), event)


def test_an_answer_that_is_too_large_is_caught() -> None:
    """40 KB with everything, at the viewer's side; not so at the origin's."""
    answer = {"status": "200", "headers": {}, "body": "a" * 41_000}

    assert run(lambda _: answer, ORIGIN) == answer
    with pytest.raises(Refused):
        run(lambda _: answer, VIEWER)
