"""Every CloudFormation template is one that CloudFormation would take."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml


ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "infra").rglob("*.yaml"))
NAMES = [path.relative_to(ROOT / "infra").with_suffix("").as_posix() for path in TEMPLATES]


def load(path: Path) -> dict[str, Any]:
    """The template, read without any knowledge of CloudFormation's tags."""
    template: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return template


def test_cfn_lint_finds_nothing() -> None:
    """cfn-lint has nothing to say, not even as information, and no rule is ignored."""
    cfn_lint = Path(sys.executable).with_name("cfn-lint")
    command: list[str | Path] = [cfn_lint, "--include-checks", "I", "--", *TEMPLATES]
    lint = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (lint.returncode, lint.stdout + lint.stderr) == (0, "")


@pytest.mark.parametrize(("path", "name"), list(zip(TEMPLATES, NAMES, strict=True)), ids=NAMES)
def test_outputs_name_the_template(path: Path, name: str) -> None:
    """A stack tells which template it came from and what it is called."""
    outputs = load(path)["Outputs"]

    assert f"everhop/{name}" == outputs["TemplateId"]["Value"]
    assert outputs["StackName"]["Value"] == {"Ref": "AWS::StackName"}


@pytest.mark.parametrize("path", TEMPLATES, ids=NAMES)
def test_what_keeps_data_outlives_its_stack(path: Path) -> None:
    """Tables and buckets stay when their stack is deleted or their type is replaced."""
    for name, resource in load(path)["Resources"].items():
        if resource["Type"].startswith(("AWS::DynamoDB::", "AWS::S3::Bucket")):
            assert resource.get("DeletionPolicy") == "Retain", name
            assert resource.get("UpdateReplacePolicy") == "Retain", name
