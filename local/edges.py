"""The edge of a running stack: a point of presence near each region, all of one distribution."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from chalicelib.config import ConfigError
from chalicelib.core.freshness import DEFAULT_BUDGET, kept_for
from infra.edge.settings import as_json
from infra.edge_settings import EdgeSettingsError, make_settings
from local.edge.places import PLACES
from local.edge.plans import Plan, write_plan
from local.environments import LOGS


# So many regions the distribution has origins of; the functions at the edge know them all.
ORIGINS = 2
# The template knows the functions by versions; which files they are is known to local.edge.
_ARN = "arn:aws:lambda:us-east-1:123456789012:function:everhop-edge:1"
_API = "api-{region}.everhop.local"
_BUCKET = "everhop-local-site-123456789012-{region}.s3.{region}.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Around:
    """What the edge stands between: base URLs of the APIs and the site's buckets by region, and S3.

    And the names that it is asked by, and where the stack takes commands.
    """

    apis: Mapping[str, str]
    sites: Mapping[str, str]
    s3: str
    hosts: Collection[str]
    control: str


def draw_secret() -> str:
    """What the edge proves itself with to the regions, for one run of the stack."""
    return secrets.token_urlsafe(32)


def plan_edges(
    folder: Path, environments: Mapping[str, Mapping[str, str]], around: Around, *, says: bool
) -> dict[str, Path]:
    """Write a plan for the place next to each region; the files that they are in.

    `environments` are the regions' apps', the first region first. ConfigError when no edge can be
    built for these settings.
    """
    try:
        baked = make_settings(environments, around.apis, DEFAULT_BUDGET)
    except EdgeSettingsError as error:
        raise ConfigError(str(error)) from error
    functions = folder / "edge.functions.json"
    functions.touch(mode=0o600)  # the origin's secret is in it
    functions.write_text(as_json(baked), encoding="utf-8")
    return {
        region: _plan_place(folder, region, functions, around, says=says) for region in around.apis
    }


def _plan_place(folder: Path, region: str, functions: Path, around: Around, *, says: bool) -> Path:
    file = folder / f"edge.{region}.json"
    names = {url: name for each in (around.apis, around.sites) for name, url in each.items()}
    plan = Plan(
        place=PLACES[region],
        region=region,
        parameters=_parameters(list(around.apis)[:ORIGINS]),
        addresses=_addresses(around),
        regions=names,
        functions=str(functions),
        hosts=tuple(sorted(around.hosts)),
        control=around.control,
        logs=LOGS,
        s3_url=around.s3,
        tells=tuple(around.apis.values()),
        says=says,
    )
    write_plan(plan, file)
    return file


def _parameters(regions: list[str]) -> dict[str, str]:
    origins = [
        (f"{which}{what}", said.format(region=region))
        for which, region in zip(("First", "Second"), regions, strict=False)
        for what, said in (("Region", "{region}"), ("Api", _API))
    ]
    functions = ("ViewerRequest", "OriginRequest", "OriginResponse")
    return {
        "StageName": "local",
        "HeadersId": "DashboardHeaders",
        "FreshFor": str(kept_for(DEFAULT_BUDGET)),
        **dict(origins),
        **{f"{name}Arn": _ARN for name in functions},
    }


def _addresses(around: Around) -> dict[str, str]:
    apis = {_API.format(region=region): url for region, url in around.apis.items()}
    sites = {_BUCKET.format(region=region): url for region, url in around.sites.items()}
    return apis | sites
