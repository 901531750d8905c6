"""What the operations of one node work with: DynamoDB, what is known of its tables, the caches."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from local.dax.attribute_lists import AttributeLists
from local.dax.caches import Cache
from local.dax.cbor import Encoded
from local.dax.counters import Counters
from local.dax.errors import DaxError
from local.dax.expressions import Path
from local.dax.flights import Flight, Flights
from local.dax.items import decode_item, encode_item, project
from local.dax.keys import Schema, encode_key
from local.dax.schemas import Schemas
from local.dax.upstream import Unanswered, Upstream
from local.dax.values import Json


Fields = dict[int, Encoded]
ABSENT = b""  # an item that is known not to be there
OVERHEAD = 100  # bytes that an entry of a cache takes besides what is in it, about


@dataclass
class Engine:
    """All but `queries` and `counters` are the cluster's; those are each node's own."""

    upstream: Upstream
    schemas: Schemas
    lists: AttributeLists
    flights: Flights
    items: Cache[bytes]
    queries: Cache[Fields]
    counters: Counters = field(default_factory=Counters)

    def keep(self, flight: Flight, key: "ItemKey", item: bytes) -> None:
        """Keep an item that was read or written, unless a write met it."""
        if flight.alone(key):
            self.items.put(key, item, len(item) + len(key[0]) + len(key[1]) + OVERHEAD)
        elif flight.writes:
            self.items.drop(key)

    @contextmanager
    def writing(self, keys: list["ItemKey"]) -> Iterator[Flight]:
        """While DynamoDB is asked to write: a refusal changes nothing, silence may have."""
        with self.flights.over(keys, writes=True) as flight:
            try:
                yield flight
            except BaseException as error:
                if not isinstance(error, DaxError) or isinstance(error, Unanswered):
                    self.forget(keys)
                raise

    def forget(self, keys: list["ItemKey"]) -> None:
        """Keep these items no longer."""
        for key in keys:
            self.items.drop(key)

    def decode(self, data: bytes) -> Json:
        """The attributes of an item without its key."""
        return decode_item(data, self.lists)

    def show(self, item: bytes, key: Json, paths: list[Path] | None) -> bytes:
        """An item that is there as an answer has it: the whole of it, or what is at the paths."""
        return item if paths is None else project(self.decode(item) | key, paths)

    def encode(self, item: Json, schema: Schema) -> bytes:
        """An item without its key."""
        return encode_item(item, schema, self.lists)


ItemKey = tuple[str, bytes]


def item_key(table: str, key: Json, schema: Schema) -> ItemKey:
    """The key of an item in the item cache."""
    return table, encode_key(key, schema)
