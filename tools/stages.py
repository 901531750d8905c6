"""The Chalice stages of this work tree, as .chalice/config.json has them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.client import CannotRun


Json = dict[str, Any]
ROOT = Path(__file__).resolve().parent.parent


def read_stage(stage: str, root: Path = ROOT) -> Json:
    """What .chalice/config.json says of a stage and of all; CannotRun when it has none such."""
    config: Json = json.loads((root / ".chalice" / "config.json").read_text(encoding="utf-8"))
    stages = config.pop("stages")
    if stage not in stages:
        raise CannotRun(f"There is no stage {stage}; .chalice/config.json has {', '.join(stages)}.")
    shared = config.get("environment_variables", {})
    own = stages[stage].get("environment_variables", {})
    return {**config, **stages[stage], "environment_variables": {**shared, **own}}


@dataclass(frozen=True, slots=True)
class Stage:
    """A Chalice stage; `region` is "" when it goes wherever the operator is."""

    name: str
    region: str
    config: Json

    @property
    def environment(self) -> dict[str, str]:
        """The variables that .chalice/config.json gives its functions."""
        variables: dict[str, str] = self.config["environment_variables"]
        return variables


@dataclass(frozen=True, slots=True)
class Group:
    """The stages that share one EVERHOP_STAGE, and so one table, in the order of the regions."""

    name: str
    stages: tuple[Stage, ...]

    @property
    def table(self) -> str:
        """What the table is called in every region."""
        return self.stages[0].environment["EVERHOP_TABLE"]


def find_group(name: str, root: Path = ROOT) -> tuple[Group, tuple[Stage, ...]]:
    """The group of a stage or of that name, and which of its stages are meant: one, or all."""
    names = json.loads((root / ".chalice" / "config.json").read_text(encoding="utf-8"))["stages"]
    stages = [_stage(one, root) for one in names]
    deployed = [it for it in stages if "EVERHOP_TABLE" in it.environment]
    groups: dict[str, list[Stage]] = {}
    for stage in deployed:
        groups.setdefault(stage.environment["EVERHOP_STAGE"], []).append(stage)
    for group, members in groups.items():
        meant = [it for it in members if name in (group, it.name)]
        if meant:
            return Group(group, tuple(members)), tuple(meant)
    known = dict.fromkeys([*groups, *(it.name for it in deployed)])
    raise CannotRun(f"There is no stage {name} to deploy; there are {', '.join(known)}.")


def _stage(name: str, root: Path) -> Stage:
    config = read_stage(name, root)
    return Stage(name, config["environment_variables"].get("EVERHOP_REGION", ""), config)
