"""The Chalice stages: each is complete, and each says only what Chalice and Everhop read."""

import json
from pathlib import Path
from typing import Any

import pytest
from chalice.config import Config

from app import app
from chalicelib.config import SETTINGS, load
from chalicelib.service.job_workers import NEEDED
from chalicelib.store.clients import ATTEMPTS, CONNECT_FOR, READ_FOR


ROOT = Path(__file__).parents[2]
CHALICE = ROOT / ".chalice"
FROM_DISK: dict[str, Any] = json.loads((CHALICE / "config.json").read_text(encoding="utf-8"))
DEPLOYED = ["dev", "prod-us-east-1", "prod-eu-west-1"]
PROD = [stage for stage in DEPLOYED if stage.startswith("prod-")]
# What Chalice reads, but is no property of its configuration.
NOT_KEYS = {"version", "stages", "lambda_functions"}
# API Gateway hangs up after 29 s, so a longer function would only be paid for.
GATEWAY_TIMEOUT = 29


def stage_config(stage: str) -> Config:
    """The stage as Chalice resolves it."""
    return Config(chalice_stage=stage, config_from_disk=FROM_DISK)


def test_stages_are_the_known_ones() -> None:
    """A stage that no test here covers can't be added."""
    assert ["local", *DEPLOYED] == list(FROM_DISK["stages"])


@pytest.mark.parametrize("level", [None, "local", *DEPLOYED])
def test_chalice_reads_every_key(level: str | None) -> None:
    """A misspelled key is silently ignored by Chalice, so each must be one of its own."""
    keys = set(FROM_DISK["stages"][level]) if level else set(FROM_DISK) - NOT_KEYS
    keys |= (
        set() if level else {key for one in FROM_DISK["lambda_functions"].values() for key in one}
    )

    assert set() == {key for key in keys if not isinstance(getattr(Config, key, None), property)}


@pytest.mark.parametrize("stage", DEPLOYED)
def test_deployed_stage_is_complete(stage: str) -> None:
    """The API is at /api, the policy is the stage's own file, and the function is bounded."""
    config = stage_config(stage)

    assert config.app_name == "everhop"
    assert config.api_gateway_stage == "api"
    assert config.autogen_policy is False
    assert f"policy-{stage}.json" == config.iam_policy_file
    assert (CHALICE / config.iam_policy_file).is_file()
    assert config.lambda_memory_size == 1024
    assert 0 < config.lambda_timeout < GATEWAY_TIMEOUT
    assert config.tags["project"] == "everhop"


@pytest.mark.parametrize("stage", DEPLOYED)
def test_a_silent_table_costs_less_than_the_timeout(stage: str) -> None:
    """A call that times out leaves time for our own 503 before Lambda gives up."""
    assert stage_config(stage).lambda_timeout - 3 > ATTEMPTS * (CONNECT_FOR + READ_FOR)


@pytest.mark.parametrize("stage", PROD)
def test_prod_stage_names_its_region(stage: str) -> None:
    """One stage per region, regional behind our own CloudFront, all over one table."""
    config = stage_config(stage)

    assert config.api_gateway_endpoint_type == "REGIONAL"
    assert stage.removeprefix("prod-") == config.environment_variables["EVERHOP_REGION"]
    assert config.environment_variables["EVERHOP_TABLE"] == "everhop-prod"


@pytest.mark.parametrize("stage", DEPLOYED)
def test_the_worker_has_the_time_that_lambda_gives(stage: str) -> None:
    """Its time is not cut to a request's, and it hands its job on well before the end of it."""
    named = [one.name for one in app.pure_lambda_functions]
    config = Config(chalice_stage=stage, function_name="worker", config_from_disk=FROM_DISK)

    assert named == ["worker"]
    assert list(FROM_DISK["lambda_functions"]) == [
        *named,
        "warm",
        "changes",
        "clicks",
    ]  # which some have
    assert NEEDED * 2 < config.lambda_timeout <= 900


def test_dev_works_in_any_region_by_itself() -> None:
    """`chalice deploy --stage dev` needs no distribution of ours and no named region."""
    config = stage_config("dev")

    assert config.api_gateway_endpoint_type == "EDGE"
    assert "EVERHOP_REGION" not in config.environment_variables
    assert config.environment_variables["EVERHOP_TABLE"] == "everhop-dev"


@pytest.mark.parametrize("stage", DEPLOYED)
def test_no_stage_lets_chalice_retain_logs(stage: str) -> None:
    """Chalice's retention is for a log group that the API's function never writes to."""
    assert stage_config(stage).log_retention_in_days is None


@pytest.mark.parametrize("stage", ["local", *DEPLOYED])
def test_environment_is_what_everhop_reads(stage: str) -> None:
    """Every variable is a setting, with a value that the configuration accepts."""
    environment = stage_config(stage).environment_variables

    assert set() == set(environment) - set(SETTINGS)
    assert environment.get("EVERHOP_TABLE", "everhop-dev") == load(environment).table


def test_local_stage_needs_no_aws() -> None:
    """`chalice local --stage local` keeps links in memory and may lead to this machine."""
    config = load(stage_config("local").environment_variables)

    assert config.store == "memory"
    assert config.destinations.allow_private
    assert config.public_url == "http://127.0.0.1:8000/r"
