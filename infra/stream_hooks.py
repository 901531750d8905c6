"""Has Chalice's commands give the stream's mapping its retries, its filter and its dead letters."""

from collections.abc import Callable
from typing import Any

from chalice.awsclient import TypedAWSClient
from chalice.deploy.models import DynamoDBEventSource
from chalice.package import SAMTemplateGenerator

from chalicelib.config import load
from infra.streams import mapping_settings


Json = dict[str, Any]
_call = TypedAWSClient._call_client_method_with_retries  # noqa: SLF001 - Chalice has no hook
_write = SAMTemplateGenerator._generate_dynamodbeventsource  # noqa: SLF001


def teach_streams() -> None:
    """Have both `chalice deploy` and `chalice package` say it."""
    TypedAWSClient._call_client_method_with_retries = _call_with_settings  # type: ignore[method-assign] # noqa: SLF001
    SAMTemplateGenerator._generate_dynamodbeventsource = _write_source  # type: ignore[method-assign] # noqa: SLF001


def _call_with_settings(
    self: TypedAWSClient, method: Callable[..., Any], kwargs: Json, *args: Any, **named: Any
) -> Any:
    # In the one call that makes or changes the mapping: no record passes without its dead letters.
    stream = str(kwargs.get("EventSourceArn", ""))
    if not stream and {"UUID", "BatchSize"} <= set(kwargs):
        found = self._client("lambda").get_event_source_mapping(UUID=kwargs["UUID"])
        stream = str(found["EventSourceArn"])
    if ":dynamodb:" in stream:
        kwargs = {**kwargs, **mapping_settings(stream, load().stage)}
    return _call(self, method, kwargs, *args, **named)


def _write_source(
    self: SAMTemplateGenerator, resource: DynamoDBEventSource, template: Json
) -> None:
    _write(self, resource, template)
    name = resource.lambda_function.resource_name
    function = template["Resources"][name.capitalize()]["Properties"]
    # The name by which its policy lets it write its log.
    function["FunctionName"] = {"Fn::Sub": f"${{AWS::StackName}}-{name}"}
    settings = mapping_settings(resource.stream_arn, load().stage)
    for event in function["Events"].values():
        event["Properties"] |= settings
