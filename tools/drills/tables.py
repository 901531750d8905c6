"""The tables of a stack's regions, read as they are: what is where, and whether all are equal."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import boto3

from local.templates import stage_environment
from tools.drills.ledgers import Entry
from tools.drills.stacks import Stack, lags_of


Item = Mapping[str, Any]
Items = dict[str, Item]


def read_table(stack: Stack, region: str) -> Items:
    """All items of a region, by their keys, in DynamoDB's own JSON."""
    table = boto3.client(
        "dynamodb",
        region_name=region,
        endpoint_url=stack.databases[region],
        aws_access_key_id="operator",
        aws_secret_access_key="local",  # noqa: S106 - nobody's
    )
    name = stage_environment(stack.regions[0])["EVERHOP_TABLE"]
    pages = table.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
    items = (item for page in pages for item in page["Items"])
    return {f"{item['pk']['S']} {item['sk']['S']}": item for item in items}


def differences(tables: Sequence[Items]) -> list[str]:
    """The keys whose items are not the same in all of these tables."""
    first, *others = tables
    keys = set().union(*tables)
    return sorted(key for key in keys if any(it.get(key) != first.get(key) for it in others))


async def until_equal(stack: Stack, within: float) -> tuple[float, list[str]]:
    """How many seconds it takes for all tables to be equal, and what still is not in the end."""
    began, different = time.monotonic(), ["nobody knows"]
    while True:
        # Reading a whole table is work: not while all know that something is to come.
        if not any(lags_of(await stack.status())):
            asked = (asyncio.to_thread(read_table, stack, region) for region in stack.regions)
            different = differences(await asyncio.gather(*asked))
        took = time.monotonic() - began
        if not different or took > within:
            return took, different
        await asyncio.sleep(0.5)


def lost_from(table: Items, links: Sequence[Entry]) -> list[str]:
    """The links that a table does not have as they were acknowledged."""
    found = {
        item["slug"]["S"]: item["destination"]["S"]
        for item in table.values()
        if "slug" in item and "destination" in item and "write_id" in item
    }
    return [it.slug for it in links if found.get(it.slug) not in it.destinations]
