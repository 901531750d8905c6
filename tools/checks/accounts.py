"""Checks of an AWS account: whose it is, its regions and its quotas."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tools.findings import Finding, ok, warn, wrong


Json = Mapping[str, Any]
# A new account may have 10; so few that a handful of visitors at once are refused.
_FEW_CONCURRENT = 100
_FEW_REQUESTS = 1000
_SHARE_OF_CODE = 0.9


class Identity(NamedTuple):
    """Who we are to AWS, and the accounts that the deployed stages are in."""

    account: str
    arn: str
    deployed: Mapping[str, str]


def judge_identity(asked: Identity) -> Iterator[Finding]:
    """The credentials must be of the account that the stages are in."""
    elsewhere = {stage: at for stage, at in asked.deployed.items() if at != asked.account}
    for stage, account in elsewhere.items():
        yield wrong(
            f"these credentials are of account {asked.account}, but {stage} is in {account}",
            "export AWS_PROFILE=the-profile-of-" + account,
        )
    if not elsewhere:
        yield ok(asked.arn)


class Regions(NamedTuple):
    """Which region is for which stages, and of all that AWS has, how the account stands to them."""

    wanted: Mapping[str, list[str]]
    opted: Mapping[str, str]


def judge_regions(asked: Regions) -> Iterator[Finding]:
    """A region must exist, and be enabled for the account."""
    for region, stages in asked.wanted.items():
        opted, whose = asked.opted.get(region), ", ".join(stages)
        if opted is None:
            fix = f"set EVERHOP_REGION for {whose} in .chalice/config.json"
            yield wrong(f"AWS has no region {region} ({whose})", fix)
        elif opted == "not-opted-in":
            fix = f"aws account enable-region --region-name {region}"
            yield wrong(f"{region} ({whose}) is not enabled for this account", fix)
        else:
            yield ok("enabled", region)


class Quota(NamedTuple):
    """A region, and what AWS says of the account there."""

    region: str
    said: Json


def judge_concurrency(asked: Quota) -> Iterator[Finding]:
    """How many requests a region's functions may answer at once, and how much code it may hold."""
    limit, used = asked.said["AccountLimit"], asked.said["AccountUsage"]
    concurrent = int(limit["UnreservedConcurrentExecutions"])
    if concurrent < _FEW_CONCURRENT:
        yield warn(
            f"Lambda answers {concurrent} requests at once and refuses the others",
            _increase(asked.region, "lambda", "L-B99A9384", 1000),
            asked.region,
        )
    else:
        yield ok(f"{concurrent:,} requests at once", asked.region)
    if used["TotalCodeSize"] > _SHARE_OF_CODE * limit["TotalCodeSize"]:
        share = 100 * used["TotalCodeSize"] // limit["TotalCodeSize"]
        yield warn(
            f"Lambda's room for code is {share} % full, and a deploy needs some",
            _increase(asked.region, "lambda", "L-2ACBD22F", 150),
            asked.region,
        )


def judge_rate(asked: Quota) -> Iterator[Finding]:
    """How many requests a second all APIs of a region may have."""
    rate = asked.said["throttleSettings"]["rateLimit"]
    if rate < _FEW_REQUESTS:
        yield warn(
            f"API Gateway takes {rate:,.0f} requests a second of all APIs together",
            _increase(asked.region, "apigateway", "L-8A5B8E43", 10000),
            asked.region,
        )
    else:
        yield ok(f"{rate:,.0f} requests a second", asked.region)


def _increase(region: str, service: str, code: str, value: int) -> str:
    return (
        f"aws service-quotas request-service-quota-increase --region {region} "
        f"--service-code {service} --quota-code {code} --desired-value {value}"
    )
