"""Stats as a sheet: one row for all, one for each point of the series and each value."""

from collections.abc import Iterator, Mapping

from chalicelib.core.sheets import write_table
from chalicelib.core.stat_queries import StatQuery
from chalicelib.core.stats import KINDS_SHOWN, Point, Sums, top_values
from chalicelib.core.times import format_time


COLUMNS = ("section", "value", *KINDS_SHOWN, "share")


def write_stats(sums: Sums, query: StatQuery, tops: Mapping[str, str]) -> str:
    """CSV that no spreadsheet runs anything of; the byte order mark has it read as UTF-8."""
    return "\ufeff" + write_table(COLUMNS, _rows(sums, query, tops))


def _rows(sums: Sums, query: StatQuery, tops: Mapping[str, str]) -> Iterator[list[str]]:
    span = "/".join(map(format_time, query.period))
    yield ["total", span, *(str(sums.counts.get(kind, 0)) for kind in KINDS_SHOWN), ""]
    for point in sums.series:
        value = local_name(point, query)
        yield [query.interval, value, str(point.clicks), str(point.bots), "", "", ""]
    for name, dimension in tops.items():
        for one in top_values(sums.counts, dimension, query.top):
            yield [name, one.value, str(one.clicks), "", "", "", str(one.share)]


def local_name(point: Point, query: StatQuery) -> str:
    """A point by the zone's clocks: 2026-11-23T14:00+01:00, 2026-11-23 or 2026-11."""
    local = point.at.astimezone(query.zone)
    if query.interval == "hour":
        return local.isoformat(timespec="minutes")
    return local.date().isoformat()[: 10 if query.interval == "day" else 7]
