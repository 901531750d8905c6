"""The whole life of a deployment of two regions, by our commands, real Chalice and moto's AWS.

What could break for a user: a bad release that goes on to the next region, a stop that can't be gone
on from, a key that is lost or shown twice, a second operator who makes a second API, a rollback to
half of a release, a destroy that takes links along or leaves what costs.
"""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.api_servers import Apis, serve_apis
from tests.infra.deployments import PROD, Account, Ran, run_aws


US, EU = PROD
OTHER_KEY = "f" * 64
KEY = re.compile(r"eh_\w{20,}")
DOCS_KEYS = ["method.request.header.Host", "method.request.header.everhop-edge"]
VERSION_KEY = "method.request.querystring.v"
FOLLOW_KEYS = [
    "method.request.path.slug",
    "method.request.header.everhop-query",
    "method.request.header.Host",
    "method.request.header.everhop-edge",
]


@pytest.fixture(scope="module")
def apis(work_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apis]:
    """An empty account, a work tree of our own, and the APIs that will be in it."""
    folder = tmp_path_factory.mktemp("deployments") / "work"
    shutil.copytree(work_tree, folder)
    shutil.rmtree(folder / ".chalice" / "deployed", ignore_errors=True)
    # moto has no cluster to make.
    dax = folder / "infra" / "regional" / "dax.toml"
    dax.write_text(dax.read_text().replace("enabled = true", "enabled = false"))
    with run_aws() as url, serve_apis(Account(url, folder)) as served:
        yield served


def tools(apis: Apis, *words: str) -> Ran:
    """A command of ours; regions are tried out where the tests serve them."""
    urls = [f"--url={stage}={apis.url}/{stage}" for stage in (*PROD, "edge")]
    tried = ["--patience=0", *urls] if words[0] != "destroy" else []
    return apis.account.run(sys.executable, "-m", "tools", *words, *tried)


def code_of(apis: Apis, stage: str) -> set[str]:
    """The hash of what the stage's functions run."""
    client = apis.account.client("lambda", stage.removeprefix("prod-"))
    return {
        client.get_function_configuration(FunctionName=f"everhop-{stage}{name}")["CodeSha256"]
        for name in ("", "-worker")
    }


def settings_of(apis: Apis, stage: str) -> dict[str, str]:
    client = apis.account.client("lambda", stage.removeprefix("prod-"))
    said = client.get_function_configuration(FunctionName=f"everhop-{stage}")
    variables: dict[str, str] = said["Environment"]["Variables"]
    return variables


def functions(apis: Apis, region: str) -> list[str]:
    """Those of the regions; the edge's have no region in their name."""
    listed = apis.account.client("lambda", region).list_functions()["Functions"]
    return sorted(it["FunctionName"] for it in listed if region in it["FunctionName"])


def is_cached(apis: Apis, stage: str) -> bool:
    on_aws = apis.account.stage_api(stage)
    follow = on_aws.stage()["methodSettings"]["~1r~1{slug}/GET"]
    return bool(on_aws.stage()["cacheClusterEnabled"] and follow["cachingEnabled"])


def test_the_life_of_a_deployment(apis: Apis) -> None:
    """Stopped, gone on with, changed, put back, taken away: each step is what it says."""
    key = stop_at_a_bad_region(apis)
    go_on(apis, key)
    first = code_of(apis, US)
    change_what_visitors_meet(apis)
    assert code_of(apis, US) != first == code_of(apis, EU)
    put_back(apis, first)
    take_away(apis)


def stop_at_a_bad_region(apis: Apis) -> str:
    """A first region that does not answer is where it ends; the key is told there, once."""
    apis.broken.add(US)
    ran = tools(apis, "deploy", "prod", "--yes")

    assert ran.status == 1, ran.output + ran.errors
    assert "Stopped at us-east-1: smoke test" in ran.errors
    assert f"/{US}/v1/health is 502" in ran.errors
    assert "python -m tools rollback prod" in ran.errors
    assert functions(apis, "us-east-1") == [
        f"everhop-{US}",
        f"everhop-{US}-changes",
        f"everhop-{US}-clicks",
        f"everhop-{US}-worker",
    ]
    assert functions(apis, "eu-west-1") == []
    assert "EVERHOP_LOG_REGIONS" not in settings_of(apis, US)
    assert tellers(apis, "us-east-1") == [f"everhop-{US}-clicks"]
    (key,) = KEY.findall(ran.output)
    return str(key)


