"""The client of DynamoDB: made once, and in every region as botocore would make it."""

from typing import Any

import botocore.session
import pytest
from botocore.config import Config

from chalicelib.store.clients import LeanConnection
from chalicelib.store.models import bind
from tests.store.tables import REGION, together


class Sent(Exception):
    """A request that was about to leave: its URL, and what it was signed for."""


def regions() -> list[str]:
    """Every region of every partition that has DynamoDB."""
    session = botocore.session.Session()
    return [
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("dynamodb", partition_name=partition)
    ]


def request_of(client: Any) -> tuple[str, str]:
    """Where a call of this client goes, and the region and service that it is signed for."""

    def stop(request: Any, **_: object) -> None:
        scope = request.headers["Authorization"].decode().partition(",")[0]
        raise Sent(request.url, scope.split("/", 2)[2])

    client.meta.events.register_first("before-send.dynamodb.*", stop)
    with pytest.raises(Sent) as caught:
        client.get_item(TableName="t", Key={"pk": {"S": "a"}})
    url, scope = caught.value.args
    return url, scope


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.delenv("AWS_ENDPOINT_URL_DYNAMODB", raising=False)


@pytest.mark.parametrize("variable", ["", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"])
def test_requests_go_where_botocore_sends_them(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """What is left out of botocore's data changes no endpoint and no signature, in no region."""
    places = regions()
    if variable:
        monkeypatch.setenv(variable, "true")
        places = [REGION, "eu-west-1", "us-gov-west-1"]
    stock = botocore.session.Session()
    stock.set_default_client_config(Config(user_agent="everhop"))
    for region in places:
        expected = request_of(stock.create_client("dynamodb", region))

        assert request_of(LeanConnection(region).client) == expected

    assert len(places) >= 3


def test_nothing_is_made_before_it_is_needed() -> None:
    """A model is bound at import; its client would take most of the time that a start has."""
    connection: Any = bind("links", REGION)._get_connection().connection

    assert connection._client is None


def test_all_threads_have_one_client() -> None:
    """However many ask first, one client is made, and so one pool of connections."""
    connection = LeanConnection(REGION)
    clients: list[Any] = []

    assert together(8, lambda _: clients.append(connection.client)) == {"": 8}
    assert len(set(map(id, clients))) == 1
