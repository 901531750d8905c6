"""The doctor's list: every check, in the order in which one looks."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tools import account_facts as aws
from tools import work_facts as here
from tools.checks import accounts, clicks, deployments, machines, timeouts, work_trees
from tools.click_facts import ask_clicks
from tools.doctor import Check, Work
from tools.findings import Finding, ok


Ask = Callable[[Work, Any], Iterable[Any]]


def _once(work: Work) -> Iterable[Work]:
    return [work]


def _stages(work: Work) -> Iterable[Any]:
    return work.stages


def _regions(work: Work) -> Iterable[str]:
    return work.regions


def _machine(ask: Callable[[], Any]) -> Ask:
    return lambda _work, _one: [ask()]


def _tree(ask: Callable[[Any], Any]) -> Ask:
    return lambda work, _: [ask(work.stages)]


def _stage(ask: Callable[[Any], Any]) -> Ask:
    return lambda _work, stage: [ask(stage)]


def _online(ask: Callable[[Any, Any], Any]) -> Ask:
    return lambda work, subject: [ask(work.account, subject)]


def _all_online(ask: Callable[[Any, Any], Iterable[Any]]) -> Ask:
    return lambda work, subject: ask(work.account, subject)


def _judge_reach(region: str) -> Iterator[Finding]:
    yield ok("answers", region)


def _functions(work: Work, stage: Any) -> Iterable[Any]:
    packer = here.find_packer()
    return aws.ask_functions(work.account, stage, packer.runtime if packer else "")


CHECKS = (
    Check("python", _once, _tree(here.ask_packing), machines.judge_packing),
    Check("disk", _once, _machine(here.ask_disk), machines.judge_disk),
    Check("port", _once, _machine(here.ask_port), machines.judge_port),
    Check("settings", _stages, _stage(here.ask_settings), work_trees.judge_settings),
    Check("regions", _once, lambda work, _: [work.groups], work_trees.judge_groups),
    Check("freshness", _once, _tree(here.ask_caches), work_trees.judge_caches),
    Check("policies", _stages, _stage(here.ask_policy), work_trees.judge_policy),
    Check("timeouts", _stages, _stage(here.ask_waits), timeouts.judge_waits),
    Check("timeouts", _once, _tree(here.ask_edge), timeouts.judge_edge),
    Check(
        "credentials",
        _once,
        lambda work, _: [aws.ask_identity(work.account, work.stages)],
        accounts.judge_identity,
    ),
    Check(
        "account's regions",
        _once,
        lambda work, _: [aws.ask_regions(work.account, work.stages)],
        accounts.judge_regions,
    ),
    Check("account's regions", _regions, _online(aws.ask_reach), _judge_reach),
    Check("quotas", _regions, _online(aws.ask_concurrency), accounts.judge_concurrency),
    Check("quotas", _regions, _online(aws.ask_rate), accounts.judge_rate),
    Check("stacks", _regions, _all_online(aws.ask_stacks), deployments.judge_stack),
    Check("drift", _regions, _all_online(aws.ask_drift), deployments.judge_drift),
    Check(
        "APIs",
        _regions,
        lambda work, region: [aws.ask_apis(work.account, region, work.every)],
        deployments.judge_apis,
    ),
    Check("functions", _stages, _functions, deployments.judge_function),
    Check("clicks", _stages, _online(ask_clicks), clicks.judge_clicks),
    Check("tables", _stages, _online(aws.ask_table), deployments.judge_table),
    Check("API cache", _stages, _online(aws.ask_cache), deployments.judge_cache),
)
