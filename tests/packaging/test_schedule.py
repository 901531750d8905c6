"""Keeping warm is a scheduled function of each region that wants it, and of no other."""

import json
from pathlib import Path

from tests.packaging.conftest import WARMED, Package, chalice


def test_the_schedule_is_where_it_is_wanted(package: Package, export: Path, stage: str) -> None:
    """A function of the same zip, every five minutes, with a name that may write its log."""
    if stage != WARMED:
        assert "Warm" not in package.resources
        assert "Schedule" not in json.dumps(package.resources)
        return
    function = package.resources["Warm"]["Properties"]
    (event,) = function["Events"].values()
    name = function["FunctionName"]["Fn::Sub"].replace("${AWS::StackName}", f"everhop-{stage}")
    policy = (export / ".chalice" / f"policy-{stage}.json").read_text(encoding="utf-8")

    assert event == {"Type": "Schedule", "Properties": {"Schedule": "rate(5 minutes)"}}
    assert (function["Handler"], function["Timeout"]) == ("app.warm", 60)
    assert function["Environment"]["Variables"]["EVERHOP_KEEP_WARM"] == "10"
    assert f"log-group:/aws/lambda/{name}:*" in policy
    assert function["CodeUri"] == package.resources["Worker"]["Properties"]["CodeUri"]


def test_deploy_plans_the_schedule(exports: dict[str, Path]) -> None:
    """`chalice deploy` makes it too, under the names by which a destroy takes it away."""
    graph = chalice(exports[WARMED], "dev", "appgraph", "--stage", WARMED)

    assert f"function_name=everhop-{WARMED}-warm," in graph
    assert f"rule_name=everhop-{WARMED}-warm-event," in graph
