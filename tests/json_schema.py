"""JSON Schema as other languages read it, for tests that hold code against the API's document."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend


def _pattern(validator: Any, pattern: str, value: Any, schema: Any) -> Iterator[ValidationError]:
    # In ECMA 262, which JSON Schema's patterns are in, $ is not also before a last line break.
    if isinstance(value, str) and not re.search(pattern.replace("$", r"\Z"), value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


Validator = extend(Draft202012Validator, {"pattern": _pattern})


def accepts(schema: Mapping[str, Any], value: Any) -> bool:
    """Whether the value fits the schema."""
    return bool(Validator(schema).is_valid(value))
