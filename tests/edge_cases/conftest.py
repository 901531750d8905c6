"""Edge cases are tried through the API, as an integrator meets them."""

from collections.abc import Iterator

import pytest

from tests.api.driver import Api, make_api
from tests.conftest import RunningStack, start_stack
from tests.edge_cases.throttled import Throttled
from tests.store.conftest import dynamodb


__all__ = ["dynamodb"]


@pytest.fixture
def api() -> Iterator[Api]:
    """A fresh deployment with the default settings."""
    with make_api() as driven:
        yield driven


@pytest.fixture
def throttled(dynamodb: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Throttled]:
    """A table that throttles when it is told to."""
    table = Throttled(dynamodb, monkeypatch)
    yield table
    table.server.shutdown()
    table.server.server_close()


@pytest.fixture(scope="session")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack with the whole road: the edge, API Gateway's cache, the app, DAX and the table."""
    data = tmp_path_factory.mktemp("everhop")
    running = start_stack(data, EVERHOP_EDGE="on", EVERHOP_API_CACHE="on")
    yield running
    running.stop()
