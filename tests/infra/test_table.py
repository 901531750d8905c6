"""The table template and the PynamoDB model are one table."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pynamodb.attributes import Attribute
from pynamodb.models import Model

from chalicelib.store.claims import ClaimItem
from chalicelib.store.jobs import JobItem
from chalicelib.store.key_models import KeyItem
from chalicelib.store.models import LinkItem, ListIndex
from tests.infra.rendering import load, render
from tools.replicas import PLACES


MODEL = LinkItem.get_attributes()
INDEX = {name: it for name, it in vars(ListIndex).items() if isinstance(it, Attribute)}
TEMPLATE = Path(__file__).parents[2] / "infra" / "global" / "table.yaml"


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    """The properties of the one table."""
    template = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    (resource,) = template["Resources"].values()
    assert resource["Type"] == "AWS::DynamoDB::GlobalTable"
    properties: dict[str, Any] = resource["Properties"]
    return properties


def keys_of(schema: list[dict[str, str]]) -> dict[str, str]:
    """Key types by attribute name."""
    return {key["AttributeName"]: key["KeyType"] for key in schema}


def keys_among(attributes: Mapping[str, Attribute[Any]]) -> dict[str, str]:
    """Key types by attribute name, as PynamoDB would create them."""
    kinds = {"HASH": "is_hash_key", "RANGE": "is_range_key"}
    return {
        attribute.attr_name: kind
        for attribute in attributes.values()
        for kind, flag in kinds.items()
        if getattr(attribute, flag)
    }


def test_keys_are_the_models(table: dict[str, Any]) -> None:
    """The template's keys are the model's: a rename on one side alone fails here."""
    assert keys_of(table["KeySchema"]) == {"pk": "HASH", "sk": "RANGE"}
    assert keys_among(MODEL) == keys_of(table["KeySchema"])


def test_keys_stand_in_the_same_table() -> None:
    """API keys have the table's keys, its index and its expiry, under the same names."""
    attributes = KeyItem.get_attributes()

    assert keys_among(attributes) == keys_among(MODEL)
    assert {"list_key", "list_sort", "ttl"} <= set(attributes)
    assert isinstance(KeyItem.by_list, ListIndex)


def test_index_is_the_models(table: dict[str, Any]) -> None:
    """There is one index; its name, keys and projection are what the model reads."""
    (index,) = table["GlobalSecondaryIndexes"]

    assert ListIndex.Meta.index_name == index["IndexName"] == "by_list"
    assert keys_among(INDEX) == keys_of(index["KeySchema"])
    assert ListIndex.Meta.projection.projection_type == index["Projection"]["ProjectionType"]


def test_key_attributes_have_the_models_types(table: dict[str, Any]) -> None:
    """Exactly the key attributes are declared, each with the type that the model writes."""
    declared = {it["AttributeName"]: it["AttributeType"] for it in table["AttributeDefinitions"]}
    keys = keys_among(MODEL) | keys_among(INDEX)

    assert {name: MODEL[name].attr_type for name in keys} == declared


@pytest.mark.parametrize("model", [LinkItem, ClaimItem, JobItem])
def test_expiry_attribute_is_a_number_of_the_model(
    table: dict[str, Any], model: type[Model]
) -> None:
    """TTL reads the attribute the model writes; DynamoDB ignores one that is not a number."""
    expiry = table["TimeToLiveSpecification"]

    assert expiry["Enabled"] is True
    assert model.get_attributes()[expiry["AttributeName"]].attr_type == "N"


@pytest.mark.parametrize("model", [ClaimItem, JobItem])
def test_what_is_in_no_list(table: dict[str, Any], model: type[Model]) -> None:
    """A claim and a job have the table's keys and none of the index's."""
    attributes = model.get_attributes()

    assert keys_among(attributes) == keys_of(table["KeySchema"])
    assert not set(keys_among(INDEX)) & set(attributes)


def test_replicas_differ_in_their_region_only(table: dict[str, Any]) -> None:
    """No replica is less protected than another: each region has the same settings."""
    first, *conditional = table["Replicas"]
    others = [it["Fn::If"] for it in conditional]

    assert first["Region"] == {"Ref": "AWS::Region"}
    assert tuple(replica["Region"]["Ref"] for _, replica, _ in others) == PLACES
    for condition, replica, otherwise in others:
        assert condition == f"Has{replica['Region']['Ref']}"
        assert otherwise == {"Ref": "AWS::NoValue"}
        assert first | {"Region": None} == replica | {"Region": None}


def rendered(**given: Any) -> dict[str, Any]:
    properties: dict[str, Any] = render(load("global/table"), given)["Table"]["Properties"]
    return properties


@pytest.mark.parametrize(
    ("given", "regions"),
    [
        ({}, ["us-east-1"]),
        ({"SecondRegion": "eu-west-1"}, ["us-east-1", "eu-west-1"]),
        ({"FourthRegion": "eu-west-1"}, ["us-east-1", "eu-west-1"]),
        ({"SixthRegion": "us-east-1"}, ["us-east-1"]),
    ],
    ids=["none", "second", "a gap", "the stack's own"],
)
def test_replicas_are_those_that_are_named(given: dict[str, str], regions: list[str]) -> None:
    """A place may be empty, also between others, and the stack's own region is there once."""
    assert [it["Region"] for it in rendered(**given)["Replicas"]] == regions


def test_nothing_is_capped_unless_asked_for() -> None:
    """-1 says nothing at all; a number holds for the table, its index and each replica."""
    free, capped = rendered(), rendered(MostReads=7, MostWrites=8, MostListReads=9)

    assert "OnDemandThroughput" not in str(free)
    assert "GlobalSecondaryIndexes" not in free["Replicas"][0]
    writes = {"MaxWriteRequestUnits": 8}
    assert capped["WriteOnDemandThroughputSettings"] == writes
    assert capped["GlobalSecondaryIndexes"][0]["WriteOnDemandThroughputSettings"] == writes
    (replica,) = capped["Replicas"]
    assert replica["ReadOnDemandThroughputSettings"] == {"MaxReadRequestUnits": 7}
    (index,) = replica["GlobalSecondaryIndexes"]
    assert index["ReadOnDemandThroughputSettings"] == {"MaxReadRequestUnits": 9}


def test_rows_are_protected(table: dict[str, Any]) -> None:
    """The table is encrypted, streams what replication needs, and can be restored."""
    replica = table["Replicas"][0]

    assert table["SSESpecification"]["SSEEnabled"] is True
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert replica["DeletionProtectionEnabled"] is True
    assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
