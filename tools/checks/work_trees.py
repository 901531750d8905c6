"""Checks of the work tree alone: settings, the stages of one group, caches, policies."""

import difflib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from infra.caches import TOLD, StageCache
from tools.findings import Finding, ok, warn, wrong
from tools.region_guards import told_regions
from tools.stages import Stage


_CONFIG = ".chalice/config.json"
# One table, one key and one reading of slugs, whichever region answers.
_SAME = ("EVERHOP_TABLE", "EVERHOP_API_KEY_HASH", "EVERHOP_SLUG_CASE", "EVERHOP_UNICODE_SLUGS")


class Settings(NamedTuple):
    """A stage with the names that the app knows, and why the app refuses its values, if it does."""

    stage: Stage
    known: Collection[str]
    refused: str


def judge_settings(asked: Settings) -> Iterator[Finding]:
    """What the app does not know it ignores, and what it refuses stops every request."""
    faults = list(_setting_faults(asked))
    yield from faults or [ok("are known and can be used", asked.stage.name)]


def _setting_faults(asked: Settings) -> Iterator[Finding]:
    name, variables = asked.stage.name, asked.stage.environment
    for unknown in sorted(set(variables) - set(asked.known)):
        if unknown.startswith("EVERHOP_"):
            yield wrong(f"{unknown} is no setting", _rename(unknown, asked.known), name)
    if asked.refused:
        yield wrong(asked.refused, f"edit environment_variables in {_CONFIG}", name)


