"""The floor: the least that a Lambda function must do to keep and follow links, in plain boto3.

No framework, no checks, no key, two attributes, and the client as boto3 makes it by default.
"""

import json
import os
import secrets
from typing import Any

import boto3
from botocore.exceptions import ClientError


_TABLE = os.environ["EVERHOP_TABLE"]
_ALPHABET = "23456789bcdfghkmnpqrstvwxyz"
_client = boto3.client("dynamodb")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one event of API Gateway."""
    if event["requestContext"]["httpMethod"] == "POST":
        return _create(json.loads(event["body"]))
    return _follow(event["pathParameters"]["slug"])


def _follow(slug: str) -> dict[str, Any]:
    item = _client.get_item(TableName=_TABLE, Key=_key(slug)).get("Item")
    if item is None:
        return {"statusCode": 404, "headers": {}, "body": ""}
    return {"statusCode": 302, "headers": {"Location": item["url"]["S"]}, "body": ""}


def _create(body: dict[str, str]) -> dict[str, Any]:
    slug = body.get("slug") or "".join(secrets.choice(_ALPHABET) for _ in range(7))
    try:
        _client.put_item(
            TableName=_TABLE,
            Item={**_key(slug), "url": {"S": body["destination"]}},
            ConditionExpression="attribute_not_exists(pk)",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return {"statusCode": 409, "headers": {}, "body": ""}
    headers = {"Content-Type": "application/json", "Location": f"/api/v1/links/{slug}"}
    answer = json.dumps({"slug": slug, "destination": body["destination"]})
    return {"statusCode": 201, "headers": headers, "body": answer}


def _key(slug: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"bare#{slug}"}, "sk": {"S": "bare"}}
