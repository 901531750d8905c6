"""Which regions failed a moment ago, as far as one container of the function has seen."""

from collections.abc import Iterable


# So long others are asked first; then one request tries the region again.
AVOIDED_FOR = 5.0
# Requests whose second try may still come; each takes seconds at the most.
MOST = 1000


class Failures:
    """Times are seconds since 1970, as a frozen container's other clocks may stand still."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._asked: dict[str, str] = {}

    def note(self, region: str, now: float) -> None:
        """The region did not answer, or with an error of its own."""
        self._until[region] = now + AVOIDED_FOR

    def sort(self, regions: Iterable[str], now: float) -> list[str]:
        """The regions as they are to be asked: those that failed last come last."""
        return sorted(regions, key=lambda region: max(self._until.get(region, now), now))

    def begin(self, request: str, region: str) -> None:
        """A request, by its id, is sent to this region first."""
        if len(self._asked) >= MOST:
            del self._asked[next(iter(self._asked))]
        self._asked[request] = region

    def asked(self, request: str) -> str | None:
        """Where a request was sent first; None if another container did it."""
        return self._asked.pop(request, None)
