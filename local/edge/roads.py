"""The road from an edge to an answer: functions and origins, with failover between the origins."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from local.edge.compression import compress
from local.edge.distributions import Behaviour, Origin
from local.edge.events import body_part, event_of, origin_part, request_part, response_part
from local.edge.forwarding import forwarded_headers, forwarded_query, visit_of
from local.edge.functions import FunctionError, Handler, run_on_request, run_on_response
from local.edge.messages import (
    Headers,
    Request,
    Response,
    copy_headers,
    put,
    value_of,
)
from local.edge.origins import FAILED_OVER, Ask, OriginDown, Send


Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trip:
    """One visitor's request on its way; `said` is what the visitor says in CloudFront's name."""

    behaviour: Behaviour
    request: Request
    said: Headers
    config: Json  # what is the same in all events of this request
    kept: bool  # whether the answer may be kept

    @property
    def accepted(self) -> str:
        """The normal form of what encodings the visitor takes."""
        caching = self.behaviour.caching
        if not (caching.gzip or caching.brotli):
            return ""
        return value_of(self.asked_headers(), "accept-encoding")

    def visit(self) -> Headers:
        """CloudFront's own headers of the visitor."""
        return visit_of(self.request, self.said)

    def asked_headers(self) -> Headers:
        """The headers for the origin."""
        return forwarded_headers(self.behaviour, self.request, self.visit(), kept=self.kept)


class Road:
    """How answers are fetched through `send`; `handlers` are by behaviour's pattern and event."""

    def __init__(
        self, send: Send, handlers: Mapping[str, Mapping[str, Handler]] | None = None
    ) -> None:
        self._send = send
        self._handlers = handlers or {}

    async def fetch(self, trip: Trip, condition: Headers) -> Response:
        """The answer of the first origin that has one; an error of the edge's own when none has.

        FunctionError when a function fails.
        """
        group = trip.behaviour.target
        origins = group.origins if trip.request.method in FAILED_OVER else group.origins[:1]
        for place, origin in enumerate(origins):
            is_last = place == len(origins) - 1
            try:
                response = await self._ask(trip, origin, condition)
            except OriginDown as down:
                if is_last:
                    return down.response
                continue
            if is_last or response.status not in group.failover:
                return compress(response, trip.accepted) if trip.behaviour.compress else response
        raise AssertionError("a group has at least one origin")

    async def _ask(self, trip: Trip, origin: Origin, condition: Headers) -> Response:
        headers = {**trip.asked_headers(), **condition}
        query = forwarded_query(trip.behaviour, trip.request.query)
        if "host" not in headers:
            put(headers, "Host", origin.domain)
        part = {**request_part(trip.request, headers, query), "origin": origin_part(origin)}
        handlers = self._handlers.get(trip.behaviour.pattern, {})
        if "origin-request" in handlers:
            made = self._on_request(trip, handlers["origin-request"], part)
            if isinstance(made, Response):
                return made
            part = made
        response = await self._send(*_ask_of(origin, part, trip.request))
        if "origin-response" in handlers:
            given = response_part(replace(response, headers=copy_headers(response.headers)))
            event = event_of("origin-response", trip.config, part, given)
            handler = handlers["origin-response"]
            changed = run_on_response("origin-response", handler, event, response.body)
            response = replace(changed, origin=response.origin)
        return response

    def _on_request(self, trip: Trip, handler: Handler, part: Json) -> Json | Response:
        kind = "origin-request"
        if kind in trip.behaviour.include_body:
            part["body"] = body_part(kind, trip.request.body)
        return run_on_request(kind, handler, event_of(kind, trip.config, part))


def _ask_of(origin: Origin, part: Json, request: Request) -> tuple[Origin, str, Ask]:
    """What is sent, and where, after a function may have changed both."""
    try:
        (chosen,) = part["origin"].values()
        path, own = chosen["path"], chosen["customHeaders"]
        where = (
            f"{chosen.get('protocol', 'https')}://{chosen['domainName']}:{chosen.get('port', 443)}"
        )
        headers: Headers = {**part["headers"], **own}
        read_within = _time_of(chosen, origin)
    except (KeyError, TypeError, ValueError) as error:
        raise FunctionError("LambdaValidationError", f"its origin is none ({error}).") from error
    ask = Ask(request.method, f"{path}{part['uri']}", part["querystring"], headers, request.body)
    return replace(origin, read_within=read_within), where, ask


def _time_of(chosen: Json, origin: Origin) -> float:
    # An event has whole seconds; what a function left alone is as the template says.
    seconds = chosen.get("readTimeout", int(origin.read_within))
    return origin.read_within if seconds == int(origin.read_within) else float(seconds)
