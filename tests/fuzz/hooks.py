"""What schemathesis is told of this API; it loads this file by itself (SCHEMATHESIS_HOOKS).

One of its own checks is widened in `runs.CONFIG`, as a schema can't say all that makes a request
good, and narrowed here again by `refused_for_a_reason`: nothing else is let off.
"""

import json
import os
from collections.abc import Mapping
from typing import Any

import schemathesis


# The API keys that the run itself uses: revoked or rotated, they would end it.
KEPT = frozenset(os.environ.get("EVERHOP_FUZZ_KEPT", "").split())
NO_KEY = "2222222222"
CSV = ("text/csv", "application/csv", "application/vnd.ms-excel")
# Why a request that fits the document may be 422, by the code of the field. No schema knows
# what the deployment, the clock, or another part of the same request has to say.
SEMANTIC = frozenset(
    {
        "cursor",  # opaque, and signed for one list
        "dates_crossed",  # starts_at is after expires_at
        "max_clicks_needed",  # by max_clicks_exact
        "past",  # expires_at is over
        "time",  # there is no such day, or no such leap second
        "tag",  # characters that show nothing
        "type",  # a default of the schema stands for what is left out, not for null
        "slug_reserved",
        "slug_length",  # counted after folding, too
        "destination_invalid",  # the WHATWG parser's word
        "destination_userinfo",
        "destination_control",  # encoded line breaks
        "destination_loop",
        "destination_too_long",  # counted once it is encoded
        "period",  # empty, too long, or from before what is kept
        "qr_contrast",
        "qr_size",
        "idempotency_mismatch",
        "file_empty",
        "file_not_csv",
        "file_header",
        "column_missing",
        "column_repeated",
        "too_many_rows",
        "workspace",
        "destination_scheme",  # below rules the generator does not heed the pattern
        "rule_outcome",  # a destination or variants, and not both
        "country",
        "language",
        "time_zone",
        "repeated",
        "tags_crossed",
        "idempotency_unsupported",
    }
)
GATEWAY = {405, 413, 429}
WHOLE = {"choice", "out_of_range"}


@schemathesis.serializer(*CSV)
def send_text(_: object, value: object) -> Mapping[str, Any]:
    """A sheet is sent as the text it is."""
    return {"data": value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")}


@schemathesis.hook
def before_call(_: object, case: schemathesis.Case, kwargs: Mapping[str, Any]) -> None:
    """Ask about no key that this run lives by, but about one that nobody has."""
    del kwargs
    if (case.path_parameters or {}).get("key_id") in KEPT and case.method != "GET":
        case.path_parameters["key_id"] = NO_KEY


@schemathesis.hook
def filter_case(_: object, case: schemathesis.Case) -> bool:
    """Send no header only to see it refused: whoever is on the way adds some, and may."""
    return "x-schemathesis-unknown-property" not in {name.lower() for name in case.headers or {}}


@schemathesis.hook
def before_load_schema(_: object, raw_schema: Mapping[str, Any]) -> None:
    """Make up no passwords: sealing one takes 0.2 s, and there would be hundreds.

    The form that asks for one is still sent; tests/edge_cases/test_locks.py is about the field.
    """
    for model in raw_schema["components"]["schemas"].values():
        model.get("properties", {}).pop("password", None)


@schemathesis.check
def refused_for_a_reason(
    _: object, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """A request that fits the document is refused for what no schema can say, and for no more."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    status = response.status_code
    if status == 405:
        assert case.path.startswith(("/r/", "/v/")), "a POST of a link without a password"
    elif status == 410:
        assert case.path.startswith(("/r/", "/v/")), "410 is for visitors"
    elif status == 412:
        sent = {name.lower() for name in case.headers or {}}
        assert "if-match" in sent, "412 without If-Match"
    elif status == 422:
        codes = {one["code"] for one in json.loads(response.content)["errors"]}
        said = codes - SEMANTIC - (WHOLE if has_whole_float(case.body) else set())
        assert not said, f"a schema could have said this: {sorted(said)}"


@schemathesis.check
def status_is_named(_: object, response: schemathesis.Response, case: schemathesis.Case) -> None:
    """The document has this very status; `default` is for what the gateway says to anything."""
    if case.method.upper() != case.operation.method.upper():
        return  # a method that the path lacks: another check's business
    named = case.operation.definition.raw["responses"]
    assert str(response.status_code) in named or response.status_code in GATEWAY


def has_whole_float(body: object) -> bool:
    """Whether a number is written like 302.0: to JSON Schema an integer, and not to us."""
    values = body.values() if isinstance(body, dict) else ()
    return any(isinstance(value, float) and value.is_integer() for value in values)
