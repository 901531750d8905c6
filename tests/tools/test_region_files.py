"""The files that say which regions there are, with one more and one less; and who is refused."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from infra.region_places import PLACES
from tests.conftest import ROOT
from tools.caches import Refused
from tools.deploys import Target
from tools.region_files import (
    CONFIG,
    SECTIONS,
    policy_path,
    read_files,
    told_without,
    with_region,
    without_region,
    write_files,
)
from tools.region_guards import moved_regions, refuse_moves
from tools.regions import refuse_adding, refuse_removing
from tools.stages import Group, find_group


NEW = "eu-central-1"
GROUP, _ = find_group("prod")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the files alone."""
    for path in read_files(GROUP):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text((ROOT / path).read_text())
    return tmp_path


def add(tree: Path, region: str = NEW) -> Group:
    group, _ = find_group("prod", tree)
    write_files(with_region(read_files(group, tree), group, region), tree)
    return find_group("prod", tree)[0]


def policy(tree: Path, region: str) -> str:
    return (tree / ".chalice" / f"policy-prod-{region}.json").read_text()


def test_a_new_region_is_like_the_first(tree: Path) -> None:
    """Its stage differs from the first one's in the region alone; every stage knows all regions."""
    group = add(tree)
    first, *_, new = group.stages
    moved = json.loads(json.dumps(first.config).replace(first.region, NEW))
    regions = [it.region for it in group.stages]

    assert (new.name, new.region) == (f"prod-{NEW}", NEW)
    assert regions == [*(it.region for it in GROUP.stages), NEW]
    for stage in group.stages:
        assert stage.environment["EVERHOP_REGIONS"].split() == regions
    del moved["environment_variables"]["EVERHOP_REGIONS"]
    assert {**new.config, "environment_variables": {}} == {**moved, "environment_variables": {}}
    for path in SECTIONS:
        tables = tomllib.loads((tree / path).read_text())
        assert tables[new.name] == tables[first.name]


def test_its_policy_allows_its_own_and_all_tables(tree: Path) -> None:
    """What is the first region's alone is its own; the tables of all regions are everybody's."""
    group = add(tree)
    for stage in group.stages:
        text = policy(tree, stage.region)
        others = {it.region for it in group.stages} - {stage.region}
        listed = re.findall(r'"arn:[^"]*"', text)
        tables = [it for it in listed if ":table/" in it and "/stream/" not in it]
        assert {re.split(":", it)[3] for it in tables} == {it.region for it in group.stages}
        own = [it for it in listed if it not in tables]
        assert not [it for it in own if any(region in it for region in others)]
    statements = [
        [len(it["Action"]) for it in json.loads(policy(tree, it.region))["Statement"]]
        for it in group.stages
    ]
    assert statements[0] == statements[-1]


def test_what_was_added_can_be_taken_out(tree: Path) -> None:
    """The files are as before, to the last field, and the policy is gone."""
    before = read_files(find_group("prod", tree)[0], tree)
    group = add(tree)
    write_files(without_region(read_files(group, tree), group, NEW), tree)
    after = read_files(find_group("prod", tree)[0], tree)

    assert not (tree / ".chalice" / f"policy-prod-{NEW}.json").exists()
    assert set(after) == set(before)
    for path in before:
        if path.endswith(".toml"):
            assert after[path] == before[path]
        else:
            assert json.loads(after[path]) == json.loads(before[path])


def test_a_region_in_the_middle_can_leave(tree: Path) -> None:
    """Sections of the same file keep what is theirs, with their comments."""
    group = add(tree)
    write_files(without_region(read_files(group, tree), group, "eu-west-1"), tree)
    group, _ = find_group("prod", tree)

    assert [it.region for it in group.stages] == ["us-east-1", NEW]
    for path in SECTIONS:
        text = (tree / path).read_text()
        assert set(tomllib.loads(text)) == {"dev", "prod-us-east-1", f"prod-{NEW}"}
        assert "eu-west-1" not in text
    assert "eu-west-1" not in policy(tree, NEW) + policy(tree, "us-east-1")


def test_others_are_told_before_it_is_taken_out(tree: Path) -> None:
    """It still knows itself, or it would not start; the others know nothing of it."""
    group = add(tree)
    write_files(told_without(read_files(group, tree), group, NEW), tree)
    told = {
        it.region: it.environment["EVERHOP_REGIONS"] for it in find_group("prod", tree)[0].stages
    }

    assert NEW in told.pop(NEW)
    assert not [it for it in told.values() if NEW in it]


