"""The Chalice stages of this work tree, as .chalice/config.json has them."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from tools.client import CannotRun


Json = dict[str, Any]
ROOT = Path(__file__).resolve().parent.parent


class Stage(NamedTuple):
    """One stage with all that holds for it, what all stages share included."""

    name: str
    config: Json

    @property
    def variables(self) -> dict[str, str]:
        """What its functions are told."""
        variables: dict[str, str] = self.config["environment_variables"]
        return variables

    @property
    def region(self) -> str:
        """The region that it names; "" when it goes to whichever is asked for."""
        return self.variables.get("EVERHOP_REGION", "")

    @property
    def group(self) -> str:
        """The deployment that it is one region of."""
        return self.variables.get("EVERHOP_STAGE", self.name)

    @property
    def is_deployed(self) -> bool:
        """Whether it is for AWS; else for `chalice local`."""
        return self.variables.get("EVERHOP_STORE") != "memory"


def read_stage(stage: str, root: Path = ROOT) -> Json:
    """What .chalice/config.json says of a stage and of all; CannotRun when it has none such."""
    config: Json = json.loads((root / ".chalice" / "config.json").read_text(encoding="utf-8"))
    stages = config.pop("stages")
    if stage not in stages:
        raise CannotRun(f"There is no stage {stage}; .chalice/config.json has {', '.join(stages)}.")
    shared = config.get("environment_variables", {})
    own = stages[stage].get("environment_variables", {})
    return {**config, **stages[stage], "environment_variables": {**shared, **own}}


def read_stages(root: Path = ROOT) -> list[Stage]:
    """Every stage; CannotRun when the file can't be read."""
    file = root / ".chalice" / "config.json"
    try:
        names = json.loads(file.read_text(encoding="utf-8"))["stages"]
        return [Stage(name, read_stage(name, root)) for name in names]
    except (OSError, ValueError, KeyError) as error:
        raise CannotRun(f".chalice/config.json can't be read: {error}") from None
