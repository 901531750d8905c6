"""`python -m tools rollback STAGE`: put back the release before, or another, region by region.

Exit status: 0 done, 1 it is back but does not answer rightly, or must not be, 2 it could not ask.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from infra.caches import MethodCache, StageCache, read_method
from tools.caches import Refused, Wanted, confirm, make_so
from tools.client import CannotRun
from tools.deploy_parts import parts_for
from tools.deploy_reports import Progress
from tools.deploys import Target, add_smoke_arguments, find_target, guarded, read_trial
from tools.edge import SECRETS
from tools.import_reports import tell
from tools.parts import Part
from tools.smoke_tests import Trial, smoke_test
from tools.stages import Stage


if TYPE_CHECKING:
    from tools.live_apps import LiveApp
    from tools.releases import Noted, Release, Releases


HELP = "put back the release before: code, rights, settings, routes and cache, not the data"
_DONE = 0


class Site(NamedTuple):
    """A stage to put back: where it is, what is live in it, and its records, oldest first."""

    part: Part
    app: "LiveApp"
    releases: "Releases"
    history: "list[Noted]"
    live: str


class Step(NamedTuple):
    """What is put back where, and whether it is already so."""

    site: Site
    noted: "Noted"
    is_so: bool


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The stage, and to what."""
    command.add_argument("stage", help="a stage of .chalice/config.json, or their EVERHOP_STAGE")
    command.add_argument("--to", metavar="RELEASE", help="to this one, as --list shows it")
    command.add_argument("--list", action="store_true", help="only say which releases there are")
    command.add_argument("--yes", action="store_true", help="do not ask")
    add_smoke_arguments(command)


def run(options: argparse.Namespace) -> int:
    """Do it; the exit status."""
    return guarded(_roll_back, options)


def _roll_back(options: argparse.Namespace) -> int:
    target = find_target(options.stage)
    if target.missing:
        raise CannotRun("\n".join(target.missing))
    trial = read_trial(options)
    # The last region that was deployed is the first to be put back.
    sites = [_find_site(target, stage) for stage in reversed(target.stages)]
    if options.list:
        for site in sites:
            _say_history(site)
        return _DONE
    steps = _choose(sites, options.to)
    _say_steps(steps)
    if all(step.is_so for step in steps):
        print("Nothing to do: it is already so.")
        return _DONE
    confirm(yes=options.yes)
    _put_all_back(target, steps, trial)
    print("Rolled back. The next deploy brings the work tree's release again.")
    return _DONE


def _find_site(target: Target, stage: Stage) -> Site:
    from tools.live_apps import adopt_note, find_app  # noqa: PLC0415 - boto3, see find_target
    from tools.releases import Releases  # noqa: PLC0415
    from tools.stacks import Stacks  # noqa: PLC0415

    parts = parts_for(target.group, (stage,), target.home)
    files = next(it for it in parts if it.name == "files")
    bucket = Stacks(files.region).outputs(files.stack).get("BucketName")
    if not bucket:
        raise CannotRun(f"{stage.name} has no bucket, so no releases: it is not deployed.")
    releases = Releases(stage.name, files.region, bucket)
    adopt_note(stage.name, releases.newest())
    app = find_app(stage, files.region)
    if app is None:
        raise CannotRun(f"{stage.name} is not deployed: python -m tools deploy {stage.name}")
    part = next(it for it in parts if it.kind == "app")
    return Site(part, app, releases, releases.history(), app.release())


def _choose(sites: Sequence[Site], wanted: str | None) -> list[Step]:
    """The same release for all: where it is not said, the one before that of the first region.

    That region is deployed first, so what may have to be undone is there, if anywhere.
    """
    from tools.releases import previous_of  # noqa: PLC0415 - boto3, see find_target

    lead = sites[-1]
    before = previous_of(lead.history, lead.live)
    release = wanted or (before.release if before else "")
    if not release:
        raise CannotRun(
            f"{lead.part.stage} has no release before {lead.live or 'what is there'}, so there is "
            "nothing to put back."
        )
    return [_step(site, release) for site in sites]


def _step(site: Site, release: str) -> Step:
    found = [it for it in site.history if it.release == release]
    if not found:
        known = ", ".join(dict.fromkeys(it.release for it in site.history)) or "none"
        raise CannotRun(f"{site.part.stage} has no release {release}; there is {known}.")
    is_newest = site.history[-1].release == release
    return Step(site, found[-1], is_so=site.live == release and is_newest)


def _say_history(site: Site) -> None:
    print(f"{site.part.stage}:")
    for noted in reversed(site.history):
        mark = "  live" if noted.release == site.live else ""
        commit = site.releases.read(noted).commit or "no commit"
        print(f"  {noted.release}  {noted.at}  {commit}{mark}")


def _say_steps(steps: Sequence[Step]) -> None:
    print("Rollback, the last region first. Links, keys, stacks and their settings stay.")
    for site, noted, is_so in steps:
        what = "already so" if is_so else f"{site.live or 'unknown'} -> {noted.release}"
        print(f"  {site.part.stage:20} {what}  (deployed {noted.at})")


def _put_all_back(target: Target, steps: Sequence[Step], trial: Trial) -> None:
    progress = Progress()
    for site, noted, is_so in steps:
        if is_so:
            progress.tell(site.part, "already so")
            continue
        try:
            progress.tell(site.part, f"back to {noted.release}")
            url = trial.urls.get(site.part.stage, site.app.url)
            _put_back(site, noted, url, trial.patience)
            progress.tell(site.part, "done, and answers")
        except (CannotRun, Refused, KeyboardInterrupt):
            tell(f"Stopped at {site.part.wave}: regions after it are as they were.")
            tell(f"To go on: python -m tools rollback {target.name} --to {noted.release}")
            raise


def _put_back(site: Site, noted: "Noted", url: str, patience: float) -> None:
    from tools.releases import now_text  # noqa: PLC0415

    release = site.releases.read(noted)
    _stop_caching(site.app)
    site.app.put_back(release, site.releases.code_of(release))
    if make_so(wanted_cache(site.part.stage, release), yes=True):
        raise Refused(f"The cache of {site.part.stage} is not as it was: see above.")
    wrong = smoke_test(url, release.name, patience, site.app.api.environment().get(SECRETS, ""))
    if wrong:
        raise Refused("\n".join([f"The smoke test of {site.part.stage} failed:", *wrong]))
    site.releases.keep_again(replace(release, at=now_text()))


def _stop_caching(app: "LiveApp") -> None:
    """What a bad release had cached must not outlive it, nor meet other keys."""
    from tools.cache_plans import is_caching, plan_stop  # noqa: PLC0415

    stage = app.api.read()
    if is_caching(stage):
        app.api.patch([change.operation for change in plan_stop(stage)])
        app.api.flush()


def wanted_cache(stage: str, release: "Release") -> Wanted:
    """The cache of a stage as it was to be in a release."""
    return Wanted(stage, StageCache(**release.cache), list(map(_read_method, release.methods)))


def _read_method(noted: dict[str, Any]) -> MethodCache:
    return read_method(noted["path"], noted["keys"], noted["fresh_for"])
