"""Stats as owners ask for them: of one of their links, or of all of their workspace."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.core.counts import CountRow, link_subject, workspace_subject
from chalicelib.core.fields import Field
from chalicelib.core.periods import (
    Piece,
    bucket_starts,
    is_whole_in_utc,
    middle_of,
    period_before,
    plan_reads,
)
from chalicelib.core.rules import variant_names
from chalicelib.core.slugs import can_be_slug
from chalicelib.core.stat_files import write_stats
from chalicelib.core.stat_queries import StatQuery, read_stat_query, stat_fields
from chalicelib.core.stats import (
    LINK_TOPS,
    SERIES_NAMES,
    TOPS,
    Compared,
    Sums,
    compare,
    describe_compared,
    describe_sums,
    name_variants,
    sum_rows,
)
from chalicelib.core.times import format_time
from chalicelib.service.links import LinkService
from chalicelib.service.ports import CountStore


class Stats(NamedTuple):
    """What was counted, and what it answers; `slug` is None for a whole workspace."""

    slug: str | None
    query: StatQuery
    sums: Sums
    compared: Compared | None
    complete_as_of: str | None

    @property
    def tops(self) -> Mapping[str, str]:
        """The dimensions that are listed."""
        return TOPS if self.slug is not None else LINK_TOPS

    def describe(self) -> dict[str, Any]:
        """As the API shows them."""
        return {
            **({} if self.slug is None else {"slug": self.slug}),
            "from": format_time(self.query.period.since),
            "to": format_time(self.query.period.until),
            "interval": self.query.interval,
            "time_zone": self.query.zone_name,
            "complete_as_of": self.complete_as_of,
            **describe_sums(self.sums, self.tops, self.query.top),
            "compared": describe_compared(self.compared),
        }

    def as_csv(self) -> str:
        """As a sheet."""
        return write_stats(self.sums, self.query, self.tops)


@dataclass(frozen=True)
class StatService:
    """The use cases of stats, over counts and the links that they are of."""

    counts: CountStore
    links: LinkService
    fields: Mapping[str, Field] = field(init=False)

    def __post_init__(self) -> None:
        """Find zones as rules do."""
        object.__setattr__(self, "fields", stat_fields(self.links.find_zone))

    def of_link(self, workspace: str, slug: str, parameters: Mapping[str, str]) -> Stats:
        """The stats of a link; NotFound when the workspace has none of this slug."""
        query = self._query(parameters)
        link = self.links.read(workspace, slug)
        subject = link_subject(workspace, self.links.key_of(link.slug))
        stats = self._stats(subject, link.slug, query)
        counts = name_variants(stats.sums.counts, variant_names(link.rules))
        return stats._replace(sums=replace(stats.sums, counts=counts))

    def of_workspace(self, workspace: str, parameters: Mapping[str, str]) -> Stats:
        """The stats of all links of a workspace together."""
        return self._stats(workspace_subject(workspace), None, self._query(parameters))

    def erase(self, workspace: str, slug: str) -> None:
        """Forget all counts of a link, also of one that was deleted.

        NotFound when there are none, and no such link either.
        """
        subject = link_subject(workspace, self.links.key_of(slug))
        if not (can_be_slug(slug, self.links.slugs) and self.counts.erase(subject)):
            self.links.read(workspace, slug)

    def _query(self, parameters: Mapping[str, str]) -> StatQuery:
        return read_stat_query(parameters, self.links.clock(), self.fields)

    def _stats(self, subject: str, slug: str | None, query: StatQuery) -> Stats:
        # Asked before the rows: what is counted meanwhile is not promised, and may be there.
        as_of = self.counts.complete_as_of()
        sums = self._sums(subject, query)
        compared = self._compare(subject, query, sums.clicks) if query.compared else None
        return Stats(slug, query, sums, compared, format_time(as_of) if as_of else None)

    def _sums(self, subject: str, query: StatQuery) -> Sums:
        starts = bucket_starts(query.period, query.interval, query.zone)
        few = plan_reads(query.period, query.now, by_hours=False)
        fine = plan_reads(query.period, query.now, by_hours=_needs_hours(query, starts))
        if few == fine:
            return sum_rows(self._rows(subject, few), starts)
        # Values of dimensions are most of a row: they come from few rows, the points from many.
        series = sum_rows(self._rows(subject, fine, SERIES_NAMES), starts).series
        return Sums(sum_rows(self._rows(subject, few), ()).counts, series)

    def _compare(self, subject: str, query: StatQuery, clicks: int) -> Compared:
        before = period_before(query.period, query.zone)
        pieces = plan_reads(before, query.now, by_hours=False)
        then = sum_rows(self._rows(subject, pieces, SERIES_NAMES), ())
        return compare(before.since, before.until, clicks, then.clicks)

    def _rows(
        self, subject: str, pieces: Sequence[Piece], names: Sequence[str] | None = None
    ) -> Iterator[CountRow]:
        for piece in pieces:
            for row in self.counts.read(subject, *piece, names):
                yield row._replace(at=middle_of(piece, row.at))


def _needs_hours(query: StatQuery, starts: list[datetime]) -> bool:
    return query.interval == "hour" or (query.interval == "day" and not is_whole_in_utc(starts))
