"""`python -m tools publish STAGE`: the dashboard into its buckets, or a former state of it back.

Exit status: 0 done, 2 it could not be.
"""

import argparse
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from infra.site_builds import ENTRY, SITE, build_site, read_site
from infra.site_references import SiteError
from tools.caches import confirm
from tools.client import CannotRun
from tools.deploys import find_target, guarded
from tools.publication_records import (
    Noted,
    Publication,
    Published,
    live_of,
    paths_to_forget,
    publication_of,
)


if TYPE_CHECKING:
    from tools.site_buckets import SiteBucket


HELP = "put the dashboard into its buckets, under names that may be kept for good; or put it back"
_DONE = 0
_HOME_OF_EDGE = "us-east-1"


class Place(NamedTuple):
    """Where a group's dashboard is: its buckets, the first one's region first, and its edge.

    `distribution` is "" and `url` too where there is no edge yet.
    """

    group: str
    buckets: "tuple[SiteBucket, ...]"
    distribution: str
    url: str
    history: list[Noted]
    live: str


class Step(NamedTuple):
    """What a bucket lacks of a publication, in the order in which it is to have it."""

    bucket: "SiteBucket"
    lacking: tuple[list[Published], ...]

    @property
    def files(self) -> list[Published]:
        """All of it."""
        return [file for wave in self.lacking for file in wave]


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The stage, and what to do."""
    command.add_argument("stage", help="a stage of .chalice/config.json, or their EVERHOP_STAGE")
    act = command.add_mutually_exclusive_group()
    act.add_argument("--list", action="store_true", help="only say what was published when")
    act.add_argument(
        "--rollback",
        nargs="?",
        const="",
        metavar="ID",
        help="put back what was there before, or this one, as --list shows it",
    )
    command.add_argument(
        "--site", type=Path, default=SITE, metavar="FOLDER", help="other files than static_site"
    )
    command.add_argument("--plan", action="store_true", help="only say what would be done")
    command.add_argument("--yes", action="store_true", help="do not ask")


def run(options: argparse.Namespace) -> int:
    """Do it; the exit status."""
    return guarded(_publish, options)


def _publish(options: argparse.Namespace) -> int:
    # Built first: what can't be published needs no AWS to be told.
    built = _build(options.site) if options.rollback is None and not options.list else None
    place = _find_place(options.stage)
    if options.list:
        _say_history(place)
        return _DONE
    if built:
        new, body_of = _following(place, built[0]), built[1]
    else:
        new, body_of = _former(place, options.rollback), _finder(place)
    return _make_public(place, new, body_of, options)


def _build(folder: Path) -> tuple[Publication, Callable[[Published], bytes]]:
    try:
        site = build_site(read_site(folder))
    except SiteError as error:
        raise CannotRun(f"{folder} can't be published: {error}") from None
    bodies = {it.sha256: it.body for it in site.files}
    return publication_of(site, _now()), lambda file: bodies[file.sha256]


def _now() -> str:
    now = datetime.now(UTC)
    return f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03}Z"


def _find_place(name: str) -> Place:
    # Imported here, as boto3 would make every other command wait.
    from tools.site_buckets import SiteBucket  # noqa: PLC0415
    from tools.stacks import Stacks  # noqa: PLC0415

    target = find_target(name)
    if target.missing:
        raise CannotRun("\n".join(target.missing))
    group = target.group.name
    regions = list(dict.fromkeys(it.region or target.home for it in target.group.stages))
    stack = f"everhop-{group}-static"
    named = {it: Stacks(it).outputs(stack).get("BucketName") for it in regions}
    buckets = tuple(SiteBucket(region, it) for region, it in named.items() if it)
    if not buckets:
        raise CannotRun(
            f"There is no bucket for the dashboard: no stack {stack} in {', '.join(regions)}. "
            "docs/edge.md says how it is made."
        )
    for region in (it for it in regions if not named[it]):
        print(f"{region} has no bucket (no stack {stack}), so nothing goes there.")
    edge = Stacks(_HOME_OF_EDGE).outputs(f"everhop-{group}-edge")
    history = sorted({noted for it in buckets for noted in it.history()})
    entry = buckets[0].look(ENTRY)
    live = live_of(history, entry.sha256) if entry else ""
    return Place(group, buckets, edge.get("DistributionId", ""), edge.get("PublicUrl", ""),
                 history, live)  # fmt: skip


def _following(place: Place, built: Publication) -> Publication:
    """What was built, as what comes after what is there; its own record when it has the newest."""
    if not place.history:
        return built
    newest = place.history[-1]
    return _read(place, newest) if newest.id == built.id else replace(built, before=newest.key)


def _former(place: Place, wanted: str) -> Publication:
    """The publication to put back, as one that is made now."""
    found = [it for it in place.history if it.id == wanted] if wanted else _before(place)
    if not found:
        known = ", ".join(dict.fromkeys(it.id for it in place.history)) or "none"
        raise CannotRun(
            f"There is no publication {wanted}; there is {known}."
            if wanted
            else f"Nothing was published before {place.live or 'what is there'}; there is {known}."
        )
    return replace(_read(place, found[-1]), at=_now())


def _before(place: Place) -> list[Noted]:
    """What a rollback goes back to; from what was published halfway, to the newest record."""
    newest = place.history[-1:]
    if not newest or not place.live:
        return newest
    before = _read(place, newest[0]).before
    return [it for it in place.history if it.key == before]


def _read(place: Place, noted: Noted) -> Publication:
    holder = next(it for it in place.buckets if noted in it.history())
    return holder.read(noted)


def _finder(place: Place) -> Callable[[Published], bytes]:
    """What is in a file of a former publication, from whichever bucket still has it."""

    def find(file: Published) -> bytes:
        for bucket in place.buckets:
            body = bucket.get(file.source)
            if body is not None and hashlib.sha256(body).hexdigest() == file.sha256:
                return body
        raise CannotRun(f"{file.source} is in no bucket any more, so this can't be put back.")

    return find


def _say_history(place: Place) -> None:
    print(f"{place.group}: {', '.join(f's3://{it.name}' for it in place.buckets)}")
    for noted in reversed(place.history):
        is_live = noted == place.history[-1] and place.live
        print(f"  {noted.id}  {noted.at}  {ENTRY} {noted.entry}{'  live' if is_live else ''}")
    if not place.history:
        print("  nothing was published yet")


def _make_public(
    place: Place,
    new: Publication,
    body_of: Callable[[Published], bytes],
    options: argparse.Namespace,
) -> int:
    steps = [Step(it, tuple(map(it.lacking, new.needed()))) for it in place.buckets]
    unnoted = [it for it in place.buckets if not _is_newest(it, new)]
    if not unnoted and not any(step.files for step in steps):
        print(f"Nothing to do: {place.group} has {new.id} already.")
        return _DONE
    old = _read(place, place.history[-1]) if place.live else None
    paths = paths_to_forget(new, old, [file for step in steps for file in step.files])
    _say_steps(place, new, steps, paths)
    if options.plan:
        return _DONE
    confirm(yes=options.yes)
    _upload(steps, body_of)
    _forget(place, new, paths)
    for bucket in place.buckets:
        bucket.note(new)
    print(f"Published {new.id}." + (f" {place.url}/" if place.url else ""))
    return _DONE


def _is_newest(bucket: "SiteBucket", new: Publication) -> bool:
    history = bucket.history()
    return bool(history) and history[-1].id == new.id


def _say_steps(place: Place, new: Publication, steps: Sequence[Step], paths: Sequence[str]) -> None:
    print(f"{place.group}: {place.live or 'nothing'} -> {new.id}, {len(new.files)} files")
    for bucket, lacking in steps:
        assets, others, entry = map(len, lacking)
        print(f"  {bucket.region:14} s3://{bucket.name}: {assets} assets and copies, "
              f"{others + entry} with names of their own to write")  # fmt: skip
    if not place.distribution:
        print("  there is no edge yet, so nothing to forget there")
    elif paths:
        print(f"  to be forgotten at the edge: {' '.join(paths)}")


def _upload(steps: Sequence[Step], body_of: Callable[[Published], bytes]) -> None:
    """Wave by wave in all buckets: a page may come from the one, and its assets from the other."""
    for wave in zip(*(step.lacking for step in steps), strict=True):
        for step, files in zip(steps, wave, strict=True):
            step.bucket.put(files, body_of)


def _forget(place: Place, new: Publication, paths: Sequence[str]) -> None:
    if not (place.distribution and paths):
        return
    from tools.site_buckets import forget_paths  # noqa: PLC0415 - boto3, see _find_place

    made = forget_paths(place.distribution, paths, f"{_now()}-{new.id}")
    print(f"The edge forgets {len(paths)} paths ({made}).")
