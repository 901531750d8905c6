"""Who is told of log files: which region has a bucket, and when its app learns of it.

What could break for a user: files that no region counts, or two do, while a deploy is half-way; a
region that is told of a bucket in another, which S3 refuses; settings of one's own that are lost.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from infra.edges import GroupEdge
from tools import click_parts, deploy_runs, edge_parts, live_apps
from tools.click_parts import COPIED, COPIES, COUNTED, LANDING, click_settings
from tools.deploy_parts import parts_for
from tools.deploy_reports import cost_lines
from tools.parts import Part
from tools.stages import Group, Stage


Stack = dict[str, Any]
US, EU, AP = "us-east-1", "eu-west-1", "ap-south-1"
EDGES = {"prod": GroupEdge(enabled=True)}
BUCKETS = {US: "everhop-prod-logs-1-us-east-1", EU: "everhop-prod-logs-1-eu-west-1"}
BOTH = {"EVERHOP_LOG_REGIONS": f"{US} {EU}"}


def group_in(*regions: str, **own: str) -> Group:
    """A group in these regions, whose stages say this besides."""
    told = {"EVERHOP_STAGE": "prod", "EVERHOP_TABLE": "everhop-prod", **own}
    return Group(
        "prod",
        tuple(Stage(f"prod-{it}", it, {"environment_variables": told}) for it in regions),
    )


@pytest.fixture(autouse=True)
def one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of a region which infra/regional/caches.toml does not have."""
    monkeypatch.setattr(edge_parts, "budget_of", lambda _: 60)


def parts_in(*regions: str, edges: dict[str, GroupEdge] = EDGES) -> tuple[Part, ...]:
    group = group_in(*regions)
    return parts_for(group, group.stages, regions[0], {}, edges)


def places(parts: Sequence[Part], name: str) -> list[str]:
    return [it.region for it in parts if it.name == name and it.kind == "stack"]


@pytest.mark.parametrize(
    ("regions", "copies", "counted"),
    [
        pytest.param((US,), [], [US], id="one"),
        pytest.param((US, EU), [EU], [US, EU], id="two"),
        pytest.param((EU, US), [EU], [EU, US], id="turned round"),
        pytest.param((US, EU, AP), [EU], [US, EU], id="three"),
        pytest.param((EU, AP), [EU], [EU], id="without Virginia"),
    ],
)
def test_who_has_a_bucket_and_who_counts(
    regions: tuple[str, ...], copies: list[str], counted: list[str]
) -> None:
    """CloudFront's bucket is in us-east-1, copies are in one other region, and both count."""
    parts = parts_in(*regions)
    (copied,) = [it for it in parts if it.name == COPIED]

    assert places(parts, LANDING) == [US]
    assert places(parts, COPIES) == copies
    assert places(parts, COUNTED) == counted
    assert dict(copied.parameters) == {"CopyTo": copies[0] if copies else ""}
    assert copied.settings


def test_the_order_is_what_s3_needs() -> None:
    """Buckets before the functions that they tell, copies before the copying, all before the edge."""
    parts = [f"{it.wave} {it.name}" for it in parts_in(US, EU)]
    order = (
        "data logs",
        "us-east-1 clicks",
        "us-east-1 app",
        "eu-west-1 log copies",
        "eu-west-1 app",
        "global copied logs",
        "global watch",
        "us-east-1 app behind the edge",
    )

    assert sorted(order, key=parts.index) == list(order)


def test_without_an_edge_there_is_nothing_to_count() -> None:
    """What an edge that is off has left is looked for after the app that no longer counts."""
    parts = parts_in(US, EU, edges={})
    names = [it.name for it in parts]

    assert not {LANDING, COPIES, COPIED, COUNTED} & set(names)
    assert names.index("app") < names.index("clicks, off")
    assert "clicks" not in " ".join(cost_lines(parts, (), {}))
    counted = " ".join(cost_lines(parts_in(US), (), {}))
    assert "clicks in us-east-1 0.20" in counted
    assert "clicks (0.43 for a million of ten thousand links, at each replica)" in counted


