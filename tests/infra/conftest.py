"""What the tests of deployments share: a work tree whose package is built once a file."""

from pathlib import Path

import pytest

from tests.infra.deployments import copy_work_tree


@pytest.fixture(scope="module")
def work_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy to deploy from, with production told that it has a cache."""
    return copy_work_tree(tmp_path_factory.mktemp("work"))
