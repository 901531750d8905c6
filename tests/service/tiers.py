"""All tiers of one region in one process, by a clock that tests set.

The app, the stage's cache and the edge's own function are the real ones; the table comes with the
delay of replication, and DAX and the edge cache keep what they have for as long as they are told.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib.config import load
from chalicelib.core.freshness import share_for
from chalicelib.core.links import Link
from chalicelib.core.origin_proofs import prove
from chalicelib.service.ports import ListQuery, Page
from chalicelib.wiring import make_app
from infra.caches import StageCache
from infra.edge.origin_response import clean
from infra.edge.settings import Settings
from local.api_cache import GIGABYTE, ApiCache
from local.region import make_gateway
from local.stage_api import StageApi
from tests.api.driver import BASE, memory_stores
from tests.clocks import SetClock
from tests.edge import cloudfront
from tests.edge.conftest import SECRET, baked


AT = "https://example.com/"
_KEPT = re.compile(r"s-maxage=(\d+)")


class _Kept(NamedTuple):
    value: Any
    until: datetime


@dataclass
class LaggingLinks:
    """A region's `LinkStore`: writes of the home come late, and DAX keeps what was read."""

    clock: SetClock
    written: dict[str, list[tuple[datetime, Link]]] = field(default_factory=dict)
    dax: dict[str, _Kept] = field(default_factory=dict)

    def write(self, key: str, link: Link, lag: float = 0) -> None:
        """The home has it now, and this region so many seconds later."""
        seen_at = self.clock() + timedelta(seconds=lag)
        self.written.setdefault(key, []).append((seen_at, link))

    def seek(self, key: str) -> Link | None:
        """See LinkStore: what has come by now."""
        come = [link for at, link in self.written.get(key, ()) if at <= self.clock()]
        return max(come, key=lambda link: link.version, default=None)

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        """See LinkStore."""
        now, kept = self.clock(), self.dax.get(key)
        if consistent or kept is None or kept.until <= now:
            kept = _Kept(self.seek(key), now + timedelta(seconds=share_for("dax")))
            self.dax[key] = kept
        link: Link | None = kept.value
        return link

    def create(self, key: str, link: Link) -> None:
        """See LinkStore."""
        self.write(key, link)

    def replace(self, key: str, link: Link) -> None:
        """See LinkStore."""
        self.write(key, link)

    def page(self, workspace: str, query: ListQuery) -> Page:
        """See LinkStore."""
        raise NotImplementedError


class Tiers:
    """A region behind its edge."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.clock = SetClock()
        self.links = LaggingLinks(self.clock)
        self.edge: dict[tuple[str, str], _Kept] = {}
        self._settings = settings or baked()
        environ = {**BASE, "EVERHOP_API_CACHE": "on", "EVERHOP_ORIGIN_SECRETS": SECRET}
        config = load(environ)
        app = make_app(config, memory_stores(config, links=self.links), self.clock)
        self.stage = StageApi(
            app,
            make_gateway(app),
            StageCache(enabled=True),
            may_invalidate=lambda *_: True,
        )
        self.stage.cache = ApiCache(GIGABYTE, self.seconds)

    def seconds(self) -> float:
        """The time in seconds."""
        return self.clock().timestamp()

    def write(self, slug: str, version: int, lag: float = 0, **fields: Any) -> Link:
        """The link leads to where its version says, from now on at its home."""
        now = self.clock()
        said = {"destination": f"{AT}{version}", "created_at": now, "updated_at": now, **fields}
        link = Link(workspace="w", slug=slug, version=version, **said)
        self.links.write(slug, link, lag)
        return link

    def ask(self, slug: str, query: str = "") -> int:
        """The version that a visitor is shown; 0 for a refusal."""
        key, now = (f"/{slug}", query), self.clock()
        kept = self.edge.get(key)
        if kept is None or kept.until <= now:
            headers = self._fetch(slug, query)
            found = _KEPT.search(headers.get("cache-control", ""))
            seconds = int(found[1]) if found else 0
            kept = _Kept(headers.get("location", ""), now + timedelta(seconds=seconds))
            self.edge[key] = kept
        return int(str(kept.value).removeprefix(AT) or 0)

    def ask_api(self, slug: str, query: str = "", **headers: str) -> Any:
        """What the region answers at the API, as the edge asks it."""
        sent = {
            "Host": "api.test",
            "everhop-query": query,
            "everhop-edge": prove(SECRET, self.seconds()),
        }
        return self.stage.handle("GET", f"/r/{slug}", {**sent, **headers}, b"")

    def _fetch(self, slug: str, query: str) -> dict[str, str]:
        answer = self.ask_api(slug, query)
        said = {name: str(value) for name, value in answer["headers"].items()}
        event = cloudfront.origin_response(answer["statusCode"], said)
        cleaned: Any = cloudfront.run(lambda it: clean(it, self._settings, self.seconds()), event)
        return {name: one[0]["value"] for name, one in cleaned["headers"].items()}
