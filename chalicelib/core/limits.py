"""Rate limits: the window that a moment is in, and how a limit is told to clients."""

from datetime import UTC, datetime
from typing import NamedTuple


WINDOW = 60  # seconds
# The one policy there is, by the name that it has in the headers.
_POLICY = '"default"'


class Window(NamedTuple):
    """The minute that a moment is in; `left` is how many seconds of it are to come, at least 1."""

    number: int
    left: int

    @property
    def ends_at(self) -> datetime:
        """When the next one begins."""
        return datetime.fromtimestamp((self.number + 1) * WINDOW, UTC)


class Standing(NamedTuple):
    """Where a key stands: `remaining` requests of `quota` for the next `resets_in` seconds."""

    allowed: bool
    quota: int
    remaining: int
    resets_in: int


def window_at(now: datetime) -> Window:
    """The window that this moment is in: all regions and processes have the same ones."""
    number, gone = divmod(int(now.timestamp()), WINDOW)
    return Window(number, WINDOW - gone)


def share_of(quota: int) -> int:
    """How many requests a process counts by itself, or takes at once: one in a hundred."""
    return quota // 100


def fields_of(standing: Standing) -> dict[str, str]:
    """The header fields that tell it, as draft-ietf-httpapi-ratelimit-headers has them."""
    return {
        "RateLimit-Policy": f"{_POLICY};q={standing.quota};w={WINDOW}",
        "RateLimit": f"{_POLICY};r={standing.remaining};t={standing.resets_in}",
    }
