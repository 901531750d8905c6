"""A region comes and goes, by our commands, real Chalice and moto's AWS.

What could break for a user: a new region that is a home before the others know of it, a replica added
together with something else, a region whose app is gone while its links are still at home there.
"""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.api_servers import Apis, serve_apis
from tests.infra.deployments import Account, Ran, run_aws
from tools.region_files import CONFIG, read_files, without_region, write_files
from tools.stages import find_group


US, EU = "us-east-1", "eu-west-1"
# The windows of a change of homes, which are a minute, are none.
QUICKLY = """
import sys
from datetime import timedelta
from chalicelib.core import homes
homes.MOVES_FOR = timedelta(0)
from tools import absence_plans, absences
absence_plans.LEAD = timedelta(0)
absences._PAUSE = 0.05
from tools.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def apis(work_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apis]:
    """An empty account, and a work tree with one region and neither DAX nor an edge."""
    folder = tmp_path_factory.mktemp("regions") / "work"
    shutil.copytree(work_tree, folder)
    group, _ = find_group("prod", folder)
    write_files(without_region(read_files(group, folder), group, EU), folder)
    for name in ("regional/dax", "global/edge", "regional/caches"):
        file = folder / "infra" / f"{name}.toml"
        file.write_text(file.read_text().replace("enabled = true", "enabled = false"))
    config = folder / CONFIG
    config.write_text(config.read_text().replace('"EVERHOP_API_CACHE": "on",', ""))
    with run_aws() as url, serve_apis(Account(url, folder)) as served:
        yield served


def tools(apis: Apis, *words: str, needs: int = 0) -> Ran:
    urls = [f"--url=prod-{it}={apis.url}/prod-{it}" for it in (US, EU)]
    command = (sys.executable, "-c", QUICKLY, *words, "--patience=0", *urls)
    ran = apis.account.run(*command)
    assert ran.status == needs, ran.output + ran.errors
    return ran


def regions_told(apis: Apis, region: str) -> str:
    client = apis.account.client("lambda", region)
    said = client.get_function_configuration(FunctionName=f"everhop-prod-{region}")
    return str(said["Environment"]["Variables"]["EVERHOP_REGIONS"])


def absences(apis: Apis, region: str) -> list[dict[str, str]]:
    client = apis.account.client("dynamodb", region)
    key = {"pk": {"S": "regions"}, "sk": {"S": "absences"}}
    item = client.get_item(TableName="everhop-prod", Key=key)["Item"]
    listed: list[dict[str, str]] = json.loads(item["absences"]["S"])
    return listed


def test_a_region_comes_and_goes(apis: Apis) -> None:
    """It is absent until it is deployed, tried out and reached; and again before it is taken away."""
    folder = apis.account.folder
    before = {it: (folder / it).read_text() for it in FILES}
    tools(apis, "deploy", "prod", "--yes")
    add(apis)
    assert "already" in tools(apis, "region", "add", EU, "--stage=prod", "--yes").output
    refuse_by_hand(apis)
    remove(apis)
    assert {it: (folder / it).read_text() for it in FILES} == before


FILES = (CONFIG, ".chalice/policy-prod-us-east-1.json", "infra/regional/dax.toml")


def add(apis: Apis) -> None:
    """A stop half-way leaves it absent; the same command goes on."""
    apis.broken.add(f"prod-{EU}")
    tools(apis, "region", "add", EU, "--stage=prod", "--yes", needs=1)
    for region in (US, EU):
        (absence,) = absences(apis, region)
        assert (absence["region"], absence["until"]) == (EU, None)
    apis.broken.clear()
    said = tools(apis, "region", "add", EU, "--stage=prod", "--yes").output

    assert "replica in eu-west-1, is there" in said
    assert {regions_told(apis, it) for it in (US, EU)} == {f"{US} {EU}"}
    (absence,) = absences(apis, US)
    assert absence["until"] is not None
    alarms = apis.account.client("cloudwatch").describe_alarms()
    names = {it["AlarmName"] for it in alarms["MetricAlarms"]}
    assert {"everhop-prod-late-in-eu-west-1", "everhop-prod-split-from-eu-west-1"} <= names


def refuse_by_hand(apis: Apis) -> None:
    """A deploy of a work tree that knows fewer regions would make two homes of one link."""
    folder = apis.account.folder
    config = folder / CONFIG
    kept = config.read_text()
    fewer = json.loads(kept)
    del fewer["stages"][f"prod-{EU}"]
    fewer["stages"][f"prod-{US}"]["environment_variables"]["EVERHOP_REGIONS"] = US
    config.write_text(json.dumps(fewer))
    assert f"region remove {EU}" in tools(apis, "deploy", "prod", "--yes", needs=1).errors
    config.write_text(kept)


def remove(apis: Apis) -> None:
    """Nothing of it is left but its files; the other knows itself alone."""
    tools(apis, "region", "remove", EU, "--stage=prod", "--yes")

    assert regions_told(apis, US) == US
    assert absences(apis, US) == []
    assert apis.account.client("dynamodb", EU).list_tables()["TableNames"] == []
    assert apis.account.client("lambda", EU).list_functions()["Functions"] == []
    stacks = apis.account.client("cloudformation").list_stacks()["StackSummaries"]
    left = {it["StackName"] for it in stacks if it["StackStatus"] != "DELETE_COMPLETE"}
    assert left == {"everhop-prod-table", "everhop-prod-files"}
