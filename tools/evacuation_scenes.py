"""What an evacuation acts on: a region on AWS, or one of the stack on this machine."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from chalicelib.config import ConfigError
from local.controls import STATUS, Channel, ControlError, ask, command, find_channel
from local.fences import FENCE
from local.settings import read_settings
from local.templates import stage_environment
from tools.absences import RegionTables, Timing
from tools.client import CannotRun
from tools.deploys import find_target
from tools.evacuations import LOCAL, Scene
from tools.fences import Fence
from tools.live_apps import read_note
from tools.stages import Stage


_TRIES, _WITHIN = 2, 2.0  # seconds: all of an evacuation is to take a minute
_FAULT = 500


def answer_of(url: str) -> str:
    """What an API says when it is asked for its health; "" when it is as good as gone."""
    for _ in range(_TRIES):
        status = _status_of(f"{url.rstrip('/')}/v1/health")
        # Also a refusal is an answer: a region that asks for the edge's proof is alive.
        if 0 < status < _FAULT:
            return f"{status} from {url}"
    return ""


def _status_of(url: str) -> int:
    try:
        with urlopen(url, timeout=_WITHIN) as answer:  # noqa: S310 - the API's own
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code
    except (URLError, OSError, HTTPException, ValueError):
        return 0


@dataclass(frozen=True, slots=True)
class OnAws:
    """A region of a deployment on AWS."""

    stage: Stage
    url: str

    @property
    def answers(self) -> str:
        """As Region has it. Where its API is, this machine or the operator must know."""
        if not self.url:
            raise CannotRun(
                f"Nothing here says where the API of {self.stage.name} is: say --url URL, so that "
                "it can be asked whether it is alive."
            )
        return answer_of(self.url)

    def fence(self) -> str:
        """As Region has it."""
        return f"Fenced off: {', '.join(Fence(self.stage).raise_it())}."

    def unfence(self) -> str:
        """As Region has it."""
        Fence(self.stage).lift()
        return f"The functions of {self.stage.name} may write again."


def find_on_aws(region: str, name: str, url: str) -> Scene:
    """The stages of a group; CannotRun when there is no such group, or nobody to be."""
    target = find_target(name)
    if target.missing:
        raise CannotRun("\n".join(target.missing))
    group = target.group
    regions = tuple(it.region or target.home for it in group.stages)
    # One that is not there is refused by who asked for it.
    stage = next((it for it in group.stages if it.region == region), group.stages[0])
    known = url or _noted_url(stage.name)
    return Scene(
        group.name, regions, OnAws(stage, known), RegionTables(group.table, regions), Timing()
    )


def _noted_url(stage: str) -> str:
    parts = {it["name"]: it for it in read_note(stage).get("resources", [])}
    return str(parts.get("rest_api", {}).get("rest_api_url", ""))


@dataclass(frozen=True, slots=True)
class OnThisMachine:
    """A region of the stack that runs here; `databases` are those of all regions."""

    name: str
    url: str
    token: str
    databases: Mapping[str, str]

    @property
    def answers(self) -> str:
        """As Region has it."""
        return answer_of(self.url)

    def fence(self) -> str:
        """As IAM would: no region's database takes a write of the region's app."""
        self._tell(refused=True)
        return f"Fenced off: the app in {self.name}."

    def unfence(self) -> str:
        """As Region has it."""
        self._tell(refused=False)
        return f"The app in {self.name} may write again."

    def _tell(self, *, refused: bool) -> None:
        silent = []
        for region, url in self.databases.items():
            try:
                ask(Channel(url, self.token), FENCE, {"region": self.name, "refused": refused})
            except (ControlError, OSError, HTTPException):
                silent.append(region)
        # Its own may be as dead as it is; IAM would tell it when it is back.
        if [it for it in silent if it != self.name] or (silent and not refused):
            raise CannotRun(f"The database in {' and '.join(silent)} can't be told.")


def find_local(region: str) -> Scene:
    """The stack that has its data in EVERHOP_DATA, by its control channel, whatever its port is."""
    try:
        data = Path(read_settings(os.environ).data)
        token = find_channel(data).token
        status = command(data, STATUS)
    except (ConfigError, ControlError) as error:
        raise CannotRun(f"The stack on this machine can't be asked: {error}") from None
    regions = {it["name"]: it for it in status["regions"]}
    databases = {name: it["dynamodb_endpoint"] for name, it in regions.items()}
    # Not that of an app, which may be fenced off; and never the operator's real ones.
    os.environ |= {"AWS_ACCESS_KEY_ID": "operator", "AWS_SECRET_ACCESS_KEY": "local"}
    table = stage_environment(next(iter(regions)))["EVERHOP_TABLE"]
    url = regions.get(region, {}).get("api_url", "")
    one = OnThisMachine(region, url, token, databases)
    return Scene(LOCAL, tuple(regions), one, RegionTables(table, [*regions], databases), Timing())
