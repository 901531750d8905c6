"""What the processes of a running stack are called, and what a region's app is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.config import load
from chalicelib.core.access import digest_key
from local.edge.invalidation_api import DISTRIBUTION
from local.fences import key_of
from local.functions import PREFIX
from local.settings import Settings
from local.templates import stage_environment


API = "the API"
DATABASE = "DynamoDB"
DAX = "DAX"
FILES = "S3"
EDGE = "the edge"
LOGS = "everhop-local-logs"
BUCKET = "everhop-local-files"
# It only says that there is a stream: the region's database is what hands on its changes.
_STREAM = "arn:aws:dynamodb:{region}:123456789012:table/{table}/stream/2026-01-01T00:00:00.000"


@dataclass(frozen=True, slots=True)
class Shared:
    """What is the same for all regions: keys, and where S3, CloudFront and the tables are."""

    key: str = field(repr=False)
    secret: str = field(repr=False)  # empty without an edge, as is `cloudfront`
    files: str
    cloudfront: str
    tables: Mapping[str, str]


def app_environment(
    settings: Settings,
    environ: Mapping[str, str],
    shared: Shared,
    region: str,
    urls: Mapping[str, str],
) -> dict[str, str]:
    """What a region's app is told: its production stage, with this machine's addresses.

    `urls` are those of its API and its DATABASE, and of DAX where the stage has a cluster.
    """
    # A region without a stage of its own has a replica of the same table.
    table = stage_environment(settings.first)["EVERHOP_TABLE"]
    derived = {
        **stage_environment(region),
        "EVERHOP_TABLE": table,
        "EVERHOP_STORE": "dynamodb",
        "EVERHOP_REGION": region,
        "EVERHOP_REGIONS": ",".join(settings.regions),
        "EVERHOP_TABLE_ENDPOINTS": " ".join(
            f"{name}={url}" for name, url in shared.tables.items() if name != region
        ),
        "EVERHOP_PUBLIC_URL": environ.get("EVERHOP_PUBLIC_URL") or settings.url,
        "EVERHOP_HOSTS": f"{environ.get('EVERHOP_HOSTS', '')} localhost:{settings.port}",
        "EVERHOP_API_KEY_HASH": digest_key(shared.key),
        "EVERHOP_PRIVATE_DESTINATIONS": environ.get("EVERHOP_PRIVATE_DESTINATIONS") or "allow",
        "EVERHOP_STAGE": "local",
        # One key does everything here, imports and load tests as well: more than a machine answers.
        "EVERHOP_RATE_LIMIT": environ.get("EVERHOP_RATE_LIMIT") or "60000",
        "EVERHOP_LOG": environ.get("EVERHOP_LOG") or "debug",
        "EVERHOP_KEEP_WARM": environ.get("EVERHOP_KEEP_WARM") or "0",
        "EVERHOP_API_CACHE": environ.get("EVERHOP_API_CACHE") or "on",
        # With a secret the region answers the edge alone, and tells it what it may keep.
        "EVERHOP_ORIGIN_SECRETS": shared.secret,
        "EVERHOP_DAX": urls.get(DAX, ""),
        "EVERHOP_STREAM": _STREAM.format(region=region, table=table),
        "EVERHOP_API_URL": f"{urls[API]}/api",
        "EVERHOP_DISTRIBUTION": DISTRIBUTION if shared.cloudfront else "",
        "EVERHOP_BUCKET": BUCKET,
        # Without an edge there are no logs. Every region is told of each, and its home counts it.
        "EVERHOP_LOGS": LOGS if shared.cloudfront else "",
        "EVERHOP_LOG_REGIONS": ",".join(settings.regions),
        "EVERHOP_WORKER": f"{PREFIX}-worker",
        "AWS_ENDPOINT_URL_DYNAMODB": urls[DATABASE],
        "AWS_ENDPOINT_URL_S3": shared.files,
        "AWS_ENDPOINT_URL_LAMBDA": urls[API],
        "AWS_ENDPOINT_URL_CLOUDFRONT": shared.cloudfront,
        "AWS_REGION": region,
        # moto asks for credentials but does not check them; real ones are kept out of its way.
        "AWS_ACCESS_KEY_ID": key_of(region),
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    load({**environ, **derived})  # a setting that the app refuses is refused here, in one sentence
    return derived
