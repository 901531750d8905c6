"""One point of presence: what it answers to a request, out of its cache or by asking further on."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from secrets import token_hex
from typing import Any

from local.edge.behaviours import finder
from local.edge.cache_keys import Key, key_for
from local.edge.decorations import dress, sign
from local.edge.distributions import Behaviour, Distribution, ErrorRule
from local.edge.events import body_part, event_of, request_part, response_part
from local.edge.forwarding import VIA
from local.edge.freshness import Stay, age_of, stay_for
from local.edge.functions import FunctionError, Handler, run_on_request, run_on_response
from local.edge.layers import Layer, Rules, Told
from local.edge.messages import (
    Headers,
    Request,
    Response,
    copy_headers,
    error_response,
    put,
    reason_of,
    value_of,
)
from local.edge.roads import Road, Trip
from local.edge.selections import select


Json = dict[str, Any]
_NO_RULE = ErrorRule()
_OF_OTHERS = ("cache-status", "server-timing")  # what tiers say that this time were not asked
_OF_A_PAGE = frozenset({"host", "accept-encoding"})  # all that a custom error page is asked with
_NO_HANDLERS: Mapping[str, Handler] = {}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a visitor gets, and what the access log says of it."""

    response: Response
    told: Told
    detail: str  # x-edge-detailed-result-type, where it is more than the result
    request_id: str


@dataclass(frozen=True, slots=True)
class Tiers:
    """What an edge answers with: its own cache, maybe a shield's, and the road to the origins."""

    distribution: Distribution
    road: Road
    layer: Layer
    shield: Layer | None = None
    wall: Callable[[], float] = time.time


