"""The table that the stores' tests share: the stack's own DynamoDB process."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from local.children import listen, url_of
from tests.conftest import ROOT
from tests.store.tables import REGION


@pytest.fixture(scope="module")
def dynamodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The stack's own DynamoDB process, with a table as infra/ has it."""
    listener = listen()
    data = tmp_path_factory.mktemp("data")
    arguments = [str(listener.fileno()), str(data), REGION, "links"]
    process = subprocess.Popen(
        [sys.executable, "-m", "local.database", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        pass_fds=[listener.fileno()],
    )
    yield url_of(listener)
    process.terminate()
    process.communicate(timeout=10)
    listener.close()