def go_on(apis: Apis, key: str) -> None:
    """The same command goes on after what is so, with the same key; then nothing is left to do."""
    apis.broken.clear()
    leave_dax(apis)
    ran = tools(apis, "deploy", "prod", "--yes")

    assert ran.status == 0, ran.output + ran.errors
    for part in ("table", "replica in eu-west-1"):
        assert f"data: {part}, already so" in ran.output
    assert "us-east-1: app, already so" in ran.output
    assert "eu-west-1: app, done" in ran.output
    assert ran.output.index("smoke test, done") < ran.output.index("us-east-1: dax, off, done")
    assert "us-east-1: network, off, done" in ran.output
    assert KEY.findall(ran.output) == []
    assert (
        settings_of(apis, EU)["EVERHOP_API_KEY_HASH"]
        == settings_of(apis, US)["EVERHOP_API_KEY_HASH"]
    )
    assert settings_of(apis, EU)["EVERHOP_BUCKET"] == "everhop-prod-files-123456789012-eu-west-1"
    for file in apis.account.folder.rglob(".chalice/**/*"):
        assert file.is_dir() or key.encode() not in file.read_bytes()
    for stage in PROD:
        assert apis.account.stage_api(stage).keys()["/r/{slug} GET"] == FOLLOW_KEYS
        assert is_cached(apis, stage)

    check_edge(apis, ran.output)

    again = tools(apis, "deploy", "prod")
    assert (again.status, "Nothing to do" in again.output) == (0, True), again.errors
    assert "44.10 USD a month" in again.output
    check_streams(apis)
    check_clicks(apis)


def check_clicks(apis: Apis) -> None:
    """Each region's bucket tells its own function, whose failures end in its own queue."""
    assert stack_parameters(apis, "logs")["CopyTo"] == "eu-west-1"
    for stage in PROD:
        region = stage.removeprefix("prod-")
        told = settings_of(apis, stage)
        assert told["EVERHOP_LOGS"] == f"everhop-prod-logs-123456789012-{region}"
        assert told["EVERHOP_LOG_REGIONS"] == "us-east-1 eu-west-1"
        assert told["EVERHOP_DEAD_LOGS"].endswith("/123456789012/everhop-prod-dead-logs")
        assert tellers(apis, region) == [f"everhop-{stage}-clicks"]

        client = apis.account.client("lambda", region)
        named = {"FunctionName": f"everhop-{stage}-clicks"}
        rules = json.loads(client.get_policy(**named)["Policy"])["Statement"]
        assert [it["Condition"]["ArnLike"]["AWS:SourceArn"] for it in rules] == [
            f"arn:aws:s3:::{told['EVERHOP_LOGS']}"
        ]
        kept = client.get_function_event_invoke_config(**named)
        queue = f"arn:aws:sqs:{region}:123456789012:everhop-prod-dead-logs"
        assert kept["DestinationConfig"]["OnFailure"] == {"Destination": queue}
        assert (kept["MaximumRetryAttempts"], kept["MaximumEventAgeInSeconds"]) == (2, 21600)
        attributes = apis.account.client("sqs", region).get_queue_attributes(
            QueueUrl=told["EVERHOP_DEAD_LOGS"], AttributeNames=["QueueArn"]
        )
        assert attributes["Attributes"]["QueueArn"] == queue


def tellers(apis: Apis, region: str) -> list[str]:
    """The functions that a region's bucket of logs tells of what is put into it."""
    s3 = apis.account.client("s3", region)
    bucket = f"everhop-prod-logs-123456789012-{region}"
    said = s3.get_bucket_notification_configuration(Bucket=bucket)
    told = said.get("LambdaFunctionConfigurations", [])
    assert all(it["Events"] == ["s3:ObjectCreated:*"] for it in told)
    return [it["LambdaFunctionArn"].rpartition(":")[2] for it in told]