class Edge:
    """A point of presence by its `place`, as CloudFront calls them: airport and number (IAD89-C1).

    `handlers` are those of each behaviour, by its pattern and the event.
    """

    def __init__(
        self, place: str, tiers: Tiers, handlers: Mapping[str, Mapping[str, Handler]] | None = None
    ) -> None:
        self.place = place
        self.host = tiers.distribution.domain
        self.layer = tiers.layer
        self._distribution = tiers.distribution
        self._road = tiers.road
        self._shield = tiers.shield
        self._find = finder(tiers.distribution.behaviours)
        self._handlers = handlers or {}
        self._wall = tiers.wall
        self._ids = count()
        self._seed = token_hex(16)
        self._config = {
            "distributionDomainName": tiers.distribution.domain,
            "distributionId": tiers.distribution.id,
        }

    def handle(self, request: Request) -> Answer | Awaitable[Answer]:
        """The answer; at once when it is kept and fresh, so that a hit costs no task."""
        request_id = f"{self._seed}{next(self._ids):016x}"
        behaviour = self._find(request.path)
        said = _take_own(request.headers)
        refused = _refuse(behaviour, request)
        if refused is not None:
            return self._own(refused, request_id, "Error")
        config = {**self._config, "requestId": request_id}
        try:
            made = self._on_viewer(behaviour, request, config)
        except FunctionError as error:
            return self._failed(error, request_id)
        if made is not None:
            return self._own(made, request_id, "LambdaGeneratedResponse")
        if request.path == "/" and self._distribution.root_object:
            request.path = f"/{self._distribution.root_object}"
        kept = request.method in behaviour.cached_methods
        trip = Trip(behaviour, request, said, config, kept and not behaviour.caching.is_off)
        if not kept:
            return self._pass(trip, request_id)
        key = self._key(trip)
        told = self.layer.fresh(("GET", *key[1:])) if request.method == "HEAD" else None
        told = told or self.layer.fresh(key)
        if told is None or self._error_of(told).page:
            return self._miss(trip, key, request_id)
        return self._finish(trip, told, request_id)

    @property
    def caches(self) -> list[Layer]:
        """The caches that an answer may come out of, the furthest first."""
        return [*([self._shield] if self._shield else []), self.layer]

    def _key(self, trip: Trip) -> Key:
        request, caching = trip.request, trip.behaviour.caching
        headers = request.headers
        if caching.headers:
            headers = {**headers, **trip.visit()}
        scope = "HEAD" if request.method == "HEAD" else "GET"
        if request.method == "OPTIONS":
            scope = "OPTIONS"
        return key_for(caching, request.path, request.query, headers, scope)

    def _on_viewer(self, behaviour: Behaviour, request: Request, config: Json) -> Response | None:
        handlers = self._handlers_of(behaviour)
        kind = "viewer-request"
        if kind not in handlers:
            return None
        part = request_part(request)
        if kind in behaviour.include_body:
            part["body"] = body_part(kind, request.body)
        returned = run_on_request(kind, handlers[kind], event_of(kind, config, part))
        if isinstance(returned, Response):
            return returned
        request.path, request.query = returned["uri"], returned.get("querystring", "")
        request.headers = returned["headers"]
        return None

    def _handlers_of(self, behaviour: Behaviour) -> Mapping[str, Handler]:
        return self._handlers.get(behaviour.pattern, _NO_HANDLERS)

    async def _pass(self, trip: Trip, request_id: str) -> Answer:
        try:
            response = await self._road.fetch(trip, {})
        except FunctionError as error:
            return self._failed(error, request_id)
        told = Told(response, "method", status=response.status)
        return self._finish(trip, await self._with_page(trip, told), request_id)

    async def _miss(self, trip: Trip, key: Key, request_id: str) -> Answer:
        try:
            told = await self._tell(trip, key)
        except FunctionError as error:
            return self._failed(error, request_id)
        return self._finish(trip, await self._with_page(trip, told), request_id)

    async def _tell(self, trip: Trip, key: Key) -> Told:
        rules = self._rules(trip.behaviour)

        async def fetch(condition: Headers) -> Response:
            shielded = trip.kept and trip.behaviour.target.origins[0].shielded
            if self._shield is None or not shielded:
                return await self._road.fetch(trip, condition)
            return await self._through_shield(trip, key, rules)

        answer = self.layer.answer if trip.kept else self.layer.answer_alone
        return await answer(key, fetch, rules)

    def _error_of(self, told: Told) -> ErrorRule:
        return self._distribution.errors.get(told.response.status, _NO_RULE)

    async def _with_page(self, trip: Trip, told: Told) -> Told:
        """The same with the template's page for its error; without, where that can't be had."""
        rule = self._error_of(told)
        if not rule.page:
            return told
        said = {name: trip.request.headers[name] for name in _OF_A_PAGE & set(trip.request.headers)}
        request = Request("GET", rule.page, headers=said, client=trip.request.client)
        behaviour = self._find(rule.page)
        asked = Trip(behaviour, request, trip.said, trip.config, not behaviour.caching.is_off)
        try:
            page = (await self._tell(asked, self._key(asked))).response
        except FunctionError:
            return told
        if page.status != 200:
            return told
        status = rule.status or told.response.status
        return replace(told, response=replace(page, status=status, reason=reason_of(status)))

    async def _through_shield(self, trip: Trip, key: Key, rules: Rules) -> Response:
        assert self._shield is not None  # noqa: S101 - who calls this has looked

        async def fetch(condition: Headers) -> Response:
            return await self._road.fetch(trip, condition)

        told = await self._shield.answer(key, fetch, rules)
        headers = dict(told.response.headers)
        # What it kept for a while is that much older, so that times do not add up.
        put(headers, "Age", str(int(told.age)))
        return replace(told.response, headers=headers)

    def _rules(self, behaviour: Behaviour) -> Rules:
        errors, caching = self._distribution.errors, behaviour.caching

        def stay(response: Response) -> Stay | None:
            rule = errors.get(response.status, _NO_RULE)
            return stay_for(response.status, response.headers, caching, rule, self._wall())

        return Rules(
            stay,
            lambda response: age_of(response.headers, self._wall()),
            lambda status: errors.get(status, _NO_RULE).min_ttl,
        )

    def _finish(self, trip: Trip, told: Told, request_id: str) -> Answer:
        """The visitor's own copy of an answer: its part, the policies' headers and the edge's."""
        request = trip.request
        chosen = told.response
        if trip.kept and request.method in ("GET", "HEAD"):
            chosen = select(chosen, request.headers)
        origin = value_of(request.headers, "origin")
        response = dress(trip.behaviour, chosen, origin)
        if told.is_hit or told.collapsed:
            for name in _OF_OTHERS:
                response.headers.pop(name, None)
        handlers = self._handlers_of(trip.behaviour)
        if "viewer-response" in handlers and told.response.status < 400:
            try:
                response = self._on_response(trip, handlers["viewer-response"], response)
            except FunctionError as error:
                return self._failed(error, request_id)
        sign(response, told, self.place, request_id, VIA)
        return Answer(response, told, "", request_id)

    def _on_response(self, trip: Trip, handler: Handler, response: Response) -> Response:
        kind = "viewer-response"
        given = response_part(replace(response, headers=copy_headers(response.headers)))
        event = event_of(kind, trip.config, request_part(trip.request), given)
        return run_on_response(kind, handler, event, response.body)

    def _own(self, response: Response, request_id: str, detail: str) -> Answer:
        told = Told(response, "bypass")
        sign(response, told, self.place, request_id, VIA)
        put(response.headers, "X-Cache", f"{detail} from cloudfront")
        return Answer(response, told, detail, request_id)

    def _failed(self, error: FunctionError, request_id: str) -> Answer:
        return self._own(error_response(502, f"A function failed: {error}"), request_id, error.kind)


def _refuse(behaviour: Behaviour, request: Request) -> Response | None:
    if request.method not in behaviour.methods:
        allowed = ", ".join(sorted(behaviour.methods))
        return error_response(403, f"This address takes {allowed} alone.")
    if request.body and request.method in ("GET", "HEAD"):
        return error_response(403, "A GET has no body here.")
    return None


def _take_own(headers: Headers) -> Headers:
    """Take from a request what CloudFront says itself of each visitor."""
    names = [name for name in headers if name.startswith("cloudfront-")]
    return {name: headers.pop(name) for name in names}
