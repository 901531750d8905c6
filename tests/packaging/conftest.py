"""What `chalice package` makes of copies of this work tree, once for all tests of it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tests.conftest import ROOT


MERGE = Path("infra", "regional", "api.merge.json")
STAGES = ["dev", "prod-eu-west-1"]
STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/everhop-prod/stream/2026-11-23T12:00:00.000"
LOGS = "everhop-prod-logs-123456789012-eu-west-1"
DEAD_LOGS = "https://sqs.eu-west-1.amazonaws.com/123456789012/everhop-prod-dead-logs"
WARMED = "prod-eu-west-1"  # the one of them that keeps its edge warm


@dataclass(frozen=True)
class Package:
    """The two things that `chalice package` writes."""

    template: dict[str, Any]
    template_file: Path
    zip_file: Path
    unpacked_zip_file: Path  # what Chalice alone would have shipped

    @property
    def resources(self) -> dict[str, Any]:
        """The template's resources."""
        resources: dict[str, Any] = self.template["Resources"]
        return resources

    @property
    def names(self) -> set[str]:
        """The files in the zip."""
        with ZipFile(self.zip_file) as zipped:
            return set(zipped.namelist())


def offline() -> dict[str, str]:
    """What is set here, without anything of AWS, and with nowhere to find credentials."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def run(command: list[Any], folder: Path, environment: Mapping[str, str]) -> str:
    """The output of a command, which must succeed."""
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def chalice(folder: Path, *words: str) -> str:
    """The output of a Chalice command."""
    return run([Path(sys.executable).with_name("chalice"), *words], folder, offline())


def copy_work_tree(folder: Path) -> Path:
    """A clean copy of what git has or would take: Chalice packs whatever lies in chalicelib."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in filter(None, run(listing, ROOT, os.environ).split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def keep_warm(folder: Path, stage: str) -> None:
    """Have a stage want it, as its operator would."""
    file = folder / ".chalice" / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config["stages"][stage]["environment_variables"]["EVERHOP_KEEP_WARM"] = "10"
    file.write_text(json.dumps(config), encoding="utf-8")


def follow_stream(folder: Path, stage: str) -> None:
    """Have a stage follow its table's stream, as a deploy tells it."""
    file = folder / ".chalice" / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config["stages"][stage]["environment_variables"]["EVERHOP_STREAM"] = STREAM
    file.write_text(json.dumps(config), encoding="utf-8")


def count_clicks(folder: Path, stage: str) -> None:
    """Have a stage count clicks, as its operator would."""
    file = folder / ".chalice" / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    told = {"EVERHOP_LOGS": LOGS, "EVERHOP_DEAD_LOGS": DEAD_LOGS}
    config["stages"][stage]["environment_variables"] |= told
    file.write_text(json.dumps(config), encoding="utf-8")


def use(folder: Path) -> None:
    """Leave behind what using a work tree does: bytecode, also of a Python that is gone."""
    run([sys.executable, "-m", "compileall", "-q", "chalicelib", "app.py"], folder, os.environ)
    old = folder / "chalicelib" / "core" / "__pycache__" / "gone.cpython-310.pyc"
    old.write_bytes(b"old")
    (folder / "chalicelib" / "core" / "links.py").chmod(0o600)
    os.utime(folder / "chalicelib" / "core" / "slugs.py", (1e9, 1e9))


@pytest.fixture(scope="package")
def exports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A copy of the work tree for each stage; all but the first one have been used."""
    copies = {stage: copy_work_tree(tmp_path_factory.mktemp(stage)) for stage in STAGES}
    for stage in STAGES[1:]:
        use(copies[stage])
    keep_warm(copies[WARMED], WARMED)
    follow_stream(copies[WARMED], WARMED)
    count_clicks(copies[WARMED], WARMED)
    return copies


@pytest.fixture(scope="package", params=STAGES)
def stage(request: pytest.FixtureRequest) -> str:
    """A stage that is packaged."""
    name: str = request.param
    return name


@pytest.fixture(scope="package")
def export(exports: dict[str, Path], stage: str) -> Path:
    """The copy of the work tree that the stage is packaged in."""
    return exports[stage]


@pytest.fixture(scope="package")
def packages(
    exports: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Package]:
    """Every stage, packaged with the real command, no credentials, each in its own folder."""
    made: dict[str, Package] = {}
    for stage, export in exports.items():
        out = tmp_path_factory.mktemp(f"{stage}-out")
        chalice(export, "package", "--stage", stage, "--merge-template", str(MERGE), str(out))
        template = out / "sam.json"
        plain = [
            path
            for path in export.glob(".chalice/deployments/*.zip")
            if "-packed-" not in path.name
        ]
        (only,) = plain
        text = template.read_text(encoding="utf-8")
        made[stage] = Package(json.loads(text), template, out / "deployment.zip", only)
    return made


@pytest.fixture(scope="package")
def package(packages: dict[str, Package], stage: str) -> Package:
    """The stage's package."""
    return packages[stage]


@pytest.fixture(scope="package")
def unzipped(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip as Lambda lays it out."""
    folder = tmp_path_factory.mktemp("lambda")
    shutil.unpack_archive(package.zip_file, folder)
    return folder
