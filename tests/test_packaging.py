"""What `chalice package` makes of this work tree is what we mean to run on AWS, and it runs."""

import base64
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import boto3
import pytest
from moto.server import ThreadedMotoServer

from chalicelib.core.access import digest_key
from local.children import listen, url_of
from packing.botocore_data import SERVICES


ROOT = Path(__file__).parents[1]
MERGE = Path("infra", "regional", "api.merge.json")
STAGES = ["dev", "prod-eu-west-1"]
ROUTES = {
    "/v1/links": {"get", "post"},
    "/v1/links/{slug}": {"get", "patch", "delete"},
    "/v1/links/{slug}/qr": {"get"},
    "/v1/imports": {"post"},
    "/v1/exports": {"post"},
    "/v1/exports/{job_id}": {"get"},
    "/v1/health": {"get", "head"},
    "/v1/openapi.json": {"get", "head"},
    "/docs": {"get", "head"},
    "/r/{slug}": {"get", "head"},
}
METHODS = {"get", "head", "post", "put", "patch", "delete"}
PREFLIGHTS = {path: {"options"} for path in ROUTES if path.startswith("/v1/")}
INTEGRATION = "x-amazon-apigateway-integration"
RESPONSES = "x-amazon-apigateway-gateway-responses"
CHALICE_RUNTIME = {"chalice/app.py", "chalice/__init__.py"}
# The limits of Lambda: zipped, for a direct upload; unzipped, for any.
ZIP_LIMIT = 50 * 1024**2
UNZIPPED_LIMIT = 250 * 1024**2


@dataclass(frozen=True)
class Package:
    """The two things that `chalice package` writes."""

    template: dict[str, Any]
    template_file: Path
    zip_file: Path
    unpacked_zip_file: Path  # what Chalice alone would have shipped

    @property
    def resources(self) -> dict[str, Any]:
        """The template's resources."""
        resources: dict[str, Any] = self.template["Resources"]
        return resources

    @property
    def names(self) -> set[str]:
        """The files in the zip."""
        with ZipFile(self.zip_file) as zipped:
            return set(zipped.namelist())


def offline() -> dict[str, str]:
    """What is set here, without anything of AWS, and with nowhere to find credentials."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def run(command: list[Any], folder: Path, environment: Mapping[str, str]) -> str:
    """The output of a command, which must succeed."""
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def chalice(folder: Path, *words: str) -> str:
    """The output of a Chalice command."""
    return run([Path(sys.executable).with_name("chalice"), *words], folder, offline())


def copy_work_tree(folder: Path) -> Path:
    """A clean copy of what git has or would take: Chalice packs whatever lies in chalicelib."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in filter(None, run(listing, ROOT, os.environ).split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def use(folder: Path) -> None:
    """Leave behind what using a work tree does: bytecode, also of a Python that is gone."""
    run([sys.executable, "-m", "compileall", "-q", "chalicelib", "app.py"], folder, os.environ)
    old = folder / "chalicelib" / "core" / "__pycache__" / "gone.cpython-310.pyc"
    old.write_bytes(b"old")
    (folder / "chalicelib" / "core" / "links.py").chmod(0o600)
    os.utime(folder / "chalicelib" / "core" / "slugs.py", (1e9, 1e9))


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A copy of the work tree for each stage; all but the first one have been used."""
    copies = {stage: copy_work_tree(tmp_path_factory.mktemp(stage)) for stage in STAGES}
    for stage in STAGES[1:]:
        use(copies[stage])
    return copies


@pytest.fixture(scope="module", params=STAGES)
def stage(request: pytest.FixtureRequest) -> str:
    """A stage that is packaged."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def export(exports: dict[str, Path], stage: str) -> Path:
    """The copy of the work tree that the stage is packaged in."""
    return exports[stage]


@pytest.fixture(scope="module")
def packages(
    exports: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Package]:
    """Every stage, packaged with the real command, no credentials, each in its own folder."""
    made: dict[str, Package] = {}
    for stage, export in exports.items():
        out = tmp_path_factory.mktemp(f"{stage}-out")
        chalice(export, "package", "--stage", stage, "--merge-template", str(MERGE), str(out))
        template = out / "sam.json"
        plain = [
            path
            for path in export.glob(".chalice/deployments/*.zip")
            if "-packed-" not in path.name
        ]
        (only,) = plain
        text = template.read_text(encoding="utf-8")
        made[stage] = Package(json.loads(text), template, out / "deployment.zip", only)
    return made


@pytest.fixture(scope="module")
def package(packages: dict[str, Package], stage: str) -> Package:
    """The stage's package."""
    return packages[stage]


