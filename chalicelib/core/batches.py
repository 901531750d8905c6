"""A batch of creates: how its body is read, and what each of its rows stands for."""

from collections.abc import Mapping

from chalicelib.core.errors import Invalid, Refused, SlugTaken
from chalicelib.core.fields import Field, Kind


MAX_ROWS = 100
# Sealing one takes up to 0.4 s at the function's size, and all must fit into its time.
MAX_PASSWORDS = 10


def _parse_rows(value: object) -> list[object]:
    if not isinstance(value, list):
        raise Refused("type", "Links are a list of objects.")
    if not value:
        raise Refused("required", "At least one link is needed.")
    if len(value) > MAX_ROWS:
        raise Refused("too_many", f"At most {MAX_ROWS} links; these are {len(value)}.")
    locked = sum(isinstance(row, dict) and row.get("password") is not None for row in value)
    if locked > MAX_PASSWORDS:
        raise Refused("too_many", f"At most {MAX_PASSWORDS} with a password; these are {locked}.")
    return value


# The rows are read one by one, so that a bad one is its own row's problem.
BATCH_FIELDS: Mapping[str, Field] = {
    "links": Field(Kind(_parse_rows, {"type": "array", "minItems": 1, "maxItems": MAX_ROWS}))
}


def row_pointer(number: int) -> str:
    """Where in the body a row is, as a JSON Pointer."""
    return f"/links/{number}"


def row_receipt(receipt: str, number: int) -> str:
    """What the link of a row bears, so that no other try makes it again."""
    return f"{receipt}/{number}"


def place_problems(invalid: Invalid, number: int) -> Invalid:
    """The same problems, pointing into the batch instead of into the row."""
    return Invalid(invalid.below(row_pointer(number)))


def taken_in_batch(slug: str, first: int) -> SlugTaken:
    """The error of a row whose slug an earlier row has."""
    return SlugTaken(f"“{slug}” is the slug of {row_pointer(first)} already.")
