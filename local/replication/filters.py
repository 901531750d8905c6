"""Which records an event source mapping hands over: its filter's pattern, by Lambda's rules.

As far as our own pattern goes: names, and for each the texts that it may be.
"""

import json
from collections.abc import Mapping
from typing import Any

from infra.streams import PATTERN


WANTED: Mapping[str, Any] = json.loads(PATTERN)


def passes(record: Any, pattern: Mapping[str, Any] = WANTED) -> bool:
    """Whether a record has each name of the pattern, with one of its texts or what is below it."""
    return isinstance(record, Mapping) and all(
        name in record
        and (passes(record[name], it) if isinstance(it, Mapping) else record[name] in it)
        for name, it in pattern.items()
    )
