"""What owners' routes go through: the key is checked, the request read, the answer written."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from chalice.app import HeadersType, Request, Response

from chalicelib.api.notes import notes_of
from chalicelib.api.routes import catch_errors, request_id, route, short_url_of
from chalicelib.core.access import Access, Scope, bearer_of
from chalicelib.core.errors import (
    BadRequest,
    Forbidden,
    Invalid,
    NotFound,
    Problem,
    RateLimited,
    Refused,
    TooLarge,
    Unauthorized,
    UnsupportedMediaType,
)
from chalicelib.core.fields import LONGEST_NAME
from chalicelib.core.idempotency import (
    HEADER_POINTER,
    Asked,
    digest_request,
    is_repeated,
    parse_key,
)
from chalicelib.core.limits import fields_of
from chalicelib.core.slugs import decode_slug
from chalicelib.service.access import Gate
from chalicelib.service.limits import Limiter


# Owners' routes have all that they need from here.
__all__ = ["catch_errors", "request_id", "route"]

MAX_JSON = 64 * 1024
NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Doors:
    """What the routes of one deployment share."""

    gate: Gate
    limiter: Limiter
    public_url: str
    cursor_secret: bytes
    require_if_match: bool = False
    api_cache: bool = False

    def authorise(self, request: Request, scope: Scope) -> str:
        """The workspace that the request's key opens; Forbidden when not for what `scope` names."""
        return self.admit(request, scope).workspace

    def admit(self, request: Request, scope: Scope) -> Access:
        """All that the request's key opens; Unauthorized when it opens nothing, or RateLimited."""
        key = bearer_of(request.headers.get("authorization"))
        if key is None:
            raise Unauthorized("Send your key as `Authorization: Bearer eh_...`.")
        access = self.gate.admit(key)
        notes = notes_of(request)
        notes.key_id, notes.workspace = access.key_id, access.workspace
        self._count(request, access)
        if scope not in access.scopes:
            raise Forbidden(f"This needs a key with the scope “{scope}”.")
        return access

    def _count(self, request: Request, access: Access) -> None:
        # By key, never by address: those who have no key that is known are the gateway's to limit.
        standing = self.limiter.count(access.key_id)
        if standing is None:
            return
        notes_of(request).headers.update(fields_of(standing))
        if not standing.allowed:
            most, wait = standing.quota, standing.resets_in
            detail = f"The limit of a key is {most:,} a minute here; wait {wait} s."
            raise RateLimited(detail, wait)

    def short_url(self, request: Request, slug: str) -> str:
        """The address that a link is followed at; never built from what the client sent."""
        return short_url_of(request, self.public_url, slug)


def api_path(request: Request) -> str:
    """The path that this API is below, as the client asked: the gateway's stage, or nothing."""
    asked = str(request.context.get("path", "")).rstrip("/")
    return asked.removesuffix(str(request.context.get("resourcePath", "")))


def api_address(request: Request, doors: Doors) -> str:
    """The URL that this API is at, for people to copy; never built from what the client sent."""
    own = request.context.get("domainName")
    parts = urlsplit(doors.public_url or (f"https://{own}" if own else ""))
    return f"{parts.scheme}://{parts.netloc}{api_path(request)}" if parts.netloc else ""


def json_answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response that no cache keeps, as all answers to a keyed request."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    kept: HeadersType = {"Content-Type": "application/json", **NO_STORE, **(headers or {})}
    return Response(text, kept, status)


def read_json(request: Request, most: int = MAX_JSON) -> Any:
    """The body as JSON; TooLarge before it is parsed, BadRequest when it can't be."""
    text = read_text(request, most)
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_read_members)
    except json.JSONDecodeError as error:
        raise BadRequest(_broken_at(text, error.lineno, error.colno)) from None
    except ValueError:
        raise BadRequest("A number in the body has too many digits.") from None
    except RecursionError:
        raise BadRequest("The body is nested too deeply.") from None


def _broken_at(text: str, line: int, column: int) -> str:
    if not text.strip():
        return "The body is empty; it should be JSON."
    return f"The body is not JSON: see line {line}, column {column}."


def read_asked(request: Request, workspace: str, route: str, body: object) -> Asked | None:
    """The request as its Idempotency-Key identifies it; None without one, Invalid for a bad one."""
    header = request.headers.get("idempotency-key")
    if header is None:
        return None
    try:
        key = parse_key(header)
        again = is_repeated(request.headers.get("everhop-attempt", ""))
        return Asked(workspace, key, digest_request(route, body, key), again)
    except RecursionError:
        raise BadRequest("The body is nested too deeply.") from None
    except Refused as refused:
        raise Invalid([refused.at(HEADER_POINTER)]) from None


def refuse_key(request: Request, why: str) -> None:
    """Invalid when the request carries an Idempotency-Key, whose promise would not be kept."""
    if request.headers.get("idempotency-key") is not None:
        raise Invalid([Problem(HEADER_POINTER, "idempotency_unsupported", why)])


def _read_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # As RFC 7493 has it: of two members with one name nobody knows which was meant.
    members = dict(pairs)
    if not all(map(_is_whole, members)):
        raise BadRequest("The name of a member has half of a character in it.")
    if len(members) < len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise BadRequest(f"An object has two members named “{twice[:LONGEST_NAME]}”.")
    return members


def _is_whole(name: str) -> bool:
    return name.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in name)


def _refuse_constant(name: str) -> None:
    raise BadRequest(f"{name} is no number in JSON.")


def read_text(request: Request, most: int) -> str:
    """The body as UTF-8 text of at most `most` bytes; BadRequest when it is not UTF-8."""
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise UnsupportedMediaType(f"Content-Encoding {encoding} is not read here.")
    raw = request.raw_body
    data = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
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
