"""Teaches the Chalice command line the routes' cache policies, which it has no words for.

Loaded by app.py under that command line alone. `chalice deploy` and `chalice package` then write
the cache keys into the Swagger, and `chalice package` the stage's cache into the template.
"""

import json
import os
import sys
from typing import Any

from chalice.app import RouteEntry
from chalice.config import Config
from chalice.deploy.models import RestAPI, ScheduledEvent
from chalice.deploy.swagger import SwaggerGenerator
from chalice.package import SAMTemplateGenerator

from chalicelib.api.caching import CachePolicy, Key, cached_routes
from infra.caches import (
    INTEGRATION,
    TOLD,
    MethodCache,
    StageCache,
    escape_path,
    gateway_parameter,
    method_caches,
    read_caches,
)
from infra.click_hooks import teach_clicks
from infra.clicks import DEAD_LOGS, LOGS
from infra.dax_hooks import NETWORK, stands_outside, teach_network, without_network
from infra.stream_hooks import teach_streams


Json = dict[str, Any]
# What `python -m tools deploy` adds to a stage of .chalice/config.json, as JSON in the same form:
# what the account decides, like the bucket's name, must not stand in a file that is tracked.
HANDED = "EVERHOP_HANDED_CONFIG"
# Where these are set there is a function more, or more is said of it: app.py and our other hooks
# must see them when they are loaded.
_DECIDING = ("EVERHOP_STREAM", LOGS, DEAD_LOGS)
_swagger_of = SwaggerGenerator._generate_route_method  # noqa: SLF001 - Chalice has no hook
_schedule_of = SAMTemplateGenerator._generate_scheduledevent  # noqa: SLF001
_template_of = SAMTemplateGenerator._generate_restapi  # noqa: SLF001


def teach_chalice() -> None:
    """Have Chalice's generators add the caches; what they write is otherwise their own."""
    SwaggerGenerator._generate_route_method = _write_route  # type: ignore[method-assign] # noqa: SLF001
    SAMTemplateGenerator._generate_restapi = _write_api  # type: ignore[method-assign] # noqa: SLF001
    SAMTemplateGenerator._generate_scheduledevent = _write_schedule  # type: ignore[method-assign] # noqa: SLF001
    teach_network()
    teach_streams()
    teach_clicks()
    if os.environ.get(HANDED):
        _hand(json.loads(os.environ[HANDED]))


def _hand(handed: Json) -> None:
    # Chalice has set the environment before it loads app.py, and so before it knows of these.
    told = handed.get("environment_variables", {})
    os.environ.update({name: told[name] for name in _DECIDING if name in told})
    merge, look_up = Config._chain_merge, Config._chain_lookup  # noqa: SLF001

    def merge_handed(self: Config, name: str) -> Json:
        merged = {**merge(self, name), **handed.get(name, {})}
        return without_network(merged) if stands_outside(self.function_name) else merged

    def look_up_handed(self: Config, name: str, *varies: bool, **named: bool) -> Any:
        if name in handed and not (name in NETWORK and stands_outside(self.function_name)):
            return handed[name]
        return look_up(self, name, *varies, **named)

    Config._chain_merge = merge_handed  # type: ignore[method-assign] # noqa: SLF001
    Config._chain_lookup = look_up_handed  # type: ignore[method-assign] # noqa: SLF001


def _write_route(self: SwaggerGenerator, view: RouteEntry) -> Json:
    written: Json = _swagger_of(self, view)
    policy = getattr(view.view_function, "cache", None)
    return with_keys(written, policy) if policy and view.method == "GET" else written


def with_keys(written: Json, policy: CachePolicy) -> Json:
    """The Swagger of a method, whose answers are told apart by the policy's keys.

    A key must be a parameter of the method, or API Gateway refuses it. There is no cacheNamespace:
    the default, the resource's own, is shared with nothing.
    """
    given = written.get("parameters", [])
    added = [_parameter(key) for key in policy.parts if key.where != "path"]
    keys = list(map(gateway_parameter, policy.parts))
    integration = {**written[INTEGRATION], "cacheKeyParameters": keys}
    return {**written, "parameters": [*given, *added], INTEGRATION: integration}


def _parameter(key: Key) -> Json:
    return {"name": key.name, "in": key.where, "required": False, "type": "string"}


def _write_api(self: SAMTemplateGenerator, resource: RestAPI, template: Json) -> None:
    _template_of(self, resource, template)
    config = self._config
    cache = read_caches().get(config.chalice_stage, StageCache())
    if cache.enabled and config.environment_variables.get(TOLD) != "on":
        _tell(f"The API cache of {config.chalice_stage} stays off: {TOLD} is not on for its app.")
        cache = StageCache()
    methods = method_caches(cached_routes(config.chalice_app.routes), cache)
    template["Resources"]["RestAPI"]["Properties"].update(stage_properties(cache, methods))


def stage_properties(cache: StageCache, methods: list[MethodCache]) -> Json:
    """What an AWS::Serverless::Api is told of its stage's cache.

    Off is said in full: what a template no longer mentions, CloudFormation leaves running.
    """
    nothing = {"ResourcePath": "/*", "HttpMethod": "*", "CachingEnabled": False}
    if not cache.enabled:
        return {"CacheClusterEnabled": False, "MethodSettings": [nothing]}
    return {
        "CacheClusterEnabled": True,
        "CacheClusterSize": cache.size,
        "MethodSettings": [nothing, *map(_method_setting, methods)],
    }


def _method_setting(method: MethodCache) -> Json:
    return {
        "ResourcePath": "/" + escape_path(method.path),
        "HttpMethod": "GET",
        "CachingEnabled": True,
        "CacheTtlInSeconds": method.fresh_for,
        "CacheDataEncrypted": True,
    }


def _write_schedule(self: SAMTemplateGenerator, resource: ScheduledEvent, template: Json) -> None:
    """A scheduled function has the name by which its policy lets it write its log."""
    _schedule_of(self, resource, template)
    function = template["Resources"][resource.lambda_function.resource_name.capitalize()]
    named = {"Fn::Sub": f"${{AWS::StackName}}-{resource.lambda_function.resource_name}"}
    function["Properties"]["FunctionName"] = named


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
