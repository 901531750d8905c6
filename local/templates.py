"""What is deployed, as data: the CloudFormation templates and the Chalice stages."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from local.settings import ROOT


Json = dict[str, Any]
# Stream records would pile up in memory: nothing on one machine in one region reads them yet.
_TABLE_PROPERTIES = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")


def load_template(path: str) -> Json:
    """A template of infra/, as CloudFormation would read it (long intrinsics only)."""
    template: Json = yaml.safe_load((ROOT / "infra" / path).read_text())
    return template


def table_request(name: str) -> Json:
    """The CreateTable request that makes the table of infra/global/table.yaml."""
    properties = load_template("global/table.yaml")["Resources"]["Table"]["Properties"]
    return {"TableName": name, **{key: properties[key] for key in _TABLE_PROPERTIES}}


def stage_environment(region: str) -> Mapping[str, str]:
    """The environment that the region's production stage gives the app."""
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    stages = config["stages"]
    stage = stages.get(f"prod-{region}") or stages["dev"]
    environment: Mapping[str, str] = stage["environment_variables"]
    return environment


@cache
def function_timeout(name: str) -> int:
    """The seconds that a function of the app may take, by its name in app.py."""
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    # Chalice's own, where nothing is said
    return int(config["lambda_functions"].get(name, {}).get("lambda_timeout", 60))


@cache
def gateway_response(kind: str, status: int = 0) -> tuple[int, dict[str, str], bytes]:
    """What API Gateway answers by itself: status, headers and body of a GatewayResponse.

    `status` is for a kind that has none of its own, as it stands for many.
    """
    merged = json.loads((ROOT / "infra" / "regional" / "api.merge.json").read_text())
    body = merged["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    response = body["x-amazon-apigateway-gateway-responses"][kind]
    prefix = "gatewayresponse.header."
    headers = {
        name.removeprefix(prefix): value.strip("'")
        for name, value in response["responseParameters"].items()
    }
    return (
        int(response.get("statusCode", status)),
        headers,
        response["responseTemplates"]["application/json"].encode(),
    )


@cache
def site_headers() -> dict[str, str]:
    """The headers that CloudFront adds to the dashboard's files (HSTS has no meaning on http)."""
    resources = load_template("global/headers.yaml")["Resources"]
    policy = next(
        resource["Properties"]["ResponseHeadersPolicyConfig"]
        for resource in resources.values()
        if resource["Type"] == "AWS::CloudFront::ResponseHeadersPolicy"
    )
    return _security_headers(policy["SecurityHeadersConfig"]) | _custom_headers(policy)


def _security_headers(config: Json) -> dict[str, str]:
    headers = {
        "Content-Security-Policy": config["ContentSecurityPolicy"]["ContentSecurityPolicy"].strip(),
        "Referrer-Policy": config["ReferrerPolicy"]["ReferrerPolicy"],
    }
    if "ContentTypeOptions" in config:
        headers["X-Content-Type-Options"] = "nosniff"
    if "FrameOptions" in config:
        headers["X-Frame-Options"] = config["FrameOptions"]["FrameOption"]
    return headers


def _custom_headers(policy: Json) -> dict[str, str]:
    items = policy.get("CustomHeadersConfig", {}).get("Items", [])
    return {item["Header"]: item["Value"] for item in items}
