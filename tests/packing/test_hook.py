"""Chalice's packager hands out our zip, and keeps its own beside it."""

from pathlib import Path
from typing import Any

import pytest
from chalice.deploy import packager
from chalice.utils import UI, OSUtils

from packing import hook


class OneZip:
    """Stands for Chalice's dependency builder: nothing is installed."""

    def build_site_packages(self, *given: Any) -> None:
        """Leave the folder as it is."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".chalice").mkdir()
    (tmp_path / "app.py").write_text("X = 1\n")
    (tmp_path / "requirements.txt").write_text("")
    return tmp_path


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Chalice's real packager under our hook, which counts what is packed."""
    monkeypatch.setattr(
        packager.LambdaDeploymentPackager,
        "create_deployment_package",
        getattr(
            packager.LambdaDeploymentPackager.create_deployment_package,
            "__wrapped__",
            packager.LambdaDeploymentPackager.create_deployment_package,
        ),
    )
    calls: list[Path] = []

    def count(source: Path, target: Path) -> None:
        calls.append(source)
        target.write_bytes(b"packed " + source.name.encode())

    monkeypatch.setattr(hook, "pack", count)
    hook.install()
    hook.install()

    def run(project: Path) -> Path:
        builder: Any = OneZip()
        chalice = packager.LambdaDeploymentPackager(OSUtils(), builder, UI())
        return Path(chalice.create_deployment_package(str(project), "python3.11"))

    run.calls = calls  # type: ignore[attr-defined]
    return run


def test_packed_once_for_the_same_code(make: Any, project: Path) -> None:
    """Installing twice wraps once; code that is as before is not packed again."""
    first, second = make(project), make(project)

    assert first == second
    assert first.read_bytes().startswith(b"packed ")
    assert len(make.calls) == 1
    assert make.calls[0].is_file()
    assert make.calls[0].parent == first.parent


def test_packed_anew_for_other_code(make: Any, project: Path) -> None:
    """A change of the app is never answered with the zip of before."""
    first = make(project)
    (project / "app.py").write_text("X = 2\n")

    assert make(project) != first
    assert len(make.calls) == 2


def test_packed_anew_by_other_packing(
    make: Any, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new version of this room does not hand out what the old one packed."""
    first = make(project)
    elsewhere = tmp_path / "packing"
    elsewhere.mkdir()
    (elsewhere / "hook.py").write_text("other")
    monkeypatch.setattr(hook, "__file__", str(elsewhere / "hook.py"))

    assert make(project) != first
    assert len(make.calls) == 2
