"""The table and the bucket that the stores' tests share: the stack's own processes."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from local.children import listen, url_of
from local.dax.clusters import Cluster
from local.dax.threads import ClusterThread, run_cluster
from tests.conftest import ROOT
from tests.store.tables import FAR_REGION, REGION


@pytest.fixture(scope="module")
def dynamodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The stack's own DynamoDB process, with a table as infra/ has it."""
    yield from running("local.database", tmp_path_factory.mktemp("data"), "links")


@pytest.fixture(scope="module")
def table_of_dax(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Another such process: the table that DAX is before."""
    yield from running("local.database", tmp_path_factory.mktemp("data"), "links")


@pytest.fixture(scope="module")
def far_dynamodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Another such process: the table of another region."""
    yield from running("local.database", tmp_path_factory.mktemp("data"), "links", FAR_REGION)


@pytest.fixture(scope="module")
def dax(table_of_dax: str) -> Iterator[ClusterThread]:
    """A DAX cluster of three nodes before that table, which keeps what it is asked for."""
    with run_cluster(Cluster(table_of_dax, REGION, ports=(0, 0, 0))) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The stack's own S3 process, with a bucket."""
    yield from running("local.files", tmp_path_factory.mktemp("data"), "files")


def running(module: str, data: Path, name: str, region: str = REGION) -> Iterator[str]:
    """The address of a process of the stack, while it runs."""
    listener = listen()
    arguments = [str(listener.fileno()), str(data), region, name]
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        pass_fds=[listener.fileno()],
    )
    with contextlib.suppress(HTTPError):  # whatever it says: the first answer is slow, not the rest
        urlopen(url_of(listener), timeout=60).close()
    yield url_of(listener)
    process.terminate()
    process.communicate(timeout=10)
    listener.close()
