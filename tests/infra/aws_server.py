"""moto's AWS as a process of its own, with what a real `chalice deploy` and a stage cache need.

Run as `python -m tests.infra.aws_server`; prints its address, and serves until its input ends. Each
shim says what moto does without it. Nothing here knows of Everhop.
"""

import json
import logging
import sys
from typing import Any

from moto.apigateway import urls
from moto.apigateway.models import APIGatewayBackend, RestAPI, Stage
from moto.apigateway.responses import APIGatewayResponse
from moto.server import ThreadedMotoServer

from tests.infra import cloudformation_shims
from tests.infra.aws_accounts import find_drift, tell_limits


INTEGRATION = "x-amazon-apigateway-integration"
Json = dict[str, Any]


def as_openapi(document: Json) -> Json:
    """The document as moto reads it: OpenAPI 3, with a description, and a URI for each MOCK."""
    info = {"description": "", **document["info"]}
    read = {"openapi": "3.0.0", "info": info, "paths": document["paths"]}
    for methods in read["paths"].values():
        for method in methods.values():
            if method[INTEGRATION]["type"] == "mock":
                method[INTEGRATION] = {"uri": "", "httpMethod": "POST", **method[INTEGRATION]}
    return read


def read_swagger() -> None:
    """Let Swagger 2.0 be imported; moto refuses it, and drops cache keys and parameters."""
    put, import_new = APIGatewayBackend.put_rest_api, APIGatewayBackend.import_rest_api

    def put_rest_api(self: Any, function_id: str, api_doc: Json, **options: Any) -> RestAPI:
        document = as_openapi(api_doc) if "swagger" in api_doc else api_doc
        api = put(self, function_id, document, **options)
        for resource in api.resources.values():
            for name, method in resource.resource_methods.items():
                write_keys(method, document["paths"][resource.get_path()][name.lower()])
        return api

    def import_rest_api(self: Any, api_doc: Json, fail_on_warnings: bool) -> RestAPI:
        return import_new(self, as_openapi(api_doc), fail_on_warnings)

    APIGatewayBackend.put_rest_api = put_rest_api
    APIGatewayBackend.import_rest_api = import_rest_api


def write_keys(method: Any, described: Json) -> None:
    """A key that is no parameter of its method is refused, as AWS does."""
    words = {"query": "querystring"}
    method.request_parameters = {
        f"method.request.{words.get(it['in'], it['in'])}.{it['name']}": it["required"]
        for it in described.get("parameters", [])
    }
    keys = described[INTEGRATION].get("cacheKeyParameters", [])
    if not set(keys) <= set(method.request_parameters):
        raise ValueError(f"Invalid cache keys: {keys}")
    method.method_integration.cache_key_parameters = keys


def keep_endpoint_type() -> None:
    """Read the endpoint's type from the query; moto makes every imported API an EDGE one."""
    create = APIGatewayResponse.create_rest_api

    def create_rest_api(self: Any) -> Any:
        status, headers, body = create(self)
        kinds = self.querystring.get("endpointConfigurationTypes")
        if kinds:
            api = list(self.backend.apis.values())[-1]
            api.endpoint_configuration = {"types": kinds}
        return status, headers, body

    APIGatewayResponse.create_rest_api = create_rest_api


def keep_stage() -> None:
    """A deployment to a stage that is there leaves its settings; moto makes the stage anew.

    What is deployed is noted, as an export of a stage is of that and not of what comes next.
    """
    create = RestAPI.create_deployment

    def create_deployment(self: RestAPI, name: str, *rest: Any) -> Any:
        before = self.stages.get(name)
        deployment = create(self, name, *rest)
        deployment.snapshot = snapshot(self)
        if before:
            before.deployment_id = deployment.id
            self.stages[name] = before
        return deployment

    RestAPI.create_deployment = create_deployment


def snapshot(api: RestAPI) -> Json:
    """The paths of an API with their integrations, as an export has them."""
    return {
        resource.get_path(): {
            name.lower(): {INTEGRATION: method.method_integration.to_json()}
            for name, method in resource.resource_methods.items()
        }
        for resource in api.resources.values()
        if resource.resource_methods
    }


def export_stages() -> None:
    """Export what is deployed, with integrations; moto exports neither."""
    export = APIGatewayBackend.export_api

    def get_export(self: Any) -> Any:
        api_id, stage_name = self.path.split("/")[2], self.path.split("/")[4]
        document = export(self.backend, api_id, "swagger")
        stage = self.backend.get_stage(api_id, stage_name)
        document["paths"] = self.backend.get_deployment(api_id, stage.deployment_id).snapshot
        return 200, {"Content-Type": "application/json"}, json.dumps(document)

    APIGatewayResponse.get_export = get_export


def make_caches_slowly() -> None:
    """A cache is made, resized and flushed for a while; moto's is there at once, and never flushed."""

    def busy(stage: Stage, status: str) -> None:
        stage.cache_cluster_status, stage.left = status, 2

    apply = Stage.apply_operations

    def apply_operations(self: Stage, operations: list[Json]) -> Stage:
        before = self.cache_cluster_enabled, self.cache_cluster_size
        apply(self, operations)
        if before != (self.cache_cluster_enabled, self.cache_cluster_size):
            busy(self, "CREATE_IN_PROGRESS" if self.cache_cluster_enabled else "DELETE_IN_PROGRESS")
        return self

    tell = Stage.to_json

    def to_json(self: Stage) -> Json:
        told = tell(self)
        self.left = getattr(self, "left", 0) - 1
        if self.left == 0:
            self.cache_cluster_status = (
                "AVAILABLE" if self.cache_cluster_enabled else "NOT_AVAILABLE"
            )
        return told

    def flush_stage_cache(self: Any) -> Any:
        parts = self.path.split("/")
        busy(self.backend.get_stage(parts[2], parts[4]), "FLUSH_IN_PROGRESS")
        return 202, {"status": 202}, ""

    Stage.apply_operations, Stage.to_json = apply_operations, to_json
    APIGatewayResponse.flush_stage_cache = flush_stage_cache
    stage = "{0}/restapis/(?P<function_id>[^/]+)/stages/(?P<stage_name>[^/]+)"
    urls.url_paths[f"{stage}/cache/data$"] = APIGatewayResponse.dispatch


def main() -> None:
    """Serve until the one who started this goes."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    read_swagger()
    keep_endpoint_type()
    keep_stage()
    export_stages()
    make_caches_slowly()
    tell_limits()
    find_drift()
    cloudformation_shims.install()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    sys.stdout.write(f"http://{host}:{port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
