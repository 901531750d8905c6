"""What the processes of a running stack are called, and what the region's app is told."""

from collections.abc import Mapping

from chalicelib.config import load
from chalicelib.core.access import digest_key
from local.edges import draw_secret
from local.functions import PREFIX
from local.settings import Settings
from local.templates import stage_environment


API = "the region's API"
DATABASE = "DynamoDB"
DAX = "DAX"
FILES = "S3"
EDGE = "the edge"
BUCKET = "everhop-local-files"


def app_environment(
    settings: Settings, environ: Mapping[str, str], key: str, urls: Mapping[str, str]
) -> dict[str, str]:
    """What the region's app is told: its production stage, with this machine's addresses.

    `urls` are those of API, DATABASE and FILES, and of DAX where the stage has a cluster.
    """
    derived = {
        **stage_environment(settings.region),
        "EVERHOP_STORE": "dynamodb",
        "EVERHOP_REGION": settings.region,
        "EVERHOP_REGIONS": settings.region,
        "EVERHOP_PUBLIC_URL": environ.get("EVERHOP_PUBLIC_URL") or settings.url,
        "EVERHOP_HOSTS": f"{environ.get('EVERHOP_HOSTS', '')} localhost:{settings.port}",
        "EVERHOP_API_KEY_HASH": digest_key(key),
        "EVERHOP_PRIVATE_DESTINATIONS": environ.get("EVERHOP_PRIVATE_DESTINATIONS") or "allow",
        "EVERHOP_STAGE": "local",
        # One key does everything here, imports and load tests as well: more than a machine answers.
        "EVERHOP_RATE_LIMIT": environ.get("EVERHOP_RATE_LIMIT") or "60000",
        "EVERHOP_LOG": environ.get("EVERHOP_LOG") or "debug",
        # Off until purges tell the cache of edits: who tries things wants to see them at once.
        "EVERHOP_API_CACHE": environ.get("EVERHOP_API_CACHE") or "off",
        # With a secret the region answers the edge alone, and tells it what it may keep.
        "EVERHOP_ORIGIN_SECRETS": draw_secret() if settings.edge else "",
        "EVERHOP_DAX": urls.get(DAX, ""),
        "EVERHOP_BUCKET": BUCKET,
        "EVERHOP_WORKER": f"{PREFIX}-worker",
        "AWS_ENDPOINT_URL_DYNAMODB": urls[DATABASE],
        "AWS_ENDPOINT_URL_S3": urls[FILES],
        "AWS_ENDPOINT_URL_LAMBDA": urls[API],
        "AWS_REGION": settings.region,
        # moto asks for credentials but does not check them; real ones are kept out of its way.
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    load({**environ, **derived})  # a setting that the app refuses is refused here, in one sentence
    return derived
