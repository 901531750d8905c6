"""A packed zip: the same bytes for the same code, compiled, and never half of one."""

import gzip
import importlib.util
import json
import random
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest

from packing.botocore_data import MissingServiceError
from packing.zips import PackingError, is_dropped, pack


MODEL = gzip.compress(json.dumps({"documentation": "<p>Long.</p>", "shapes": {}}).encode())
ENDPOINTS = {"partitions": [{"services": {"dynamodb": {}, "sns": {}}}]}
FILES = {
    "app.py": b"import chalicelib\nNAMES = {'a', 'b', 'c'}\n",
    "chalicelib/__init__.py": b"",
    "chalicelib/links.py": b"def follow(slug):\n    return slug in ('a', 'b')\n",
    "botocore/__init__.py": b"",
    "botocore/data/_retry.json": b"{}",
    "botocore/data/endpoints.json": json.dumps(ENDPOINTS).encode(),
    "botocore/data/cloudfront/2020-05-31/service-2.json.gz": MODEL,
    "botocore/data/dynamodb/2012-08-10/service-2.json.gz": MODEL,
    "botocore/data/dynamodb/2012-08-10/examples-1.json": b"{}",
    "botocore/data/lambda/2015-03-31/service-2.json.gz": MODEL,
    "botocore/data/s3/2006-03-01/service-2.json.gz": MODEL,
    "botocore/data/sqs/2012-11-05/service-2.json.gz": MODEL,
    "botocore/data/sns/2010-03-31/service-2.json.gz": MODEL,
    "ada.abi3.so": b"\x7fELF",
    "ada-4.0.0.dist-info/METADATA": b"Name: ada",
    "ada-4.0.0.dist-info/licenses/LICENSE": b"MIT",
    "ada-4.0.0.dist-info/RECORD": b"ada.py,,",
}


def make_zip(path: Path, files: Mapping[str, bytes], seed: int = 0) -> Path:
    """A zip in another order, of another time, with other permissions for each seed."""
    chance = random.Random(seed)  # noqa: S311 - the same each time is the point
    names = list(files)
    chance.shuffle(names)
    with ZipFile(path, "w") as zipped:
        for name in names:
            entry = ZipInfo(name, (2000 + seed, 1, 1, 0, 0, 0))
            entry.external_attr = chance.choice((0o100600, 0o100644, 0o100755)) << 16
            zipped.writestr(entry, files[name], chance.choice((ZIP_DEFLATED, ZIP_STORED)))
    return path


def packed(folder: Path, files: Mapping[str, bytes] = FILES, seed: int = 0) -> Path:
    """The packed form of such a zip, made in a folder of its own."""
    folder.mkdir()
    pack(make_zip(folder / "made.zip", files, seed), folder / "packed.zip")
    return folder / "packed.zip"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packed(tmp_path_factory.mktemp("zips") / "one")


def read(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def test_same_code_makes_the_same_bytes(result: Path, tmp_path: Path) -> None:
    """Order, times, permissions and compression of Chalice's zip are not in ours."""
    leftovers = {"chalicelib/__pycache__/links.cpython-310.pyc": b"old", "chalicelib/x.pyc": b"x"}
    others = [packed(tmp_path / f"{seed}", FILES | leftovers, seed).read_bytes() for seed in (1, 2)]

    assert others == [result.read_bytes()] * 2


def test_other_code_makes_other_bytes(result: Path, tmp_path: Path) -> None:
    """A changed source changes its own entry and its compiled form, and nothing else."""
    changed = packed(tmp_path / "changed", {**FILES, "chalicelib/__init__.py": b"X = 1\n"})
    before, after = read(result), read(changed)

    assert {name for name in before if before[name] != after[name]} == {
        "chalicelib/__init__.py",
        importlib.util.cache_from_source("chalicelib/__init__.py"),
    }


def test_what_is_in_it(result: Path) -> None:
    """What runs and what the law and scanners ask for; models are plain, and say nothing."""
    sources = {name for name in FILES if name.endswith(".py")}
    others = {
        "botocore/data/_retry.json",
        "botocore/data/endpoints.json",
        "botocore/data/cloudfront/2020-05-31/service-2.json",
        "botocore/data/dynamodb/2012-08-10/service-2.json",
        "botocore/data/sqs/2012-11-05/service-2.json",
        "botocore/data/lambda/2015-03-31/service-2.json",
        "botocore/data/s3/2006-03-01/service-2.json",
        "ada.abi3.so",
        "ada-4.0.0.dist-info/METADATA",
        "ada-4.0.0.dist-info/licenses/LICENSE",
    }
    content = read(result)

    assert set(content) == sources | set(map(importlib.util.cache_from_source, sources)) | others
    assert json.loads(content["botocore/data/dynamodb/2012-08-10/service-2.json"]) == {
        "documentation": "",
        "shapes": {},
    }
    assert json.loads(content["botocore/data/endpoints.json"]) == {
        "partitions": [{"services": {"dynamodb": {}}}]
    }


def test_lambda_can_read_every_file(result: Path) -> None:
    """Lambda keeps the permissions of a zip that was made on Unix, and runs as another user."""
    with ZipFile(result) as zipped:
        entries = zipped.infolist()

    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
    assert {entry.create_system for entry in entries} == {3}
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)


def test_tracebacks_name_the_place_on_lambda(result: Path) -> None:
    """Compiled code says /var/task, not where it was compiled."""
    code = read(result)[importlib.util.cache_from_source("chalicelib/links.py")]

    assert b"/var/task/chalicelib/links.py" in code
    assert b"packing-" not in code


@pytest.mark.parametrize(
    ("files", "error", "text"),
    [
        ({**FILES, "chalicelib/links.py": b"def follow(:\n"}, PackingError, "links.py"),
        (
            {name: it for name, it in FILES.items() if "dynamodb" not in name},
            MissingServiceError,
            "dynamodb",
        ),
    ],
    ids=["code that does not compile", "a service without data"],
)
def test_failure_says_why_and_leaves_nothing(
    tmp_path: Path, files: dict[str, bytes], error: type[Exception], text: str
) -> None:
    """No half of a zip is left to be uploaded the next time."""
    with pytest.raises(error, match=text):
        packed(tmp_path / "bad", files)

    assert [path.name for path in (tmp_path / "bad").iterdir()] == ["made.zip"]


@pytest.mark.parametrize(
    ("name", "dropped"),
    [
        ("botocore/data/sns/2010-03-31/service-2.json.gz", True),
        ("botocore/data/dynamodb/2012-08-10/service-2.json.gz", False),
        ("botocore/data/partitions.json", False),
        ("botocore/cacert.pem", False),
        ("botocore/docs/service.py", False),
        ("cffi/api.py", True),
        ("_cffi_backend.cpython-311-x86_64-linux-gnu.so", False),
        ("cffi-2.1.1.dist-info/licenses/LICENSE", False),
        ("docs/conf.py", True),
        ("botocore/docs/conf.h", True),
        ("chalicelib/docs/page.py", False),
        ("six.py", False),
    ],
)
def test_what_is_dropped(name: str, dropped: bool) -> None:
    """Patterns of the top level do not reach into packages."""
    assert is_dropped(name) is dropped
