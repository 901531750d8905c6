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

    @property
    def group(self) -> str:
        """The deployment that it is one region of."""
        return self.environment.get("EVERHOP_STAGE", self.name)

    @property
    def is_deployed(self) -> bool:
        """Whether it is for AWS; else for `chalice local`."""
        return "EVERHOP_TABLE" in self.environment


def read_stages(root: Path = ROOT) -> list[Stage]:
    """Every stage; CannotRun when the file can't be read."""
    file = root / ".chalice" / "config.json"
    try:
        names = json.loads(file.read_text(encoding="utf-8"))["stages"]
        return [_stage(name, root) for name in names]
    except (OSError, ValueError, KeyError) as error:
        raise CannotRun(f".chalice/config.json can't be read: {error}") from None


def _stage(name: str, root: Path) -> Stage:
    config = read_stage(name, root)
    return Stage(name, config["environment_variables"].get("EVERHOP_REGION", ""), config)


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
    deployed = [it for it in read_stages(root) if it.is_deployed]
    for group in dict.fromkeys(it.group for it in deployed):
        members = tuple(it for it in deployed if it.group == group)
        meant = tuple(it for it in members if name in (group, it.name))
        if meant:
            return Group(group, members), meant
    known = dict.fromkeys(said for it in deployed for said in (it.group, it.name))
    raise CannotRun(f"There is no stage {name} to deploy; there are {', '.join(known)}.")
