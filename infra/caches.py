"""The stages' API caches: the settings of infra/regional/caches.toml and what they come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from chalicelib.api.caching import MAX_FRESH_FOR, CachePolicy, Key, cached_routes
from chalicelib.core.freshness import DEFAULT_BUDGET, share_for
from infra.settings_files import SettingsFileError, read_tables, switch, whole


CACHES = Path(__file__).parent / "regional" / "caches.toml"
TOLD = "EVERHOP_API_CACHE"  # the setting by which the app knows that its stage caches
INTEGRATION = "x-amazon-apigateway-integration"  # in the Swagger of a method
HOURS_A_MONTH = 730
# GB, and USD an hour: the list price in us-east-1, from which other regions differ somewhat.
SIZES: Mapping[str, float] = {
    "0.5": 0.02,
    "1.6": 0.038,
    "6.1": 0.20,
    "13.5": 0.25,
    "28.4": 0.50,
    "58.2": 1.00,
    "118": 1.90,
    "237": 3.80,
}
_GATEWAY_WORDS = {"path": "path", "query": "querystring", "header": "header"}


@dataclass(frozen=True, slots=True)
class StageCache:
    """The cache of one stage: its size in GB, and for how many seconds it keeps a redirect.

    Always encrypted, and only who may invalidate can make it ask anew: neither is a choice.
    """

    enabled: bool = False
    size: str = "0.5"
    budget: int = DEFAULT_BUDGET
    fresh_for: int = share_for("api")

    @property
    def hourly_cost(self) -> float:
        """USD an hour, used or not."""
        return SIZES[self.size] if self.enabled else 0.0

    @property
    def monthly_cost(self) -> float:
        """USD in a month."""
        return self.hourly_cost * HOURS_A_MONTH


class Invalidation(NamedTuple):
    """What a client's `Cache-Control: max-age=0` does at a cached route.

    `authorised_only` is whether it takes the right to invalidate; `otherwise` is what becomes of
    the request of who has none: refused, or answered from the cache with or without a Warning.
    """

    authorised_only: bool = True
    # A browser's reload asks for max-age=0: it is answered from the cache, and not told so, as a
    # 403 would show visitors an error, and a Warning header would be kept by the tiers above.
    otherwise: Literal[
        "FAIL_WITH_403", "SUCCEED_WITH_RESPONSE_HEADER", "SUCCEED_WITHOUT_RESPONSE_HEADER"
    ] = "SUCCEED_WITHOUT_RESPONSE_HEADER"


INVALIDATION = Invalidation()


@dataclass(frozen=True, slots=True)
class MethodCache:
    """What a stage keeps of one route's GETs: for `fresh_for` seconds, told apart by `keys`."""

    path: str
    keys: tuple[Key, ...]
    fresh_for: int
    invalidation: Invalidation = INVALIDATION

    @property
    def parameters(self) -> list[str]:
        """The keys in API Gateway's words, like `method.request.path.slug`."""
        return list(map(gateway_parameter, self.keys))


def read_method(path: str, keys: list[str], fresh_for: int) -> MethodCache:
    """A route's cache from keys like "path.slug"."""
    return MethodCache(path, CachePolicy(fresh_for, tuple(keys)).parts, fresh_for)


def gateway_parameter(key: Key) -> str:
    """A key in API Gateway's words."""
    return f"method.request.{_GATEWAY_WORDS[key.where]}.{key.name}"


def escape_path(path: str) -> str:
    """A path as one segment of a JSON pointer, which is how API Gateway names methods."""
    return path.replace("~", "~0").replace("/", "~1")


def method_caches(policies: Mapping[str, CachePolicy], cache: StageCache) -> list[MethodCache]:
    """What the stage keeps: the routes' declarations within what the stage allows."""
    return [
        MethodCache(path, policy.parts, policy.fresh_at(cache.fresh_for))
        for path, policy in policies.items()
    ]


def declared_policies() -> dict[str, CachePolicy]:
    """The policies that the routes of this work tree declare, by path."""
    from chalicelib.config import load  # noqa: PLC0415 - app.py imports this very module
    from chalicelib.entrance import make_app  # noqa: PLC0415

    return cached_routes(make_app(load({"EVERHOP_STORE": "memory"})).routes)


def read_caches(path: Path = CACHES) -> dict[str, StageCache]:
    """The settings by stage; SettingsFileError names what can't be used."""
    tables = read_tables("infra/regional", path, StageCache)
    return {stage: _read_stage(place, table) for stage, place, table in tables}


def _read_stage(place: str, table: Mapping[str, Any]) -> StageCache:
    budget = whole(f"{place} budget", table.get("budget", DEFAULT_BUDGET), 3, 86_400)
    most = min(share_for("api", budget), MAX_FRESH_FOR)
    return StageCache(
        enabled=switch(f"{place} enabled", table.get("enabled", False)),
        size=_size(f"{place} size", table.get("size", "0.5")),
        budget=budget,
        fresh_for=_fresh_for(f"{place} fresh_for", table.get("fresh_for", most), most, budget),
    )


def _size(place: str, given: Any) -> str:
    size = str(given)
    if isinstance(given, bool) or size not in SIZES:
        raise SettingsFileError(
            f"{place} is {given!r}, but API Gateway has {', '.join(SIZES)} GB alone."
        )
    return size


def _fresh_for(place: str, given: Any, most: int, budget: int) -> int:
    try:
        return whole(place, given, 1, most)
    except SettingsFileError as error:
        raise SettingsFileError(
            f"{error} That is the API cache's share of the freshness budget ({budget} s), and "
            f"never over {MAX_FRESH_FOR}; to cache nothing, say enabled = false."
        ) from None
