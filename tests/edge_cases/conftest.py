"""Edge cases are tried through the API, as an integrator meets them."""

from collections.abc import Iterator

import pytest

from tests.api.driver import Api, make_api


@pytest.fixture
def api() -> Iterator[Api]:
    """A fresh deployment with the default settings."""
    with make_api() as driven:
        yield driven
