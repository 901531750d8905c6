"""Real deployments: Chalice's and our own commands, against moto's AWS in a process of its own."""

import json
import os
import random
import shutil
import string
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from tests.conftest import ROOT


PROD = ["prod-us-east-1", "prod-eu-west-1"]
INTEGRATION = "x-amazon-apigateway-integration"


@dataclass(frozen=True)
class Ran:
    """What became of a command."""

    status: int
    output: str
    errors: str


@dataclass(frozen=True)
class Account:
    """An AWS account, and a copy of the work tree to deploy from."""

    url: str
    folder: Path

    def run(self, *words: str, **environ: str) -> Ran:
        """Run a command as an operator would."""
        kept = {
            name: text
            for name, text in os.environ.items()
            if not name.startswith(("AWS_", "EVERHOP_"))
        }
        access = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(
            words,
            cwd=self.folder,
            env={name: text for name, text in {**kept, **access, **environ}.items() if text},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def chalice(self, act: str, stage: str) -> None:
        """`chalice deploy` or `delete`, in the stage's region, which must succeed."""
        region = stage.removeprefix("prod-") if stage in PROD else "us-east-1"
        command = str(Path(sys.executable).with_name("chalice"))
        ran = self.run(command, act, "--stage", stage, AWS_DEFAULT_REGION=region)
        assert ran.status == 0, ran.output + ran.errors

    def cache(self, *words: str, **environ: str) -> Ran:
        """`python -m tools cache`."""
        return self.run(sys.executable, "-m", "tools", "cache", *words, **environ)

    def stage_api(self, stage: str) -> "StageOnAws":
        """The stage, looked at with nothing of ours."""
        file = self.folder / ".chalice" / "deployed" / f"{stage}.json"
        parts = {it["name"]: it for it in json.loads(file.read_text())["resources"]}
        region = parts["rest_api"]["rest_api_url"].split(".")[2]
        return StageOnAws(self.client("apigateway", region), parts["rest_api"]["rest_api_id"])

    def client(self, service: str, region: str = "us-east-1") -> Any:
        """A client of the account."""
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id="none",
            aws_secret_access_key="none",
        )


@dataclass(frozen=True)
class StageOnAws:
    """A deployed stage as API Gateway has it."""

    gateway: Any
    api_id: str

    def keys(self) -> dict[str, list[str]]:
        """The cache keys of each method that has some, like `/r/{slug} GET`."""
        resources = self.gateway.get_resources(restApiId=self.api_id, embed=["methods"])["items"]
        return {
            f"{resource['path']} {name}": method["methodIntegration"]["cacheKeyParameters"]
            for resource in resources
            for name, method in resource.get("resourceMethods", {}).items()
            if method["methodIntegration"].get("cacheKeyParameters")
        }

    def exported_keys(self, path: str) -> list[str]:
        """The cache keys of a GET in what the stage shows, which may be behind the API."""
        named = {"restApiId": self.api_id, "stageName": "api", "exportType": "swagger"}
        said = json.loads(self.gateway.get_export(**named)["body"].read())
        keys: list[str] = said["paths"][path]["get"][INTEGRATION]["cacheKeyParameters"]
        return keys

    def parameters(self, path: str) -> dict[str, bool]:
        """The request parameters of a GET, and whether each is required."""
        resources = self.gateway.get_resources(restApiId=self.api_id, embed=["methods"])["items"]
        (found,) = [it for it in resources if it["path"] == path]
        required: dict[str, bool] = found["resourceMethods"]["GET"]["requestParameters"]
        return required

    def stage(self) -> dict[str, Any]:
        """What get_stage says."""
        said: dict[str, Any] = self.gateway.get_stage(restApiId=self.api_id, stageName="api")
        return said

    def patch(self, path: str, value: str) -> None:
        """Change a setting behind our back."""
        operation = {"op": "replace", "path": path, "value": value}
        self.gateway.update_stage(
            restApiId=self.api_id, stageName="api", patchOperations=[operation]
        )


@contextmanager
def run_aws() -> Iterator[str]:
    """The address of an empty AWS."""
    command = [sys.executable, "-m", "tests.infra.aws_server"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()


def copy_work_tree(folder: Path) -> Path:
    """What git has or would take, with production told that it has a cache."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    file = folder / ".chalice" / "config.json"
    config = json.loads(file.read_text())
    for stage in PROD:
        config["stages"][stage]["environment_variables"]["EVERHOP_API_CACHE"] = "on"
    file.write_text(json.dumps(config, indent=2))
    return folder


class CachedApp:
    """An app behind the stage cache that is deployed: keys and settings are asked of API Gateway.

    Only what decides which answer a visitor gets is here: no ages, no sizes.
    """

    def __init__(self, app: Any, on_aws: StageOnAws) -> None:
        self._app = app
        self._keys = on_aws.keys()
        stage = on_aws.stage()
        self._on = stage["cacheClusterEnabled"]
        self._settings = stage.get("methodSettings", {})
        self._kept: dict[object, Any] = {}

    def get(self, path: str, parameters: dict[str, str], headers: dict[str, str]) -> Any:
        """The answer that a visitor gets."""
        event = event_of("GET", path, parameters, headers)
        name = f"{path.replace('/', '~1')}/GET"
        if not (self._on and self._settings.get(name, {}).get("cachingEnabled")):
            return self._app(event, None)
        known = {f"method.request.path.{name}": it for name, it in parameters.items()}
        known |= {f"method.request.header.{name}": it for name, it in headers.items()}
        key = (path, tuple(known.get(name) for name in self._keys.get(f"{path} GET", [])))
        if key not in self._kept:
            self._kept[key] = self._app(event, None)
        return self._kept[key]


def event_of(
    method: str,
    path: str,
    parameters: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    query: dict[str, list[str]] | None = None,
    **context: Any,
) -> dict[str, Any]:
    """What API Gateway hands to the function; `path` is the route's, with its braces."""
    asked = "/api" + path
    for name, text in (parameters or {}).items():
        asked = asked.replace(f"{{{name}}}", text)
    return {
        "resource": path,
        "path": asked.removeprefix("/api"),
        "httpMethod": method,
        "headers": headers or {},
        "multiValueHeaders": {name: [text] for name, text in (headers or {}).items()},
        "queryStringParameters": {name: it[-1] for name, it in query.items()} if query else None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": path,
            "httpMethod": method,
            "path": asked,
            "stage": "api",
            "domainName": (headers or {}).get("Host", "api.example.net"),
            "identity": {"sourceIp": "192.0.2.1"},
            **context,
        },
        "body": None,
        "isBase64Encoded": False,
    }


def random_slugs(count: int, seed: int) -> list[str]:
    """Different slugs."""
    chance = random.Random(seed)  # noqa: S311 - the same each time is what we want
    return list({"".join(chance.choices(string.ascii_lowercase, k=8)) for _ in range(count)})
