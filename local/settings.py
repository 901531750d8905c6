"""The settings of the local stack, read from the environment once and checked before it starts."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chalicelib.config import SETTINGS, ConfigError
from infra.region_places import PLACES


ROOT = Path(__file__).resolve().parent.parent
# name -> (default, what it is for); chalicelib.config has those of the app itself.
LOCAL_SETTINGS: Mapping[str, tuple[str, str]] = {
    "EVERHOP_PORT": ("8080", "The port of the dashboard, the API and the redirects."),
    "EVERHOP_REGIONS": ("us-east-1,eu-west-1", "The regions that run here."),
    "EVERHOP_API_KEY": ("", "The API key; drawn once and kept with the data when unset."),
    "EVERHOP_DATA": (".everhop", "The folder that links are kept in."),
    "EVERHOP_EDGE": ("on", "Whether an edge with its cache stands in front (on, off)."),
    "EVERHOP_ACCESS_LOG": ("on", "Whether each request is printed (on, off)."),
}
# Read by the app, but the stack decides them itself.
_DERIVED = frozenset(
    f"EVERHOP_{name}"
    for name in "STORE TABLE REGION API_KEY_HASH STAGE BUCKET WORKER ORIGIN_SECRETS "
    "TABLE_ENDPOINTS STREAM API_URL DISTRIBUTION".split()
)
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d", re.ASCII)
_KEY = re.compile(r"[\x21-\x7e]{8,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Settings:
    """What to run, where, and with which key."""

    port: int
    regions: tuple[str, ...]
    given_key: str
    data: Path
    access_log: bool
    edge: bool = False

    @property
    def first(self) -> str:
        """The region that is next to the door at `port`."""
        return self.regions[0]

    @property
    def url(self) -> str:
        """Where people find the stack."""
        return f"http://127.0.0.1:{self.port}"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings; ConfigError names the variable that can't be used and says what would do."""
    values = {
        name: environ.get(name, default).strip() or default
        for name, (default, _) in LOCAL_SETTINGS.items()
    }
    return Settings(
        port=_port(values["EVERHOP_PORT"]),
        regions=_regions(values["EVERHOP_REGIONS"]),
        given_key=_key(values["EVERHOP_API_KEY"]),
        data=_folder(values["EVERHOP_DATA"]),
        access_log=_switch("EVERHOP_ACCESS_LOG", values),
        edge=_switch("EVERHOP_EDGE", values),
    )


def _port(text: str) -> int:
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or not 1 <= int(text) <= 65535:
        raise ConfigError(f"EVERHOP_PORT is {text!r}, but it must be a number from 1 to 65535.")
    return int(text)


def _folder(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise ConfigError(f"EVERHOP_DATA is {text!r}, but there is no such home folder.") from None


def _regions(text: str) -> tuple[str, ...]:
    regions = tuple(region.strip() for region in text.split(","))
    for region in regions:
        if not _REGION.fullmatch(region):
            raise ConfigError(
                f"EVERHOP_REGIONS has {region!r}, but regions look like us-east-1,eu-west-1."
            )
        if regions.count(region) > 1:
            raise ConfigError(f"EVERHOP_REGIONS has {region} twice.")
        if region not in PLACES:
            raise ConfigError(
                f"EVERHOP_REGIONS has {region}, and nobody knows where that is: "
                "add it to infra/region_places.py."
            )
    return regions


def _key(text: str) -> str:
    if text and not _KEY.fullmatch(text):
        raise ConfigError("EVERHOP_API_KEY must be 8 to 200 visible ASCII characters, no spaces.")
    return text


def _switch(name: str, values: Mapping[str, str]) -> bool:
    if values[name] not in ("on", "off"):
        raise ConfigError(f"{name} is {values[name]!r}, but it must be 'on' or 'off'.")
    return values[name] == "on"


def notes(environ: Mapping[str, str]) -> list[str]:
    """What a person would want to know of their settings before the stack starts."""
    known = sorted({*LOCAL_SETTINGS, *SETTINGS} - _DERIVED)
    return [
        _unknown(name, known)
        for name in sorted(environ)
        if name.startswith("EVERHOP_") and name not in known and name not in _DERIVED
    ]


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"{name} is not a setting of Everhop and is ignored.{hint}"
