"""Links of two regions over two DynamoDBs, with a replication that takes no time."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from pynamodb.exceptions import TableError

from chalicelib.core.homes import Absence
from chalicelib.core.links import Link
from chalicelib.service.ports import LinkStore
from chalicelib.service.regional_links import RegionalLinks
from chalicelib.service.regions import Regions
from chalicelib.store.far_links import FarLinks
from chalicelib.store.links import LinkTable
from chalicelib.store.models import LinkItem, bind
from tests.store.tables import REGION


HERE, THERE = "us-east-1", "eu-west-1"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def clock() -> datetime:
    return datetime.now(UTC)


class Untouched(LinkTable):
    """A table that is only read."""

    def create(self, key: str, link: Link) -> None:
        raise AssertionError(f"{key} was written where it is not at home")

    replace = create


class Replicated(LinkTable):
    """A table whose writes are in another one as soon as they are answered."""

    def __init__(self, model: type[LinkItem], replica: type[LinkItem]) -> None:
        super().__init__(model)
        self._replica = replica

    def create(self, key: str, link: Link) -> None:
        super().create(key, link)
        self._copy(key)

    def replace(self, key: str, link: Link) -> None:
        super().replace(key, link)
        self._copy(key)

    def _copy(self, key: str) -> None:
        item = self._get_item(key, consistent=True)
        assert item is not None
        connection = self._replica._get_connection()
        connection.connection.client.put_item(
            TableName=connection.table_name, Item=item.serialize()
        )


def make_tables(name: str, *urls: str) -> list[type[LinkItem]]:
    """The models of a table of this name in each of these DynamoDBs, made if it is not there."""
    models = [bind(name, REGION, url) for url in urls]
    for model in models:
        with suppress(TableError):  # it is there
            model.create_table(billing_mode="PAY_PER_REQUEST", wait=True)
    return models


def regional(
    local: LinkStore,
    store_of: Callable[[str], LinkStore],
    absent: str = "",
    here: str = HERE,
    every: tuple[str, ...] = (HERE, THERE),
) -> RegionalLinks:
    """Links as `here` sees them; `absent` is no home of anything."""
    absences = (Absence(absent, LONG_AGO),) if absent else ()
    # Far more than usual: a busy machine is no silent region.
    return RegionalLinks(local, Regions(here, every, lambda: absences, clock), store_of, 20)


def all_at_home_here(urls: tuple[str, str]) -> RegionalLinks:
    """All is written to this region's table; nobody asks the other."""

    def ask_nobody(region: str) -> LinkStore:
        raise AssertionError(f"{region} was asked for what is at home here")

    (near, _) = make_tables("at-home-here", *urls)
    return regional(LinkTable(near), ask_nobody, absent=THERE)


def all_at_home_there(urls: tuple[str, str]) -> RegionalLinks:
    """All is written to the other region's table; this one's has what was replicated."""
    near, far = make_tables("at-home-there", *urls)
    there = FarLinks(lambda: Replicated(far, near))
    return regional(Untouched(near), {THERE: there}.__getitem__, absent=HERE)
