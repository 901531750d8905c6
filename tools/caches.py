"""`python -m tools cache apply|status|flush|resize STAGE`: the API cache of a deployed stage.

Exit status: 0 as it should be, 1 it is not (status), or must not be (apply), 2 it could not ask.
"""

import argparse
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from infra.caches import (
    CACHES,
    SIZES,
    TOLD,
    MethodCache,
    StageCache,
    declared_policies,
    method_caches,
    read_caches,
)
from infra.settings_files import SettingsFileError
from tools.cache_plans import Change, is_caching, plan_changes, plan_stop, unsafe_reasons
from tools.client import CannotRun
from tools.import_reports import tell
from tools.stages import read_stage


if TYPE_CHECKING:
    from tools.stage_apis import StageApi


HELP = "turn a stage's API cache on or off, look at it, flush it, resize it"
_DONE, _REFUSED, _COULD_NOT_ASK = 0, 1, 2
_MOST_WAIT = 900.0  # seconds: a cache takes about four minutes to be made
_SAID_EVERY = 15.0


class Refused(Exception):
    """What is deployed must not be cached; the text says why, and what to do."""


class Wanted(NamedTuple):
    """What a stage's cache should be."""

    stage: str
    cache: StageCache
    methods: list[MethodCache]


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What each of the four takes."""
    acts = command.add_subparsers(dest="act", metavar="ACT", required=True)
    for name, about in _ABOUT.items():
        act = acts.add_parser(name, help=about, description=about)
        act.add_argument("stage", help="a stage of .chalice/config.json")
        if name == "resize":
            act.add_argument("size", help=f"GB: {', '.join(SIZES)}")
        if name != "status":
            act.add_argument("--yes", action="store_true", help="do not ask")


_ABOUT = {
    "apply": "make the stage's cache what infra/regional/caches.toml says; after every deploy",
    "status": "what the stage's cache is, and whether that is what it should be",
    "flush": "have the stage's cache forget everything (minutes, and the app answers all)",
    "resize": "write another size into infra/regional/caches.toml, and apply it",
}


def run(options: argparse.Namespace) -> int:
    """Do it; the exit status."""
    try:
        return _ACTS[options.act](options)
    except (CannotRun, SettingsFileError) as error:
        tell(str(error))
        return _COULD_NOT_ASK
    except Refused as error:
        tell(str(error))
        return _REFUSED


def _wanted(stage: str) -> Wanted:
    read_stage(stage)
    caches = read_caches()
    if stage not in caches:
        raise CannotRun(f"infra/regional/{CACHES.name} has no [{stage}]: add it, enabled or not.")
    return Wanted(stage, caches[stage], method_caches(declared_policies(), caches[stage]))


def _api_of(wanted: Wanted) -> "StageApi":
    # Imported here, as boto3 would make every other command wait.
    from tools.stage_apis import StageApi, find_place  # noqa: PLC0415

    return StageApi(find_place(wanted.stage))


def _apply(options: argparse.Namespace) -> int:
    return make_so(_wanted(options.stage), yes=options.yes)


def make_so(wanted: Wanted, *, yes: bool) -> int:
    """Make the stage's cache what is wanted, after asking; the exit status. Refused raises."""
    api = _api_of(wanted)
    _say_where(wanted, api)
    _wait(api)
    if wanted.cache.enabled:
        _check(api, wanted)
    changes = plan_changes(api.read(), wanted.cache, wanted.methods)
    if not changes:
        print("Nothing to do: it is as it should be.")
        return _DONE
    _say_changes(changes)
    _say_cost(wanted.cache)
    confirm(yes=yes)
    api.patch([change.operation for change in changes])
    _wait(api)
    return _check_result(api, wanted)


def _check(api: "StageApi", wanted: Wanted) -> None:
    reasons = unsafe_reasons(wanted.methods, api.keys(), api.environment())
    if not reasons:
        return
    stopped = ""
    stage = api.read()
    if is_caching(stage):
        api.patch([change.operation for change in plan_stop(stage)])
        api.flush()
        stopped = " It was on: no request is answered from it any more, and it was flushed."
    raise Refused(
        f"The cache must not be on: {'; '.join(reasons)}.{stopped}\n"
        f"To mend it: see that .chalice/config.json has {TOLD} on for {wanted.stage}, deploy that "
        f"stage from this work tree, and apply once more."
    )


def _check_result(api: "StageApi", wanted: Wanted) -> int:
    left = plan_changes(api.read(), wanted.cache, wanted.methods)
    if left:
        print("AWS took it, but these are not so yet:")
        _say_changes(left)
        return _REFUSED
    print("Done.")
    return _DONE


