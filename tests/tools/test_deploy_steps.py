"""What a plan says of an app that is to be told more by stacks which are not made yet."""

from types import SimpleNamespace
from typing import Any

import pytest

from infra.caches import read_caches
from tools import deploy_runs
from tools.deploy_parts import parts_for
from tools.deploy_runs import Deployment
from tools.stages import find_group


class SomeStacks:
    """An account that has every stack but these."""

    lacking: tuple[str, ...] = ("everhop-prod-network", "everhop-prod-dax")

    def __init__(self, region: str) -> None:
        self.region = region

    def read(self, name: str) -> dict[str, Any] | None:
        return None if name in self.lacking else {"StackName": name}

    def outputs(self, name: str) -> dict[str, str]:
        del name
        return {}


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """One whose app is as the package would make it, and was tried out as such."""
    group, stages = find_group("prod")
    caches = read_caches()
    package: Any = SimpleNamespace(release="r1", code="c", routes=(), files={})
    cache = {"enabled": True}
    app = SimpleNamespace(state=lambda _: None, release=lambda: "r1", url="")
    monkeypatch.setattr(deploy_runs, "Stacks", SomeStacks)
    monkeypatch.setattr(deploy_runs, "find_app", lambda *_: app)
    monkeypatch.setattr(deploy_runs, "adopt_note", lambda *_: None)
    monkeypatch.setattr(deploy_runs, "changes_of", lambda *_: [])
    monkeypatch.setattr(deploy_runs, "asdict", lambda _: cache)
    record = SimpleNamespace(name="r1", cache=cache)
    monkeypatch.setattr(Deployment, "_record", lambda *_: record)
    monkeypatch.setattr(Deployment, "_known_hash", lambda _: "h")
    monkeypatch.setattr(Deployment, "_handed", lambda *_: {})
    trial: Any = SimpleNamespace(urls={}, patience=0)
    return Deployment(group, parts_for(group, stages, "us-east-1"), package, caches, trial)


def test_an_app_waits_for_what_stacks_will_tell(deployment: Deployment) -> None:
    """With DAX newly on, the app changes and is tried out, in that region and after it was made."""
    ours = [it for it in deployment.parts if it.stage == "prod-us-east-1"]
    network, dax = (next(it for it in ours if it.name == name) for name in ("network", "dax"))
    app, smoke = (next(it for it in ours if it.kind == kind) for kind in ("app", "smoke"))
    other = next(it for it in deployment.parts if it.kind == "app" and it.stage != app.stage)
    assert deployment.look(app).changes == deployment.look(smoke).changes == ()

    deployment._changing |= {network, dax}
    assert deployment.look(app).changes == ("settings: what network and dax will tell it",)
    assert deployment.look(smoke).changes
    assert deployment.look(other).changes == ()

    deployment._acts["app"] = lambda _: None
    deployment._changing -= {network, dax}
    deployment.make(app)
    assert deployment.look(app).changes == ()
    assert deployment.look(smoke).changes, "what was made in this run is tried out"


def test_a_stack_that_only_changes_tells_what_it_did(deployment: Deployment) -> None:
    """Its outputs are there, so the app's own comparison is the plan."""
    files = next(it for it in deployment.parts if it.name == "files")
    app = next(it for it in deployment.parts if it.kind == "app" and it.stage == files.stage)
    deployment._changing.add(files)

    assert deployment.look(app).changes == ()
