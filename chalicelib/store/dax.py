"""PynamoDB over DAX: data operations go to the cluster, all others to the table's own client.

What callers see is what DynamoDB's own client shows them. If the cluster does not answer, reads are
answered by the table, and so are the writes of which it is sure, or does not matter, that the table
has not seen them yet.
"""

import random
import time
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from threading import BoundedSemaphore
from typing import Any

from botocore.exceptions import ClientError
from pynamodb.connection.base import Connection

from chalicelib.store.dax_clusters import Cluster
from chalicelib.store.dax_errors import THROTTLED, Lost, explain


# The client's own names of the operations.
READS: Mapping[str, str] = {
    "GetItem": "get_item",
    "BatchGetItem": "batch_get_item",
    "Query": "query",
    "Scan": "scan",
    "TransactGetItems": "transact_get_items",
}
WRITES: Mapping[str, str] = {
    "PutItem": "put_item",
    "UpdateItem": "update_item",
    "DeleteItem": "delete_item",
    "BatchWriteItem": "batch_write_item",
    "TransactWriteItems": "transact_write_items",
}
TRIES = 3  # of what is throttled
BACKOFF = 0.025  # seconds before the second try at the most; before the third twice as long
FALLBACKS = 16  # reads that one container asks the table for at a time in place of DAX
PATIENCE = 1.0  # seconds that one more waits for its turn
NOT_ASKED, NO_ANSWER = "DAX is not asked", "DAX did not answer"
# tell(tier, took, how): who answered a call, in how many seconds, and what is known of it.
Tell = Callable[[str, float, str], None]


def tell_nobody(tier: str, took: float, how: str) -> None:
    """For those who do not want to know."""


class DaxConnection(Connection):
    """A connection over another one, whose region, schema and client it shares."""

    def __init__(self, table: Connection, road: "DaxRoad") -> None:
        super().__init__(region=table.region)
        self._road = road

    @property
    def client(self) -> Any:
        """What PynamoDB makes its calls with."""
        return self._road


class DaxRoad:
    """What stands for botocore's client in PynamoDB: decides by whom a call is answered.

    `find_table` is asked for DynamoDB's client when it is first needed.
    """

    def __init__(
        self,
        cluster: Cluster,
        find_table: Callable[[], Any],
        tell: Tell = tell_nobody,
        fallbacks: int = FALLBACKS,
    ) -> None:
        self._cluster = cluster
        self._find_table = find_table
        self._tell = tell
        self._fallbacks = BoundedSemaphore(fallbacks)

    @property
    def meta(self) -> Any:
        """What DynamoDB's client says of itself."""
        return self._find_table().meta

    def is_connected(self) -> bool:
        """Whether the cluster is asked; if not, it may be tried now, beside this call."""
        return self._cluster.client() is not None

    def ask_dax(self, operation: str, arguments: dict[str, Any]) -> Any:
        """What DAX itself answers; Lost when it does not, or is not asked now."""
        client = self._cluster.client()
        if client is None:
            raise Lost(ConnectionError(NOT_ASKED), at_once=True, sent=False)
        try:
            return call(client, {**READS, **WRITES}[operation], operation, arguments)
        except Lost:
            self._cluster.lose()
            raise

    def close(self) -> None:
        """End the cluster's threads."""
        self._cluster.close()

    def _make_api_call(self, operation: str, arguments: dict[str, Any]) -> Any:
        # PynamoDB's way to call botocore.
        if operation in WRITES:
            arguments = _with_token(operation, arguments)
        ask_table = partial(self._ask_table, operation, arguments)
        if operation in READS:
            return self._read(operation, arguments, ask_table)
        if operation in WRITES and not _wants_the_old(arguments):
            return self._write(operation, arguments, ask_table)
        return ask_table("")

    def _ask_table(self, operation: str, arguments: dict[str, Any], how: str) -> Any:
        started = time.perf_counter()
        answer = self._find_table()._make_api_call(operation, arguments)  # noqa: SLF001
        self._tell("table", time.perf_counter() - started, how)
        return answer

    def _read(
        self, operation: str, arguments: dict[str, Any], ask_table: Callable[[str], Any]
    ) -> Any:
        client = self._cluster.client()
        if client is None:
            return self._fall_back(operation, partial(ask_table, NOT_ASKED))
        ask = partial(call, client, READS[operation], operation, arguments)
        try:
            return self._told(partial(again_when_lost, ask), arguments)
        except Lost:
            self._cluster.lose()
            return self._fall_back(operation, partial(ask_table, NO_ANSWER))

    def _write(
        self, operation: str, arguments: dict[str, Any], ask_table: Callable[[str], Any]
    ) -> Any:
        client = self._cluster.client()
        if client is None:
            return ask_table(NOT_ASKED)
        try:
            ask = partial(call, client, WRITES[operation], operation, arguments)
            return self._told(ask, arguments)
        except Lost as lost:
            self._cluster.lose()
            if lost.sent and not is_repeatable(operation, arguments):
                raise lost.as_botocore("DAX") from lost
            return ask_table(NO_ANSWER)

    def _told(self, ask: Callable[[], Any], arguments: Mapping[str, Any]) -> Any:
        started = time.perf_counter()
        answer = ask()
        self._tell("dax", time.perf_counter() - started, how_answered(arguments, answer))
        return answer

    def _fall_back(self, operation: str, ask_table: Callable[[], Any]) -> Any:
        if not self._fallbacks.acquire(timeout=PATIENCE):
            raise _too_many(operation)
        try:
            return ask_table()
        finally:
            self._fallbacks.release()


