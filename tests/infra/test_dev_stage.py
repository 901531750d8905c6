"""The stage without our edge: API Gateway's own serves it, and its links are followed."""

import json

from chalice.test import Client

from chalicelib.config import load as load_config
from chalicelib.wiring import make_app
from infra.caches import read_caches
from tests.api.driver import BASE, KEY, memory_stores
from tests.conftest import ROOT


MEMORY = {name: BASE[name] for name in ("EVERHOP_STORE", "EVERHOP_API_KEY", "EVERHOP_LOG")}


def test_a_stage_without_the_edge_works_by_itself() -> None:
    """The stage `dev` has API Gateway's own edge, and no setting waits for what ours would say."""
    stages = json.loads((ROOT / ".chalice" / "config.json").read_text())["stages"]
    environment = stages["dev"]["environment_variables"]

    assert stages["dev"]["api_gateway_endpoint_type"] == "EDGE"
    assert not load_config(environment).api_cache
    assert not load_config(environment).public_url
    assert not read_caches()["dev"].enabled


def test_links_are_followed_on_a_stage_without_the_edge() -> None:
    """With dev's own settings a link that is made there is followed there, and nothing keeps it."""
    environment = json.loads((ROOT / ".chalice" / "config.json").read_text())["stages"]["dev"]
    app = make_app(load_config({**environment["environment_variables"], **MEMORY}), memory_stores())
    link = json.dumps(
        {"slug": "promo", "destination": "https://example.com/", "forward_query": True}
    )
    key = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    with Client(app) as client:
        made = client.http.post("/v1/links", body=link.encode(), headers=key)
        followed = client.http.get("/r/promo?a=b")

    assert (made.status_code, followed.status_code) == (201, 302)
    assert followed.headers["Location"] == "https://example.com/?a=b"
    assert followed.headers["Cache-Control"] == "private, max-age=0"
