"""The edge of a running stack: its plan, out of what the region's stage and this machine say."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from chalicelib.config import ConfigError
from chalicelib.core.freshness import DEFAULT_BUDGET, kept_for
from infra.edge.settings import as_json
from infra.edge_settings import EdgeSettingsError, make_settings
from local.edge.plans import Plan, write_plan


LOGS = "everhop-local-logs"
PLACE = "IAD89-C1"  # Virginia's airport, as every edge here is next to the first region
# The template knows the functions by versions; which files they are is known to local.edge.
_ARN = "arn:aws:lambda:us-east-1:123456789012:function:everhop-edge:1"
_API = "api-1.everhop.local"
_BUCKET = "everhop-local-site-123456789012-{region}.s3.{region}.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Around:
    """What the edge stands between: base URLs of the region's API, the site's bucket and S3.

    And the names that it is asked by, and where the stack takes commands.
    """

    api: str
    site: str
    s3: str
    hosts: Collection[str]
    control: str


def draw_secret() -> str:
    """What the edge proves itself with to the region, for one run of the stack."""
    return secrets.token_urlsafe(32)


def plan_edge(
    folder: Path, region: str, environment: Mapping[str, str], around: Around, *, says: bool
) -> Path:
    """Write the plan of the edge in front of this region; the file that it is in.

    ConfigError when no edge can be built for these settings.
    """
    try:
        baked = make_settings({region: environment}, {region: around.api}, DEFAULT_BUDGET)
    except EdgeSettingsError as error:
        raise ConfigError(str(error)) from error
    functions, file = folder / "edge.functions.json", folder / "edge.json"
    functions.touch(mode=0o600)  # the origin's secret is in it
    functions.write_text(as_json(baked), encoding="utf-8")
    parameters = {
        "StageName": "local",
        "HeadersId": "DashboardHeaders",
        "FirstRegion": region,
        "FirstApi": _API,
        "FreshFor": str(kept_for(DEFAULT_BUDGET)),
        **{f"{name}Arn": _ARN for name in ("ViewerRequest", "OriginRequest", "OriginResponse")},
    }
    addresses = {_API: around.api, _BUCKET.format(region=region): around.site}
    written = Plan(
        place=PLACE,
        region=region,
        parameters=parameters,
        addresses=addresses,
        functions=str(functions),
        hosts=tuple(sorted(around.hosts)),
        control=around.control,
        logs=LOGS,
        s3_url=around.s3,
        says=says,
    )
    write_plan(written, file)
    return file
