"""The settings that the tests bake: two regions, and a place for each test to ask from."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.edge.settings import Settings, as_json, from_json
from infra.edge_settings import make_settings


SECRET = "s" * 43
CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("cases.json").read_text())


def baked(**environ: str) -> Settings:
    """Settings as the functions read them from their zip."""
    stage = {"EVERHOP_TABLE": "everhop-prod", "EVERHOP_ORIGIN_SECRETS": SECRET, **environ}
    stages = dict.fromkeys(("us-east-1", "eu-west-1", "ap-southeast-2"), stage)
    urls = {region: f"https://{region[:2]}.api.example/api" for region in stages}
    return from_json(as_json(make_settings(stages, urls, budget=60)))


@pytest.fixture(scope="session")
def settings() -> Settings:
    return baked()
