"""The zip has what is to ship, compiled, and nothing else."""

import importlib.util
import os
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

from packing.botocore_data import SERVICES
from tests.packaging.conftest import STAGES, Package


CHALICE_RUNTIME = {"chalice/app.py", "chalice/__init__.py"}
# The limits of Lambda: zipped, for a direct upload; unzipped, for any.
ZIP_LIMIT = 50 * 1024**2
UNZIPPED_LIMIT = 250 * 1024**2


def ours(export: Path) -> set[str]:
    """The files of the work tree that are meant to ship."""
    code = {path.relative_to(export).as_posix() for path in export.glob("chalicelib/**/*.py")}
    return {"app.py", *code}


def shipped_dependencies(unzipped: Path) -> dict[str, str]:
    """Versions of the distributions in the zip, by name."""
    found = [
        Parser().parsestr(path.read_text(encoding="utf-8"))
        for path in unzipped.glob("*.dist-info/METADATA")
    ]
    return {normal(meta["Name"]): meta["Version"] for meta in found}


def normal(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return name.lower().replace("_", "-").replace(".", "-")


def pins(requirements: Path) -> dict[str, str]:
    """Pinned versions by name; a line that is not an exact pin has no version."""
    lines = (line.partition("#")[0] for line in requirements.read_text("utf-8").splitlines())
    pairs = (line.partition(";")[0].partition("==") for line in lines if line.strip())
    return {normal(name.strip()): version.strip() for name, _, version in pairs}


def recorded(package: Package) -> set[str]:
    """The files that the dependencies' own records list."""
    with ZipFile(package.unpacked_zip_file) as zipped:
        records = [name for name in zipped.namelist() if name.endswith(".dist-info/RECORD")]
        lines = [line for name in records for line in zipped.read(name).decode().splitlines()]
    return {line.rsplit(",", 2)[0].strip('"') for line in lines}


def compiled(names: set[str]) -> set[str]:
    """Where Python looks for the compiled form of sources."""
    return {importlib.util.cache_from_source(name) for name in names if name.endswith(".py")}


def test_zip_has_our_code_and_only_that(package: Package, export: Path) -> None:
    """app.py, chalicelib's modules, Chalice's runtime, what dependencies account for, compiled."""
    sources = {name for name in package.names if not name.endswith(".pyc")}
    models = {name.removesuffix(".gz") for name in recorded(package) if name.endswith(".json.gz")}

    assert ours(export) | CHALICE_RUNTIME <= sources
    assert set() == sources - ours(export) - CHALICE_RUNTIME - recorded(package) - models
    assert compiled(sources) == package.names - sources


def test_zip_has_nothing_that_must_not_ship(package: Package, export: Path) -> None:
    """No room of this repository but chalicelib is in it, and nothing for other programs."""
    rooms = {path.name for path in export.iterdir() if path.is_dir()}
    kept_out = rooms - {"chalicelib", "__pycache__"}
    tops = {name.partition("/")[0] for name in package.names}

    assert {"infra", "tests", "packing", "docs"} <= kept_out
    assert set() == tops & kept_out
    assert set() == tops & {"boto3", "cffi", "cryptography", "pip", "pycparser", "s3transfer"}
    assert {Path(name).suffix for name in package.names} & {".c", ".cpp", ".h", ".pyi"} == set()


def test_zip_knows_only_the_services_that_are_called(package: Package) -> None:
    """Of botocore's 400 services there are those of the list, and no examples."""
    data = [name.split("/")[2:] for name in package.names if name.startswith("botocore/data/")]

    assert {parts[0] for parts in data if len(parts) > 1} == set(SERVICES)
    assert [parts for parts in data if "examples" in parts[-1]] == []


# Whose wheel has no licence file that could ship.
WITHOUT_FILE = {"antlr4_python3_runtime-4.13.2.dist-info"}


def test_every_licence_ships(package: Package) -> None:
    """Of each dependency that is in the zip, all the licence files that its wheel has."""
    kept = {name.partition("/")[0] for name in package.names if ".dist-info/" in name}
    legal = ("LICEN", "COPYING", "NOTICE", "AUTHORS")
    licences = {
        name
        for name in recorded(package)
        if ".dist-info/" in name and Path(name).name.upper().startswith(legal)
    }

    assert {name.partition("/")[0] for name in licences} >= kept - WITHOUT_FILE
    assert {name for name in licences if name.partition("/")[0] in kept} <= package.names


def test_compiled_code_is_of_the_source_beside_it(unzipped: Path) -> None:
    """Python takes each without looking at the source, so each must be of exactly that source."""
    for path in unzipped.rglob("*.pyc"):
        source = Path(importlib.util.source_from_cache(os.fspath(path))).read_bytes()
        head = path.read_bytes()[:16]

        assert head[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(head[4:8], "little") == 1, "a hash that nobody checks"
        assert head[8:] == importlib.util.source_hash(source)


def test_two_folders_make_the_same_bytes(packages: dict[str, Package]) -> None:
    """Neither the folder, nor its age or use, nor the stage is in the zip; a second look agrees."""
    first, *others = [package.zip_file.read_bytes() for package in packages.values()]

    assert others == [first] * (len(STAGES) - 1)
    folders = [os.fsencode(package.unpacked_zip_file.parents[2]) for package in packages.values()]
    assert not any(folder in read for folder in folders for read in contents(packages["dev"]))


def contents(package: Package) -> list[bytes]:
    """What each file of the zip has in it."""
    with ZipFile(package.zip_file) as zipped:
        return [zipped.read(name) for name in zipped.namelist()]


def test_dependencies_are_the_pinned_ones(unzipped: Path, export: Path) -> None:
    """Each distribution in the zip is pinned, so that two builds ship the same code."""
    pinned = pins(export / "requirements.txt")
    wanted = {name: pinned.get(name) for name in shipped_dependencies(unzipped)}

    assert shipped_dependencies(unzipped) == wanted
    assert {"pynamodb", "botocore", "ada-url"} <= set(wanted)


def test_zip_fits_in_lambda(package: Package) -> None:
    """The package is under Lambda's limits, zipped and unzipped."""
    with ZipFile(package.zip_file) as zipped:
        unzipped_size = sum(entry.file_size for entry in zipped.infolist())

    assert package.zip_file.stat().st_size < ZIP_LIMIT
    assert unzipped_size < UNZIPPED_LIMIT
