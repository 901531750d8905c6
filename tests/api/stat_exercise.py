"""Stats called in every way in which they say that they can end."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.core.counts import CountRow, Span
from chalicelib.core.errors import Unavailable
from chalicelib.store.memory_counts import CountMemory
from tests.api.driver import Api


PATHS = ("/stats", "/links/counted/stats")


class DownCounts(CountMemory):
    """Counts of a table that does not answer."""

    def read(
        self,
        subject: str,
        span: Span,
        since: datetime,
        until: datetime,
        names: Sequence[str] | None = None,
    ) -> list[CountRow]:
        raise Unavailable("The table did not answer.")

    def complete_as_of(self) -> datetime | None:
        raise Unavailable("The table did not answer.")

    def erase(self, subject: str) -> int:
        raise Unavailable("The table did not answer.")


def exercise_stats(api: Api) -> None:
    """All that ends well, and what the query can be wrong in."""
    api.made(slug="counted")
    for path in PATHS:
        for query in ("", "?format=csv", "?top=0", "?compare=previous"):
            api.keyed("GET", path + query)
        api.keyed("GET", path, If_None_Match=api.keyed("GET", path).headers["ETag"])
        api.ask("GET", f"/v1{path}")
    for method in ("GET", "DELETE"):
        api.keyed(method, "/links/nope/stats")
    api.keyed("DELETE", "/links/counted/stats")
    api.ask("DELETE", "/v1/links/counted/stats")


def exercise_stats_down(api: Api) -> None:
    """The same while the table does not answer."""
    for path in PATHS:
        api.keyed("GET", path)
    api.keyed("DELETE", "/links/counted/stats")
