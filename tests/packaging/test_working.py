"""The zip alone answers as Lambda would have it, and `chalice deploy` uploads the same."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from chalicelib.core.access import digest_key
from local.children import listen, url_of
from tests.conftest import ROOT
from tests.packaging.conftest import WARMED, Package, chalice, offline, run


# Lambda's part: one request for a proxy route, with what Chalice reads of the event.
HANDLER = """
import json, sys

sys.path.insert(0, sys.argv[1])
import app

event = {
    "requestContext": {"resourcePath": "/v1/links", "path": "/api/v1/links", "httpMethod": "GET"},
    "path": "/v1/links", "httpMethod": "GET", "headers": {"Host": "api.test"},
    "multiValueQueryStringParameters": None, "pathParameters": None, "stageVariables": None,
    "body": None, "isBase64Encoded": False,
}
answer = app.app(event, None)
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
print(json.dumps({"status": answer["statusCode"], "body": answer["body"], "files": files}))
"""


def test_function_answers_from_the_zip_alone(package: Package, unzipped: Path) -> None:
    """With the zip and Python's own library, the function loads and refuses a keyless request."""
    variables = package.resources["APIHandler"]["Properties"]["Environment"]["Variables"]
    texts = {name: text for name, text in variables.items() if isinstance(text, str)}
    environment = {"AWS_REGION": "us-east-1", "PATH": os.environ["PATH"], **texts}
    # -I and -S: no site-packages, user or current folder; -B because -I ignores the variable.
    command = [sys.executable, "-I", "-S", "-B", "-c", HANDLER, unzipped]
    logged, answer = map(json.loads, run(command, unzipped, environment).splitlines())
    loaded = {Path(file) for file in answer["files"] if file}
    library = Path(os.__file__).resolve().parent

    assert (answer["status"], json.loads(answer["body"])["code"]) == (401, "unauthorized")
    assert (logged["status"], logged["stage"]) == (401, variables["EVERHOP_STAGE"])
    assert unzipped / "chalicelib" / "store" / "links.py" in loaded
    # What only some requests need is not loaded with the function.
    assert [file for file in loaded if {"segno", "ada_url"} & set(file.parts)] == []
    assert set() == {
        file
        for file in loaded
        if not file.is_relative_to(unzipped) and not file.resolve().is_relative_to(library)
    }


# A link is made with a body as API Gateway hands it on, and drawn for a client like curl.
PICTURE = """
import base64, json, sys

sys.path.insert(0, sys.argv[1])
import app

def ask(method, resource, slug, query, body):
    return app.app({
        "requestContext": {"resourcePath": resource, "path": "/api", "httpMethod": method},
        "path": "/", "httpMethod": method, "pathParameters": slug and {"slug": slug},
        "headers": {"Accept": "*/*", "Authorization": "Bearer " + sys.argv[2],
                    "Content-Type": "application/json"},
        "multiValueQueryStringParameters": query, "stageVariables": None,
        "body": body, "isBase64Encoded": body is not None,
    }, None)

link = {"destination": "https://example.com/x", "slug": "promo"}
body = base64.b64encode(json.dumps(link).encode()).decode()
made = ask("POST", "/v1/links", None, None, body)
drawn = ask("GET", "/v1/links/{slug}/qr", "promo", {"format": ["png"]}, None)
print(json.dumps([made["statusCode"], drawn]))
"""


def test_picture_from_the_zip_alone(package: Package, unzipped: Path) -> None:
    """API Gateway is told to decode, whatever is accepted, what the function marks as base64."""
    body = package.resources["RestAPI"]["Properties"]["DefinitionBody"]
    environment = {"EVERHOP_STORE": "memory", "EVERHOP_API_KEY": "eh_k", "PATH": os.environ["PATH"]}
    command = [sys.executable, "-I", "-S", "-B", "-c", PICTURE, unzipped, "eh_k"]
    status, drawn = json.loads(run(command, unzipped, environment).splitlines()[-1])

    assert body["x-amazon-apigateway-binary-media-types"] == ["*/*"]
    assert (status, drawn["statusCode"], drawn["isBase64Encoded"]) == (201, 200, True)
    assert drawn["headers"]["Content-Type"] == "image/png"
    assert base64.b64decode(drawn["body"]).startswith(b"\x89PNG")


