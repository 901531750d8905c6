"""docs/edge.md tells what the templates do: its commands, its table, its figures."""

import re

import pytest

from chalicelib.core.freshness import kept_for
from tests.conftest import ROOT
from tests.infra.distribution_checks import behaviours_of, config_of
from tests.infra.rendering import load, render


TEXT = (ROOT / "docs" / "edge.md").read_text(encoding="utf-8")
COMMANDS = re.findall(
    r"--template-file infra/(\S+)\.yaml(?:.*--parameter-overrides (.*))?$", TEXT, re.MULTILINE
)
ARN = "arn:aws:lambda:us-east-1:123456789012:function:edge:7"


def test_every_template_of_the_edge_is_deployed() -> None:
    """No stack is missing, and buckets come twice in both regions."""
    names = [name for name, _ in COMMANDS]

    assert names.count("regional/static") == 4
    assert {"global/headers", "global/edge", "global/firewall", "global/logs", "global/watch"} == {
        name for name in names if name.startswith("global/")
    }


@pytest.mark.parametrize(("name", "given"), COMMANDS)
def test_commands_give_what_their_template_takes(name: str, given: str) -> None:
    """Each parameter is one of the template, and none that it needs is missing."""
    parameters = load(name).get("Parameters", {})
    said = {pair.partition("=")[0] for pair in given.split()}
    needed = {it for it, one in parameters.items() if "Default" not in one}

    assert said <= set(parameters)
    assert needed <= said


def test_the_table_has_each_behaviour() -> None:
    """A behaviour that is added has its row, and no row is of one that is gone."""
    given = {f"{event}Arn": ARN for event in ("ViewerRequest", "OriginRequest", "OriginResponse")}
    config = config_of(
        render(load("global/edge"), {"FirstApi": "a.example", "HeadersId": "h", **given})
    )
    patterns = {it["PathPattern"] for it in behaviours_of(config)}
    table = TEXT.partition("## What is kept")[2].partition("\n- ")[0]
    rows = {path for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
            for path in re.findall(r"`([^`]+)`", row)}  # fmt: skip

    assert rows == patterns - {"*", "/*~*"} | {"/{slug}", "/{slug}~"}


def test_figures_are_those_of_the_templates() -> None:
    """Seconds, days and limits in the text are the parameters' defaults."""
    edge, watch, site, logs = (
        load(name)["Parameters"]
        for name in ("global/edge", "global/watch", "regional/static", "global/logs")
    )
    firewall = load("global/firewall")["Parameters"]

    assert f"| {kept_for()} s | path and query |" in TEXT
    assert f"`FreshFor` then stays at its default, {edge['FreshFor']['Default']}." in TEXT
    assert f"5xx over {watch['MostErrors']['Default']} %" in TEXT
    assert f"over {watch['MostLatency']['Default'] // 1000} s;" in TEXT
    assert f"brought back for {site['KeepOldFor']['Default']} days" in TEXT
    assert f"kept for {logs['KeepFor']['Default']} days" in TEXT
    for name, text in {
        "PasswordTries": "{:,} passwords sent",
        "KeyRequests": "{:,} requests with an API key",
        "AllRequests": "{:,} requests in all",
    }.items():
        assert text.format(firewall[name]["Default"]) in " ".join(TEXT.split())


def test_what_comes_from_another_stack_is_told_there() -> None:
    """A parameter that is said to be another template's output is one, and outputs keep that name."""
    told = [
        (found[1], found[2])
        for name in ("global/edge", "global/watch", "regional/static")
        for one in load(name)["Parameters"].values()
        if (found := re.match(r"(\w+) of (\w+/\w+)\b", one["Description"]))
    ]
    assert {output for output, _ in told} == {
        "DashboardHeadersId", "FirewallArn", "DistributionId", "DestinationArn",
        "ViewerRequestArn", "OriginRequestArn", "OriginResponseArn", "ViewerFunctionArn",
    }  # fmt: skip
    for output, name in told:
        assert output in load(name)["Outputs"], name
