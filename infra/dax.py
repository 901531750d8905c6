"""The stages' DAX clusters: the settings of infra/regional/dax.toml, their stacks and price."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.core.freshness import share_for
from infra.caches import HOURS_A_MONTH, read_caches
from infra.settings_files import must, read_tables, switch, whole


CLUSTERS = Path(__file__).parent / "regional" / "dax.toml"
TEMPLATES = {"network": "infra/regional/network.yaml", "dax": "infra/regional/dax.yaml"}
PROD_NODES = 3  # with fewer, the loss of a zone is the loss of the cluster
MOST_NODES = 11  # of one cluster, the leader with ten replicas
# USD an hour for one node: the list price in us-east-1, about, and other regions differ somewhat.
# Those who deploy should look at https://aws.amazon.com/dynamodb/pricing/ once.
NODE_TYPES: Mapping[str, float] = {
    "dax.t3.small": 0.04,
    "dax.t3.medium": 0.08,
    "dax.r5.large": 0.255,
    "dax.r5.xlarge": 0.51,
    "dax.r5.2xlarge": 1.02,
    "dax.r5.4xlarge": 2.04,
    "dax.r5.8xlarge": 4.08,
    "dax.r5.12xlarge": 6.12,
    "dax.r5.16xlarge": 8.16,
    "dax.r5.24xlarge": 12.24,
}
# By the hour too: the way from inside the VPC to Lambda, which calls the worker. One zone.
WORKER_ENDPOINT = 0.01
FAR_TABLES = "EVERHOP_TABLE_ENDPOINTS"
IPV6 = "Ipv6AllowedForDualStack"  # Chalice has no word for it, and Lambda refuses it without IPv6


@dataclass(frozen=True, slots=True)
class StageDax:
    """The cluster of one stage. Always encrypted, at rest and on the way: neither is a choice."""

    enabled: bool = False
    node_type: str = "dax.t3.small"
    nodes: int = PROD_NODES
    fresh_for: int = share_for("dax")

    @property
    def hourly_cost(self) -> float:
        """USD an hour, used or not, with what the VPC takes."""
        if not self.enabled:
            return 0.0
        return NODE_TYPES[self.node_type] * self.nodes + WORKER_ENDPOINT

    @property
    def monthly_cost(self) -> float:
        """USD in a month."""
        return self.hourly_cost * HOURS_A_MONTH


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack of a stage, in the order in which they are made."""

    name: str
    template: str
    parameters: Mapping[str, str]


def stacks_for(
    deployment: str, dax: StageDax, table: str, *, is_one_of_many: bool = False
) -> list[Stack]:
    """The network and the cluster, or nothing when DAX is off.

    `deployment` is what the stages of all regions are called, like prod; `table` is its table. With
    other regions the network has a way out to theirs.
    """
    if not dax.enabled:
        return []
    network, cluster = stack_name(deployment, "network"), stack_name(deployment, "dax")
    named = {"StageName": deployment}
    return [
        Stack(
            network, TEMPLATES["network"], {**named, "WayOut": "on" if is_one_of_many else "off"}
        ),
        Stack(
            cluster,
            TEMPLATES["dax"],
            {
                **named,
                "TableName": table,
                "NetworkStack": network,
                "NodeType": dax.node_type,
                "Nodes": str(dax.nodes),
                "FreshForMillis": str(dax.fresh_for * 1000),
            },
        ),
    ]


def stack_name(deployment: str, part: str) -> str:
    """What a stack is called, in each region; its template exports its outputs under that."""
    return f"everhop-{deployment}-{part}"


def other_regions(variables: Mapping[str, Any]) -> list[str]:
    """The regions of the deployment besides the stage's own."""
    every = str(variables.get("EVERHOP_REGIONS", "")).replace(",", " ").split()
    return [it for it in every if it != variables.get("EVERHOP_REGION")]


def far_tables(regions: Iterable[str]) -> str:
    """Where the functions in a network ask other regions' DynamoDB.

    Their way out is IPv6, and AWS's usual names have no such addresses.
    """
    return " ".join(f"{it}=https://dynamodb.{it}.api.aws" for it in regions)


def handed_config(network: Mapping[str, str], cluster: Mapping[str, str]) -> dict[str, Any]:
    """What a deploy adds to the stage's Chalice configuration, from the outputs of its stacks."""
    return {
        "subnet_ids": network["SubnetIds"].split(","),
        "security_group_ids": [network["FunctionGroupId"]],
        "environment_variables": {"EVERHOP_DAX": cluster["Endpoint"]},
    }


def read_dax(path: Path = CLUSTERS) -> dict[str, StageDax]:
    """The settings by stage; SettingsFileError names what can't be used."""
    budgets = {stage: cache.budget for stage, cache in read_caches().items()}
    tables = read_tables("infra/regional", path, StageDax)
    return {
        stage: _read_stage(stage, place, table, budgets.get(stage))
        for stage, place, table in tables
    }


def _read_stage(stage: str, place: str, table: Mapping[str, Any], budget: int | None) -> StageDax:
    share = share_for("dax", *([budget] if budget else []))
    least = PROD_NODES if stage.startswith("prod") else 1
    return StageDax(
        enabled=switch(f"{place} enabled", table.get("enabled", False)),
        node_type=_node_type(f"{place} node_type", table.get("node_type", "dax.t3.small")),
        nodes=whole(f"{place} nodes", table.get("nodes", PROD_NODES), least, MOST_NODES),
        # To DAX, 0 is for ever: a budget that leaves it no whole second leaves no DAX.
        fresh_for=whole(f"{place} fresh_for", table.get("fresh_for", share), 1, share),
    )


def _node_type(place: str, given: Any) -> str:
    right = isinstance(given, str) and given in NODE_TYPES
    return str(must(right, given, place, f"of {', '.join(NODE_TYPES)}"))