def call(client: Any, method: str, operation: str, arguments: dict[str, Any]) -> Any:
    """What DAX answers, asked again when it or the table is busy; ClientError, or Lost."""
    for number in range(TRIES):
        try:
            return getattr(client, method)(**arguments)
        except Exception as error:
            found = explain(error, operation)
            if number == TRIES - 1 or not is_throttled(found):
                raise found from error
        # Full jitter, so that those who were refused together do not come back together.
        time.sleep(random.uniform(0, BACKOFF * 2**number))  # noqa: S311 - no secret
    raise AssertionError  # the last try has answered or raised


def again_when_lost(ask: Callable[[], Any]) -> Any:
    """Ask, and once more if the connection was lost at once: it may have been an old one."""
    try:
        return ask()
    except Lost as lost:
        if not lost.at_once:
            raise
        return ask()


def is_throttled(error: Exception) -> bool:
    """Whether the call was refused unseen, for want of capacity."""
    return isinstance(error, ClientError) and error.response["Error"]["Code"] in THROTTLED


def is_repeatable(operation: str, arguments: Mapping[str, Any]) -> bool:
    """Whether a write that the table may have seen can do no harm by being made once more.

    What replaces or removes a whole item on a condition changes nothing the second time: its
    own first time broke the condition, or somebody else's write since. Who is refused then must
    look whether it was by itself, as with botocore, which repeats lost writes too. A transaction
    is known by its token. An ADD would add twice.
    """
    if operation == "TransactWriteItems":
        return True
    return operation in ("PutItem", "DeleteItem") and "ConditionExpression" in arguments


def how_answered(arguments: Mapping[str, Any], answer: Mapping[str, Any]) -> str:
    """`hit` or `miss` where DAX lets it be known, else nothing.

    No field says it. But a read of one item that it tells to have taken no capacity was not the
    table's. What must be consistent always is, and a write is neither.
    """
    capacity = answer.get("ConsumedCapacity")
    if "Key" not in arguments or arguments.get("ConsistentRead") or not capacity:
        return ""
    return "miss" if capacity["CapacityUnits"] else "hit"


def _wants_the_old(arguments: Mapping[str, Any]) -> bool:
    """Whether a refused write is to tell what stands in its way, which this client drops."""
    parts = [part for one in arguments.get("TransactItems", ()) for part in one.values()]
    name = "ReturnValuesOnConditionCheckFailure"
    return any(one.get(name, "NONE") != "NONE" for one in (arguments, *parts))


def _with_token(operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
    if operation != "TransactWriteItems":
        return arguments
    return {"ClientRequestToken": str(uuid.uuid4()), **arguments}


def _too_many(operation: str) -> ClientError:
    message = "DAX is away, and as many as may are asking the table."
    return ClientError({"Error": {"Code": "ThrottlingException", "Message": message}}, operation)