@pytest.fixture(scope="module")
def dynamodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The stack's own DynamoDB process, with a table as infra/ has it."""
    listener = listen()
    data = tmp_path_factory.mktemp("data")
    arguments = [str(listener.fileno()), str(data), "us-east-1", "links"]
    process = subprocess.Popen(
        [sys.executable, "-m", "local.database", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        pass_fds=[listener.fileno()],
    )
    yield url_of(listener)
    process.terminate()
    process.communicate(timeout=10)
    listener.close()


# What a visitor gets of a link that was made before; all code is loaded, also what most never use.
REDIRECT = """
import base64, json, sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, sys.argv[1])
import app

for path in Path(sys.argv[1], "chalicelib").rglob("*.py"):
    import_module(".".join(path.relative_to(sys.argv[1]).with_suffix("").parts))

def ask(method, resource, slug, body):
    return app.app({
        "requestContext": {"resourcePath": resource, "path": "/api", "httpMethod": method},
        "path": "/", "httpMethod": method, "pathParameters": slug and {"slug": slug},
        "headers": {"Authorization": "Bearer eh_k", "Content-Type": "application/json"},
        "multiValueQueryStringParameters": None, "stageVariables": None,
        "body": body, "isBase64Encoded": body is not None,
    }, None)

link = {"destination": "https://example.com/x", "slug": "promo"}
made = ask("POST", "/v1/links", None, base64.b64encode(json.dumps(link).encode()).decode())
if made["statusCode"] != 201:
    sys.exit(str(made))
answer = ask("GET", "/r/{slug}", "promo", None)
print(json.dumps([answer["statusCode"], answer["headers"].get("Location")]))
"""


def test_redirect_from_compiled_code_alone(
    packages: dict[str, Package], dynamodb: str, tmp_path: Path
) -> None:
    """A link is followed through the table, and no source is so much as read: all are wrong."""
    shutil.unpack_archive(packages["dev"].zip_file, tmp_path)
    for source in tmp_path.rglob("*.py"):
        source.write_text("raise AssertionError('this was read')")
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "EVERHOP_API_KEY_HASH": digest_key("eh_k"),
        "EVERHOP_TABLE": "links",
    }
    command = [sys.executable, "-I", "-S", "-B", "-c", REDIRECT, tmp_path]

    assert json.loads(run(command, tmp_path, environment).splitlines()[-1]) == [
        302,
        "https://example.com/x",
    ]


def test_deploy_uploads_the_same_zip(
    packages: dict[str, Package], exports: dict[str, Path], tmp_path: Path
) -> None:
    """What `chalice deploy` uploads is, byte for byte, what `chalice package` writes."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    aws = {
        "endpoint_url": f"http://{host}:{port}",
        "region_name": "us-east-1",
        "aws_access_key_id": "none",
        "aws_secret_access_key": "none",
    }
    # moto takes the function, and then refuses an API that is described in Swagger 2.0.
    subprocess.run(
        [Path(sys.executable).with_name("chalice"), "deploy", "--stage", "dev"],
        cwd=exports["dev"],
        env=offline()
        | {"AWS_ENDPOINT_URL": aws["endpoint_url"], "HOME": str(tmp_path)}
        | {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"},
        capture_output=True,
        check=False,
    )
    function = boto3.client("lambda", **aws).get_function(FunctionName="everhop-dev")
    server.stop()
    digest = hashlib.sha256(packages["dev"].zip_file.read_bytes()).digest()

    assert function["Configuration"]["CodeSha256"] == base64.b64encode(digest).decode()


def test_deploy_plans_two_functions_for_the_stage(export: Path, stage: str) -> None:
    """`chalice deploy` would make one API and its functions, named as the policy's log groups."""
    graph = chalice(export, "dev", "appgraph", "--stage", stage)

    assert graph.count(" RestAPI(") == 1
    assert graph.count(" LambdaFunction(") == (5 if stage == WARMED else 2)
    assert f"function_name=everhop-{stage}," in graph
    assert f"function_name=everhop-{stage}-worker," in graph
    assert f"filename={export / '.chalice' / f'policy-{stage}.json'}," in graph
    assert "api_gateway_stage=api," in graph
