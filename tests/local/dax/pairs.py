"""Two tables that are alike, one behind DAX: every answer of one is compared with the other's."""

import itertools
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tests.local.dax.clients import comparable, make_table


numbers = itertools.count()


def S(text: str) -> dict[str, str]:  # noqa: N802 - as DynamoDB calls them
    return {"S": text}


def N(number: str) -> dict[str, str]:  # noqa: N802
    return {"N": number}


def B(data: bytes) -> dict[str, bytes]:  # noqa: N802
    return {"B": data}


EVERYTHING = {
    "text": {"S": "grüße.🙂"},
    "empty": {"S": ""},
    "whole": {"N": "-12345678901234567890123456789012345678"},
    "half": {"N": "0.5"},
    "small": {"N": "0.00000000000000000001"},
    "data": {"B": b"\x00\xff"},
    "true": {"BOOL": True},
    "none": {"NULL": True},
    "list": {"L": [{"S": "a"}, {"N": "2"}, {"L": []}, {"M": {"deep.er": {"N": "3"}}}]},
    "map": {
        "M": {"a": {"M": {"b": {"L": [{"N": "1"}, {"N": "2"}, {"S": "x"}]}}}, "size": {"S": "y"}}
    },
    "texts": {"SS": ["b", "a"]},
    "numbers": {"NS": ["3", "1.5"]},
    "blobs": {"BS": [b"z", b"y"]},
}


@dataclass(frozen=True)
class Pair:
    """Two tables that are alike, one for each client, and an item's key that nobody else uses."""

    plain: Any
    dax: Any
    names: tuple[str, str]
    key: dict[str, Any]

    def same(self, operation: str, **asked: Any) -> Any:
        """Ask both: the answer, or the refusal, that both give. "T" is the table."""
        told = [
            _outcome(client, operation, _renamed(asked, "T", name), name)
            for client, name in zip((self.plain, self.dax), self.names, strict=True)
        ]
        assert told[1] == told[0]
        return told[0]

    def put(self, **attributes: Any) -> None:
        """Put the item."""
        self.same("put_item", TableName="T", Item={**self.key, **attributes})

    def get(self) -> Any:
        """The item as both clients read it."""
        return self.same("get_item", TableName="T", Key=self.key)

    def check_tables(self) -> None:
        """Both tables have the same items."""
        contents = [self.plain.scan(TableName=name)["Items"] for name in self.names]
        assert comparable(contents[1]) == comparable(contents[0])


def _outcome(client: Any, operation: str, asked: Any, name: str) -> Any:
    try:
        answer = getattr(client, operation)(**asked)
    except ClientError as error:
        return error.response["Error"]["Code"], _renamed(
            error.response["Error"]["Message"], name, "T"
        )
    answer = {field: content for field, content in answer.items() if field != "ResponseMetadata"}
    # moto tells some of this though nobody asked.
    if asked.get("ReturnConsumedCapacity", "NONE") == "NONE":
        answer.pop("ConsumedCapacity", None)
    if not answer.get("ItemCollectionMetrics"):
        answer.pop("ItemCollectionMetrics", None)
    return comparable(_renamed(answer, name, "T"))


def _renamed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {_renamed(key, old, new): _renamed(one, old, new) for key, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, old, new) for one in value]
    return new if value == old else value


def make_pair(clients: tuple[Any, Any], *kinds: str, **more: Any) -> Pair:
    names = [make_table(clients[0], *kinds, **deepcopy(more)) for _ in range(2)]
    return Pair(*clients, (names[0], names[1]), {})