def check_streams(apis: Apis) -> None:
    """Each region follows the stream of its own replica, and knows the caches that are to forget."""
    for stage in PROD:
        region = stage.removeprefix("prod-")
        told = settings_of(apis, stage)
        found = apis.account.client("lambda", region).list_event_source_mappings()
        (mapping,) = found["EventSourceMappings"]

        assert mapping["FunctionArn"].endswith(f":everhop-{stage}-changes")
        assert mapping["EventSourceArn"] == told["EVERHOP_STREAM"]
        assert told["EVERHOP_STREAM"].startswith(f"arn:aws:dynamodb:{region}:")
        assert told["EVERHOP_API_URL"].endswith("/api")
        assert told["EVERHOP_DISTRIBUTION"]


def check_edge(apis: Apis, said: str) -> None:
    """It stands before a region asks for its proof; its secret is where it must be, and not told."""
    edge, behind = "global: edge, done", "us-east-1: app behind the edge, done"
    assert -1 < said.index("eu-west-1: smoke test, done") < said.index(edge) < said.index(behind)
    assert said.index(behind) < said.index("edge: smoke test, done")
    secret = settings_of(apis, US)["EVERHOP_ORIGIN_SECRETS"]
    named = {"Name": "/everhop/prod/origin-secrets", "WithDecryption": True}
    kept = apis.account.client("ssm").get_parameter(**named)["Parameter"]
    assert (kept["Value"], kept["Type"]) == (secret, "SecureString")
    for stage in PROD:
        assert settings_of(apis, stage)["EVERHOP_PUBLIC_URL"] == "https://d1.cloudfront.net"
        assert settings_of(apis, stage)["EVERHOP_ORIGIN_SECRETS"] == secret
    assert secret not in said
    for file in apis.account.folder.rglob(".chalice/**/*"):
        assert file.is_dir() or secret.encode() not in file.read_bytes()
    s3, bucket = apis.account.client("s3"), "everhop-prod-files-123456789012-us-east-1"
    for it in s3.list_objects_v2(Bucket=bucket, Prefix=f"releases/{US}/")["Contents"]:
        body = s3.get_object(Bucket=bucket, Key=it["Key"])["Body"].read()
        assert secret.encode() not in body
    version = stack_parameters(apis, "edge")["ViewerRequestArn"]
    assert version.endswith("everhop-prod-viewer-request:1")
    assert stack_parameters(apis, "edge")["SecondApi"].endswith(".amazonaws.com")
    assert stack_parameters(apis, "static")["DistributionId"] == "E123456789ABCD"


def stack_parameters(apis: Apis, name: str) -> dict[str, str]:
    client = apis.account.client("cloudformation")
    (stack,) = client.describe_stacks(StackName=f"everhop-prod-{name}")["Stacks"]
    return {it["ParameterKey"]: it["ParameterValue"] for it in stack["Parameters"]}


def leave_dax(apis: Apis) -> None:
    """As if the first region had had DAX until now."""
    queue = {"Type": "AWS::SQS::Queue"}
    for name in ("network", "dax"):
        apis.account.client("cloudformation").create_stack(
            StackName=f"everhop-prod-{name}", TemplateBody=json.dumps({"Resources": {name: queue}})
        )


