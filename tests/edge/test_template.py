"""The templates of the edge's functions agree with the code, and with what CloudFront allows."""

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tools.edge_zips import HANDLERS


TEMPLATE: dict[str, Any] = yaml.safe_load((ROOT / "infra/edge/functions.yaml").read_text())
RESOURCES = TEMPLATE["Resources"]


def of_kind(kind: str) -> dict[str, Any]:
    return {name: it["Properties"] for name, it in RESOURCES.items() if it["Type"] == kind}


def test_each_function_has_its_handler_and_its_version() -> None:
    """A handler that is misspelled would be a 502 for everybody."""
    functions = of_kind("AWS::Lambda::Function")
    versions = of_kind("AWS::Lambda::Version")

    assert sorted(it["Handler"] for it in functions.values()) == sorted(
        f"infra.edge.{name}.handler" for name in HANDLERS
    )
    for it in functions.values():
        module, _, handler = it["Handler"].rpartition(".")
        assert callable(getattr(importlib.import_module(module), handler))
    assert [it["FunctionName"]["Ref"] for it in versions.values()] == list(functions)
    assert {it["CodeSha256"]["Ref"] for it in versions.values()} == {"CodeSha256"}
    for name in functions:
        assert TEMPLATE["Outputs"][f"{name}Arn"]["Value"] == {"Ref": f"{name}Version"}


@pytest.mark.parametrize("name", of_kind("AWS::Lambda::Function"))
def test_what_lambda_at_edge_refuses_is_not_asked_for(name: str) -> None:
    """No environment, network, layer, other processor or other memory; at most 5 s before a cache."""
    it = RESOURCES[name]["Properties"]
    refused = {
        "Environment", "VpcConfig", "Layers", "Architectures", "TracingConfig", "DeadLetterConfig",
        "EphemeralStorage", "ImageConfig", "KmsKeyArn", "ReservedConcurrentExecutions",
    }  # fmt: skip

    assert not refused & set(it)
    assert (it["MemorySize"], it["Timeout"]) == (128, 5)


def test_all_outlives_its_stack() -> None:
    """A function with copies can't be deleted, and the distribution may still run it."""
    for name, it in RESOURCES.items():
        assert (it["DeletionPolicy"], it["UpdateReplacePolicy"]) == ("Retain", "Retain"), name


def test_the_role_is_the_edges_and_writes_logs_alone() -> None:
    """No call of AWS: what runs everywhere holds no credentials worth having."""
    role = RESOURCES["Role"]["Properties"]
    trusted = role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"]
    (allowed,) = role["Policies"][0]["PolicyDocument"]["Statement"]

    assert trusted == ["lambda.amazonaws.com", "edgelambda.amazonaws.com"]
    assert all(action.startswith("logs:") for action in allowed["Action"])
    assert "/aws/lambda/us-east-1.everhop-" in allowed["Resource"]["Fn::Sub"]


def test_no_code_of_the_edge_asks_for_more() -> None:
    """The one thing it reads of its environment is where it runs, and in one place."""
    for path in Path(ROOT, "infra", "edge").glob("*.py"):
        text = path.read_text()
        assert text.count("os.environ") == (1 if path.stem == "origin_request" else 0), path.name
        assert "boto" not in text
