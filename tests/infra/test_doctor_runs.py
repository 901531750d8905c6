"""Whole runs of the doctor against an account: all well first, then each fault by its name."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import free_port
from tests.infra.deployments import PROD, Account, Ran, run_aws


STAGE = "prod-us-east-1"
FUNCTION = f"everhop-{STAGE}"
LOGS = "everhop-prod-logs-123456789012-us-east-1"


@pytest.fixture(scope="module")
def account(work_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """One stage that is whole: stacks, settings, a deploy and its cache."""
    folder = tmp_path_factory.mktemp("doctored") / "work"
    shutil.copytree(work_tree, folder)
    with run_aws() as url:
        account = Account(url, folder)
        config = folder / ".chalice" / "config.json"
        template = (folder / "infra" / "regional" / "files.yaml").read_text()
        bucket = make_stack(account, "everhop-prod-files", template, StageName="prod")["BucketName"]
        make_stack(account, "another-queue", '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}')
        account.client("dynamodb").create_table(
            TableName="everhop-prod",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        set_variables(config, PROD, EVERHOP_API_KEY_HASH="0" * 64)
        set_variables(config, [STAGE], **counting(account))
        set_variables(config, [STAGE], EVERHOP_BUCKET=bucket)
        account.chalice("deploy", STAGE)
        assert account.cache("apply", STAGE, "--yes").status == 0
        yield account


def counting(account: Account) -> dict[str, str]:
    """Settings with which clicks are counted, as one gives them by hand."""
    account.client("s3").create_bucket(Bucket=LOGS)
    template = (account.folder / "infra" / "regional" / "clicks.yaml").read_text()
    queue = make_stack(account, "everhop-prod-clicks", template, StageName="prod")["QueueUrl"]
    return {"EVERHOP_LOGS": LOGS, "EVERHOP_DEAD_LOGS": queue}


def make_stack(account: Account, name: str, template: str, **parameters: str) -> dict[str, str]:
    """A stack, and what it tells."""
    client = account.client("cloudformation")
    given = [{"ParameterKey": key, "ParameterValue": it} for key, it in parameters.items()]
    client.create_stack(StackName=name, TemplateBody=template, Parameters=given)
    told = client.describe_stacks(StackName=name)["Stacks"][0].get("Outputs", [])
    return {it["OutputKey"]: it["OutputValue"] for it in told}


def set_variables(config: Path, stages: list[str], **variables: str) -> None:
    """Settings of stages, in the work tree alone."""
    read = json.loads(config.read_text())
    for stage in stages:
        read["stages"][stage]["environment_variables"] |= variables
    config.write_text(json.dumps(read, indent=2))


def doctor(account: Account, **environ: str) -> Ran:
    """`python -m tools doctor`, in the activated environment, with nothing else on its port."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    here = {"PATH": path, "EVERHOP_PORT": str(free_port()), **environ}
    return account.run(sys.executable, "-m", "tools", "doctor", STAGE, **here)


def faults(ran: Ran) -> list[str]:
    """The lines of what is not well, without their fixes."""
    states = ("warn ", "wrong ", "not checked ")
    return [line.strip() for line in ran.output.splitlines() if line.strip().startswith(states)]


def test_all_is_well(account: Account) -> None:
    """Nothing to say of a stage that is as it should be; no colour where nobody looks."""
    ran = doctor(account)

    assert (ran.status, faults(ran)) == (0, []), ran
    assert "arn:aws:sts::123456789012:" in ran.output
    assert "everhop-prod-files, everhop-prod-clicks: as its template" in ran.output
    assert f"counts what comes into {LOGS}" in ran.output
    assert "another-queue" not in ran.output
    assert "\x1b" not in ran.output


