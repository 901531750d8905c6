"""What is baked into the edge's zip, from what the stages of .chalice/config.json say."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from chalicelib.api.pages import refusal_page
from chalicelib.api.redirects import VISITOR_HEADERS
from chalicelib.config import load
from chalicelib.core.freshness import kept_for, share_for
from chalicelib.core.redirects import Refusal
from infra.edge.settings import Origin, Settings
from infra.region_places import PLACES, nearest_first


class EdgeSettingsError(ValueError):
    """The edge can't be built of these settings; the text says why."""


def make_settings(
    environments: Mapping[str, Mapping[str, str]], urls: Mapping[str, str], budget: int
) -> Settings:
    """The settings for these regions: the environment of each one's stage, and its API's address.

    EdgeSettingsError when they differ in what must be the same everywhere, or one is missing.
    """
    unknown = sorted(set(environments) - set(PLACES))
    if unknown:
        raise EdgeSettingsError(
            f"Nobody knows where {unknown[0]} is: add it to infra/region_places.py."
        )
    configs = {region: load(environ) for region, environ in environments.items()}
    said = {(one.slugs[:2], one.origin_secrets) for one in configs.values()}
    if len(said) != 1:
        raise EdgeSettingsError(
            "The stages differ in EVERHOP_SLUG_CASE, EVERHOP_UNICODE_SLUGS or "
            "EVERHOP_ORIGIN_SECRETS, which must be the same in all regions."
        )
    config = next(iter(configs.values()))
    if not config.origin_secrets:
        raise EdgeSettingsError(
            "The stages have no EVERHOP_ORIGIN_SECRETS: `python -m tools edge secret` draws one."
        )
    return Settings(
        regions=tuple(configs),
        origins={region: origin_of(urls[region]) for region in configs},
        nearest=nearest_first(configs),
        secret=config.origin_secrets[0],
        slugs=config.slugs._replace(denied=frozenset()),
        fresh_for=kept_for(budget),
        unstamped_for=share_for("edge", budget),
        unknown_page=cloudfront_page(),
    )


def origin_of(url: str) -> Origin:
    """Where an API's address leads; what is after its host is of the stage, and always /api."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise EdgeSettingsError(f"{url!r} is no address like https://abc.execute-api...")
    return Origin(
        parts.hostname, parts.port or {"https": 443, "http": 80}[parts.scheme], parts.scheme
    )


def cloudfront_page() -> Mapping[str, Any]:
    """The page for what is no link, as the region answers it, in CloudFront's form."""
    page = refusal_page(Refusal("unknown"))
    headers = {**VISITOR_HEADERS, **page.headers}
    return {
        "status": str(page.status),
        "statusDescription": HTTPStatus(page.status).phrase,
        "headers": {name.lower(): [{"key": name, "value": it}] for name, it in headers.items()},
        "body": page.html,
    }
