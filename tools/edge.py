"""`python -m tools edge build|secret|rotate`: the functions at CloudFront, and their secret."""

import argparse
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.caches import read_caches
from infra.edge.settings import Settings
from infra.edge_settings import EdgeSettingsError, make_settings
from infra.settings_files import SettingsFileError
from tools.client import CannotRun
from tools.edge_zips import MOST, digest_of, write_edge_zip
from tools.stages import ROOT, read_stage


HELP = "build the functions of the edge, or draw the secret that they prove themselves with"
SECRETS = "EVERHOP_ORIGIN_SECRETS"
_URL = re.compile(r"(?P<region>[a-z0-9-]+)=(?P<url>https?://[^\s/]+)(/.*)?")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What each of the two takes."""
    acts = command.add_subparsers(dest="act", metavar="ACT", required=True)
    about = "write the zip of the Lambda@Edge functions"
    build = acts.add_parser("build", help=about, description=about)
    build.add_argument("stage", help="what the stages are called together: their EVERHOP_STAGE")
    build.add_argument("--out", type=Path, metavar="FILE", help="where to (out/edge-STAGE.zip)")
    build.add_argument(
        "--origin",
        action="append",
        default=[],
        metavar="REGION=URL",
        help="a region's API; as `chalice deploy` or its stack has it, when it is not named",
    )
    about = f"draw a secret for {SECRETS}"
    acts.add_parser("secret", help=about, description=about)
    about = "change the secret that `tools deploy` keeps: a step before a deploy, one after it"
    change = acts.add_parser("rotate", help=about, description=about)
    change.add_argument("stage", help="what the stages are called together: their EVERHOP_STAGE")
    change.add_argument("--finish", action="store_true", help="the deploy is done: forget the old")


def run(options: argparse.Namespace) -> int:
    """Build, or draw; 2 with a sentence when it can't be done."""
    if options.act == "secret":
        from tools.origin_secrets import draw_secret  # noqa: PLC0415 - boto3

        print(draw_secret())
        return 0
    try:
        if options.act == "rotate":
            rotate(options)
            return 0
        build(options, os.environ)
    except (CannotRun, EdgeSettingsError, SettingsFileError, ValueError) as error:
        print(f"tools edge: {error}")
        return 2
    return 0


def build(options: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """Write the file, and say what it is called on AWS."""
    settings = settings_for(options.stage, options.origin, environ)
    target = options.out or Path("out", f"edge-{options.stage}.zip")
    write_edge_zip(settings, target)
    size = target.stat().st_size
    if size > MOST:
        raise CannotRun(f"{target} has {size} bytes, and CloudFront takes {MOST}.")
    print(f"{target}: {size} bytes\nCodeSha256: {digest_of(target)}")


def rotate(options: argparse.Namespace) -> None:
    """Keep the new secret before the old one, or at last alone."""
    from tools.origin_secrets import begin_change, end_change  # noqa: PLC0415 - boto3

    name = options.stage
    stages_of(name)
    if options.finish:
        end_change(name)
        print(f"The old secret ends with: python -m tools deploy {name}")
        return
    begin_change(name)
    print(f"Both are good, and the edge says the new one, after: python -m tools deploy {name}")
    print(f"And then: python -m tools edge rotate {name} --finish")


def settings_for(
    name: str, origins: Sequence[str], environ: Mapping[str, str], root: Path = ROOT
) -> Settings:
    """The settings of all stages with this EVERHOP_STAGE; `environ` may have the secrets."""
    stages = stages_of(name, root)
    own = {SECRETS: environ[SECRETS]} if environ.get(SECRETS) else {}
    given = _read_origins(origins)
    caches = read_caches()
    return make_settings(
        {region: {**environment, **own} for region, (_, environment) in stages.items()},
        {region: given.get(region) or _find_url(stage) for region, (stage, _) in stages.items()},
        min(caches[stage].budget for stage, _ in stages.values()),
    )


def stages_of(name: str, root: Path = ROOT) -> dict[str, tuple[str, dict[str, str]]]:
    """The stages of .chalice/config.json with this EVERHOP_STAGE and a region, by region."""
    config = json.loads((root / ".chalice" / "config.json").read_text(encoding="utf-8"))
    found = {}
    for stage in config["stages"]:
        environment: dict[str, str] = read_stage(stage, root)["environment_variables"]
        region = environment.get("EVERHOP_REGION")
        if environment.get("EVERHOP_STAGE") == name and region:
            found[region] = (stage, environment)
    if not found:
        raise CannotRun(f"No stage of .chalice/config.json is of {name}, and for a region.")
    return found


def _read_origins(given: Sequence[str]) -> dict[str, str]:
    matches = {one: _URL.fullmatch(one) for one in given}
    for one, match in matches.items():
        if match is None:
            raise CannotRun(
                f"--origin is {one!r}, but it must be like eu-west-1=https://abc.example"
            )
    return {match["region"]: match["url"] for match in matches.values() if match}


def _find_url(stage: str) -> str:
    from tools.stage_apis import find_place  # noqa: PLC0415 - boto3, when AWS has to be asked

    place = find_place(stage)
    return f"https://{place.rest_api_id}.execute-api.{place.region}.amazonaws.com"
