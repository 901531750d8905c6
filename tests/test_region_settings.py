"""The settings of regions, and what the wiring makes of them."""

import json
from typing import Any

import pytest

from chalicelib.config import ConfigError, load
from chalicelib.core.errors import Unavailable
from chalicelib.entrance import links_model, make_link_store
from chalicelib.link_wiring import make_link_service
from chalicelib.service.regional_links import RegionalLinks
from chalicelib.store.links import LinkTable
from local.children import listen, url_of
from tests.conftest import ROOT


HERE = {"EVERHOP_STORE": "dynamodb", "EVERHOP_REGION": "us-east-1"}


def test_one_region_is_no_region() -> None:
    """Named or not: links are in its table, and nothing asks where anything is at home."""
    for regions in ("", "us-east-1", "us-east-1 us-east-1"):
        config = load({**HERE, "EVERHOP_REGIONS": regions})
        store = make_link_store(config)

        assert isinstance(store, LinkTable)
        assert config.regions == ("us-east-1",)
        assert make_link_service(config, store).regions == ()


@pytest.mark.parametrize(
    "text", ["eu-west-1,us-east-1", "eu-west-1  us-east-1", " eu-west-1, us-east-1 "]
)
def test_several_regions(text: str) -> None:
    """With commas or spaces; what is drawn here is drawn for here. Stores beside share the client."""
    config = load({**HERE, "EVERHOP_REGIONS": text})
    store = make_link_store(config)

    assert isinstance(store, RegionalLinks)
    assert store.regions.every == ("eu-west-1", "us-east-1")
    assert store.regions.others == ("eu-west-1",)
    assert make_link_service(config, store).regions == ("us-east-1", "eu-west-1")
    assert isinstance(store.local, LinkTable)
    assert links_model(config, store) is store.local.model
    assert store.visitors_wait == 0.15


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("EVERHOP_REGIONS", "eu-west-1", "us-east-1"),
        ("EVERHOP_REGIONS", "us-east-1,mars", "like us-east-1,eu-west-1"),
        ("EVERHOP_TABLE_ENDPOINTS", "eu-west-1", "addresses by region"),
        ("EVERHOP_TABLE_ENDPOINTS", "http://127.0.0.1:8002", "addresses by region"),
        ("EVERHOP_TABLE_ENDPOINTS", "=http://127.0.0.1:8002", "addresses by region"),
        ("EVERHOP_HOME_READ_MS", "0", "milliseconds"),
    ],
)
def test_mistakes_are_named(name: str, value: str, said: str) -> None:
    """The setting, and what would do."""
    with pytest.raises(ConfigError, match=f"(?s){name}.*{said}"):
        load({**HERE, name: value})


def test_other_regions_are_asked_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the endpoint that is named for them, whatever this region's own is."""
    listener = listen()
    listener.settimeout(40)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")
    regions = {
        "EVERHOP_REGIONS": "us-east-1,eu-west-1",
        "EVERHOP_TABLE_ENDPOINTS": f"eu-west-1={url_of(listener)}",
    }
    store = make_link_store(load({**HERE, **regions}))
    assert isinstance(store, RegionalLinks)
    far = store.store_of("eu-west-1")
    with pytest.raises(Unavailable):
        store.ask_within(0.01, lambda: far.current("a"))
    connection, _ = listener.accept()
    request = connection.recv(65536)
    connection.close()
    listener.close()

    assert b"eu-west-1/dynamodb" in request


def test_stages_agree_on_their_regions() -> None:
    """Two that differ would see two homes of one link; each is in its own set."""
    stages: dict[str, Any] = json.loads((ROOT / ".chalice" / "config.json").read_text())["stages"]
    settings = {name: it["environment_variables"] for name, it in stages.items()}
    prod = {name: it for name, it in settings.items() if name.startswith("prod-")}

    assert len({it["EVERHOP_REGIONS"] for it in prod.values()}) == 1
    assert set(load({**prod["prod-us-east-1"]}).regions) == {
        name.removeprefix("prod-") for name in prod
    }
    for it in settings.values():
        load(it)


def test_a_configuration_can_be_remembered_by() -> None:
    """Functions beside the API are wired once for each, so it is hashable with all it may have."""
    settings = {"EVERHOP_REGIONS": "us-east-1 eu-west-1"}
    settings["EVERHOP_TABLE_ENDPOINTS"] = "eu-west-1=http://127.0.0.1:8002"
    config = load({**HERE, **settings})

    assert {config: "wired"}[load({**HERE, **settings})] == "wired"
