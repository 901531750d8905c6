"""How a route is registered, and what it raises answered. A redirect needs no more than this."""

import json
import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from chalice.app import Blueprint, Request, Response, RouteEntry

from chalicelib.api.caching import CachePolicy, check_policy, keyed_request
from chalicelib.api.notes import notes_of
from chalicelib.api.problems import answer_error, answer_foreign_error
from chalicelib.core.errors import EverhopError, Unavailable


View = Callable[..., Response]
Describe = Callable[[Any], Any]


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
            # Before the request is narrowed to a copy, which then has the same notes.
            notes_of(request).is_kept = cache is not None and cache.in_use
            try:
                return view(keyed_request(request, cache) if cache else request, **parameters)
            except EverhopError as error:
                return answer_problem(request, error)
            except Exception as bug:  # noqa: BLE001 - it is logged; Chalice would log its text too
                return answer_bug(request, bug)

        # Whoever only asks may send any content type: a redirect does not depend on it.
        if not {"POST", "PATCH"} & set(methods):
            options.setdefault("content_types", ["*/*"])
        answer.__dict__.update(describe=describe, cache=cache)
        api.route(path, methods=methods, **options)(answer)
        return view

    return register


_FAILED = "The request failed; it was logged under this instance."


def answer_problem(request: Request, error: EverhopError) -> Response:
    """The response for an error of ours."""
    note_error(request, error)
    return answer_error(error, request_id(request))


def answer_bug(request: Request, bug: Exception) -> Response:
    """The response for what nobody expected: the log has it, the client learns nothing of it."""
    notes_of(request).bug = bug
    return answer_problem(request, EverhopError(_FAILED))


def note_error(request: Request, error: EverhopError) -> None:
    """Have the log say which error the request ends with, and why if something is not there."""
    notes = notes_of(request)
    notes.code = error.code
    if isinstance(error, Unavailable):
        notes.reason = str(error)


def own_methods(methods: Mapping[str, RouteEntry]) -> list[str]:
    """The methods of a path that are in the API's document, if any is; else all of them."""
    own = [name for name, it in methods.items() if not hasattr(it.view_function, "stands_for")]
    return own or list(methods)


def request_id(request: Request) -> str:
    """The id under which the platform logged this request."""
    return str(getattr(request.lambda_context, "aws_request_id", ""))


def catch_errors(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Middleware: Chalice's own errors leave as problem+json too, and the time taken is told."""
    started = time.perf_counter()
    try:
        response = get_response(request)
    except Exception as bug:  # noqa: BLE001 - before or after a view; it is logged
        response = answer_bug(request, bug)
    if isinstance(response.body, dict) and "Code" in response.body:
        response = answer_foreign_error(response, request_id(request))
        notes_of(request).code = json.loads(response.body)["code"]
    took = (time.perf_counter() - started) * 1000
    response.headers["Server-Timing"] = f"app;dur={took:.1f}"
    response.headers.update(notes_of(request).headers)
    return response


def short_url_of(request: Request, public_url: str, slug: str) -> str:
    """The address that a link is followed at; never built from what the client sent."""
    return f"{public_url or _api_url(request) + '/r'}/{slug}"


def apart_url_of(request: Request, segment: str) -> str:
    """The address of the API itself that no cache keeps."""
    return f"{_api_url(request)}/v/{segment}"


def _api_url(request: Request) -> str:
    # API Gateway routes to this API by its own names alone, so domainName is not the client's word.
    context = request.context
    domain = context.get("domainName")
    return f"https://{domain}/{context.get('stage', '')}".rstrip("/") if domain else ""