@pytest.fixture(scope="module")
def unzipped(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip as Lambda lays it out."""
    folder = tmp_path_factory.mktemp("lambda")
    shutil.unpack_archive(package.zip_file, folder)
    return folder


def ours(export: Path) -> set[str]:
    """The files of the work tree that are meant to ship."""
    code = {path.relative_to(export).as_posix() for path in export.glob("chalicelib/**/*.py")}
    return {"app.py", *code}


def shipped_dependencies(unzipped: Path) -> dict[str, str]:
    """Versions of the distributions in the zip, by name."""
    found = [
        Parser().parsestr(path.read_text(encoding="utf-8"))
        for path in unzipped.glob("*.dist-info/METADATA")
    ]
    return {normal(meta["Name"]): meta["Version"] for meta in found}


def normal(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return name.lower().replace("_", "-").replace(".", "-")


def pins(requirements: Path) -> dict[str, str]:
    """Pinned versions by name; a line that is not an exact pin has no version."""
    lines = (line.partition("#")[0] for line in requirements.read_text("utf-8").splitlines())
    pairs = (line.partition(";")[0].partition("==") for line in lines if line.strip())
    return {normal(name.strip()): version.strip() for name, _, version in pairs}


def recorded(package: Package) -> set[str]:
    """The files that the dependencies' own records list."""
    with ZipFile(package.unpacked_zip_file) as zipped:
        records = [name for name in zipped.namelist() if name.endswith(".dist-info/RECORD")]
        lines = [line for name in records for line in zipped.read(name).decode().splitlines()]
    return {line.rsplit(",", 2)[0].strip('"') for line in lines}


def compiled(names: set[str]) -> set[str]:
    """Where Python looks for the compiled form of sources."""
    return {importlib.util.cache_from_source(name) for name in names if name.endswith(".py")}


def test_zip_has_our_code_and_only_that(package: Package, export: Path) -> None:
    """app.py, chalicelib's modules, Chalice's runtime, what dependencies account for, compiled."""
    sources = {name for name in package.names if not name.endswith(".pyc")}
    models = {name.removesuffix(".gz") for name in recorded(package) if name.endswith(".json.gz")}

    assert ours(export) | CHALICE_RUNTIME <= sources
    assert set() == sources - ours(export) - CHALICE_RUNTIME - recorded(package) - models
    assert compiled(sources) == package.names - sources


def test_zip_has_nothing_that_must_not_ship(package: Package, export: Path) -> None:
    """No room of this repository but chalicelib is in it, and nothing for other programs."""
    rooms = {path.name for path in export.iterdir() if path.is_dir()}
    kept_out = rooms - {"chalicelib", "__pycache__"}
    tops = {name.partition("/")[0] for name in package.names}

    assert {"infra", "tests", "packing", "docs"} <= kept_out
    assert set() == tops & kept_out
    assert set() == tops & {"boto3", "cffi", "cryptography", "pip", "pycparser", "s3transfer"}
    assert {Path(name).suffix for name in package.names} & {".c", ".cpp", ".h", ".pyi"} == set()


def test_zip_knows_only_the_services_that_are_called(package: Package) -> None:
    """Of botocore's 400 services there are those of the list, and no examples."""
    data = [name.split("/")[2:] for name in package.names if name.startswith("botocore/data/")]

    assert {parts[0] for parts in data if len(parts) > 1} == set(SERVICES)
    assert [parts for parts in data if "examples" in parts[-1]] == []


def test_every_licence_ships(package: Package) -> None:
    """Of each dependency that is in the zip, all the licence files that its wheel has."""
    kept = {name.partition("/")[0] for name in package.names if ".dist-info/" in name}
    legal = ("LICEN", "COPYING", "NOTICE", "AUTHORS")
    licences = {
        name
        for name in recorded(package)
        if ".dist-info/" in name and Path(name).name.upper().startswith(legal)
    }

    assert {name.partition("/")[0] for name in licences} >= kept
    assert {name for name in licences if name.partition("/")[0] in kept} <= package.names


def test_compiled_code_is_of_the_source_beside_it(unzipped: Path) -> None:
    """Python takes each without looking at the source, so each must be of exactly that source."""
    for path in unzipped.rglob("*.pyc"):
        source = Path(importlib.util.source_from_cache(os.fspath(path))).read_bytes()
        head = path.read_bytes()[:16]

        assert head[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(head[4:8], "little") == 1, "a hash that nobody checks"
        assert head[8:] == importlib.util.source_hash(source)


def test_two_folders_make_the_same_bytes(packages: dict[str, Package]) -> None:
    """Neither the folder, nor its age or use, nor the stage is in the zip; a second look agrees."""
    first, *others = [package.zip_file.read_bytes() for package in packages.values()]

    assert others == [first] * (len(STAGES) - 1)
    folders = [os.fsencode(package.unpacked_zip_file.parents[2]) for package in packages.values()]
    assert not any(folder in read for folder in folders for read in contents(packages["dev"]))


def contents(package: Package) -> list[bytes]:
    """What each file of the zip has in it."""
    with ZipFile(package.zip_file) as zipped:
        return [zipped.read(name) for name in zipped.namelist()]


def test_dependencies_are_the_pinned_ones(unzipped: Path, export: Path) -> None:
    """Each distribution in the zip is pinned, so that two builds ship the same code."""
    pinned = pins(export / "requirements.txt")
    wanted = {name: pinned.get(name) for name in shipped_dependencies(unzipped)}

    assert shipped_dependencies(unzipped) == wanted
    assert {"pynamodb", "botocore", "ada-url"} <= set(wanted)


def test_zip_fits_in_lambda(package: Package) -> None:
    """The package is under Lambda's limits, zipped and unzipped."""
    with ZipFile(package.zip_file) as zipped:
        unzipped_size = sum(entry.file_size for entry in zipped.infolist())

    assert package.zip_file.stat().st_size < ZIP_LIMIT
    assert unzipped_size < UNZIPPED_LIMIT


def test_template_has_the_routes(package: Package) -> None:
    """API Gateway knows each route of the contract and passes every one of its methods to us."""
    paths = package.resources["RestAPI"]["Properties"]["DefinitionBody"]["paths"]

    for path, methods in ROUTES.items():
        assert methods | PREFLIGHTS.get(path, set()) <= set(paths[path]), path
    # What API Gateway has no method for it answers itself, as if there were nothing at the path.
    assert [path for path, methods in paths.items() if METHODS - set(methods)] == []
    # A mock integration is how Chalice answers CORS preflights; it can't tell origins apart.
    integrations = [method[INTEGRATION] for it in paths.values() for method in it.values()]
    assert {"aws_proxy"} == {integration["type"] for integration in integrations}


def test_template_has_the_gateway_responses(package: Package, export: Path) -> None:
    """The merge arrives whole, and what Chalice wrote beside it is still there."""
    merge = json.loads((export / MERGE).read_text(encoding="utf-8"))
    merged = merge["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    body = package.resources["RestAPI"]["Properties"]["DefinitionBody"]

    assert merged[RESPONSES] == body[RESPONSES]
    assert body["swagger"] == "2.0"


@pytest.mark.parametrize(
    ("function", "log", "role"),
    [("APIHandler", "ApiLog", "ApiHandlerRole"), ("Worker", "WorkerLog", "WorkerRole")],
)
def test_function_logs_where_its_policy_allows(
    package: Package, stage: str, function: str, log: str, role: str
) -> None:
    """A stack called everhop-<stage> owns the log groups that the stage's policy names."""
    (name,) = package.resources[log]["Properties"]["LogGroupName"].values()
    allowed = json.dumps(package.resources[role]["Properties"]["Policies"])
    logging = package.resources[function]["Properties"]["LoggingConfig"]

    assert logging == {"LogGroup": {"Ref": log}}
    assert f":log-group:{name.replace('${AWS::StackName}', f'everhop-{stage}')}:*" in allowed


def test_template_has_the_stages_settings(package: Package, export: Path, stage: str) -> None:
    """Both functions have the stage's environment, and roles with exactly the stage's policy."""
    config = json.loads((export / ".chalice" / "config.json").read_text(encoding="utf-8"))
    policy = json.loads((export / ".chalice" / f"policy-{stage}.json").read_text("utf-8"))
    settings = config["stages"][stage]["environment_variables"]
    worker = {"EVERHOP_WORKER": {"Fn::Sub": "${AWS::StackName}-worker"}}
    roles = [it for it in package.resources.values() if it["Type"] == "AWS::IAM::Role"]

    for name in ("APIHandler", "Worker"):
        function = package.resources[name]["Properties"]
        assert {**settings, **worker} == function["Environment"]["Variables"]
    assert package.resources["RestAPI"]["Properties"]["StageName"] == "api"
    assert [[policy], [policy]] == [
        [inline["PolicyDocument"] for inline in role["Properties"]["Policies"]] for role in roles
    ]
    assert not any("ManagedPolicyArns" in role["Properties"] for role in roles)


def test_worker_is_called_by_its_name(package: Package, stage: str) -> None:
    """The worker is a function of the same zip, with its own time and the name that is allowed."""
    worker = package.resources["Worker"]["Properties"]
    name = worker["FunctionName"]["Fn::Sub"].replace("${AWS::StackName}", f"everhop-{stage}")
    allowed = json.dumps(package.resources["ApiHandlerRole"]["Properties"]["Policies"])

    assert f':function:{name}"' in allowed
    assert (worker["Handler"], worker["Timeout"]) == ("app.work", 900)
    assert worker["CodeUri"] == package.resources["APIHandler"]["Properties"]["CodeUri"]
    assert "Events" not in worker


def test_cfn_lint_finds_nothing(package: Package) -> None:
    """The merged template is one that CloudFormation would take; no rule is ignored."""
    cfn_lint = Path(sys.executable).with_name("cfn-lint")

    assert run([cfn_lint, package.template_file], ROOT, offline()) == ""


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
    assert graph.count(" LambdaFunction(") == 2
    assert f"function_name=everhop-{stage}," in graph
    assert f"function_name=everhop-{stage}-worker," in graph
    assert f"filename={export / '.chalice' / f'policy-{stage}.json'}," in graph
    assert "api_gateway_stage=api," in graph
