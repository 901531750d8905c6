"""Links by way of DAX: the model of the same table over a connection that asks DAX first."""

from typing import Any, NamedTuple

from chalicelib.store.breakers import OPEN_FOR, Breaker
from chalicelib.store.dax import FALLBACKS, DaxConnection, DaxRoad, Tell, tell_nobody
from chalicelib.store.dax_clusters import Cluster, make_client
from chalicelib.store.keys import LINK_SK, link_pk
from chalicelib.store.models import LinkItem


class DaxSettings(NamedTuple):
    """Where the cluster is (`dax://` or `daxs://`), and how long to wait for it, in seconds.

    `open_for`: how long it is left alone when it gave no answer.
    """

    endpoint: str
    connect_for: float = 0.15
    read_for: float = 0.25
    fallbacks: int = FALLBACKS
    open_for: float = OPEN_FOR


def bind_dax(
    links: type[LinkItem], settings: DaxSettings, tell: Tell = tell_nobody
) -> type[LinkItem]:
    """The model of a bound model's table, over DAX. Nothing is asked or connected yet."""
    connected = links._get_connection()  # noqa: SLF001 - PynamoDB has no other way in
    table = connected.connection
    name = connected.table_name

    def make() -> Any:
        return make_client(
            settings.endpoint,
            table.region,
            table.session,
            settings.connect_for,
            settings.read_for,
        )

    def probe(client: Any) -> None:
        key = {"pk": {"S": link_pk("health")}, "sk": {"S": LINK_SK}}
        client.get_item(TableName=name, Key=key)

    cluster = Cluster(make, probe, Breaker(settings.open_for))
    road = DaxRoad(cluster, lambda: table.client, tell, settings.fallbacks)
    return bind_over(links, road)


def bind_over(links: type[LinkItem], road: DaxRoad) -> type[LinkItem]:
    """The model of a bound model's table by this road."""
    connected = links._get_connection()  # noqa: SLF001
    over_dax = DaxConnection(connected.connection, road)
    over_dax.add_meta_table(connected.get_meta_table())
    model: type[LinkItem] = type("CachedLinkItem", (LinkItem,), {"Meta": links.Meta})
    model._get_connection().connection = over_dax  # noqa: SLF001
    return model


def road_of(model: type[LinkItem]) -> DaxRoad:
    """The road of a model over DAX."""
    road: DaxRoad = model._get_connection().connection.client  # noqa: SLF001
    return road
