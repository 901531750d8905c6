"""What the functions at the edge know: data in their zip, as Lambda@Edge has no environment.

`infra/edge_settings.py` makes it, and says what each part is.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib.core.slugs import SlugPolicy


FILE = Path(__file__).with_name("settings.json")


class Origin(NamedTuple):
    """Where a region's API is."""

    domain: str
    port: int = 443
    protocol: str = "https"

    @property
    def host(self) -> str:
        """What its Host header says."""
        usual = {"https": 443, "http": 80}[self.protocol]
        return self.domain if self.port == usual else f"{self.domain}:{self.port}"


class Settings(NamedTuple):
    """`regions` in the order for places that `nearest` does not know; `nearest` by where we run."""

    regions: tuple[str, ...]
    origins: Mapping[str, Origin]
    nearest: Mapping[str, tuple[str, ...]]
    secret: str
    slugs: SlugPolicy
    fresh_for: int  # seconds after it was made that an answer may be at the edge
    unstamped_for: int  # seconds that one may stay there which does not say when that was
    unknown_page: Mapping[str, Any]  # CloudFront's form of the page for what is no link

    def order_at(self, place: str) -> tuple[str, ...]:
        """All regions, the nearest to the place first."""
        return self.nearest.get(place, self.regions)


def as_json(settings: Settings) -> str:
    """The settings as they stand in the zip."""
    plain = settings._asdict() | {
        "origins": {name: origin._asdict() for name, origin in settings.origins.items()},
        "slugs": {
            "case_sensitive": settings.slugs.case_sensitive,
            "unicode": settings.slugs.unicode,
        },
    }
    return json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=True) + "\n"


def from_json(text: str) -> Settings:
    """The settings of such a text."""
    plain = json.loads(text)
    return Settings(
        regions=tuple(plain["regions"]),
        origins={name: Origin(**origin) for name, origin in plain["origins"].items()},
        nearest={place: tuple(order) for place, order in plain["nearest"].items()},
        secret=plain["secret"],
        slugs=SlugPolicy(**plain["slugs"]),
        fresh_for=plain["fresh_for"],
        unstamped_for=plain["unstamped_for"],
        unknown_page=plain["unknown_page"],
    )


@cache
def baked() -> Settings:
    """The settings of the zip that this runs from."""
    return from_json(FILE.read_text(encoding="utf-8"))