def _status(options: argparse.Namespace) -> int:
    wanted = _wanted(options.stage)
    api = _api_of(wanted)
    stage = api.read()
    on = bool(stage.get("cacheClusterEnabled"))
    size = str(stage.get("cacheClusterSize", ""))
    _say_where(wanted, api)
    print(f"  the cache is {'on' if on else 'off'} ({stage.get('cacheClusterStatus', 'none')})")
    if on:
        _say_cost(StageCache(enabled=True, size=size if size in SIZES else wanted.cache.size))
    reasons = unsafe_reasons(wanted.methods, api.keys(), api.environment())
    wrong = reasons if wanted.cache.enabled or is_caching(stage) else []
    for reason in wrong:
        print(f"  wrong: {reason}")
    changes = plan_changes(stage, wanted.cache, wanted.methods)
    if changes:
        print("To be changed by apply:")
        _say_changes(changes)
    return _REFUSED if wrong or changes else _DONE


def _flush(options: argparse.Namespace) -> int:
    wanted = _wanted(options.stage)
    api = _api_of(wanted)
    _say_where(wanted, api)
    if not api.read().get("cacheClusterEnabled"):
        print("Nothing to do: there is no cache.")
        return _DONE
    print("  all that it keeps is forgotten; the app then answers everything until it is warm")
    confirm(yes=options.yes)
    api.flush()
    _wait(api)
    print("Done.")
    return _DONE


def _resize(options: argparse.Namespace) -> int:
    wanted = _wanted(options.stage)
    if options.size not in SIZES:
        raise CannotRun(f"There is no size {options.size}; API Gateway has {', '.join(SIZES)} GB.")
    if not wanted.cache.enabled:
        raise CannotRun(f"[{options.stage}] is not enabled, so there is nothing to resize.")
    resized = wanted._replace(cache=replace(wanted.cache, size=options.size))
    status = make_so(resized, yes=options.yes)
    if status == _DONE and resized != wanted:
        CACHES.write_text(with_size(CACHES.read_text("utf-8"), options.stage, options.size))
        print(
            f"infra/regional/{CACHES.name} says {options.size} for {options.stage} now: commit it."
        )
    return status


def with_size(text: str, stage: str, size: str) -> str:
    """The settings' text with another size for a stage; all else, comments too, stays."""
    before, header, rest = text.partition(f"[{stage}]\n")
    section, bracket, after = rest.partition("\n[")
    line = f'size = "{size}"'
    resized, found = re.subn(r'^size *= *"?[\d.]+"?', line, section, count=1, flags=re.MULTILINE)
    return before + header + (resized if found else f"{line}\n{section}") + bracket + after


def _say_where(wanted: Wanted, api: "StageApi") -> None:
    place = api.place
    print(f"{wanted.stage}: REST API {place.rest_api_id}, stage {place.api_stage}, {place.region}")


def _say_changes(changes: Sequence[Change]) -> None:
    said: dict[str, list[str]] = {}
    for change in changes:
        said.setdefault(change.subject, []).append(change.about)
    for subject, abouts in said.items():
        print(f"  {subject}: {', '.join(abouts)}")


def _say_cost(cache: StageCache) -> None:
    if cache.enabled:
        hourly = f"{cache.hourly_cost:.3f}".rstrip("0")
        print(
            f"  about {cache.monthly_cost:,.2f} USD a month for {cache.size} GB, used or not "
            f"({hourly} an hour; us-east-1's list price)"
        )
    else:
        print("  0 USD a month")


def confirm(*, yes: bool) -> None:
    """Ask, unless that was said already; CannotRun when the answer is no, or nobody is there."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise CannotRun("Nothing was changed: there is nobody to ask; say --yes.")
    if input("Do this? [y/N] ").strip().lower() not in ("y", "yes"):
        raise CannotRun("Nothing was changed.")


def _wait(api: "StageApi") -> None:
    """Until the cache is neither made, flushed nor deleted, and say every while that it is."""
    started, pause, said = time.monotonic(), 0.5, -_SAID_EVERY
    while (status := str(api.read().get("cacheClusterStatus", ""))).endswith("_IN_PROGRESS"):
        waited = time.monotonic() - started
        if waited > _MOST_WAIT:
            raise CannotRun(f"It is {status} for {waited:.0f} s now; look again with `status`.")
        if waited - said >= _SAID_EVERY:
            print(f"  {status}, {waited:.0f} s; this can take some minutes", flush=True)
            said = waited
        time.sleep(pause)
        pause = min(pause * 2, 8)


_ACTS = {"apply": _apply, "status": _status, "flush": _flush, "resize": _resize}