def _rename(unknown: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(unknown, sorted(known), n=1)
    if near:
        return f'sed -i \'s/"{unknown}"/"{near[0]}"/\' {_CONFIG}'
    return f"sed -i '/\"{unknown}\":/d' {_CONFIG}, and see that its commas are right"


def deploy_stack(template: str, stage: Stage) -> str:
    """The command that makes or updates a stack of one of our templates for a stage."""
    subject = template.rpartition("/")[2]
    words = ["aws cloudformation deploy", f"--stack-name everhop-{stage.group}-{subject}"]
    words.append(f"--template-file infra/{template}.yaml --parameter-overrides")
    words.append(f"StageName={stage.group}")
    if subject == "table":
        words.append(f"TableName={stage.environment.get('EVERHOP_TABLE', '')}")
    words += [f"--region {stage.region}"] if stage.region else []
    return " ".join(words)


def judge_groups(stages: Sequence[Stage]) -> Iterator[Finding]:
    """Stages of one name are one deployment in several regions."""
    ordered = sorted(stages, key=lambda stage: stage.group)
    for group, found in groupby(ordered, key=lambda stage: stage.group):
        members = list(found)
        regions = " and ".join(stage.region or "any region" for stage in members)
        faults = list(_group_faults(group, members)) if len(members) > 1 else []
        faults = faults or list(_untold_regions(group, members))
        yield from faults or [ok(f"in {regions}", group)]


def _group_faults(group: str, members: Sequence[Stage]) -> Iterator[Finding]:
    taken: dict[str, str] = {}
    for stage in members:
        fix = f"set EVERHOP_REGION for {stage.name} in {_CONFIG}"
        if not stage.region:
            yield wrong(f"{stage.name} names no region, as one of several of {group}", fix)
        elif stage.region in taken:
            yield wrong(f"{stage.name} and {taken[stage.region]} are both for {stage.region}", fix)
        elif not stage.name.endswith(stage.region):
            rename = f"call it {group}-{stage.region} in {_CONFIG} and infra/regional/caches.toml"
            yield wrong(f"{stage.name} is for {stage.region}", rename)
        taken.setdefault(stage.region, stage.name)
    for name in _SAME:
        if len({stage.environment.get(name, "") for stage in members}) > 1:
            names = ", ".join(stage.name for stage in members)
            yield wrong(f"{name} differs among {names}", f"give them one value in {_CONFIG}")


def _untold_regions(group: str, members: Sequence[Stage]) -> Iterator[Finding]:
    """Two ideas of which regions there are would be two homes of one link."""
    regions = [stage.region for stage in members]
    for stage in members:
        told = told_regions(stage.environment) or {stage.region}
        if told != set(regions):
            fix = f'set EVERHOP_REGIONS for {stage.name} to "{" ".join(regions)}" in {_CONFIG}'
            yield wrong(f"{stage.name} does not know the regions of {group}", fix)


class Caches(NamedTuple):
    """The stages with their settings of caches.toml, and why that can't be read, if it can't."""

    stages: Sequence[Stage]
    caches: Mapping[str, StageCache]
    refused: str = ""
    named: Collection[str] = ()  # every stage there is, deployed or not


def judge_caches(asked: Caches) -> Iterator[Finding]:
    """Each stage says whether it caches, and all of one group promise the same freshness."""
    faults = list(_cache_faults(asked))
    yield from faults or (ok(_budget(asked.caches[it.name]), it.name) for it in asked.stages)


def _budget(cache: StageCache) -> str:
    kept = f"{cache.fresh_for} s" if cache.enabled else "no API cache"
    return f"{kept}, of {cache.budget} s in all"


_TOML = "infra/regional/caches.toml"


def _cache_faults(asked: Caches) -> Iterator[Finding]:
    if asked.refused:
        yield wrong(asked.refused.removesuffix("."), f"edit {_TOML}")
        return
    for stage in asked.stages:
        cache = asked.caches.get(stage.name)
        if cache is None:
            fix = f"printf '\\n[{stage.name}]\\nenabled = false\\n' >> {_TOML}"
            yield wrong(f"{_TOML} has no [{stage.name}]", fix)
        elif cache.enabled and stage.environment.get(TOLD) != "on":
            yield warn(
                "it is to have a cache, but its app is told of one by the edge alone",
                f"python -m tools deploy {stage.group}, where infra/global/edge.toml has it on",
                stage.name,
            )
        elif not cache.enabled and stage.environment.get(TOLD) == "on":
            yield wrong(
                "it has no cache, but its app answers as if it had",
                f"set enabled = true for it in {_TOML}, or take {TOLD} out of {_CONFIG}",
                stage.name,
            )
    for name in sorted(set(asked.caches) - set(asked.named)):
        yield warn(f"{_TOML} has [{name}], which is no stage", f"take [{name}] out of {_TOML}")
    yield from _budget_faults(asked)


def _budget_faults(asked: Caches) -> Iterator[Finding]:
    budgets: dict[str, set[int]] = {}
    for stage in asked.stages:
        if stage.name in asked.caches:
            budgets.setdefault(stage.group, set()).add(asked.caches[stage.name].budget)
    for group, found in budgets.items():
        if len(found) > 1:
            said = " and ".join(f"{seconds} s" for seconds in sorted(found))
            yield wrong(
                f"the stages of {group} promise different freshness: {said}",
                f"give them one budget in {_TOML}",
            )


class Policy(NamedTuple):
    """A stage, and the IAM policy that .chalice has for it; None where there is none to read."""

    stage: Stage
    document: Mapping[str, Any] | None


def judge_policy(asked: Policy) -> Iterator[Finding]:
    """The hand-written policy must name what the stage uses."""
    stage, file = asked.stage, f".chalice/{asked.stage.config.get('iam_policy_file', '')}"
    if asked.document is None:
        yield wrong(f"{file} can't be read", f"git checkout -- {file}", stage.name)
        return
    text, table = json.dumps(asked.document), stage.environment.get("EVERHOP_TABLE", "")
    uses = {"table": f'table/{table}"', "worker": f'function:everhop-{stage.name}-worker"'}
    missing = [what for what, needle in uses.items() if needle not in text]
    for what in missing:
        yield wrong(
            f"{file} does not allow the stage's {what}",
            f"edit {file}, so that a resource ends in {uses[what][:-1]}",
            stage.name,
        )
    if not missing:
        yield ok("allows its table and its worker", stage.name)