def test_a_deployment_of_one_region_gets_a_second(tree: Path) -> None:
    """Nothing in its policy tells what is everywhere but the table itself."""
    group, _ = find_group("prod", tree)
    write_files(without_region(read_files(group, tree), group, "eu-west-1"), tree)
    group = add(tree)

    assert [it.region for it in group.stages] == ["us-east-1", NEW]
    assert policy(tree, NEW).count(":us-east-1:") == policy(tree, "us-east-1").count(f":{NEW}:") > 0


def test_files_stay_readable(tree: Path) -> None:
    """Written as they were: only lines about regions differ."""
    group = add(tree)
    for path in (CONFIG, *map(policy_path, group.stages[:1])):
        old, new = (ROOT / path).read_text().splitlines(), (tree / path).read_text().splitlines()
        assert len(new) <= len(old) + 20
        assert max(map(len, new)) <= 110


def target(stages: int = 2) -> Target:
    return Target(GROUP, GROUP.stages[:stages], "us-east-1", "1", ())


@pytest.mark.parametrize(
    ("region", "said"), [("eu-wset-1", "Nobody knows where"), ("", "Nobody knows where")]
)
def test_what_cannot_be_added(region: str, said: str) -> None:
    """A region that nobody knows."""
    with pytest.raises(Refused, match=said):
        refuse_adding(target(), region)


def test_a_seventh_region_is_refused() -> None:
    """The table has six places; one that is there already may be gone on with."""
    many = [it for it in PLACES if it not in ("us-east-1", NEW)][:5]
    stages = [
        GROUP.stages[0],
        *(GROUP.stages[0].__class__(it, it, GROUP.stages[0].config) for it in many),
    ]
    group = Group("prod", tuple(stages))
    whole = Target(group, group.stages, "us-east-1", "1", ())
    with pytest.raises(Refused, match="6 regions"):
        refuse_adding(whole, NEW)
    refuse_adding(whole, many[-1])


@pytest.mark.parametrize(
    ("region", "said"),
    [("us-east-1", "can never leave"), (NEW, "has no region"), ("eu-west", "has no region")],
    ids=["the stack's own", "another", "none"],
)
def test_what_cannot_be_removed(region: str, said: str) -> None:
    """The stack's own region, and one that is not there."""
    with pytest.raises(Refused, match=said):
        refuse_removing(target(), region)


def test_the_last_region_cannot_be_removed() -> None:
    """And one stage by itself has no regions to speak of."""
    one = Group("prod", GROUP.stages[:1])
    with pytest.raises(Refused, match="last region"):
        refuse_removing(Target(one, one.stages, "us-east-1", "1", ()), "us-east-1")
    with pytest.raises(Refused, match="Say --stage prod"):
        refuse_removing(target(1), "us-east-1")


US, EU = ("prod-us-east-1", "prod-eu-west-1")
BOTH = {"EVERHOP_REGIONS": "us-east-1 eu-west-1"}


@pytest.mark.parametrize(
    ("live", "moved"),
    [
        ({}, set()),
        ({US: BOTH}, set()),
        ({US: BOTH, EU: BOTH}, set()),
        ({US: {}}, {"eu-west-1"}),
        ({US: {}, EU: {}}, set()),
        ({US: {"EVERHOP_REGIONS": "us-east-1,eu-west-1,eu-central-1"}, EU: BOTH}, {NEW}),
    ],
    ids=["first", "stopped", "again", "was alone", "an older release", "one less"],
)
def test_a_deploy_that_moves_homes_is_seen(
    live: dict[str, dict[str, str]], moved: set[str]
) -> None:
    """By what the apps that live were told, against what they would be."""
    assert moved_regions(GROUP, live) == moved


def test_only_absent_regions_may_come_and_go() -> None:
    """The refusal names the command that does it safely."""
    refuse_moves(GROUP, {NEW}, {NEW})
    with pytest.raises(Refused, match=f"region remove {NEW} --stage prod"):
        refuse_moves(GROUP, {NEW, "eu-west-1"}, {"eu-west-1"})
    with pytest.raises(Refused, match="region add eu-west-1 --stage prod"):
        refuse_moves(GROUP, {"eu-west-1"}, set())
