"""`python -m tools replay-logs FILES --stage STAGE`: have access logs counted that were not.

Files are told to the function that counts clicks, as S3 would tell it, and several small ones at
once, as it writes together what they share. What was counted of them before is not counted again,
so a replay may be repeated, stopped, and run beside the deliveries.
Exit status: 0 all are counted, 1 some are not, 2 it could not ask.
"""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from tools.client import CannotRun
from tools.deploys import guarded
from tools.import_reports import tell


if TYPE_CHECKING:
    from tools.replay_runs import Counters

HELP = "have access logs counted: files, or all below s3://BUCKET/PREFIX"
_DONE, _SOME_FAILED = 0, 1
# Where files of this machine are put. S3 tells of them too: who comes second changes nothing.
_PREFIX = "replays/"
LOCAL = "local"
# Of one call, in bytes of gzip: some hundred thousand lines, which the function writes together.
_AT_ONCE, _SIZE_AT_ONCE = 20, 4 * 1024**2


class Source(NamedTuple):
    """A file to be counted: its key in the bucket, and where it is when it is not there yet."""

    bucket: str
    key: str
    size: int
    path: Path | None = None


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What the command takes."""
    command.add_argument("sources", nargs="+", metavar="FILE|s3://BUCKET/PREFIX")
    command.add_argument(
        "--stage", required=True, help="a stage that counts clicks, or local for a running stack"
    )


def run(options: argparse.Namespace) -> int:
    """Do it; the exit status."""
    return guarded(_replay, options)


def _replay(options: argparse.Namespace) -> int:
    # Imported here, as boto3 would make every other command wait.
    from tools.replay_runs import find_counters  # noqa: PLC0415

    counters = find_counters(options.stage)
    sources = list(_find(options.sources, counters))
    if not sources:
        raise CannotRun("There is no log file among these.")
    return replay(sources, counters)


def replay(sources: list[Source], counters: "Counters") -> int:
    """Have all counted, some at a time, and say what became of each."""
    states: dict[str, int] = {}
    number = 0
    for batch in batches(sources):
        for source in batch:
            if source.path is not None:
                counters.put(source.key, source.path.read_bytes())
        for told in counters.count([(source.bucket, source.key) for source in batch]):
            number += 1
            states[told["state"]] = states.get(told["state"], 0) + 1
            print(f"{number}/{len(sources)} {_described(told)}", flush=True)
    tell(", ".join(f"{count} {state}" for state, count in sorted(states.items())) + ".")
    return _SOME_FAILED if states.keys() - {"folded", "known"} else _DONE


def batches(sources: Iterable[Source]) -> Iterator[list[Source]]:
    """The files that one call counts, in their order; a large one is alone."""
    batch: list[Source] = []
    for source in sources:
        size = sum(one.size for one in batch) + source.size
        if batch and (len(batch) == _AT_ONCE or size > _SIZE_AT_ONCE):
            yield batch
            batch = []
        batch.append(source)
    if batch:
        yield batch


def _described(told: dict[str, Any]) -> str:
    said = f"{told['name']}: {told['state']}"
    if "reason" in told:
        return f"{said}, {told['reason']}"
    if told["state"] != "folded":
        return said
    bad = "".join(f", {count} lines bad ({why})" for why, count in told["bad"].items())
    return f"{said}, {told['requests']} requests of {told['lines']} lines{bad}"


def _find(names: Iterable[str], counters: "Counters") -> Iterator[Source]:
    for name in names:
        if name.startswith("s3://"):
            url = urlsplit(name)
            for key, size in counters.files_below(url.netloc, url.path.lstrip("/")):
                yield Source(url.netloc, key, size)
            continue
        path = Path(name)
        if not path.is_file():
            raise CannotRun(f"{name} is no file.")
        yield Source(counters.bucket, f"{_PREFIX}{path.name}", path.stat().st_size, path)
