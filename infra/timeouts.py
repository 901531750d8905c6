"""Who waits how long for whom: each tier must outlast what it waits for, or tells a guess."""

from typing import NamedTuple


API_GATEWAY = 29  # seconds; longer needs a quota of its own
LONGEST_FUNCTION = 900
# CloudFront's own, where an origin says nothing.
CONNECTION_ATTEMPTS, CONNECTION_TIMEOUT, READ_TIMEOUT = 3, 10, 30
# A visitor waits for all attempts at a region that is gone before the next one is tried.
GONE_WITHIN = 2


class Origin(NamedTuple):
    """An origin of a distribution as its template has it, in attempts and seconds."""

    name: str
    attempts: int = CONNECTION_ATTEMPTS
    connect_for: int = CONNECTION_TIMEOUT
    read_for: int | None = None  # None for S3, which has a limit of its own
    has_next: bool = False  # another is asked after it, which only who reads can be given


def table_call_for() -> int:
    """Seconds that one call of the table may take, silent and tried again, until it is given up."""
    # Only who asks pays for PynamoDB.
    from chalicelib.store.clients import ATTEMPTS, CONNECT_FOR, READ_FOR  # noqa: PLC0415

    return ATTEMPTS * (CONNECT_FOR + READ_FOR)