def test_whose_the_credentials_are(account: Account) -> None:
    """Those of another account are told by the stage that is not there; nobody's answer is named."""
    elsewhere = doctor(account, AWS_ACCESS_KEY_ID=key_elsewhere(account))
    assert elsewhere.status == 1
    assert f"are of account 111111111111, but {STAGE} is in 123456789012" in elsewhere.output

    ran = doctor(account, AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1")
    assert (ran.status, len(faults(ran)), ran.errors) == (2, 1, ""), ran
    assert "can't be reached" in ran.output
    assert "API Gateway 29 s" in ran.output  # what needs no account was looked at


def key_elsewhere(account: Account) -> str:
    """An access key of a role in another account, as moto knows accounts apart by it."""
    said = account.client("sts").assume_role(
        RoleArn="arn:aws:iam::111111111111:role/any", RoleSessionName="doctor"
    )
    return str(said["Credentials"]["AccessKeyId"])


def test_what_others_changed_is_found(account: Account) -> None:
    """Function, cache, bucket, stray API, concurrency: each by its name, with a fix to copy."""
    functions, gateway = account.client("lambda"), account.client("apigateway")
    variables = functions.get_function_configuration(FunctionName=FUNCTION)["Environment"]
    functions.update_function_configuration(
        FunctionName=FUNCTION,
        Timeout=60,
        MemorySize=128,
        Environment={"Variables": {**variables["Variables"], "EVERHOP_CORS_ORIGINS": "secret"}},
    )
    functions.put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=950)
    stray = gateway.create_rest_api(name="everhop")["id"]
    gateway.create_rest_api(name="of others")
    account.stage_api(STAGE).patch("/~1r~1{slug}/GET/caching/ttlInSeconds", "3600")
    bucket = "everhop-prod-files-123456789012-us-east-1"
    account.client("s3").put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    functions.delete_function(FunctionName=f"{FUNCTION}-worker")
    table = account.client("dynamodb")
    table.delete_table(TableName="everhop-prod")
    account.client("s3").put_bucket_notification_configuration(
        Bucket=LOGS, NotificationConfiguration={}
    )
    functions.delete_function_event_invoke_config(FunctionName=f"{FUNCTION}-clicks")
    queue = account.client("sqs").get_queue_url(QueueName="everhop-prod-dead-logs")["QueueUrl"]
    account.client("sqs").send_message(QueueUrl=queue, MessageBody="{}")
    template = account.folder / "infra" / "regional" / "files.yaml"
    template.write_text(template.read_text().replace("ExpirationInDays: 1", "ExpirationInDays: 2"))

    ran = doctor(account)

    text = " ".join(ran.output.split())
    assert ran.status == 1, ran
    for said in (
        f"{STAGE}: Timeout is 60, not 10 fix: AWS_DEFAULT_REGION=us-east-1 python -m tools deploy",
        f"{STAGE}: MemorySize is 128, not 1024",
        f"{STAGE}: EVERHOP_CORS_ORIGINS is set, and not by .chalice/config.json",
        f"{STAGE}-worker: the function is gone",
        "us-east-1: Lambda answers 50 requests at once",
        f"us-east-1: there is an API {stray} called everhop that no stage knows of",
        f"fix: aws apigateway delete-rest-api --rest-api-id {stray} --region us-east-1",
        f"to be changed: GET /r/{{slug}}: 20 s fix: python -m tools cache apply {STAGE}",
        "everhop-prod-files: Files was changed by hand: /VersioningConfiguration/Status",
        f"{STAGE}: there is no table everhop-prod in its region fix: aws cloudformation deploy",
        "--template-file infra/global/table.yaml",
        f"{STAGE}: {LOGS} does not tell it of log files",
        f"{STAGE}: events that it fails with are dropped",
        f"{STAGE}: 1 dead letters of log files",
        "fix: aws sqs receive-message --region us-east-1 --queue-url http",
        "everhop-prod-files: it is of another version of infra/regional/files.yaml",
    ):
        assert said in text
    assert "secret" not in ran.output
    assert len(faults(ran)) == 13
