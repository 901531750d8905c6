"""DAX's answers and refusals are DynamoDB's own: a caller of PynamoDB can't tell them apart."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from amazondax.DaxError import DaxClientError, DaxServiceError, DaxValidationError
from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PutError, TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.store.claims import ClaimItem
from chalicelib.store.dax import READS, WRITES, DaxRoad, how_answered, is_repeatable
from chalicelib.store.dax_clusters import Cluster
from chalicelib.store.dax_errors import Lost, explain
from chalicelib.store.dax_links import DaxSettings
from chalicelib.store.links import LinkTable
from chalicelib.store.models import bind_beside
from local.dax.threads import ClusterThread
from tests.store.tables import connect, links_over_dax, point_to
from tests.store.test_contract import NOW


Calls = list[tuple[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def links(dax: ClusterThread, table_of_dax: str) -> Iterator[LinkTable]:
    """Links by way of a connected cluster."""
    with pytest.MonkeyPatch.context() as patched:
        point_to(table_of_dax, patched)
        with links_over_dax(DaxSettings(dax.endpoint, read_for=10)) as links:
            links._model._get_connection().connection.client  # noqa: B018 - made at its address
            connect(links)
            yield links


def client_of(model: Any) -> Any:
    """What PynamoDB calls."""
    return model._get_connection().connection.client


def key(name: str) -> dict[str, Any]:
    return {"pk": {"S": f"any#{name}"}, "sk": {"S": "any"}}


def item(name: str, **more: Any) -> dict[str, Any]:
    return {**key(name), "n": {"N": "1"}, **more}


ABSENT = {"ConditionExpression": "attribute_not_exists(pk)"}
ADD = {
    "UpdateExpression": "ADD #n :one",
    "ExpressionAttributeNames": {"#n": "n"},
    "ExpressionAttributeValues": {":one": {"N": "1"}},
}
T = {"TableName": "links"}
OLD = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


def scenario(it: str) -> Calls:
    """Calls of all ten operations, those that are refused too, on items of their own."""
    check = {"ConditionCheck": {**T, "Key": key(f"{it}9"), "ConditionExpression": "n = :n",
             "ExpressionAttributeValues": {":n": {"N": "5"}}}}  # fmt: skip
    return [
        ("PutItem", {**T, "Item": item(it), **ABSENT}),
        ("PutItem", {**T, "Item": item(it), **ABSENT}),
        ("PutItem", {**T, "Item": item(it), **ABSENT, **OLD}),
        ("PutItem", {**T, "Item": item(it, n={"N": "2"}), "ReturnValues": "ALL_OLD"}),
        ("GetItem", {**T, "Key": key(it)}),
        ("GetItem", {**T, "Key": key(it)}),
        ("GetItem", {**T, "Key": key(it), "ProjectionExpression": "n"}),
        ("GetItem", {**T, "Key": key(f"{it}none")}),
        ("GetItem", {"TableName": "nowhere", "Key": key(it)}),
        ("UpdateItem", {**T, "Key": key(it), **ADD, "ReturnValues": "ALL_NEW"}),
        ("UpdateItem", {**T, "Key": key(it), **ADD, "ConditionExpression": "n = :one"}),
        ("BatchWriteItem", {"RequestItems": {"links": [{"PutRequest": {"Item": item(f"{it}2")}}]}}),
        ("BatchGetItem", {"RequestItems": {"links": {"Keys": [key(it)]}}}),
        ("Query", {**T, "KeyConditionExpression": "pk = :pk",
                   "ExpressionAttributeValues": {":pk": {"S": f"any#{it}"}}}),
        ("Scan", {**T, "FilterExpression": "begins_with(pk, :pk)",
                  "ExpressionAttributeValues": {":pk": {"S": f"any#{it}"}}}),
        ("TransactGetItems", {"TransactItems": [{"Get": {**T, "Key": key(it)}}]}),
        ("TransactWriteItems", {"TransactItems": [{"Put": {**T, "Item": item(f"{it}3")}}, check]}),
        ("TransactWriteItems", {"TransactItems": [{"Put": {**T, "Item": item(it), **ABSENT, **OLD}}]}),
        ("TransactWriteItems", {"TransactItems": [{"Put": {**T, "Item": item(f"{it}3")}}]}),
        ("DeleteItem", {**T, "Key": key(it), "ReturnValues": "ALL_OLD"}),
    ]  # fmt: skip


def answer(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
    """What a caller sees, but for ids and what differs by the names of the items."""
    try:
        said = client._make_api_call(operation, arguments)
    except ClientError as error:
        shown = {
            name: error.response.get(name) for name in ("Error", "CancellationReasons", "Item")
        }
        return shown | {"Operation": error.operation_name}
    kept = {
        name: it
        for name, it in said.items()
        if name not in ("ResponseMetadata", "ConsumedCapacity")
    }
    return {name: it for name, it in kept.items() if it != {}}


def renamed(said: Any, name: str) -> Any:
    """An answer without the name of its item."""
    text = json.dumps(said, sort_keys=True, default=float)
    # DynamoDB has two texts for it: of a call for data, and of the one that DAX asks first.
    text = text.replace("not found: Table: nowhere not found", "not found")
    return json.loads(text.replace(f"any#{name}", "any#"))


def test_answers_and_refusals_are_those_of_the_table(links: LinkTable, dax: ClusterThread) -> None:
    """All ten operations, their conditions that fail, a table that is not there."""
    table, road = client_of(links.model), client_of(links._cached)
    seen = dax.counters.calls.copy()
    for (operation, plain), (_, over_dax) in zip(scenario("t"), scenario("d"), strict=True):
        expected = answer(table, operation, plain)
        found = answer(road, operation, over_dax)
        assert renamed(found, "d") == renamed(expected, "t"), operation

    operations = {name for name in READS | WRITES if dax.counters.calls[name] > seen[name]}
    assert operations == set(READS | WRITES)


def test_pynamodb_raises_the_same(links: LinkTable) -> None:
    """Its exceptions have the code, the message and the reasons, one for each action."""
    for model in (links.model, links._cached):
        claims = bind_beside(ClaimItem, model)
        name = "over" if model is links.model else "dax"
        it = claims(f"claim#{name}", digest="d", receipt="r", plan="p", claimed_at=NOW, ttl=1)
        it.save()
        with pytest.raises(PutError) as refused:
            it.save(condition=claims.pk.does_not_exist())
        assert refused.value.cause_response_code == "ConditionalCheckFailedException"
        assert refused.value.cause_response_message == "The conditional request failed"
        transaction = TransactWrite(connection=model._get_connection().connection)
        transaction.condition_check(claims, f"claim#{name}", "claim", condition=claims.ttl == 1)
        other = claims(f"claim#{name}2", digest="d", receipt="r", plan="p", claimed_at=NOW, ttl=1)
        transaction.save(other, condition=claims.pk.exists())
        with pytest.raises(TransactWriteError) as cancelled:
            transaction._commit()
        reasons = cancelled.value.cancellation_reasons
        assert reasons[0] is None
        assert reasons[1] is not None
        assert reasons[1].code == "ConditionalCheckFailed"


def of_server(codes: list[int], code: str | None = None, status: int | None = None) -> Exception:
    return DaxServiceError("GetItem", "said", codes, "id-1", code, status)


@pytest.mark.parametrize(
    ("error", "at_once", "sent"),
    [
        (ConnectionRefusedError(), True, False),
        (ConnectionResetError(), True, True),
        (BrokenPipeError(), True, True),
        (TimeoutError(), False, True),
        (OSError(113, "No route to host"), True, True),
        (DaxClientError("No cluster endpoints available", "NoRouteException"), True, False),
        (DaxServiceError.from_no_more_data_exception("GetItem", None), True, True),
        (of_server([4, 23, 31, 33]), True, True),
        (of_server([4, 37, 38, 42]), True, False),
        (of_server([3, 37, 54]), True, True),
        (of_server([1, 37]), True, True),
        (of_server([2, 37]), True, True),
        (KeyError("a bug"), True, True),
    ],
)
def test_what_is_no_answer(error: Exception, at_once: bool, sent: bool) -> None:
    """Whatever escapes from the client and tells nothing of the table is told as a loss."""
    lost = explain(error, "GetItem")

    assert isinstance(lost, Lost)
    assert (lost.at_once, lost.sent) == (at_once, sent)
    assert isinstance(lost.as_botocore("dax"), BotoCoreError)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (of_server([4, 37, 38, 39, 43]), "ConditionalCheckFailedException"),
        (of_server([4, 37, 38, 39, 40]), "ProvisionedThroughputExceededException"),
        (of_server([4, 37, 38, 39, 61]), "RequestLimitExceeded"),
        (of_server([4, 37, 38, 39, 57], "TransactionConflictException"), "TransactionConflictException"),
        (of_server([4, 23, 24]), "ResourceNotFoundException"),
        (of_server([4, 37, 38, 44]), "ValidationException"),
        (DaxValidationError("empty key"), "ValidationException"),
    ],
)  # fmt: skip
def test_what_is_an_answer(error: Exception, code: str) -> None:
    """Each has the code of DynamoDB, and an id where PynamoDB looks for it."""
    told = explain(error, "GetItem")

    assert isinstance(told, ClientError)
    assert told.response["Error"]["Code"] == code
    headers = told.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amzn-requestid"] == ("id-1" if "id-1" in str(error.response) else "")  # type: ignore[attr-defined]


def test_a_duplicate_in_a_batch_is_invalid() -> None:
    """The client stumbles over it by a bare TypeError when there are binary attributes."""
    told = explain(TypeError("unhashable type: 'bytearray'"), "BatchWriteItem")

    assert isinstance(told, ClientError)
    assert told.response["Error"]["Code"] == "ValidationException"


class Busy:
    """A client that is throttled so often."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.asked = 0

    def _ask(self, **_: Any) -> dict[str, Any]:
        self.asked += 1
        if self.left:
            self.left -= 1
            raise of_server([4, 37, 38, 39, 50])
        return {}

    get_item = put_item = update_item = _ask


