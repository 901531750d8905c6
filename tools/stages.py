"""The Chalice stages of this work tree, as .chalice/config.json has them."""

import json
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
