"""What API Gateway's stage cache may answer for us: declared beside the route, checked at import.

The stage cache ignores Cache-Control, keeps any answer to a GET, and tells requests apart by the
declared keys alone. So a cached route must answer as a function of its keys.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, Literal, NamedTuple

from chalice.app import Request, RouteEntry

from chalicelib.core.freshness import share_for


MAX_FRESH_FOR = 3600  # API Gateway's limit
_PLACES = ("path", "query", "header")
_SECRETS = frozenset({"authorization", "cookie"})
# What stays of API Gateway's context: it follows from the route, the path and the stage.
_CONTEXT = ("resourcePath", "path", "httpMethod", "stage", "apiId")


class Key(NamedTuple):
    """A part of the request that tells answers apart: `where` is path, query or header."""

    where: str
    name: str


class CachePolicy(NamedTuple):
    """For how many seconds a route's answers may be kept, and by which keys they are told apart.

    Keys are like "path.slug", "query.page" and "header.Host". API Gateway compares the names of
    headers as they are written: who sends one must write it so. `until` says what makes an answer
    wrong: "edit" is bound by the freshness budget, a "release" is not. `in_use` is whether this
    deployment's stage caches: the view then sees nothing of a request but its keys.
    """

    fresh_for: int
    keys: tuple[str, ...] = ()
    in_use: bool = False
    until: Literal["edit", "release"] = "edit"

    @property
    def parts(self) -> tuple[Key, ...]:
        """The keys, read."""
        return tuple(Key(*key.partition(".")[::2]) for key in self.keys)

    def fresh_at(self, stage_fresh_for: int) -> int:
        """Seconds that a stage keeps the answers, given what it allows for those of edits."""
        return min(self.fresh_for, stage_fresh_for) if self.until == "edit" else self.fresh_for


def check_policy(path: str, methods: Sequence[str], policy: CachePolicy, *, public: bool) -> None:
    """Refuse what must not be cached: ValueError names the route and the reason."""
    reasons = [
        *_wrong_route(methods, public=public),
        *_wrong_age(policy),
        *_wrong_keys(policy, _path_names(path)),
    ]
    if reasons:
        raise ValueError(f"The route {path} can't be cached: {'; '.join(reasons)}.")


def _wrong_route(methods: Sequence[str], *, public: bool) -> list[str]:
    others = sorted({*methods} - {"GET", "HEAD"})
    said = []
    if not public:
        said.append("it is not public, and who has no key would get the answer of who has one")
    if "GET" not in methods or others:
        said.append(f"API Gateway caches GET, and this is {', '.join(others or methods)}")
    return said


def _wrong_age(policy: CachePolicy) -> list[str]:
    most = share_for("api") if policy.until == "edit" else MAX_FRESH_FOR
    if 1 <= policy.fresh_for <= most:
        return []
    why = "the API cache's share of the freshness budget" if most < MAX_FRESH_FOR else "the limit"
    return [f"fresh_for is {policy.fresh_for}, and {why} is 1 to {most} seconds"]


def _wrong_keys(policy: CachePolicy, in_path: set[str]) -> list[str]:
    parts = policy.parts
    keyed = {key.name for key in parts if key.where == "path"}
    said = [f"{key!r} is no key like 'path.slug'" for key in policy.keys if not _is_key(key)]
    said += [f"{name} is in the path and no key, so all would get the first answer"
             for name in sorted(in_path - keyed)]  # fmt: skip
    said += [f"there is no {name} in the path" for name in sorted(keyed - in_path)]
    said += [
        f"{key.name} is a secret of one visitor" for key in parts if key.name.lower() in _SECRETS
    ]
    if len({(key.where, key.name.lower()) for key in parts}) < len(parts):
        said.append("a key is named twice")
    return said


def _is_key(key: str) -> bool:
    where, dot, name = key.partition(".")
    return (
        where in _PLACES and bool(dot) and name.isascii() and bool(name.strip()) and " " not in name
    )


def _path_names(path: str) -> set[str]:
    return {part[1:-1] for part in path.split("/") if part.startswith("{")}


def cached_routes(routes: Mapping[str, Mapping[str, RouteEntry]]) -> dict[str, CachePolicy]:
    """The policies that an app's routes declare, by path; each is for GET."""
    found = {
        path: getattr(methods["GET"].view_function, "cache", None)
        for path, methods in routes.items()
        if "GET" in methods
    }
    return {path: policy for path, policy in found.items() if policy is not None}


def keyed_request(request: Request, policy: CachePolicy) -> Request:
    """The request as a cached route's view may see it: never with the secrets of who asks."""
    if not policy.in_use and not _SECRETS & set(map(str.lower, request.headers)):
        return request
    seen = copy(request)
    event = request.to_original_event()
    narrow = _keys_only if policy.in_use else _without_secrets
    # Built anew from the event, so that nothing of it is left in a part of the request.
    Request.__init__(seen, narrow(event, policy), request.lambda_context)
    return seen


def _without_secrets(event: Mapping[str, Any], policy: CachePolicy) -> dict[str, Any]:
    del policy

    def kept(headers: Mapping[str, Any] | None) -> dict[str, Any]:
        return {name: it for name, it in (headers or {}).items() if name.lower() not in _SECRETS}

    several = kept(event.get("multiValueHeaders"))
    return {**event, "headers": kept(event["headers"]), "multiValueHeaders": several}


def _keys_only(event: Mapping[str, Any], policy: CachePolicy) -> dict[str, Any]:
    queries, headers = (
        {key.name for key in policy.parts if key.where == where} for where in ("query", "header")
    )

    def kept(field: str, names: set[str]) -> dict[str, Any]:
        # By the name as it is written, as API Gateway does: another spelling is in no key.
        return {name: it for name, it in (event.get(field) or {}).items() if name in names}

    context = event["requestContext"]
    # The gateway finds its domain by Host, so that who has the one as a key may see the other.
    allowed = (*_CONTEXT, "domainName") if "Host" in headers else _CONTEXT
    return {
        "resource": event.get("resource"),
        "path": event.get("path"),
        "httpMethod": event.get("httpMethod"),
        "pathParameters": event["pathParameters"],
        "headers": kept("headers", headers),
        "multiValueHeaders": kept("multiValueHeaders", headers),
        "queryStringParameters": kept("queryStringParameters", queries) or None,
        "multiValueQueryStringParameters": kept("multiValueQueryStringParameters", queries) or None,
        "stageVariables": event["stageVariables"],
        "requestContext": {name: context[name] for name in allowed if name in context},
        "body": None,
        "isBase64Encoded": False,
    }
