"""What Chalice makes of a stage, found by name: a deletion goes on wherever one before it stopped.

`chalice delete` fails at the first thing that is gone already, and knows nothing of a deploy that
stopped half-way.
"""

from functools import partial
from typing import Any

from infra.clicks import LOGS
from tools.live_apps import api_id_in, forget_note, read_note
from tools.stage_apis import calling, is_found, make_client
from tools.stages import Stage


class AppRemoval:
    """The API, functions and role of one stage; each call raises CannotRun with one sentence."""

    def __init__(self, stage: Stage, region: str) -> None:
        self._stage = stage.name
        name = f"{stage.config['app_name']}-{stage.name}"
        # As Chalice names them; a rule is a schedule's.
        others = ("worker", "warm", "changes", "clicks")
        self._functions = [name, *(f"{name}-{it}" for it in others)]
        self._roles = [f"{name}-{it}" for it in ("api_handler", *others)]
        self._rule = f"{name}-warm-event"
        self._api = api_id_in(read_note(stage.name))
        self._gateway = make_client("apigateway", region)
        self._lambda = make_client("lambda", region)
        self._iam = make_client("iam", region)
        self._events = make_client("events", region)
        self._s3 = make_client("s3", region)

    def is_left(self) -> bool:
        """Whether any of it is there."""
        functions = any(map(self._has_function, self._functions))
        roles = any(map(self._has_role, self._roles))
        return functions or roles or self._has_api() or self._has_rule()

    def remove(self) -> None:
        """Take all of it away, the API first, so that nobody is answered by half of it."""
        if self._has_api():
            calling(partial(self._gateway.delete_rest_api, restApiId=self._api))
        if self._has_rule():
            self._remove_rule()
        for name in filter(self._has_function, self._functions):
            self._remove_mappings(name)
            self._remove_notifications(name)
            calling(partial(self._lambda.delete_function, FunctionName=name))
        for role in filter(self._has_role, self._roles):
            self._remove_role(role)
        forget_note(self._stage)

    def _remove_mappings(self, name: str) -> None:
        """They stay when their function goes, and go on to read the stream for nobody."""
        said = calling(partial(self._lambda.get_function_configuration, FunctionName=name))
        named = {"FunctionName": said["FunctionArn"]}
        listed = calling(partial(self._lambda.list_event_source_mappings, **named))
        for one in listed["EventSourceMappings"]:
            calling(partial(self._lambda.delete_event_source_mapping, UUID=one["UUID"]))

    def _remove_notifications(self, name: str) -> None:
        """They stay too, and S3 then refuses each change of what else the bucket tells."""
        said = calling(partial(self._lambda.get_function_configuration, FunctionName=name))
        bucket = said.get("Environment", {}).get("Variables", {}).get(LOGS, "")
        named = {"Bucket": bucket}
        if not bucket or not is_found(partial(self._s3.head_bucket, **named)):
            return
        told = calling(partial(self._s3.get_bucket_notification_configuration, **named))
        told.pop("ResponseMetadata")
        functions = told.pop("LambdaFunctionConfigurations", [])
        left = [it for it in functions if it["LambdaFunctionArn"] != said["FunctionArn"]]
        if len(left) < len(functions):
            kept = {**told, "LambdaFunctionConfigurations": left}
            put = self._s3.put_bucket_notification_configuration
            calling(partial(put, **named, NotificationConfiguration=kept))

    def _remove_rule(self) -> None:
        listed = calling(partial(self._events.list_targets_by_rule, Rule=self._rule))["Targets"]
        ids = [it["Id"] for it in listed]
        if ids:
            calling(partial(self._events.remove_targets, Rule=self._rule, Ids=ids))
        calling(partial(self._events.delete_rule, Name=self._rule))

    def _has_rule(self) -> bool:
        return is_found(partial(self._events.describe_rule, Name=self._rule))

    def _remove_role(self, role: str) -> None:
        named = {"RoleName": role}
        policies = calling(partial(self._iam.list_role_policies, **named))["PolicyNames"]
        for policy in policies:
            calling(partial(self._iam.delete_role_policy, **named, PolicyName=policy))
        calling(partial(self._iam.delete_role, **named))

    def _has_api(self) -> bool:
        ask: Any = partial(self._gateway.get_rest_api, restApiId=self._api)
        return bool(self._api) and is_found(ask)

    def _has_function(self, name: str) -> bool:
        return is_found(partial(self._lambda.get_function_configuration, FunctionName=name))

    def _has_role(self, role: str) -> bool:
        return is_found(partial(self._iam.get_role, RoleName=role))