@pytest.fixture
def stacks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets which stacks there are: where logs are copied to, and in which regions the rest stands."""
    there: dict[tuple[str, str], Stack] = {}

    class SomeStacks:
        def __init__(self, region: str) -> None:
            self.region = region

        def read(self, name: str) -> Stack | None:
            return there.get((self.region, name))

        def outputs(self, name: str) -> dict[str, str]:
            outputs: dict[str, str] = (self.read(name) or {}).get("outputs", {})
            return outputs

    def stand(copy_to: str, *regions: str) -> None:
        there.clear()
        parameters = [{"ParameterKey": "CopyTo", "ParameterValue": copy_to}]
        bucket = {"BucketName": BUCKETS[US]}
        there[US, "everhop-prod-logs"] = {"Parameters": parameters, "outputs": bucket}
        for it in regions:
            there[it, "everhop-prod-clicks"] = {"outputs": {"QueueUrl": f"https://{it}/q"}}
            there[it, "everhop-prod-log-copies"] = {"outputs": {"BucketName": BUCKETS.get(it, "")}}

    monkeypatch.setattr(click_parts, "Stacks", SomeStacks)
    return stand


def told(group: Group, region: str) -> dict[str, str]:
    stage = next(it for it in group.stages if it.region == region)
    return click_settings(stage, parts_for(group, group.stages, US, {}, EDGES))


def test_one_region_counts_until_files_are_copied(stacks: Callable[..., None]) -> None:
    """Half-way us-east-1 counts all of them, and nobody else is told of any; then both, at once."""
    group = group_in(US, EU)
    stacks("", US)
    assert told(group, US) == {"EVERHOP_LOGS": BUCKETS[US]}
    stacks("", US, EU)
    assert (told(group, US), told(group, EU)) == ({"EVERHOP_LOGS": BUCKETS[US]}, {})
    stacks(EU, US, EU)
    assert told(group, US) == {"EVERHOP_LOGS": BUCKETS[US], **BOTH}
    assert told(group, EU) == {"EVERHOP_LOGS": BUCKETS[EU], **BOTH}


def test_without_its_queue_no_region_counts(stacks: Callable[..., None]) -> None:
    """A function that is there before its dead letters would drop what it fails with."""
    stacks("")
    assert told(group_in(US), US) == {}


def test_a_region_that_went_is_waited_for_by_nobody(stacks: Callable[..., None]) -> None:
    """Though files are still copied there, the one that stays counts all of them."""
    stacks(EU, US, EU)
    assert told(group_in(US), US) == {"EVERHOP_LOGS": BUCKETS[US]}
    assert told(group_in(EU, AP), EU) == {"EVERHOP_LOGS": BUCKETS[EU]}
    assert told(group_in(EU, AP), AP) == {}


def test_what_a_stage_says_itself_holds(stacks: Callable[..., None]) -> None:
    """A bucket of one's own is not replaced, nor are regions."""
    stacks(EU, US, EU)
    assert told(group_in(US, EU, EVERHOP_LOGS="mine"), US) == {}
    own = group_in(US, EU, EVERHOP_LOG_REGIONS=US)
    assert told(own, US) == {"EVERHOP_LOGS": BUCKETS[US]}


def test_the_plan_says_that_apps_will_be_told() -> None:
    """While the copying is still to be changed, nobody can tell what the apps will be told."""
    group = group_in(US, EU)
    parts = parts_for(group, group.stages, US, {}, EDGES)
    (copied,) = [it for it in parts if it.name == COPIED]
    behind = [it for it in parts if it.kind == "told"]
    run = object.__new__(deploy_runs.Deployment)
    run.group, run._changing = group, {copied}
    run._edge = type("Stands", (), {"outputs": {"PublicUrl": "https://sho.rt"}})()

    for part in behind:
        assert run._look_behind(part).changes == ("settings: whose log files are whose to count",)


def test_a_rollback_leaves_whose_files_are_whose() -> None:
    """A release of before the second region would have the first count the second's files too."""
    now = {"EVERHOP_LOGS": "l", **BOTH, "EVERHOP_RATE_LIMIT": "7"}
    app = object.__new__(live_apps.LiveApp)
    live: Any = lambda _: {"Environment": {"Variables": now}}  # noqa: E731
    app.configuration = live  # type: ignore[method-assign]
    then = {"EVERHOP_LOGS": "old", "EVERHOP_DEAD_LOGS": "q", "EVERHOP_RATE_LIMIT": "5"}

    back = app._with_own("f", {"Environment": {"Variables": then}})
    assert back["Environment"]["Variables"] == {**now, "EVERHOP_RATE_LIMIT": "5"}
