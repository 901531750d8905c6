"""What the work tree would deploy: the zip that Chalice makes, its files, routes and release."""

import base64
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from infra.caches import INTEGRATION
from infra.chalice_hooks import HANDED
from tools.client import CannotRun
from tools.stages import ROOT, Group


Json = dict[str, Any]
Routes = Mapping[
    str, frozenset[str]
]  # by "GET /path": the cache keys of it, in API Gateway's words
_LAST_LINES = 12


@dataclass(frozen=True, slots=True)
class Package:
    """What would be deployed to every stage of a group, under one name.

    `code` is as Lambda tells it, SHA-256 in base64; `files` are the zip's, each with its CRC-32.
    """

    release: str
    code: str
    zipped: bytes
    files: Mapping[str, int]
    routes: Routes


def build_package(group: Group, region: str) -> Package:
    """Have Chalice package the work tree, without asking AWS; a second time takes half a second."""
    with TemporaryDirectory(prefix="everhop-") as folder:
        run_chalice(["package", "--stage", group.stages[0].name, folder], region)
        template = json.loads(Path(folder, "sam.json").read_text(encoding="utf-8"))
        zip_file = Path(folder, "deployment.zip")
        zipped = zip_file.read_bytes()
        with ZipFile(zip_file) as opened:
            files = {it.filename: it.CRC for it in opened.infolist()}
    routes = read_routes(template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"])
    code = base64.b64encode(hashlib.sha256(zipped).digest()).decode()
    return Package(_name_release(group, code, routes), code, zipped, files, routes)


def read_routes(paths: Mapping[str, Json]) -> dict[str, frozenset[str]]:
    """The routes of a Swagger document, without API Gateway's own answers to OPTIONS."""
    return {
        f"{verb.upper()} {path}": frozenset(it.get(INTEGRATION, {}).get("cacheKeyParameters", []))
        for path, methods in paths.items()
        for verb, it in methods.items()
        if isinstance(it, dict) and verb.lower() in _VERBS
    }


_VERBS = frozenset("get head post put patch delete options".split())


def _name_release(group: Group, code: str, routes: Routes) -> str:
    """The same for the same code, routes, settings and rights, whoever deploys them and where."""
    content = {
        "code": code,
        "routes": {route: sorted(keys) for route, keys in routes.items()},
        "stages": {stage.name: stage.config for stage in group.stages},
        "policies": {stage.name: policy_of(stage.config) for stage in group.stages},
    }
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def policy_of(config: Mapping[str, Any]) -> Json:
    """What a stage's functions may do, as its IAM policy says."""
    file = ROOT / ".chalice" / str(config["iam_policy_file"])
    policy: Json = json.loads(file.read_text(encoding="utf-8"))
    return policy


def run_chalice(words: Sequence[str], region: str, handed: Json | None = None) -> None:
    """Run a command of Chalice in a region; CannotRun with its last words when it fails.

    All that it says is kept in .chalice/deployments/, which is not tracked.
    """
    log = ROOT / ".chalice" / "deployments" / f"{words[0]}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    environ = {**os.environ, "AWS_DEFAULT_REGION": region, "AWS_REGION": region}
    environ[HANDED] = json.dumps(handed or {})
    with log.open("wb") as kept:
        done = subprocess.run(
            [_chalice(), *words],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=kept,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        lines = log.read_text("utf-8", "replace").strip().splitlines()[-_LAST_LINES:]
        said = "\n".join(f"  | {line}" for line in lines)
        raise CannotRun(
            f"`chalice {words[0]}` failed, and says (all of it is in {log.relative_to(ROOT)}):\n"
            f"{said}"
        )


def _chalice() -> str:
    beside = Path(sys.executable).with_name("chalice")
    if not beside.exists():
        raise CannotRun(f"There is no Chalice beside {sys.executable}: run `make install`.")
    return str(beside)


def git_commit() -> str:
    """The commit that is checked out, with a + when the work tree has more; "" without git."""
    asked = ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
