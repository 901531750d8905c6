"""What can go wrong, as exceptions that carry how to answer.

EverhopError
├── BadRequest            400 bad_request
├── Unauthorized          401 unauthorized
├── Forbidden             403 forbidden
├── NotFound              404 not_found
├── MethodNotAllowed      405 method_not_allowed
├── SlugTaken             409 slug_taken
├── IdempotencyInProgress 409 idempotency_in_progress, with how long to wait
├── KeyConflict           409 key_conflict
├── Stale                 412 stale
├── TooLarge              413 too_large
├── UnsupportedMediaType  415 unsupported_media_type
├── Invalid               422 invalid, with one Problem per bad field
│   └── IdempotencyMismatch  422 idempotency_mismatch
├── PreconditionRequired  428 precondition_required
├── RateLimited           429 rate_limited, with how long to wait
├── NotConfigured         501 not_configured
└── Unavailable           503 unavailable, with how long to wait
"""

from collections.abc import Iterable
from typing import ClassVar, NamedTuple


MOST_PROBLEMS = 100


class Problem(NamedTuple):
    """One bad field: a JSON pointer to it, a stable code, and a sentence for a person."""

    pointer: str
    code: str
    detail: str


class Refused(ValueError):
    """A single value was refused; whoever knows the value's name turns it into a Problem."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail

    def at(self, pointer: str) -> Problem:
        """The problem this refusal is for the field at `pointer`."""
        return Problem(pointer, self.code, self.detail)


class EverhopError(Exception):
    """Anything Everhop answers with a status of its own; `str(error)` is the detail."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong on our side"


class BadRequest(EverhopError):
    """The request can't be parsed at all."""

    status = 400
    code = "bad_request"
    title = "The request can't be read"


class Unauthorized(EverhopError):
    """There is no key, or not one that is known."""

    status = 401
    code = "unauthorized"
    title = "An API key is needed"


class Forbidden(EverhopError):
    """The key is known but may not do this."""

    status = 403
    code = "forbidden"
    title = "This key may not do that"


class NotFound(EverhopError):
    """There is nothing here, or nothing that this key may see."""

    status = 404
    code = "not_found"
    title = "Not found"


class MethodNotAllowed(EverhopError):
    """The address exists but not for this method."""

    status = 405
    code = "method_not_allowed"
    title = "Not with this method"


class SlugTaken(EverhopError):
    """Another link has this slug, or had it less than 90 days ago."""

    status = 409
    code = "slug_taken"
    title = "The slug is taken"


class KeyConflict(EverhopError):
    """An API key has ended, or is being rotated already."""

    status = 409
    code = "key_conflict"
    title = "Not with this key as it is now"


class Stale(EverhopError):
    """The link is not the version that the caller edited."""

    status = 412
    code = "stale"
    title = "The link has changed since you read it"


class TooLarge(EverhopError):
    """The body is over the limit."""

    status = 413
    code = "too_large"
    title = "The request is too large"


class UnsupportedMediaType(EverhopError):
    """The body is of a kind this address does not read."""

    status = 415
    code = "unsupported_media_type"
    title = "This content type is not read here"


class Invalid(EverhopError):
    """The request parses but has values that are refused, each of which is named."""

    status = 422
    code = "invalid"
    title = "Some fields are not valid"

    def __init__(self, problems: Iterable[Problem]) -> None:
        # Nobody reads more; all that a body could hold would be more than an answer can.
        self.problems = tuple(problems)[:MOST_PROBLEMS]
        super().__init__(" ".join(f"{p.pointer or '/'}: {p.detail}" for p in self.problems))

    def below(self, pointer: str) -> list[Problem]:
        """The problems as they are named from where this value is at `pointer`."""
        return [one._replace(pointer=pointer + one.pointer) for one in self.problems]


class Unavailable(EverhopError):
    """Something that is needed does not answer; trying again in some seconds may work."""

    status = 503
    code = "unavailable"
    title = "Not available right now"

    def __init__(self, detail: str, retry_for: int = 2) -> None:
        super().__init__(detail)
        self.retry_for = retry_for


class IdempotencyInProgress(EverhopError):
    """Other requests with the same key are at work and this one could not take part."""

    status = 409
    code = "idempotency_in_progress"
    title = "The same request is being worked on"
    retry_for = 1


class IdempotencyMismatch(Invalid):
    """The idempotency key was first sent with another request."""

    code = "idempotency_mismatch"
    title = "This idempotency key belongs to another request"


class PreconditionRequired(EverhopError):
    """The deployment wants every change to say which version it changes."""

    status = 428
    code = "precondition_required"
    title = "If-Match is needed"


class RateLimited(EverhopError):
    """The key has made as many requests in this minute as a key may."""

    status = 429
    code = "rate_limited"
    title = "Too many requests with this key"

    def __init__(self, detail: str, retry_for: int = 60) -> None:
        super().__init__(detail)
        self.retry_for = retry_for


class NotConfigured(EverhopError):
    """The deployment lacks what this needs; `detail` names the setting."""

    status = 501
    code = "not_configured"
    title = "This deployment can't do that"
