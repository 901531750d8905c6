"""What the doctor asks of this machine and this work tree: files, commands, disk, a port."""

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.config import SETTINGS, ConfigError, load
from infra.caches import read_caches
from infra.settings_files import SettingsFileError
from infra.timeouts import (
    CONNECTION_ATTEMPTS,
    CONNECTION_TIMEOUT,
    READ_TIMEOUT,
    Origin,
    table_call_for,
)
from local.children import listen
from local.settings import read_settings
from local.templates import load_template
from tools.checks.machines import Disk, Packer, Packing, Port
from tools.checks.timeouts import Edge, Waits
from tools.checks.work_trees import Caches, Policy, Settings
from tools.stages import ROOT, Stage, read_stages


Json = Mapping[str, Any]


def ask_packing(stages: Iterable[Stage]) -> Packing:
    """The `chalice` command that an operator's shell finds, else that of this environment."""
    # Not of a session, which would want to know whose credentials these are.
    from botocore.loaders import Loader  # noqa: PLC0415 - slow, and for this alone

    lambda_model = Loader().load_service_model("lambda", "service-2")
    pins = (ROOT / "requirements-local.txt").read_text("utf-8")
    pinned = re.search(r"^chalice==(\S+)", pins, re.MULTILINE)
    return Packing(
        packer=find_packer(),
        pinned=pinned[1] if pinned else "",
        runtimes=frozenset(lambda_model["shapes"]["Runtime"]["enum"]),
        with_dax=[stage.name for stage in stages if uses_dax(stage)],
    )


def uses_dax(stage: Stage) -> bool:
    """Whether the stage's settings name a DAX cluster."""
    return any(
        name.startswith("EVERHOP_DAX") and value not in ("", "off")
        for name, value in stage.environment.items()
    )


@cache
def find_packer() -> Packer | None:
    """What `chalice --version` says of itself; None where there is none to run."""
    command = shutil.which("chalice") or str(Path(sys.executable).with_name("chalice"))
    try:
        asked = [command, "--version"]
        ran = subprocess.run(asked, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = re.search(r"chalice ([\w.]+), python (\d+)\.(\d+)", ran.stdout)
    return Packer(command, said[1], (int(said[2]), int(said[3]))) if said else None


def ask_settings(stage: Stage) -> Settings:
    """What the app would say to the stage's settings."""
    try:
        load(stage.environment)
        refused = ""
    except ConfigError as error:
        refused = str(error).removesuffix(".")
    return Settings(stage, list(SETTINGS), refused)


def ask_caches(stages: Iterable[Stage]) -> Caches:
    """infra/regional/caches.toml, beside the stages that it should be about."""
    chosen, named = list(stages), [stage.name for stage in read_stages()]
    try:
        return Caches(chosen, read_caches(), named=named)
    except SettingsFileError as error:
        return Caches(chosen, {}, str(error), named)


def ask_policy(stage: Stage) -> Policy:
    """The stage's IAM policy."""
    document = None
    with suppress(OSError, ValueError, KeyError):
        document = json.loads((ROOT / ".chalice" / stage.config["iam_policy_file"]).read_text())
    return Policy(stage, document)


def ask_waits(stage: Stage) -> Waits:
    """The stage's timeouts, and that of the client that its functions wait for."""
    others = stage.config.get("lambda_functions", {}).items()
    api_for = stage.config.get("lambda_timeout", 60)  # Chalice's own default
    named = {name: int(it.get("lambda_timeout", api_for)) for name, it in others}
    return Waits(stage.name, int(api_for), named, table_call_for())


def ask_edge(stages: Iterable[Stage]) -> Edge:
    """The origins of all distributions in infra/."""
    paths = sorted((ROOT / "infra").glob("*/*.yaml"))
    templates = [load_template(f"{path.parent.name}/{path.name}") for path in paths]
    longest = max((ask_waits(stage).api_for for stage in stages), default=0)
    return Edge([origin for it in templates for origin in origins_of(it)], longest)


def origins_of(template: Json) -> Iterator[Origin]:
    """The origins of a template's distributions, with CloudFront's defaults where it has none."""
    defaults = {name: it.get("Default") for name, it in template.get("Parameters", {}).items()}

    def number(value: Any) -> int:
        return int(defaults[value["Ref"]] if isinstance(value, dict) else value)

    for resource in template.get("Resources", {}).values():
        if resource["Type"] == "AWS::CloudFront::Distribution":
            config = resource["Properties"]["DistributionConfig"]
            grouped = set(_members_of(config))
            for it in (one for said in config.get("Origins", []) for one in _branches_of(said)):
                custom = it.get("CustomOriginConfig")
                yield Origin(
                    str(it["Id"]),
                    number(it.get("ConnectionAttempts", CONNECTION_ATTEMPTS)),
                    number(it.get("ConnectionTimeout", CONNECTION_TIMEOUT)),
                    None
                    if custom is None
                    else number(custom.get("OriginReadTimeout", READ_TIMEOUT)),
                    has_next=it["Id"] in grouped,
                )


def _members_of(config: Json) -> Iterator[str]:
    """The origins beside which another is asked when they fail."""
    for groups in _branches_of(config.get("OriginGroups", {})):
        for group in groups.get("Items", []):
            yield from (it["OriginId"] for it in group["Members"]["Items"])


def _branches_of(value: Any) -> Iterator[Any]:
    """What a value may be, whatever a template's conditions say."""
    if "Fn::If" in value:
        for branch in value["Fn::If"][1:]:
            yield from _branches_of(branch)
    elif value != {"Ref": "AWS::NoValue"}:
        yield value


def ask_disk() -> Disk:
    """The disk of the local stack's data; ConfigError when its settings can't be used."""
    folder = read_settings(os.environ).data
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return Disk(folder, shutil.disk_usage(there).free)


def ask_port() -> Port:
    """The local stack's port; ConfigError when its settings can't be used."""
    number = read_settings(os.environ).port
    try:
        listen(number).close()
    except OSError:
        return Port(number, "everhop" if _is_everhop(number) else "another")
    return Port(number, "nobody")


def _is_everhop(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/_local/status")
        return "regions" in json.loads(connection.getresponse().read(1_000_000))
    except (OSError, http.client.HTTPException, ValueError, TypeError):
        return False
    finally:
        connection.close()
