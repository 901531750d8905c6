"""The API driven as Chalice's own test client drives it, over links in memory."""

from collections.abc import Iterator

import pytest

from tests.api.driver import Api, make_api


@pytest.fixture
def api() -> Iterator[Api]:
    """A fresh deployment with the default settings."""
    with make_api() as driven:
        yield driven
