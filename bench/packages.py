"""`python -m bench.packages`: the cold start of the zip that ships, beside a bare boto3 zip's.

Both are built by the real `chalice package`, unpacked, and started in turn over the same table.
What Chalice alone would have made of Everhop is started as well: that is the figure of before.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.__main__ import forget_settings, machine, say
from bench.events import destination_of, redirect_event, slug_of
from bench.figures import Figure, pair_rounds, write_table
from bench.sides import BenchError, Pair, run_pair
from local.settings import ROOT


ROUNDS = 15
# What `chalice package` and our packing read of this repository.
SOURCES = ("app.py", "requirements.txt", "chalicelib", "packing", "infra")
CONFIG = Path(".chalice", "config.json")
BARE_APP = '''"""A bare boto3 handler as a Chalice app: one function, nothing else."""

from chalice import Chalice

from chalicelib.bare import handler


app = Chalice("bare")


@app.lambda_function()
def follow(event, context):
    return handler(event, context)
'''


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A zip as Lambda lays it out, its handler, and how many megabytes are uploaded."""

    folder: Path
    handler: str
    megabytes: float


def main() -> None:
    """Build, measure, print one table."""
    parser = argparse.ArgumentParser(prog="python -m bench.packages", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"starts of each ({ROUNDS})")
    rounds = max(1, parser.parse_args().rounds)
    forget_settings()
    try:
        with tempfile.TemporaryDirectory(prefix="everhop-packages-") as folder:
            sides = build(Path(folder))
            with run_pair(Path(folder) / "data", dict(os.environ)) as pair:
                print(write_table(measure(sides, pair, rounds)))
    except BenchError as error:
        sys.exit(f"bench: {error}")
    sizes = ", ".join(f"{name} {side.megabytes:.1f} MB" for name, side in sides.items())
    print(f"ratio = Everhop / bare boto3, median of {rounds} pairs (less is better). {machine()}")
    print(f"zips: {sizes}")


def build(folder: Path) -> dict[str, Unpacked]:
    """The zip that ships, the one that Chalice alone makes, and the bare one."""
    say("building the zips; this takes half a minute")
    everhop, bare = copy_everhop(folder / "everhop"), write_bare(folder / "bare")
    ships = package(everhop)
    kept = (everhop / ".chalice" / "deployments").glob("*.zip")
    (alone,) = (path for path in kept if "-packed-" not in path.name)
    return {
        "packed": unpack(ships, folder / "u1", "app.app"),
        "as Chalice makes it": unpack(alone, folder / "u2", "app.app"),
        "bare": unpack(package(bare), folder / "u3", "app.follow"),
    }


def copy_everhop(folder: Path) -> Path:
    """A Chalice project that is this repository's, without what a build left here."""
    (folder / ".chalice").mkdir(parents=True)
    for name in SOURCES:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, folder)
    for path in (ROOT / ".chalice").glob("*.json"):
        shutil.copy(path, folder / ".chalice")
    return folder


def write_bare(folder: Path) -> Path:
    """A Chalice project of the bench's own bare handler, with the boto3 that we are tested with."""
    (folder / ".chalice").mkdir(parents=True)
    (folder / "chalicelib").mkdir()
    config = {"version": "2.0", "app_name": "bare", "stages": {"dev": {}}}
    (folder / CONFIG).write_text(json.dumps(config))
    (folder / "app.py").write_text(BARE_APP)
    (folder / "chalicelib" / "__init__.py").touch()
    shutil.copy(ROOT / "bench" / "bare.py", folder / "chalicelib")
    pins = (ROOT / "requirements-local.txt").read_text().splitlines()
    (folder / "requirements.txt").write_text("\n".join(it for it in pins if "boto3=" in it))
    return folder


def package(project: Path) -> Path:
    """The zip of a Chalice project, made with the real command and without credentials."""
    out = project / "out"
    done = subprocess.run(
        [Path(sys.executable).with_name("chalice"), "package", "--stage", "dev", str(out)],
        cwd=project,
        # What the bare app needs to be imported by the command.
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1", "EVERHOP_TABLE": "links"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BenchError(f"chalice package: {done.stdout}{done.stderr}")
    return out / "deployment.zip"


def unpack(zipped: Path, folder: Path, handler: str) -> Unpacked:
    """The zip's files in a folder that, like Lambda's, nothing is written to."""
    shutil.unpack_archive(zipped, folder)
    return Unpacked(folder, handler, zipped.stat().st_size / 1e6)


def measure(sides: dict[str, Unpacked], pair: Pair, rounds: int) -> list[Figure]:
    """Cold starts of all sides in turn; Everhop's two each in a pair with the bare one's."""
    say(f"{rounds} cold starts of each")
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
    for number in range(rounds):
        for name in rotated(list(sides), number):
            taken[name].append(start(sides[name], pair))
    bare = taken.pop("bare")
    return [
        Figure(f"{figure.name}, {name}", figure.everhop, figure.bare)
        for name, ours in taken.items()
        for figure in pair_rounds(ours, bare)
    ]


def rotated(names: list[str], number: int) -> Iterable[str]:
    """The names, each time with another one first."""
    cut = number % len(names)
    return names[cut:] + names[:cut]


def start(side: Unpacked, pair: Pair) -> dict[str, float]:
    """The milliseconds of one cold start."""
    script = Path(__file__).with_name("zip_start.py")
    event = json.dumps(redirect_event(slug_of(0)))
    arguments = [str(side.folder), side.handler, event, destination_of(0)]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", str(script), *arguments],
        cwd=side.folder,
        env=pair.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode != 0:
        raise BenchError(f"cold start: {done.stdout}{done.stderr}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    main()