def change_what_visitors_meet(apis: Apis) -> None:
    """The plan names the files and what of it is on the redirect path, and changes nothing."""
    folder = apis.account.folder
    for name in ("chalicelib/core/redirects.py", "chalicelib/api/links.py"):
        (folder / name).write_text((folder / name).read_text() + "\n# changed\n")
    documentation = folder / "chalicelib/api/reference.py"
    taught = documentation.read_text()
    documentation.write_text(taught.replace('f"header.{PROOF}")', 'f"header.{PROOF}", "query.v")'))
    assert documentation.read_text() != taught
    config = folder / ".chalice" / "config.json"
    tagged = '"EVERHOP_REGION": "us-east-1"'
    settings = f', "EVERHOP_RATE_LIMIT": "7", "EVERHOP_API_KEY_HASH": "{OTHER_KEY}"'
    config.write_text(config.read_text().replace(tagged, tagged + settings))

    plan = tools(apis, "deploy", US, "--plan")
    assert plan.status == 0, plan.errors
    said = " ".join(plan.output.split())  # its lines are those of a screen
    changed = "links.py, chalicelib/api/reference.py, chalicelib/core/redirects.py"
    assert f"code: 3 files, chalicelib/api/{changed}" in said
    assert "routes: ~GET /docs (cache keys)" in said
    assert "settings: ~EVERHOP_API_KEY_HASH, +EVERHOP_RATE_LIMIT" in said
    assert "on the redirect path: chalicelib/core/redirects.py;" in said
    assert "EVERHOP_RATE_LIMIT" not in settings_of(apis, US)

    ran = tools(apis, "deploy", US, "--yes")
    assert ran.status == 0, ran.output + ran.errors
    assert settings_of(apis, US)["EVERHOP_RATE_LIMIT"] == "7"
    assert KEY.findall(ran.output) == []
    assert apis.account.stage_api(US).keys()["/docs GET"] == [*DOCS_KEYS, VERSION_KEY]
    # Put out before its keys changed, and back on with them.
    assert "GET /r/{slug}: cached\n" in ran.output
    assert is_cached(apis, US)


def put_back(apis: Apis, first: set[str]) -> None:
    """From another machine: code, settings, keys and cache of the release before, where it differs."""
    shutil.rmtree(apis.account.folder / ".chalice" / "deployed")
    gateway = apis.account.client("apigateway")
    ran = tools(apis, "rollback", "prod", "--yes")

    assert ran.status == 0, ran.output + ran.errors
    assert "eu-west-1: app, already so" in ran.output
    assert code_of(apis, US) == first
    assert "EVERHOP_RATE_LIMIT" not in settings_of(apis, US)
    assert settings_of(apis, US)["EVERHOP_API_KEY_HASH"] == OTHER_KEY
    assert settings_of(apis, US)["EVERHOP_RELEASE"] == settings_of(apis, EU)["EVERHOP_RELEASE"]
    assert apis.account.stage_api(US).exported_keys("/docs") == DOCS_KEYS
    assert is_cached(apis, US)
    assert len(gateway.get_rest_apis()["items"]) == 1
    listed = tools(apis, "rollback", US, "--list").output
    assert listed.count("live") == 2


def take_away(apis: Apis) -> None:
    """All but the data goes, and is said; the rest goes when that is asked for."""
    ran = tools(apis, "destroy", "prod", "--yes")
    assert ran.status == 0, ran.output + ran.errors
    for region in ("us-east-1", "eu-west-1"):
        assert functions(apis, region) == []
        assert apis.account.client("apigateway", region).get_rest_apis()["items"] == []
        assert f"table everhop-prod in {region}" in ran.output
        assert f"bucket everhop-prod-files-123456789012-{region}" in ran.output
        assert f"bucket everhop-prod-logs-123456789012-{region}" in ran.output
        assert tellers(apis, region) == []
    roles = [it["RoleName"] for it in apis.account.client("iam").list_roles()["Roles"]]
    assert all("edge-functions" in it or "-Copier-" in it for it in roles), roles
    assert apis.account.client("dynamodb").list_tables()["TableNames"] == ["everhop-prod"]

    all_of_it = tools(apis, "destroy", "prod", "--data", "--yes")
    assert all_of_it.status == 0, all_of_it.output + all_of_it.errors
    left = all_of_it.output.partition("Left, and may cost:")[2].split("\n")
    assert [it.strip() for it in left if it.startswith("  ")] == [
        "stack everhop-prod-edge-functions in us-east-1"
    ]
    assert apis.account.client("ssm").describe_parameters()["Parameters"] == []
    for region in ("us-east-1", "eu-west-1"):
        assert apis.account.client("dynamodb", region).list_tables()["TableNames"] == []
    assert apis.account.client("s3").list_buckets()["Buckets"] == []
    stacks = apis.account.client("cloudformation").list_stacks()["StackSummaries"]
    assert [it["StackName"] for it in stacks if it["StackStatus"] != "DELETE_COMPLETE"] == [
        "everhop-prod-edge-functions"
    ]
