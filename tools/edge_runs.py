"""The steps of a group's edge: what its stacks take, what it hands to the regions, and its zip."""

import hashlib
import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from infra.edge_settings import EdgeSettingsError, make_settings
from tools.client import CannotRun
from tools.edge_parts import budget_of
from tools.edge_zips import digest_of, write_edge_zip
from tools.origin_secrets import draw_secret, keep_secrets, read_secrets
from tools.parts import HOME_OF_GLOBALS, Part
from tools.stacks import Stacks, Update
from tools.stage_apis import calling, is_found, make_client
from tools.stages import ROOT, Group


SECRETS, PUBLIC_URL = "EVERHOP_ORIGIN_SECRETS", "EVERHOP_PUBLIC_URL"
_FOLDER = "releases/edge/"  # where no function may read


class EdgeZip(NamedTuple):
    """The functions' zip, and where it belongs."""

    content: bytes
    told: Mapping[str, str]


class Edge:
    """The edge of a group during one run; `url_of` tells where a stage's API is, "" nowhere yet."""

    def __init__(self, group: Group, url_of: Callable[[str], str], *, is_on: bool) -> None:
        self._group, self._is_on, self._url_of = group, is_on, url_of
        said = [it.name for it in group.stages if it.environment.get(SECRETS)]
        if self._is_on and said:
            raise CannotRun(
                f"{said[0]} has {SECRETS} in .chalice/config.json: take it out, as a secret in a "
                f"tracked file is none. The deploy keeps one in AWS's parameter store."
            )

    def handed(self, stage: str) -> dict[str, str]:
        """Settings of a stage behind the edge; none before that stands, and sends the proof."""
        outputs = self.outputs if self._is_on else {}
        if "PublicUrl" not in outputs:
            return {}
        own = next(it.environment for it in self._group.stages if it.name == stage)
        said = {PUBLIC_URL: outputs["PublicUrl"], SECRETS: self.secrets}
        return {key: it for key, it in said.items() if it and key not in own}

    @property
    def outputs(self) -> dict[str, str]:
        """What the distribution's stack tells; nothing before there is one."""
        return Stacks(HOME_OF_GLOBALS).outputs(f"everhop-{self._group.name}-edge")

    @cached_property
    def secrets(self) -> str:
        """The secret, or the new and the old one; "" before there is any."""
        return read_secrets(self._group.name)

    def look_at_secret(self, _part: Part) -> Update:
        """Whether there is one."""
        drawn = ("drawn once, and never shown",)
        return Update(is_new=not self.secrets, changes=() if self.secrets else drawn)

    def make_secret(self, _part: Part) -> None:
        """Draw it."""
        keep_secrets(self._group.name, draw_secret())
        self.__dict__.pop("secrets", None)

    def filled(self, part: Part) -> tuple[Part, tuple[str, ...]]:
        """A part with what it takes, and lines about what nobody can tell yet."""
        taken = {key: self._told(source) for key, source in part.takes}
        known = {key: it for key, it in taken.items() if it}
        late = tuple(
            f"{key} = what {source.replace(':', ' will tell: ')}"
            for key, source in part.takes
            if not taken[key]
        )
        return replace(part, parameters=(*part.parameters, *known.items()), takes=()), late

    def upload(self, part: Part) -> None:
        """Have the zip where the stack of the functions looks for it."""
        zipped = self._zip
        if part.template != "edge/functions.yaml" or zipped is None:
            return
        client = make_client("s3", HOME_OF_GLOBALS)
        named = {"Bucket": zipped.told["bucket"], "Key": zipped.told["key"]}
        if not is_found(lambda: client.head_object(**named)):
            calling(lambda: client.put_object(**named, Body=zipped.content))

    def _told(self, source: str) -> str:
        where, _, name = source.partition(":")
        if where == "zip":
            return self._zip.told[name] if self._zip else ""
        if where == "api":
            return urlsplit(self._url_of(name)).hostname or ""
        return Stacks(HOME_OF_GLOBALS).outputs(where).get(name, "")

    @property
    def _bucket(self) -> str:
        outputs = Stacks(HOME_OF_GLOBALS).outputs(f"everhop-{self._group.name}-files")
        return outputs.get("BucketName", "")

    @property
    def _zip(self) -> EdgeZip | None:
        urls = {it.name: self._url_of(it.name) for it in self._group.stages}
        if not (self.secrets and self._bucket and all(urls.values())):
            return None
        return _build(self._group, self.secrets, tuple(urls.items()), self._bucket)

    def is_tried(self, release: str) -> bool:
        """Whether the edge as it stands has passed its test with this release."""
        bucket = self._bucket
        client = make_client("s3", HOME_OF_GLOBALS)
        named = {"Bucket": bucket, "Key": f"{_FOLDER}tried"}
        if not bucket or not is_found(lambda: client.head_object(**named)):
            return False
        body = calling(lambda: client.get_object(**named))["Body"]
        return bool(body.read().decode() == self._state(release))

    def note_tried(self, release: str) -> None:
        """Note that it has."""
        client = make_client("s3", HOME_OF_GLOBALS)
        named = {"Bucket": self._bucket, "Key": f"{_FOLDER}tried"}
        calling(lambda: client.put_object(**named, Body=self._state(release).encode()))

    def _state(self, release: str) -> str:
        name = f"everhop-{self._group.name}-edge"
        stack: Mapping[str, Any] = Stacks(HOME_OF_GLOBALS).read(name) or {}
        template = (ROOT / "infra" / "global" / "edge.yaml").read_text(encoding="utf-8")
        said = [release, template, sorted(map(str, stack.get("Parameters", [])))]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


_built: dict[object, EdgeZip] = {}


def _build(group: Group, secrets: str, urls: tuple[tuple[str, str], ...], bucket: str) -> EdgeZip:
    key = (group.name, secrets, urls, bucket)
    if key not in _built:
        _built[key] = _build_anew(group, secrets, dict(urls), bucket)
    return _built[key]


def _build_anew(group: Group, secrets: str, urls: Mapping[str, str], bucket: str) -> EdgeZip:
    by_region = {it.region or HOME_OF_GLOBALS: it for it in group.stages}
    try:
        settings = make_settings(
            {region: {**it.environment, SECRETS: secrets} for region, it in by_region.items()},
            {region: urls[it.name] for region, it in by_region.items()},
            budget_of(group),
        )
    except (EdgeSettingsError, ValueError) as error:
        raise CannotRun(f"The edge's zip can't be built: {error}") from None
    with TemporaryDirectory(prefix="everhop-") as folder:
        target = Path(folder, "edge.zip")
        write_edge_zip(settings, target)
        sha = digest_of(target)
        told = {"bucket": bucket, "key": f"{_FOLDER}{b64decode(sha).hex()[:24]}.zip", "sha": sha}
        return EdgeZip(target.read_bytes(), told)
