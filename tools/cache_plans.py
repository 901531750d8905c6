"""What is to change at a stage's cache: the settings wanted, against the stage as it is. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from infra.caches import TOLD, MethodCache, StageCache, escape_path


Json = Mapping[str, Any]


class Method(NamedTuple):
    """What settings are for: a path without its first slash, and a method."""

    path: str
    verb: str

    @property
    def pointer(self) -> str:
        """As update_stage names it."""
        return "/*/*" if self == ALL else f"/{escape_path('/' + self.path)}/{self.verb}"

    def __str__(self) -> str:
        return "all other routes" if self == ALL else f"{self.verb} /{self.path}"


ALL = Method("*", "*")


@dataclass(frozen=True, slots=True)
class Change:
    """One operation of update_stage, and in words what it makes of which subject."""

    path: str
    value: str
    subject: str
    about: str

    @property
    def operation(self) -> dict[str, str]:
        """As API Gateway takes it."""
        return {"op": "replace", "path": self.path, "value": self.value}


def plan_changes(stage: Json, cache: StageCache, methods: Sequence[MethodCache]) -> list[Change]:
    """The changes that make the stage (as get_stage answers) what is wanted; [] when it is."""
    wanted = methods if cache.enabled else []
    settings = _by_method(stage)
    return [
        *_stop_others(stage, wanted),
        *(change for method in wanted for change in _keep(settings, method)),
        *_cluster(stage, cache),
    ]


def plan_stop(stage: Json) -> list[Change]:
    """The changes after which no request is answered from the cache, which itself stays."""
    return _stop_others(stage, [])


def is_caching(stage: Json) -> bool:
    """Whether any request is answered from the stage's cache."""
    methods = stage.get("methodSettings", {}).values()
    return bool(stage.get("cacheClusterEnabled")) and any(it["cachingEnabled"] for it in methods)


def unsafe_reasons(
    methods: Sequence[MethodCache], keys: Mapping[str, set[str]], told: Mapping[str, str]
) -> list[str]:
    """Why what is deployed may not be cached: [] when it may.

    `keys` are those that are deployed, `told` the variables of the function that is.
    """
    without = [method for method in methods if keys.get(method.path) != set(method.parameters)]
    reasons = [
        f"GET {method.path} is deployed with {_listed(keys.get(method.path, set()))} in place of "
        f"{_listed(method.parameters)}, and would be answered with another's answer"
        for method in without
    ]
    if told.get(TOLD) != "on":
        reasons.append(f"the deployed app is not told of a cache ({TOLD} is not on)")
    return reasons


def describe_cache(cache: StageCache, methods: Sequence[MethodCache]) -> str:
    """A cache that is not there yet, in a line of a plan."""
    kept = [f"GET {it.path} {it.fresh_for} s" for it in methods]
    return f"+ {cache.size} GB; {', '.join(kept)}"


def describe_changes(changes: Sequence[Change]) -> Iterator[str]:
    """Changes of a cache in lines of a plan, one for each subject."""
    said: dict[str, list[str]] = {}
    for change in changes:
        said.setdefault(change.subject, []).append(change.about)
    yield from (f"~ {subject}: {', '.join(abouts)}" for subject, abouts in said.items())


def _listed(parameters: Sequence[str] | set[str]) -> str:
    names = [name.removeprefix("method.request.") for name in sorted(parameters)]
    return f"the keys {', '.join(names)}" if names else "no cache keys"


def _by_method(stage: Json) -> dict[Method, Any]:
    return {_read_name(name): it for name, it in stage.get("methodSettings", {}).items()}


def _read_name(name: str) -> Method:
    path, _, verb = name.rpartition("/")
    return Method(path.replace("~1", "/").replace("~0", "~").strip("/"), verb)


def _stop_others(stage: Json, wanted: Sequence[MethodCache]) -> list[Change]:
    """No GET is cached that is not declared: those with a key above all."""
    settings, kept = _by_method(stage), {_method_of(method) for method in wanted}
    on = [name for name, it in settings.items() if it.get("cachingEnabled") and name not in kept]
    # Said outright, as the default that a cache has for GETs is not told by the stage.
    if (wanted or stage.get("cacheClusterEnabled")) and ALL not in settings:
        on.append(ALL)
    return [
        Change(f"{name.pointer}/caching/enabled", "false", str(name), "not cached") for name in on
    ]


def _method_of(method: MethodCache) -> Method:
    return Method(method.path.strip("/"), "GET")


def _keep(settings: Mapping[Method, Any], method: MethodCache) -> list[Change]:
    name = _method_of(method)
    now, invalidation = settings.get(name, {}), method.invalidation
    fields = [
        ("caching/enabled", "cachingEnabled", True, "cached"),
        ("caching/ttlInSeconds", "cacheTtlInSeconds", method.fresh_for, f"{method.fresh_for} s"),
        ("caching/dataEncrypted", "cacheDataEncrypted", True, "encrypted"),
        (
            "caching/requireAuthorizationForCacheControl",
            "requireAuthorizationForCacheControl",
            invalidation.authorised_only,
            f"visitors {_can(invalidation.authorised_only)} make it ask anew",
        ),
        (
            "caching/unauthorizedCacheControlHeaderStrategy",
            "unauthorizedCacheControlHeaderStrategy",
            invalidation.otherwise,
            _TOLD_SO[invalidation.otherwise],
        ),
    ]
    return [
        Change(f"{name.pointer}/{path}", _text(value), str(name), about)
        for path, field, value, about in fields
        if now.get(field) != value
    ]


def _can(authorised_only: bool) -> str:
    return "can't" if authorised_only else "can"


_TOLD_SO = {
    "FAIL_WITH_403": "and are refused with 403",
    "SUCCEED_WITH_RESPONSE_HEADER": "and are told so",
    "SUCCEED_WITHOUT_RESPONSE_HEADER": "nor are told so",
}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cluster(stage: Json, cache: StageCache) -> list[Change]:
    on, size = bool(stage.get("cacheClusterEnabled")), stage.get("cacheClusterSize")
    changes = []
    if cache.enabled and (not on or size != cache.size):
        about = f"{cache.size} GB"
        emptied = f" in place of {size}, which empties it" if on else ""
        changes.append(Change("/cacheClusterSize", cache.size, "the cache", about + emptied))
    if cache.enabled != on:
        about = "turned on" if cache.enabled else "turned off"
        changes.append(Change("/cacheClusterEnabled", _text(cache.enabled), "the cache", about))
    return changes
