"""The item that says which regions are no homes: what is newer wins, and a repeat does no harm."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import Stale, Unavailable
from chalicelib.core.homes import Absence
from chalicelib.store.absences import (
    AbsencesItem,
    Known,
    from_text,
    read_absences,
    to_text,
    write_absences,
)
from chalicelib.store.models import bind, bind_beside
from local.children import listen, url_of
from tests.store.regions import make_tables
from tests.store.tables import REGION, point_to


NOW = datetime(2026, 11, 23, 12, 0, 0, 123000, tzinfo=UTC)
GONE = Absence("eu-west-1", NOW)
BACK = Absence("eu-west-1", NOW, NOW + timedelta(hours=1))
times = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
absences = st.builds(Absence, st.sampled_from(["us-east-1", "eu-west-1"]), times, times | st.none())


@pytest.fixture
def model(
    dynamodb: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> type[AbsencesItem]:
    """The item's model in a table of the test's own."""
    point_to(dynamodb, monkeypatch)
    (links,) = make_tables(f"absences-{request.node.name[5:60]}", dynamodb)
    return bind_beside(AbsencesItem, links)


def test_absences_come_back(model: type[AbsencesItem]) -> None:
    """As they were written, with their epoch; before the first there are none."""
    assert read_absences(model) == Known(0, ())
    write_absences(model, [GONE], 1)
    assert read_absences(model) == Known(1, (GONE,))
    write_absences(model, [BACK, Absence("us-east-1", NOW)], 2)
    assert read_absences(model) == Known(2, (BACK, Absence("us-east-1", NOW)))
    write_absences(model, [], 5)
    assert read_absences(model) == Known(5, ())


def test_an_older_epoch_does_not_win(model: type[AbsencesItem]) -> None:
    """Nor do other absences of the same one: two operators at once are told. A repeat is fine."""
    write_absences(model, [GONE], 2)
    write_absences(model, [GONE], 2)
    for epoch in (1, 2):
        with pytest.raises(Stale, match="epoch 2"):
            write_absences(model, [BACK], epoch)

    assert read_absences(model) == Known(2, (GONE,))


@given(st.lists(absences, max_size=4).map(tuple))
def test_absences_round_trip(some: tuple[Absence, ...]) -> None:
    """Whatever is planned."""
    assert from_text(to_text(some)) == some


def test_a_silent_table_tells_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is not the same as none."""
    listener = listen()
    url = url_of(listener)
    point_to(url, monkeypatch)
    listener.close()
    links = bind_beside(AbsencesItem, bind("links", REGION, url))

    with pytest.raises(Unavailable):
        read_absences(links)
    with pytest.raises(Unavailable):
        write_absences(links, [GONE], 1)
