"""Has Chalice's commands give `clicks` its retries and dead letters, and lets it be packaged.

`chalice deploy` has the bucket tell the function by itself. A template can't: the bucket is in
another stack, which is told of the function afterwards (CountedBy, see docs/clicks.md).
"""

import sys
from typing import Any

from chalice.awsclient import TypedAWSClient
from chalice.deploy.models import S3BucketNotification
from chalice.package import SAMTemplateGenerator

from chalicelib.config import load
from infra.clicks import dead_letters, invoke_settings


Json = dict[str, Any]
_ATTEMPTS = 10  # as many as Chalice tries until Lambda knows a role that is new
_connect = TypedAWSClient.connect_s3_bucket_to_lambda


def teach_clicks() -> None:
    """Have both `chalice deploy` and `chalice package` say it."""
    TypedAWSClient.connect_s3_bucket_to_lambda = _connect_with_settings  # type: ignore[method-assign]
    SAMTemplateGenerator._generate_s3bucketnotification = _write_function  # type: ignore[method-assign] # noqa: SLF001


def _connect_with_settings(
    self: TypedAWSClient, bucket: str, function_arn: str, *args: Any, **named: Any
) -> None:
    # Before the bucket tells it of anything: no event passes without its dead letters.
    config = load()
    if config.dead_logs:
        settings = invoke_settings(dead_letters(function_arn, config.stage))
        # Lambda looks whether the role may send, which IAM tells it some seconds after it is made.
        self._call_client_method_with_retries(
            self._client("lambda").put_function_event_invoke_config,
            {"FunctionName": function_arn, **settings},
            max_attempts=_ATTEMPTS,
            should_retry=lambda error: "permission" in str(error) or "role" in str(error),
        )
    _connect(self, bucket, function_arn, *args, **named)


def _write_function(
    self: SAMTemplateGenerator, resource: S3BucketNotification, template: Json
) -> None:
    """The function, and the bucket's right to call it."""
    del self
    config, name = load(), resource.lambda_function.resource_name
    logical = name.capitalize()
    properties = template["Resources"][logical]["Properties"]
    # The name by which its policy lets it write its log, and by which the bucket's stack knows it.
    properties["FunctionName"] = {"Fn::Sub": f"${{AWS::StackName}}-{name}"}
    if config.dead_logs:
        properties["EventInvokeConfig"] = _sam_settings(config.stage)
    template["Resources"][f"{logical}Permission"] = _permission(logical, resource.bucket)
    sys.stderr.write(
        f"A stack can't change the bucket {resource.bucket} of another: once this one stands, "
        f"give that bucket's stack CountedBy=<this stack's name>-{name} (docs/clicks.md).\n"
    )


def _sam_settings(deployment: str) -> Json:
    place = "sqs:${AWS::Region}:${AWS::AccountId}"
    queue = {"Fn::Sub": f"arn:${{AWS::Partition}}:{place}:everhop-{deployment}-dead-logs"}
    settings = invoke_settings(queue)
    settings["DestinationConfig"]["OnFailure"]["Type"] = "SQS"
    return settings


def _permission(function: str, bucket: str) -> Json:
    return {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": function},
            "Principal": "s3.amazonaws.com",
            "SourceAccount": {"Ref": "AWS::AccountId"},
            "SourceArn": {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::{bucket}"},
        },
    }
