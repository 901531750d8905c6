"""Runs of schemathesis over the whole document, by either of two workspaces."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import ROOT, RunningStack


# What of its owner may never come back to others: not in a destination or a title, which anybody
# may see who follows the link or looks at its preview.
MARKER = "only-for-the-owner"
# The document's own example, so that the other workspace asks for it again and again.
SLUG = "spring-sale"
ALL_PHASES = "--phases=examples,coverage,fuzzing,stateful"
CONFIG = """
hooks = "tests.fuzz.hooks"
continue-on-failure = true

[auth.wfc]
path = "{auth}"
user = "{user}"
{peers}

[checks.positive_data_acceptance]
# 410, 412 and 422 are judged one by one by refused_for_a_reason.
expected-statuses = ["2xx", "3xx", "401", "403", "404", "405", "409", "410", "412", "422", "429"]

[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx"]

[reports.ndjson]
path = "{report}"
"""


@dataclass(frozen=True)
class Workspace:
    """One of two workspaces and its key, which may do everything there."""

    name: str
    key: str
    key_id: str


def make_workspace(stack: RunningStack, name: str) -> Workspace:
    """A workspace with a key of all scopes, made by the operator."""
    body = {"name": name, "workspace": name, "scopes": ["read", "write", "admin"]}
    made = stack.api("POST", "/keys", body)
    assert made.status == 201, made.body
    return Workspace(name, made.json["key"], made.json["id"])


def ask(stack: RunningStack, workspace: Workspace, method: str, path: str, body: Any = None) -> Any:
    """What a workspace is answered."""
    bearer = {"Authorization": f"Bearer {workspace.key}"}
    return stack.ask(method, f"/api/v1{path}", body, **bearer)


def plant(stack: RunningStack, owner: Workspace) -> Any:
    """Give a workspace a link and an API key that bear the marker; the link as it is read."""
    link = {
        "slug": SLUG,
        "destination": "https://example.com/",
        "notes": MARKER,
        "tags": [MARKER],
    }
    assert ask(stack, owner, "POST", "/links", link).status == 201
    key = ask(stack, owner, "POST", "/keys", {"name": MARKER})
    assert key.status == 201
    return ask(stack, owner, "GET", f"/links/{SLUG}").json


def run(
    stack: RunningStack, folder: Path, known: Sequence[Workspace], *more: str, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run schemathesis as the first workspace it knows; all it reads, it reads as the others too."""
    user, *peers = known
    auth = {
        "auth": [
            {
                "name": one.name,
                "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {one.key}"}],
            }
            for one in known
        ]
    }
    (folder / "auth.json").write_text(json.dumps(auth))
    config = folder / "schemathesis.toml"
    config.write_text(
        CONFIG.format(
            auth=folder / "auth.json",
            user=user.name,
            peers=f"peers = {json.dumps([one.name for one in known])}" if peers else "",
            report=report_of(folder),
        )
    )
    command = [
        Path(sys.executable).with_name("st"),
        "--config-file",
        config,
        "run",
        f"{stack.url}/api/v1/openapi.json",
        "--checks=all",
        "--warnings=off",
        *more,
    ]
    kept = " ".join(one.key_id for one in known)
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "EVERHOP_FUZZ_KEPT": kept}
    return subprocess.run(command, cwd=folder, env=environ, text=True, **options)


def report_of(folder: Path) -> Path:
    """Where a run records every request and answer."""
    return folder / "report.ndjson"


def answers(folder: Path) -> Iterator[tuple[str, int, bytes]]:
    """What was asked, and the status and the bytes that came back, of the run in this folder."""
    for line in report_of(folder).read_text().splitlines():
        event = json.loads(line).get("ScenarioFinished", {})
        for asked in event.get("recorder", {}).get("interactions", {}).values():
            answer = asked.get("response")
            if answer:
                request = asked["request"]
                head = json.dumps(answer["headers"]).encode()
                body = base64.b64decode((answer["content"] or {}).get("$base64", ""))
                yield f"{request['method']} {request['uri']}", answer["status_code"], head + body
