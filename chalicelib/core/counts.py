"""What is counted of clicks, and under which names: one flat mapping of names to numbers.

A row holds the counts of one subject in one span of time by one region; stats are sums of rows.
Names are `clicks` (by people), `bots`, `heads`, `previews` and `checks` (of health), apart from
each other; and of `clicks` alone, `<dimension>:<value>`, such as `country:DE`. A workspace's rows also
have `link:<slug key>`, which of its links were followed.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple


Span = Literal["hour", "day", "month"]
KINDS = ("clicks", "bots", "heads", "previews", "checks")
DIMENSIONS = (
    "country device browser system referrer language variant utm_source utm_medium utm_campaign"
).split()
# Of one dimension in one row; what comes after them is counted as REST.
MOST_VALUES = 100
LINK = "link"  # the dimension of workspaces alone, as bounded as the others
REST = "(other)"
UNKNOWN = "(unknown)"  # the visitor did not say, or it can't be told


class CountRow(NamedTuple):
    """The counts of one subject in the span that begins `at` (UTC), all regions summed."""

    at: datetime
    counts: Mapping[str, int]


def link_subject(workspace: str, slug_key: str) -> str:
    """What the counts of a link are kept under.

    The workspace is in it as a slug may be another's one day, who is told nothing of before.
    """
    return f"link/{workspace}/{slug_key}"


def workspace_subject(workspace: str) -> str:
    """What the counts of all links of a workspace are kept under."""
    return f"workspace/{workspace}"


# Clicks that followed nothing: there was no such link.
ORPHANS = "orphans"


def name_of(dimension: str, value: str) -> str:
    """The name under which a value of a dimension is counted."""
    return f"{dimension}:{value}"
