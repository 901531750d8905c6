"""The region's API behind its stage's cache: which requests it may answer, and under which key."""

import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chalice.app import Chalice
from chalice.local import LocalGateway, RouteMatcher

from chalicelib.api.caching import Key, cached_routes
from infra.caches import Invalidation, MethodCache, StageCache, method_caches, read_caches
from local.api_cache import GIGABYTE, ApiCache, Outcome
from local.api_cache import Key as CacheKey
from local.invalidators import MayInvalidate, nobody


Response = dict[str, Any]


# What API Gateway says in it is not written down; that it is a 199, anything else, is.
WARNING = '199 - "Cache-Control was ignored: it takes the right to invalidate"'


STAGE = "/api"


class InvalidationRefused(Exception):
    """Who asks for an answer made anew may not, and the stage says so with 403."""


class StageApi:
    """Chalice's gateway with the cache that the stage's settings and the routes declare.

    `methods` are what is kept of which routes, by default as the stage and the routes say it.
    `may_invalidate` says who has the right to invalidate, where it takes one.
    """

    def __init__(
        self,
        app: Chalice,
        gateway: LocalGateway,
        stage: StageCache,
        methods: Sequence[MethodCache] | None = None,
        may_invalidate: MayInvalidate = nobody,
    ) -> None:
        self._may_invalidate = may_invalidate
        self._gateway = gateway
        self._match = RouteMatcher(list(app.routes))
        if methods is None:
            methods = method_caches(cached_routes(app.routes), stage) if stage.enabled else []
        self._methods = {one.path: one for one in methods}
        self.size = stage.size if stage.enabled else ""
        self.cache = ApiCache(_bytes_of(self.size), time.monotonic)

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Response:
        """What the stage answers; LocalGatewayException as Chalice's gateway raises it.

        InvalidationRefused when the request wants what it may not, and the stage minds.
        """

        def ask() -> Response:
            answer: Response = self._gateway.handle_request(method, target, dict(headers), body)
            return answer

        kept = self._kept(method, target, headers)
        if kept is None:
            return ask()
        declared, key = kept
        is_right = asks_anew(headers) and self._may_invalidate(method, STAGE + target, headers)
        anew, told = (True, {}) if is_right else _judge(declared.invalidation, headers)
        answer, outcome = self.cache.answer(key, declared.fresh_for, ask, anew=anew)
        said = {**told, "Cache-Status": _status_of(answer, outcome)}
        return {**answer, "headers": {**answer["headers"], **said}}

    def flush(self) -> None:
        """Have the cache forget everything."""
        self.cache.flush()

    def resize(self, size: str) -> None:
        """Make the cache anew, in another of API Gateway's sizes."""
        self.size = size
        self.cache.resize(_bytes_of(size))

    def describe(self) -> dict[str, Any]:
        """The cache as it is now, in JSON's words."""
        answers, used = self.cache.size
        return {
            "size": self.size,
            "state": self.cache.state,
            "answers": answers,
            "bytes": used,
            "fresh_for": {f"GET {path}": one.fresh_for for path, one in self._methods.items()},
        }

    def _kept(
        self, method: str, target: str, headers: Mapping[str, str]
    ) -> tuple[MethodCache, CacheKey] | None:
        if method != "GET" or not self._methods:
            return None
        try:
            matched = self._match.match_route(target)
        except ValueError:
            return None
        declared = self._methods.get(matched.route)
        if declared is None:
            return None
        return declared, key_of(declared, matched.captured, target, headers)


def _status_of(answer: Mapping[str, Any], outcome: Outcome) -> str:
    """The cache's word behind that of the tiers below, which were not asked for a hit."""
    below = (
        "" if outcome.how == "hit" or outcome.collapsed else answer["headers"].get("Cache-Status")
    )
    return f"{below}, {outcome}" if below else str(outcome)


def _bytes_of(size: str) -> int:
    return round(float(size) * GIGABYTE) if size else 0


def _judge(wanted: Invalidation, headers: Mapping[str, str]) -> tuple[bool, dict[str, str]]:
    """Whether the answer is to be made anew, and what the client is told."""
    if not asks_anew(headers):
        return False, {}
    if not wanted.authorised_only:
        return True, {}
    if wanted.otherwise == "FAIL_WITH_403":
        raise InvalidationRefused
    is_told = wanted.otherwise == "SUCCEED_WITH_RESPONSE_HEADER"
    return False, {"Warning": WARNING} if is_told else {}


def asks_anew(headers: Mapping[str, str]) -> bool:
    """Whether a client asks for what no cache has kept: `max-age=0`, and no other directive."""
    told = [value for name, value in headers.items() if name.lower() == "cache-control"]
    directives = ",".join(told).lower().split(",")
    return "max-age=0" in (directive.strip() for directive in directives)


def key_of(
    declared: MethodCache, captured: Mapping[str, str], target: str, headers: Mapping[str, str]
) -> CacheKey:
    """The key of a request: its route and the values of the declared parameters.

    What is not there is told apart from what is empty; names of headers are compared as written.
    """
    query = parse_qs(urlsplit(target).query, keep_blank_values=True)

    def value(key: Key) -> str | None:
        if key.where == "path":
            return captured[key.name]
        if key.where == "header":
            return headers.get(key.name)
        return "&".join(query[key.name]) if key.name in query else None

    found = map(value, declared.keys)
    return (declared.path, *("-" if one is None else f"={one}" for one in found))


def stage_cache(stage: str, *, on: bool) -> StageCache:
    """The cache that a stage has by its settings; none when the app is not told of one."""
    return read_caches().get(stage, StageCache(enabled=True)) if on else StageCache()
