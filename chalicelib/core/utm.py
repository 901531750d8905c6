"""UTM fields: the campaign parameters that a link adds to wherever it leads."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, quote


PARAMETERS = ("source", "medium", "campaign", "term", "content")
_PREFIX = "utm_"


class Utm(NamedTuple):
    """The fields as the query string that is sent, so that following a link encodes nothing."""

    query: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, str | None]) -> "Utm":
        """The query of these fields, always in the same order; those that are empty add nothing."""
        given = [(name, fields.get(name)) for name in PARAMETERS]
        return cls(
            "&".join(f"{_PREFIX}{name}={quote(text, safe='')}" for name, text in given if text)
        )

    def __bool__(self) -> bool:
        return bool(self.query)

    def plain(self) -> dict[str, str] | None:
        """The fields as JSON has them; None when there are none."""
        pairs = parse_qsl(self.query)
        return {name.removeprefix(_PREFIX): text for name, text in pairs} or None


NO_UTM = Utm()
