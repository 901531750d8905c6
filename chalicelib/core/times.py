"""Times as RFC 3339 in UTC: read from people, written for machines."""

import re
from datetime import UTC, datetime, timedelta

from chalicelib.core.errors import Refused


# Also a JSON Schema pattern, whose \d is any digit to some readers: hence [0-9].
TIME_PATTERN = (
    "([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}):([0-9]{2})"
    r"(\.[0-9]{1,9})?(?:[Zz]|([+-][0-9]{2}:[0-9]{2}))"
)
_EXAMPLE = "2026-12-01T10:00:00Z"


def parse_time(value: object) -> datetime:
    """An RFC 3339 string with its offset, as a UTC datetime in whole milliseconds.

    A leap second (`:60`) is read as the second after it. Raises Refused with code `time`.
    """
    match = re.fullmatch(TIME_PATTERN, value) if isinstance(value, str) else None
    if match is None:
        raise Refused("time", f"Write a time with its offset, like {_EXAMPLE}.")
    try:
        return _in_utc(*match.groups())
    except (ValueError, OverflowError):
        raise Refused("time", f"There is no such time; write one like {_EXAMPLE}.") from None


def _in_utc(
    day: str, minute: str, second: str, fraction: str | None, offset: str | None
) -> datetime:
    leap = second == "60"
    text = f"{day}T{minute}:{'59' if leap else second}{offset or '+00:00'}"
    part = timedelta(milliseconds=int((fraction or ".")[1:4].ljust(3, "0")))
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return moment + (timedelta(seconds=1) if leap else part)


def format_time(moment: datetime) -> str:
    """The moment as RFC 3339 UTC, with milliseconds only where there are any."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
    return text.removesuffix(".000") + "Z"


def sortable_time(moment: datetime) -> str:
    """The moment in 24 characters that sort as text in the order of time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def to_milliseconds(moment: datetime) -> datetime:
    """The moment with what is finer than a millisecond cut off, as it is stored."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def time_after(moment: datetime, seconds: int) -> datetime:
    """The moment so many seconds later, in whole seconds."""
    return moment.replace(microsecond=0) + timedelta(seconds=seconds)
