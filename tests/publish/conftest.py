"""An account with the dashboard's buckets in two regions, and an edge before them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest

from tests.conftest import ROOT
from tests.infra.deployments import run_aws
from tools.__main__ import main
from tools.stage_apis import make_client


US, EU = "us-east-1", "eu-west-1"
STATIC = (ROOT / "infra" / "regional" / "static.yaml").read_text()
PAGE = '<html><link rel="stylesheet" href="/assets/a.css"><script src="/assets/main.js"></script></html>'
SOURCES = {
    "index.html": PAGE,
    "robots.txt": "User-agent: *\n",
    "assets/main.js": 'import "./lib/part.js";\n',
    "assets/lib/part.js": "export const part = 1;\n",
    "assets/a.css": 'a { background: url("b.svg#x") }\n',
    "assets/b.svg": "<svg/>",
    "assets/LICENSE.txt": "Free.\n",
}


@cache
def open_client(url: str, service: str, region: str) -> Any:
    """A client; each takes a good part of a second to be made."""
    keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    return boto3.client(service, region_name=region, endpoint_url=url, **keys)


@dataclass
class Account:
    """An AWS account, seen without anything of ours."""

    url: str
    distribution: str = ""
    buckets: dict[str, str] = field(default_factory=dict)

    def client(self, service: str, region: str = US) -> Any:
        """A client that the command does not share."""
        return open_client(self.url, service, region)

    def make_bucket(self, region: str) -> None:
        """The bucket's real stack."""
        named = {"StackName": "everhop-prod-static", "TemplateBody": STATIC}
        client = self.client("cloudformation", region)
        client.create_stack(**named)
        (stack,) = client.describe_stacks(StackName=named["StackName"])["Stacks"]
        outputs = {it["OutputKey"]: it["OutputValue"] for it in stack["Outputs"]}
        self.buckets[region] = outputs["BucketName"]

    def make_edge(self) -> None:
        """A distribution, and a stack that tells of it: moto has no such resource."""
        access = {"OriginAccessIdentity": ""}
        origin = {"Id": "o", "DomainName": "b.s3.amazonaws.com", "S3OriginConfig": access}
        config = {
            "CallerReference": "x",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only"},
        }
        made = self.client("cloudfront").create_distribution(DistributionConfig=config)
        self.distribution = made["Distribution"]["Id"]
        outputs = {"DistributionId": self.distribution, "PublicUrl": "https://sho.rt"}
        template = {
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {name: {"Value": it} for name, it in outputs.items()},
        }
        self.client("cloudformation").create_stack(
            StackName="everhop-prod-edge", TemplateBody=json.dumps(template)
        )

    def keys(self, region: str) -> dict[str, Any]:
        """What is in a region's bucket, and when it was written."""
        listed = self.client("s3", region).list_objects_v2(Bucket=self.buckets[region])
        return {it["Key"]: it["LastModified"] for it in listed.get("Contents", [])}

    def versions(self, region: str) -> int:
        """How many writes the bucket has seen."""
        listed = self.client("s3", region).list_object_versions(Bucket=self.buckets[region])
        return len(listed.get("Versions", []))

    def get(self, region: str, key: str) -> Any:
        """An object as S3 answers it."""
        return self.client("s3", region).get_object(Bucket=self.buckets[region], Key=key)

    def text(self, region: str, key: str = "index.html") -> str:
        """What is in an object."""
        text: str = self.get(region, key)["Body"].read().decode()
        return text

    def forgotten(self) -> list[set[str]]:
        """The paths of each invalidation, in their order."""
        client = self.client("cloudfront")
        named = {"DistributionId": self.distribution}
        listed = client.list_invalidations(**named)["InvalidationList"].get("Items", [])
        batches = [client.get_invalidation(**named, Id=it["Id"])["Invalidation"] for it in listed]
        batches.sort(key=lambda it: it["InvalidationBatch"]["CallerReference"])
        return [set(it["InvalidationBatch"]["Paths"]["Items"]) for it in batches]


@pytest.fixture(scope="module")
def aws_url() -> Iterator[str]:
    """An AWS for the file."""
    with run_aws() as url:
        make_client.cache_clear()
        yield url
        make_client.cache_clear()


@pytest.fixture
def account(aws_url: str, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An empty account, which the command of this process is let into."""
    reset(aws_url)
    given = {
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, text in given.items():
        monkeypatch.setenv(name, text)
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return Account(aws_url)


def reset(url: str) -> None:
    """Have moto forget everything."""
    urlopen(Request(f"{url}/moto-api/reset", method="POST"), timeout=10).close()


@dataclass
class Site:
    """A folder with a dashboard, and the command that publishes it."""

    folder: Path
    capture: pytest.CaptureFixture[str]

    def write(self, path: str, text: str) -> None:
        """Have this in a file."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def publish(self, *words: str, status: int = 0) -> str:
        """Run the command, which must end so; all that it says."""
        self.capture.readouterr()
        ended = main(["publish", "prod", "--site", str(self.folder), "--yes", *words])
        said = self.capture.readouterr()
        assert ended == status, said.out + said.err
        return said.out + said.err


@pytest.fixture
def site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Site:
    """A small dashboard with each kind of reference."""
    made = Site(tmp_path / "site", capsys)
    for path, text in SOURCES.items():
        made.write(path, text)
    return made


@pytest.fixture
def world(account: Account) -> Account:
    """Two buckets and an edge."""
    account.make_bucket(US)
    account.make_bucket(EU)
    account.make_edge()
    return account