@pytest.mark.parametrize("operation", ["GetItem", "PutItem", "UpdateItem"])
@pytest.mark.parametrize("times", [0, 2, 3])
def test_who_is_throttled_tries_again(operation: str, times: int) -> None:
    """Twice, a little later; nothing was done, so that writes may too. Then it is told."""
    busy = Busy(times)
    cluster = Cluster(lambda: busy, lambda _: None)
    road = DaxRoad(cluster, no_table)
    cluster._made()
    cluster._breaker.close()
    if times < 3:
        assert road._make_api_call(operation, {}) == {}
    else:
        with pytest.raises(ClientError, match="ThrottlingException"):
            road._make_api_call(operation, {})

    assert busy.asked == min(times + 1, 3)
    assert cluster._breaker.is_closed


def no_table() -> Any:
    raise AssertionError("the table is asked")


def test_what_may_be_repeated() -> None:
    """A whole item on a condition, and a transaction by its token; never what adds."""
    assert is_repeatable("PutItem", ABSENT)
    assert is_repeatable("DeleteItem", ABSENT)
    assert is_repeatable("TransactWriteItems", {})
    assert not is_repeatable("PutItem", {})
    assert not is_repeatable("UpdateItem", ADD | ABSENT)
    assert not is_repeatable("BatchWriteItem", {})


def test_nothing_is_said_that_dax_does_not_let_be_known() -> None:
    """Hit and miss are told of reads of one item, out of what they took; else nothing is."""
    read = {"Key": {}}

    assert how_answered(read, {"ConsumedCapacity": {"CapacityUnits": 0.0}}) == "hit"
    assert how_answered(read, {"ConsumedCapacity": {"CapacityUnits": 0.5}}) == "miss"
    assert how_answered(read, {}) == ""
    assert (
        how_answered(read | {"ConsistentRead": True}, {"ConsumedCapacity": {"CapacityUnits": 1.0}})
        == ""
    )
    assert how_answered({"Item": {}}, {"ConsumedCapacity": {"CapacityUnits": 1.0}}) == ""
