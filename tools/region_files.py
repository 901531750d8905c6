"""The files of the work tree that say which regions there are, with one more or one less.

A region is a Chalice stage, its policy, its sections of two files of settings, and a name in the
EVERHOP_REGIONS and the policies of all others: six places that must agree, derived from one stage.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tools.stages import ROOT, Group, Stage


Json = dict[str, Any]
Files = dict[str, str | None]  # by path; None: to be taken away
CONFIG = ".chalice/config.json"
SECTIONS = ("infra/regional/caches.toml", "infra/regional/dax.toml")
_REGIONS = "EVERHOP_REGIONS"
_WIDTH = 100


def read_files(group: Group, root: Path = ROOT) -> dict[str, str]:
    """The files as they are."""
    paths = (CONFIG, *SECTIONS, *map(policy_path, group.stages))
    return {path: (root / path).read_text(encoding="utf-8") for path in paths}


def write_files(files: Files, root: Path = ROOT) -> None:
    """Make them so."""
    for path, text in files.items():
        if text is None:
            (root / path).unlink(missing_ok=True)
        else:
            (root / path).write_text(text, encoding="utf-8")


def policy_path(stage: Stage) -> str:
    """Where a stage's policy is."""
    return f".chalice/{stage.config['iam_policy_file']}"


def with_region(files: Mapping[str, str], group: Group, region: str) -> Files:
    """The files with one more region, made like the group's first one."""
    model, regions = group.stages[0], [it.region for it in group.stages]
    name = f"{group.name}-{region}"
    policies = {
        policy_path(it): _policy_with(json.loads(files[policy_path(it)]), regions, region)
        for it in group.stages
    }
    own = _moved(policies[policy_path(model)], model.region, region)
    made: Files = {path: pretty(it) for path, it in policies.items()}
    made[f".chalice/policy-{name}.json"] = pretty(own)
    made[CONFIG] = pretty(_config_with(json.loads(files[CONFIG]), group, region))
    for path in SECTIONS:
        block = _section(files[path], model.name).strip("\n").replace(model.name, name)
        made[path] = f"{files[path].rstrip()}\n\n{block}\n"
    return {path: it for path, it in made.items() if files.get(path) != it}


def told_without(files: Mapping[str, str], group: Group, region: str) -> Files:
    """The files when the others have been told that a region is none; it is still there."""
    config = json.loads(files[CONFIG])
    staying = [it.region for it in group.stages if it.region != region]
    for stage in group.stages:
        if stage.region != region:
            _tell(config, stage.name, staying)
    return {CONFIG: pretty(config)}


def without_region(files: Mapping[str, str], group: Group, region: str) -> Files:
    """The files without a region."""
    (gone,) = [it for it in group.stages if it.region == region]
    config = json.loads(str(told_without(files, group, region)[CONFIG]))
    del config["stages"][gone.name]
    made: Files = {CONFIG: pretty(config), policy_path(gone): None}
    for stage in (it for it in group.stages if it is not gone):
        path = policy_path(stage)
        made[path] = pretty(_policy_without(json.loads(files[path]), region))
    for path in SECTIONS:
        made[path] = files[path].replace(_section(files[path], gone.name), "").rstrip() + "\n"
    return made


def _config_with(config: Json, group: Group, region: str) -> Json:
    model, name = group.stages[0], f"{group.name}-{region}"
    config["stages"][name] = {
        **_replaced(config["stages"][model.name], model.region, region),
        "iam_policy_file": f"policy-{name}.json",
    }
    every = [*(it.region for it in group.stages), region]
    for stage in (*(it.name for it in group.stages), name):
        _tell(config, stage, every)
    return config


def _tell(config: Json, stage: str, regions: Iterable[str]) -> None:
    config["stages"][stage]["environment_variables"][_REGIONS] = " ".join(regions)


def _policy_with(policy: Json, regions: list[str], region: str) -> Json:
    """With one more where all regions are listed: the table, and whatever else is everywhere."""
    for statement in policy["Statement"]:
        listed: list[str] = statement["Resource"]
        for last in [it for it in listed if f":{regions[-1]}:" in it]:
            family = [last.replace(f":{regions[-1]}:", f":{it}:") for it in regions]
            if set(family) <= set(listed) and _is_everywhere(last):
                listed.insert(listed.index(last) + 1, last.replace(regions[-1], region))
    return policy


def _is_everywhere(arn: str) -> bool:
    """Whether a resource is in each region because its table is; of one region, a list has one."""
    return ":table/" in arn and "/stream/" not in arn


def _policy_without(policy: Json, region: str) -> Json:
    for statement in policy["Statement"]:
        kept = [it for it in statement["Resource"] if f":{region}:" not in it]
        statement["Resource"] = kept or statement["Resource"]
    return policy


def _moved(policy: Json, model: str, region: str) -> Json:
    """A policy as another region has it: what is everywhere stays, what is its own moves."""
    statements = [
        {**it, "Resource": [_moved_resource(one, model, region) for one in it["Resource"]]}
        for it in policy["Statement"]
    ]
    return {**policy, "Statement": statements}


def _moved_resource(arn: str, model: str, region: str) -> str:
    return arn if _is_everywhere(arn) else arn.replace(model, region)


def _replaced(value: Json, old: str, new: str) -> Json:
    moved: Json = json.loads(json.dumps(value).replace(old, new))
    return moved


def _section(text: str, name: str) -> str:
    found = re.search(rf"\n*^\[{re.escape(name)}\]\n(?:(?!\[).*\n?)*", text, re.MULTILINE)
    return found[0] if found else ""


def pretty(value: Any, indent: str = "") -> str:
    """JSON as the files have it: a list or a single field on one line where that is short."""
    text = _pretty(value, indent)
    return text if indent else f"{text}\n"


def _pretty(value: Any, indent: str) -> str:
    line = json.dumps(value, ensure_ascii=False)
    is_short = len(indent) + len(line) <= _WIDTH - 20
    if not isinstance(value, (list, dict)) or not value:
        return line
    if is_short and (isinstance(value, list) or len(value) == 1) and "{" not in line[1:]:
        return line
    deeper = indent + "  "
    if isinstance(value, list):
        parts = [deeper + _pretty(it, deeper) for it in value]
        return "[\n" + ",\n".join(parts) + f"\n{indent}]"
    fields = [f"{deeper}{json.dumps(key)}: {_pretty(it, deeper)}" for key, it in value.items()]
    return "{\n" + ",\n".join(fields) + f"\n{indent}}}"
