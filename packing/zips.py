"""Packs a zip anew: less in it, compiled, and the same bytes from the same code."""

import os
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from packing.botocore_data import DATA, is_of_other_service, trim


# Where Lambda unpacks it: compiled code names the files of its tracebacks.
TASK_ROOT = "/var/task"
# The earliest moment that a zip can tell.
_MOMENT = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o100644
# What no function reads. METADATA stays, as scanners for known holes go by it; so do licences.
DROPPED = (
    # What this machine or another build left behind.
    "*__pycache__/*",
    "*.pyc",
    # For type checkers and C compilers.
    *("*.pyi", "*/py.typed", "*.c", "*.cpp", "*.h"),
    # Of ada-url's build: at run time it needs cffi's backend alone. And its manual's settings.
    *("cffi/*", "pycparser/*", "pycparser-*.dist-info/*", "docs/*"),
    # Scripts and manual pages.
    "*.data/*",
    # For installers; a RECORD would list what is no longer there.
    *(f"*.dist-info/{name}" for name in ("RECORD", "WHEEL", "top_level.txt", "entry_points.txt")),
    "*.dist-info/zip-safe",
)


class PackingError(RuntimeError):
    """The zip can't be packed; the text says why."""


def pack(source: Path, target: Path) -> None:
    """Write the packed form of a zip; there is either all of it or nothing new."""
    with TemporaryDirectory(dir=target.parent, prefix="packing-") as work:
        folder = Path(work, "task")
        unpack(source, folder)
        trim(folder / DATA)
        compile_all(folder)
        made = Path(work, target.name)
        write_zip(folder, made)
        made.replace(target)


def is_dropped(name: str) -> bool:
    """Whether a file is of no use on Lambda."""
    return is_of_other_service(name) or any(fnmatchcase(name, pattern) for pattern in DROPPED)


def unpack(source: Path, folder: Path) -> None:
    """Lay out the files of a zip that are of use."""
    with ZipFile(source) as zipped:
        zipped.extractall(folder, [name for name in zipped.namelist() if not is_dropped(name)])


def compile_all(folder: Path) -> None:
    """Put compiled code beside each source, which Python then takes without looking at the source.

    In an interpreter of its own: compiled bytes depend on what else the process has in memory.
    """
    command = [sys.executable, "-I", "-S", "-m", "compileall", "-q", "-j", "1"]
    named = ["-s", str(folder), "-p", TASK_ROOT, "--invalidation-mode", "unchecked-hash"]
    done = subprocess.run(
        [*command, *named, str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise PackingError(f"Some code does not compile:\n{done.stdout}{done.stderr}")


def write_zip(folder: Path, target: Path) -> None:
    """Zip a folder, so that nothing but names and contents counts."""
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=9) as zipped:
        for path in sorted(filter(Path.is_file, folder.rglob("*")), key=os.fspath):
            entry = ZipInfo(path.relative_to(folder).as_posix(), _MOMENT)
            entry.create_system = 3  # Unix, or Lambda would not read the permissions
            entry.external_attr = _READABLE << 16
            zipped.writestr(entry, path.read_bytes(), ZIP_DEFLATED, compresslevel=9)
