"""What may be wrong with a node, for drills."""

from enum import StrEnum


class Fault(StrEnum):
    """How a node behaves."""

    HEALTHY = "healthy"
    SILENT = "silent"  # takes connections and requests, and answers none until it is healed
    SLOW = "slow"  # answers late
    REFUSING = "refusing"  # is gone: nothing listens on its port, and its connections are closed
    CUT = "cut"  # closes each connection in the middle of an answer
