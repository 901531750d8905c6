"""The region's API behind its stage's cache: which requests it may answer, and under which key."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chalice.app import Chalice
from chalice.local import LocalGateway, RouteMatcher

from chalicelib.api.caching import Key, cached_routes
from infra.caches import MethodCache, StageCache, method_caches, read_caches
from local.api_cache import GIGABYTE, ApiCache
from local.api_cache import Key as CacheKey


Response = dict[str, Any]


class StageApi:
    """Chalice's gateway with the cache that the stage's settings and the routes declare.

    `Cache-Control: max-age=0` is ignored, as API Gateway does it for who may not invalidate.
    """

    def __init__(self, app: Chalice, gateway: LocalGateway, stage: StageCache) -> None:
        self._gateway = gateway
        self._match = RouteMatcher(list(app.routes))
        declared = method_caches(cached_routes(app.routes), stage) if stage.enabled else []
        self._methods = {one.path: one for one in declared}
        capacity = round(float(stage.size) * GIGABYTE) if stage.enabled else 0
        self.cache = ApiCache(capacity, time.monotonic)

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Response:
        """What the stage answers; LocalGatewayException as Chalice's gateway raises it."""

        def ask() -> Response:
            answer: Response = self._gateway.handle_request(method, target, dict(headers), body)
            return answer

        kept = self._kept(method, target, headers)
        if kept is None:
            return ask()
        key, fresh_for = kept
        answer, outcome = self.cache.answer(key, fresh_for, ask)
        return {**answer, "headers": {**answer["headers"], "Cache-Status": str(outcome)}}

    def _kept(
        self, method: str, target: str, headers: Mapping[str, str]
    ) -> tuple[CacheKey, int] | None:
        if method != "GET" or not self._methods:
            return None
        try:
            matched = self._match.match_route(target)
        except ValueError:
            return None
        declared = self._methods.get(matched.route)
        if declared is None:
            return None
        return key_of(declared, matched.captured, target, headers), declared.fresh_for


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
