"""What every route goes through: its request read, its key checked, its errors answered."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from chalice.app import Blueprint, HeadersType, Request, Response

from chalicelib.api.caching import CachePolicy, check_policy, keyed_request
from chalicelib.api.problems import answer_error, answer_foreign_error
from chalicelib.core.access import Access, Scope, bearer_of
from chalicelib.core.errors import (
    BadRequest,
    EverhopError,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    TooLarge,
    Unauthorized,
    UnsupportedMediaType,
)
from chalicelib.core.idempotency import HEADER_POINTER, Asked, digest_request, parse_key
from chalicelib.core.slugs import decode_slug
from chalicelib.service.access import Gate


MAX_JSON = 64 * 1024
NO_STORE = {"Cache-Control": "no-store"}
View = Callable[..., Response]
Describe = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Doors:
    """What the routes of one deployment share."""

    gate: Gate
    public_url: str
    cursor_secret: bytes
    require_if_match: bool = False
    api_cache: bool = False

    def authorise(self, request: Request, scope: Scope) -> str:
        """The workspace that the request's key opens; Forbidden when not for what `scope` names."""
        return self.admit(request, scope).workspace

    def admit(self, request: Request, scope: Scope) -> Access:
        """All that the request's key opens; Unauthorized when it opens nothing."""
        key = bearer_of(request.headers.get("authorization"))
        if key is None:
            raise Unauthorized("Send your key as `Authorization: Bearer eh_...`.")
        access = self.gate.admit(key)
        if scope not in access.scopes:
            raise Forbidden(f"This needs a key with the scope “{scope}”.")
        return access

    def short_url(self, request: Request, slug: str) -> str:
        """The address that a link is followed at; never built from what the client sent."""
        return f"{self.public_url or _api_url(request) + '/r'}/{slug}"


def api_path(request: Request) -> str:
    """The path that this API is below, as the client asked: the gateway's stage, or nothing."""
    asked = str(request.context.get("path", "")).rstrip("/")
    return asked.removesuffix(str(request.context.get("resourcePath", "")))


def api_address(request: Request, doors: Doors) -> str:
    """The URL that this API is at, for people to copy; never built from what the client sent."""
    own = request.context.get("domainName")
    parts = urlsplit(doors.public_url or (f"https://{own}" if own else ""))
    return f"{parts.scheme}://{parts.netloc}{api_path(request)}" if parts.netloc else ""


def _api_url(request: Request) -> str:
    # API Gateway routes to this API by its own names alone, so domainName is not the client's word.
    context = request.context
    domain = context.get("domainName")
    return f"https://{domain}/{context.get('stage', '')}".rstrip("/") if domain else ""


def route(  # noqa: PLR0913 - what a route may say of itself
    api: Blueprint,
    path: str,
    methods: list[str],
    describe: Describe | None = None,
    *,
    public: bool = False,
    cache: CachePolicy | None = None,
    **options: Any,
) -> Callable[[View], View]:
    """Register `view(request, **path_parameters)`; what it raises is answered as problem+json.

    `describe` makes what the API's document says of it, in the words of openapi/vocabulary.py that
    it is handed. It is called when a document is asked for, so that a cold start pays nothing.
    With `cache` the stage's cache may answer GETs; only a `public` route, which needs no key, can
    have one: ValueError at import says why another can't.
    """
    if cache:
        check_policy(path, methods, cache, public=public)

    def register(view: View) -> View:
        @wraps(view)
        def answer(**parameters: str) -> Response:
            request = api.current_request
            try:
                return view(keyed_request(request, cache) if cache else request, **parameters)
            except EverhopError as error:
                return answer_error(error, request_id(request))

        # Whoever only asks may send any content type: a redirect does not depend on it.
        if not {"POST", "PATCH"} & set(methods):
            options.setdefault("content_types", ["*/*"])
        answer.__dict__.update(describe=describe, cache=cache)
        api.route(path, methods=methods, **options)(answer)
        return view

    return register


def request_id(request: Request) -> str:
    """The id under which the platform logged this request."""
    return str(getattr(request.lambda_context, "aws_request_id", ""))


def catch_errors(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Middleware: Chalice's own errors leave as problem+json too, and the time taken is told."""
    started = time.perf_counter()
    response = get_response(request)
    if isinstance(response.body, dict) and "Code" in response.body:
        response = answer_foreign_error(response, request_id(request))
    took = (time.perf_counter() - started) * 1000
    response.headers["Server-Timing"] = f"app;dur={took:.1f}"
    return response


def json_answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response that no cache keeps, as all answers to a keyed request."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    kept: HeadersType = {"Content-Type": "application/json", **NO_STORE, **(headers or {})}
    return Response(text, kept, status)


def read_json(request: Request) -> Any:
    """The body as JSON; TooLarge before it is parsed, BadRequest when it can't be."""
    try:
        return json.loads(read_text(request, MAX_JSON), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadRequest("The body is not JSON.") from None


def read_asked(request: Request, workspace: str, route: str, body: object) -> Asked | None:
    """The request as its Idempotency-Key identifies it; None without one, Invalid for a bad one."""
    header = request.headers.get("idempotency-key")
    if header is None:
        return None
    try:
        return Asked(workspace, parse_key(header), digest_request(route, body))
    except RecursionError:
        raise BadRequest("The body is nested too deeply.") from None
    except Refused as refused:
        raise Invalid([refused.at(HEADER_POINTER)]) from None


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def read_text(request: Request, most: int) -> str:
    """The body as UTF-8 text of at most `most` bytes; BadRequest when it is not UTF-8."""
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise UnsupportedMediaType(f"Content-Encoding {encoding} is not read here.")
    raw = request.raw_body
    data = raw.encode() if isinstance(raw, str) else raw
    if len(data) > most:
        raise TooLarge(f"At most {most // 1024} KiB; this is {len(data) // 1024 + 1} KiB.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8 text.") from None


def slug_in_path(segment: str) -> str:
    """The slug that a path segment encodes; NotFound when it encodes none."""
    slug = decode_slug(segment)
    if slug is None:
        raise NotFound("There is no such link.")
    return slug
