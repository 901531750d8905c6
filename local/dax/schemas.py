"""The key attributes of tables: asked of DynamoDB once a table."""

from dataclasses import replace

from local.dax.errors import TABLE_NOT_FOUND, DaxError
from local.dax.keys import Schema
from local.dax.upstream import Upstream
from local.dax.values import Json


class Schemas:
    """What is known of the tables behind one cluster."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._known: dict[str, Schema] = {}

    def known(self, table: str) -> Schema | None:
        """The schema if it was asked for before."""
        return self._known.get(table)

    async def of(self, table: str) -> Schema:
        """The schema; a DaxError when there is no such table."""
        if table not in self._known:
            try:
                answer = await self._upstream.ask("DescribeTable", {"TableName": table})
            except DaxError as error:
                if error.code == "ResourceNotFoundException":
                    raise replace(error, codes=TABLE_NOT_FOUND) from None
                raise
            self._known[table] = schema_of(answer["Table"])
        return self._known[table]

    def forget(self) -> None:
        """Ask again: a table is gone, and may come back as another one."""
        self._known.clear()


def schema_of(description: Json) -> Schema:
    """The schema of a table's description."""
    types = {
        one["AttributeName"]: one["AttributeType"] for one in description["AttributeDefinitions"]
    }
    keys = sorted(description["KeySchema"], key=lambda key: key["KeyType"] != "HASH")
    return tuple((key["AttributeName"], types[key["AttributeName"]]) for key in keys)
