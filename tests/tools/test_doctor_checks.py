"""Each check of the doctor is silent about what is right, and sees the fault that is planted."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app import app
from chalicelib.config import SETTINGS
from chalicelib.store.clients import ATTEMPTS, CONNECT_FOR, READ_FOR
from infra.caches import StageCache
from infra.timeouts import Origin, table_call_for
from local.templates import load_template
from tools.account_facts import HANDLERS
from tools.checks.accounts import (
    Identity,
    Quota,
    Regions,
    judge_concurrency,
    judge_identity,
    judge_rate,
    judge_regions,
)
from tools.checks.clicks import Clicks, judge_clicks
from tools.checks.deployments import (
    Apis,
    Cache,
    Drift,
    Function,
    Stack,
    Table,
    judge_apis,
    judge_cache,
    judge_drift,
    judge_function,
    judge_stack,
    judge_table,
)
from tools.checks.machines import (
    MEBIBYTE,
    Disk,
    Packer,
    Packing,
    Port,
    judge_disk,
    judge_packing,
    judge_port,
)
from tools.checks.timeouts import Edge, Waits, judge_edge, judge_waits
from tools.checks.work_trees import (
    Caches,
    Policy,
    Settings,
    judge_caches,
    judge_groups,
    judge_policy,
    judge_settings,
)
from tools.doctor_checks import CHECKS
from tools.findings import Finding, ok
from tools.stages import Stage
from tools.work_facts import origins_of, uses_dax


US, EU = "prod-us-east-1", "prod-eu-west-1"


def stage(name: str = US, **variables: str) -> Stage:
    """A stage that is whole, but for what is given; a variable that is "" is not there."""
    told = {
        "EVERHOP_STAGE": "prod",
        "EVERHOP_TABLE": "everhop-prod",
        "EVERHOP_REGION": name.removeprefix("prod-"),
        "EVERHOP_REGIONS": "us-east-1 eu-west-1",
        "EVERHOP_BUCKET": "everhop-prod-files",
        "EVERHOP_API_KEY_HASH": "0" * 64,
        **variables,
    }
    config = {
        "app_name": "everhop",
        "lambda_timeout": 10,
        "lambda_memory_size": 1024,
        "lambda_functions": {"worker": {"lambda_timeout": 900}},
        "iam_policy_file": f"policy-{name}.json",
        "environment_variables": {key: text for key, text in told.items() if text},
    }
    return Stage(name, told["EVERHOP_REGION"], config)


RUNTIMES = {"python3.10", "python3.11", "python3.12", "python3.13", "python3.14"}
POLICY = {
    "Resource": ["arn:aws:dynamodb:*:*:table/everhop-prod", f"x:function:everhop-{US}-worker"],
}
DEPLOYED = {
    "Timeout": 10,
    "MemorySize": 1024,
    "Runtime": "python3.12",
    "Handler": "app.app",
    "Environment": {"Variables": {**stage().environment, "EVERHOP_WORKER": "any"}},
}
LIMITS = {
    "AccountLimit": {"UnreservedConcurrentExecutions": 1000, "TotalCodeSize": 1000},
    "AccountUsage": {"TotalCodeSize": 10},
}


COUNTS = Clicks(US, "us-east-1", "logs", queue="https://sqs.us-east-1.amazonaws.com/1/q")


def packing(path: str = "3.12", version: str = "1.34.0", dax: str = "") -> Packing:
    python = tuple(map(int, path.split(".")))
    packer = Packer("/bin/chalice", version, (python[0], python[1]))
    return Packing(packer, "1.34.0", RUNTIMES, [dax] if dax else [])


def caches(us: StageCache | None, eu: StageCache, on: str = "on", **named: StageCache) -> Caches:
    stages = [stage(US, EVERHOP_API_CACHE=on), stage(EU, EVERHOP_API_CACHE=on)]
    found = {EU: eu, **named} | ({US: us} if us else {})
    return Caches(stages, found, named=[US, EU])


def function(part: str = "", **differing: Any) -> Function:
    return Function(stage(), part, {**DEPLOYED, **differing}, "python3.12", "app.app", "redeploy")


def lacking(name: str) -> Function:
    """As it is configured, but without what it needs."""
    bare = stage(**{name: ""})
    told = {"Environment": {"Variables": bare.environment}}
    return Function(bare, "", {**DEPLOYED, **told}, "python3.12", "app.app", "redeploy")


def settings(**variables: str) -> Settings:
    return Settings(stage(**variables), list(SETTINGS), "")


def apis(**differing: Any) -> Apis:
    names = [f"everhop-{US}", f"everhop-{US}-worker", "of-others"]
    given = Apis("us-east-1", "everhop", {"a": "everhop", "b": "other"}, names, {"a": US}, [US])
    return given._replace(**differing)


def quota(**differing: Any) -> Quota:
    return Quota("us-east-1", {**LIMITS, **differing})


AT_EDGE = [
    it["Properties"]["FunctionName"]["Fn::Sub"].replace("${StageName}", "prod")
    for it in load_template("edge/functions.yaml")["Resources"].values()
    if it["Type"] == "AWS::Lambda::Function"
]
ON = StageCache(enabled=True)
OFF = StageCache()
Judge = Callable[[Any], Iterator[Finding]]
DEV = stage("dev", EVERHOP_STAGE="dev", EVERHOP_REGION="", EVERHOP_REGIONS="")
# judge -> what is right
RIGHT: list[tuple[Judge, list[Any]]] = [
    (judge_packing, [packing(), packing("3.14"), packing("3.13", dax=US)]),
    (judge_disk, [Disk("/x", 2048 * MEBIBYTE)]),  # type: ignore[arg-type]
    (judge_port, [Port(8080, "nobody"), Port(8080, "everhop")]),
    (judge_settings, [settings(), settings(AWS_MAX_ATTEMPTS="1")]),
    (judge_groups, [[stage(), stage(EU)], [DEV]]),
    (judge_caches, [caches(ON, ON), caches(OFF, OFF, on="off")]),
    (judge_policy, [Policy(stage(), POLICY)]),
    (judge_waits, [Waits(US, 10, {"worker": 900}, 6)]),
    (judge_edge, [Edge([Origin("api", 1, 1, 30), Origin("site", 1, 2, None)], 10), Edge([], 10)]),
    (judge_edge, [Edge([Origin("api", 1, 2, 3, has_next=True)], 10)]),
    (judge_identity, [Identity("1", "arn:me", {US: "1"}), Identity("1", "arn:me", {})]),
    (judge_regions, [Regions({"a-1": [US]}, {"a-1": "opted-in"})]),
    (judge_concurrency, [quota()]),
    (judge_rate, [Quota("us-east-1", {"throttleSettings": {"rateLimit": 10000.0}})]),
    (judge_function, [function(), function(Runtime="python3.9")._replace(runtime="")]),
    (judge_apis, [apis()]),
    (judge_apis, [apis(functions=AT_EDGE, groups=["prod"])]),
    (judge_cache, [Cache(US, [], [])]),
    (judge_clicks, [COUNTS, Clicks(US, "us-east-1")]),
    (judge_table, [Table(stage(), "ACTIVE")]),
    (judge_stack, [Stack("r", "everhop-x", "UPDATE_COMPLETE")]),
    (judge_drift, [Drift("r", "everhop-x", {})]),
]
# judge, a planted fault, and what is said of it
FAULTS: list[tuple[Judge, Any, str]] = [
    (judge_packing, Packing(None, "1.34.0", RUNTIMES, []), "wrong: there is no chalice command"),
    (judge_packing, packing("3.10"), "wrong: /bin/chalice runs on Python 3.10; Everhop needs"),
    (judge_packing, packing("3.99"), "wrong: /bin/chalice runs on Python 3.99, for which Lambda"),
    (judge_packing, packing("3.14", dax=US), f"3.14, and the DAX client of {US} on 3.13"),
    (judge_packing, packing(version="1.33.0"), "is Chalice 1.33.0, but 1.34.0 is what is tested"),
    (judge_disk, Disk("/x", 500 * MEBIBYTE), "warn: 500 MiB free for /x"),  # type: ignore[arg-type]
    (judge_disk, Disk("/x", 5 * MEBIBYTE), "wrong: 5 MiB free"),  # type: ignore[arg-type]
    (judge_port, Port(8080, "another"), "warn: port 8080 is in use by something else"),
    (judge_settings, settings(EVERHOP_TABEL="x"), "wrong: EVERHOP_TABEL is no setting"),
    (judge_settings, settings(EVERHOP_PORT="1"), "wrong: EVERHOP_PORT is no setting"),
    (judge_settings, settings()._replace(refused="no good"), "wrong: no good"),
    (judge_groups, [stage(), stage(EU, EVERHOP_REGION="us-east-1")], "are both for us-east-1"),
    (judge_groups, [stage(), stage(EU, EVERHOP_REGION="")], f"{EU} names no region"),
    (judge_groups, [stage(), stage(EU, EVERHOP_REGION="eu-west-2")], f"{EU} is for eu-west-2"),
    (judge_groups, [stage(), stage(EU, EVERHOP_REGIONS="")], f"{EU} does not know the regions"),
    (judge_groups, [stage()], f"{US} does not know the regions of prod"),
    (judge_groups, [stage(), stage(EU, EVERHOP_TABLE="t")], "EVERHOP_TABLE differs among"),
    (judge_groups, [stage(), stage(EU, EVERHOP_API_KEY_HASH="1")], "EVERHOP_API_KEY_HASH differs"),
    (judge_groups, [stage(), stage(EU, EVERHOP_SLUG_CASE="x")], "EVERHOP_SLUG_CASE differs"),
    (judge_caches, Caches([stage()], {}, "size is 7"), "wrong: size is 7"),
    (judge_caches, caches(None, ON), f"wrong: infra/regional/caches.toml has no [{US}]"),
    (
        judge_caches,
        caches(ON, ON, on="off"),
        "warn: it is to have a cache, but its app is told of one by the edge",
    ),
    (judge_caches, caches(OFF, OFF), "wrong: it has no cache, but its app answers as if"),
    (judge_caches, caches(ON, ON, stray=OFF), "warn: infra/regional/caches.toml has [stray]"),
    (
        judge_caches,
        caches(ON, StageCache(enabled=True, budget=30)),
        "wrong: the stages of prod promise different freshness: 30 s and 60 s",
    ),
    (judge_policy, Policy(stage(), None), f"wrong: .chalice/policy-{US}.json can't be read"),
    (judge_policy, Policy(stage(EVERHOP_TABLE="t"), POLICY), "does not allow the stage's table"),
    (judge_policy, Policy(stage(EVERHOP_TABLE="everhop"), POLICY), "the stage's table"),
    (judge_policy, Policy(stage(EU), POLICY), "does not allow the stage's worker"),
    (judge_waits, Waits(US, 6, {}, 6), "wrong: the function ends after 6 s, and a silent table"),
    (judge_waits, Waits(US, 29, {}, 6), "wrong: API Gateway gives up after 29 s"),
    (judge_waits, Waits(US, 10, {"worker": 5}, 6), "wrong: worker may take 5 s, but 7 to 900"),
    (judge_waits, Waits(US, 10, {"worker": 901}, 6), "wrong: worker may take 901 s"),
    (judge_edge, Edge([Origin("api", 1, 3, 30)], 10), "the edge waits 3 s for api"),
    (judge_edge, Edge([Origin("api", 2, 2, 30)], 10), "the edge waits 4 s for api"),
    (judge_edge, Edge([Origin("api", 1, 1, 10)], 10), "gives api up after 10 s, its function"),
    (
        judge_identity,
        Identity("1", "arn:me", {US: "2", EU: "1"}),
        f"wrong: these credentials are of account 1, but {US} is in 2",
    ),
    (judge_regions, Regions({"mars-1": [US]}, {}), f"wrong: AWS has no region mars-1 ({US})"),
    (
        judge_regions,
        Regions({"a-1": [US]}, {"a-1": "not-opted-in"}),
        f"wrong: a-1 ({US}) is not enabled for this account",
    ),
    (
        judge_concurrency,
        quota(AccountLimit={"UnreservedConcurrentExecutions": 10, "TotalCodeSize": 1000}),
        "warn: Lambda answers 10 requests at once",
    ),
    (judge_concurrency, quota(AccountUsage={"TotalCodeSize": 950}), "room for code is 95 % full"),
    (judge_rate, Quota("r", {"throttleSettings": {"rateLimit": 100.0}}), "takes 100 requests a"),
    (judge_function, function(Timeout=3), "wrong: Timeout is 3, not 10"),
    (judge_function, function("worker", Timeout=10), "wrong: Timeout is 10, not 900"),
    (judge_function, function(MemorySize=128), "wrong: MemorySize is 128, not 1024"),
    (judge_function, function(Runtime="python3.9"), "wrong: Runtime is python3.9, not python3.12"),
    (judge_function, function(Handler="main.main"), "wrong: Handler is main.main, not app.app"),
    (judge_function, function(State="Failed", StateReason="VPC"), "wrong: it is failed (VPC)"),
    (
        judge_function,
        function(Environment={"Variables": {**stage().environment, "EVERHOP_TABLE": "t"}}),
        "wrong: EVERHOP_TABLE has another value",
    ),
    (
        judge_function,
        function(Environment={"Variables": {**stage().environment, "X": "1"}}),
        "wrong: X is set, and not by .chalice/config.json",
    ),
    (
        judge_function,
        function(Environment={"Variables": stage(EVERHOP_REGION="").environment}),
        "wrong: EVERHOP_REGION is not set",
    ),
    (
        judge_function,
        function(VpcConfig={"SubnetIds": ["s"]}),
        "wrong: its network has no way to the table in eu-west-1",
    ),
    (
        judge_function,
        function(VpcConfig={"SubnetIds": ["s"], "Ipv6AllowedForDualStack": True}),
        "wrong: EVERHOP_TABLE_ENDPOINTS is not set, so other regions",
    ),
    (judge_function, function()._replace(deployed=None), "wrong: the function is gone"),
    (judge_function, lacking("EVERHOP_API_KEY_HASH"), "warn: no EVERHOP_API_KEY_HASH"),
    (judge_function, lacking("EVERHOP_BUCKET"), "warn: no EVERHOP_BUCKET"),
    (judge_apis, apis(known_apis={"a": US, "c": US}), f"wrong: the API c of {US} is gone"),
    (judge_apis, apis(apis={"a": "everhop", "z": "everhop"}), "warn: there is an API z called"),
    (judge_apis, apis(known_apis={}), f"warn: nothing here says whether the API a is that of {US}"),
    (judge_apis, apis(functions=["everhop-old"]), "warn: there is a function everhop-old"),
    (judge_clicks, COUNTS._replace(is_there=False), "wrong: the function that counts clicks is"),
    (judge_clicks, COUNTS._replace(is_told=False), "wrong: logs does not tell it of log files"),
    (judge_clicks, COUNTS._replace(letters=None), "wrong: there is no queue for log files"),
    (judge_clicks, COUNTS._replace(keeps_failures=False), "wrong: events that it fails with are"),
    (judge_clicks, COUNTS._replace(letters=3), "warn: 3 dead letters of log files"),
    (judge_cache, Cache(US, ["no keys"], ["x"]), "wrong: no keys"),
    (judge_cache, Cache(US, [], ["a: b", "c: d"]), "wrong: to be changed: a: b; c: d"),
    (judge_table, Table(stage(), None), "wrong: there is no table everhop-prod in its region"),
    (judge_table, Table(stage(), "UPDATING"), "warn: the table everhop-prod is UPDATING"),
    (judge_stack, Stack("r", "s", "UPDATE_ROLLBACK_COMPLETE"), "wrong: UPDATE_ROLLBACK_COMPLETE"),
    (judge_stack, Stack("r", "s", "DELETE_FAILED"), "wrong: DELETE_FAILED"),
    (
        judge_stack,
        Stack("r", "s", "CREATE_COMPLETE", "global/table", is_current=False),
        "warn: it is of another version of infra/global/table.yaml",
    ),
    (judge_drift, Drift("r", "s", {"Table": ["/A", "/B"]}), "wrong: Table was changed by hand: /A"),
    (judge_drift, Drift("r", "s", {"Table": []}), "wrong: Table was deleted"),
]


@pytest.mark.parametrize(("judge", "rights"), RIGHT, ids=[it.__name__ for it, _ in RIGHT])
def test_what_is_right_is_well(judge: Judge, rights: list[Any]) -> None:
    """Nothing is said against it."""
    for right in rights:
        assert {finding.state for finding in judge(right)} <= {"ok"}, right


@pytest.mark.parametrize(("judge", "fault", "said"), FAULTS, ids=[said for *_, said in FAULTS])
def test_a_planted_fault_is_seen(judge: Judge, fault: Any, said: str) -> None:
    """It is named by its state and its words, and has a fix; nothing else is said against it."""
    found = [finding for finding in judge(fault) if finding.state != "ok"]

    assert {f"{finding.state}: {finding.text}".find(said) >= 0 for finding in found} == {True}
    assert all(finding.fix for finding in found)


def test_every_check_has_its_fault() -> None:
    """No check is without a fault that it was seen to find; whether a region answers, a run shows."""
    judges = {check.judge.__name__ for check in CHECKS} - {"_judge_reach"}

    assert {judge.__name__ for judge, _, _ in FAULTS} == judges
    assert {judge.__name__ for judge, _ in RIGHT} == judges


def test_the_handlers_are_the_apps() -> None:
    """The functions that are looked for are those that app.py has."""
    workers = {
        it.name: f"app.{it.handler_string.rpartition('.')[2]}" for it in app.pure_lambda_functions
    }

    assert {"": "app.app", **workers} == HANDLERS


def test_a_silent_table_is_told_in_time() -> None:
    """The time is that of the client which the app really has."""
    assert table_call_for() == ATTEMPTS * (CONNECT_FOR + READ_FOR)


def test_origins_are_read_from_templates() -> None:
    """With CloudFront's own defaults, and those of parameters, where a template says no more."""
    origins = [
        {"Id": "bare", "CustomOriginConfig": {}},
        {"Id": "site", "S3OriginConfig": {}, "ConnectionAttempts": 1},
        {
            "Id": "api",
            "ConnectionAttempts": 1,
            "ConnectionTimeout": {"Ref": "Patience"},
            "CustomOriginConfig": {"OriginReadTimeout": 20},
        },
    ]
    edge = {
        "Type": "AWS::CloudFront::Distribution",
        "Properties": {"DistributionConfig": {"Origins": origins}},
    }
    template = {"Parameters": {"Patience": {"Default": 2}}, "Resources": {"Edge": edge}}

    assert list(origins_of(template)) == [
        Origin("bare", 3, 10, 30),
        Origin("site", 1, 10, None),
        Origin("api", 1, 2, 20),
    ]


def test_origins_that_hang_on_a_condition_are_read() -> None:
    """The edge's own template: all that may be asked, and beside which there is a next one."""
    origins = {it.name: it for it in origins_of(load_template("global/edge.yaml"))}

    assert list(origins) == ["static-1", "static-2", "api-1", "api-2", "rest"]
    assert [name for name, it in origins.items() if not it.has_next] == ["rest"]
    assert list(judge_edge(Edge(list(origins.values()), 10))) == [
        ok("the edge gives up in time", name) for name in origins
    ]


def test_dax_is_known_by_its_settings() -> None:
    """A stage that names a cluster packs the client."""
    assert uses_dax(stage(EVERHOP_DAX_ENDPOINT="daxs://x"))
    assert not uses_dax(stage(EVERHOP_DAX="off"))
    assert not uses_dax(stage())
