"""Which regions are no homes now, or won't be: one item, in the table of each region.

An operator's tool writes it at every region that is left, with one epoch; the table's replication
brings it along too, and to the region that was gone. The epoch keeps what is older from winning.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.models import Model

from chalicelib.core.errors import Stale
from chalicelib.core.homes import Absence
from chalicelib.core.times import format_time, parse_time
from chalicelib.store.answers import ConditionFailed, answering
from chalicelib.store.keys import ABSENCES_PK, ABSENCES_SK


class Known(NamedTuple):
    """The absences as of an epoch, which counts their changes; 0 is before the first."""

    epoch: int
    absences: tuple[Absence, ...]


class AbsencesItem(Model):
    """The one item; it has no list_key, so it is in no list."""

    class Meta:
        """Bound to the links' table by `bind_beside`."""

        table_name = "unbound"

    pk = UnicodeAttribute(hash_key=True, default=ABSENCES_PK)
    sk = UnicodeAttribute(range_key=True, default=ABSENCES_SK)
    absences = UnicodeAttribute()
    epoch = NumberAttribute()


def read_absences(model: type[AbsencesItem]) -> Known:
    """What one region knows, by a consistent GetItem; Unavailable when its table is silent."""
    try:
        with answering():
            item = model.get(ABSENCES_PK, ABSENCES_SK, consistent_read=True)
    except DoesNotExist:
        return Known(0, ())
    return Known(int(item.epoch), from_text(item.absences))


def write_absences(model: type[AbsencesItem], absences: Sequence[Absence], epoch: int) -> None:
    """Have one region know these, by one conditional PutItem; again with one epoch does no harm.

    Stale when the region knows others of this epoch, or a later one.
    """
    item = model(ABSENCES_PK, ABSENCES_SK, absences=to_text(absences), epoch=epoch)
    try:
        with answering():
            item.save(model.pk.does_not_exist() | (model.epoch < epoch))
    except ConditionFailed:
        known = read_absences(model)
        if known != Known(epoch, tuple(absences)):
            raise Stale(f"This region knows of absences as of epoch {known.epoch}.") from None


def to_text(absences: Sequence[Absence]) -> str:
    """Absences as they are stored."""
    return json.dumps(
        [
            {
                "region": one.region,
                "since": format_time(one.since),
                "until": one.until and format_time(one.until),
            }
            for one in absences
        ]
    )


def from_text(text: str) -> tuple[Absence, ...]:
    """Stored absences."""
    return tuple(map(_absence, json.loads(text)))


def _absence(stored: dict[str, Any]) -> Absence:
    until = stored["until"]
    return Absence(stored["region"], parse_time(stored["since"]), until and parse_time(until))
