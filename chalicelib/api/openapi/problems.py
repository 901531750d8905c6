"""The errors of the document: each as the app itself would answer it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.api.openapi.operations import Header, Model
from chalicelib.api.openapi.schemas import FIELD_PROBLEM, described, list_of
from chalicelib.api.openapi.words import DETAILS, FIELD_CODES, HEADERS
from chalicelib.api.problems import answer_error
from chalicelib.core.errors import EverhopError, Invalid, Problem


PROBLEM_TYPE = "application/problem+json"
# Only API Gateway says this, before a request reaches the app.
GATEWAY_CODES = {"too_many_requests": "Too many requests at once; wait `Retry-After` seconds."}
_OURS = ("Content-Type", "Cache-Control")
_BAD_FIELD = Problem("/slug", "slug_characters", "A slug has only letters A-Z, digits, - and _.")


def kinds(base: type[EverhopError] = EverhopError) -> Iterator[type[EverhopError]]:
    """Every kind of error there is."""
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


def codes() -> dict[str, tuple[int, str]]:
    """Each code with its status and what it means, in the order of the statuses."""
    ours = {kind.code: (kind.status, about(kind)) for kind in kinds()}
    theirs = {code: (429, sentence) for code, sentence in GATEWAY_CODES.items()}
    unforeseen = {EverhopError.code: (EverhopError.status, EverhopError.title + ".")}
    return dict(sorted({**theirs, **ours, **unforeseen}.items(), key=lambda one: one[1]))


def about(kind: type[EverhopError]) -> str:
    """The sentence that says when the error is raised."""
    return (kind.__doc__ or kind.title).partition("\n")[0]


def problem_model() -> Model:
    """The schema of every error: RFC 9457, with a stable code."""
    text = {"type": "string"}
    listed = "\n".join(f"- `{code}`: {status}. {said}" for code, (status, said) in codes().items())
    fields = "\n".join(f"- `{code}`: {said}" for code, said in FIELD_CODES.items())
    properties: Mapping[str, Any] = {
        "type": described({**text, "format": "uri"}, "A name for the kind of problem."),
        "title": described(text, "The kind in words."),
        "status": described({"type": "integer"}, "The status of the answer."),
        "code": described({**text, "enum": [*codes()]}, f"Stable; for programs.\n\n{listed}"),
        "detail": described(text, "What is wrong this time; for people."),
        "instance": described({**text, "format": "uri"}, "The request, as it is in the logs."),
        "errors": described(list_of(FIELD_PROBLEM), f"Every bad field, with `code`:\n\n{fields}"),
    }
    # API Gateway's own answers have no instance, and some no status.
    required = ["type", "title", "code", "detail"]
    return Model("Problem", {"type": "object", "required": required, "properties": properties})


def problem_answer(kind: type[EverhopError]) -> dict[str, Any]:
    """The answer to an error of this kind, taken from a real one."""
    response = answer_error(_example(kind), "4f7c1d2e")
    content = {"schema": problem_model(), "example": json.loads(response.body)}
    described = {
        "description": f"`{kind.code}`: {about(kind)}",
        "content": {PROBLEM_TYPE: content},
    }
    headers = {
        name: header(Header(HEADERS.get(name, ""), str(value)))
        for name, value in response.headers.items()
        if name not in _OURS
    }
    return {**described, "headers": headers} if headers else described


def other_answer() -> dict[str, Any]:
    """The answer to whatever else went wrong."""
    about_it = "Any other problem, from the gateway in front as well: 405, 413, 429 or 5xx."
    return {"description": about_it, "content": {PROBLEM_TYPE: {"schema": problem_model()}}}


def header(one: Header) -> dict[str, Any]:
    """A header of an answer."""
    return {"description": one.about, "schema": {"type": "string"}, "example": one.example}


def _example(kind: type[EverhopError]) -> EverhopError:
    if issubclass(kind, Invalid):
        return kind([_BAD_FIELD])
    return kind(DETAILS.get(kind.code, kind.title))
