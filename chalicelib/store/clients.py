"""The client of DynamoDB: made once, by whoever first needs it, in a third of the usual time.

Of the 60 ms that botocore takes for a client, 23 are for a list of all AWS services, and 20 for
the endpoints of all of them, which DynamoDB's own rules about endpoints have replaced.
"""

from functools import cache
from threading import RLock
from typing import Any

from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session
from pynamodb.connection.base import Connection


SERVICE = "dynamodb"
# A call that times out ends its request. With the calls that went well before it, that must fit
# into lambda_timeout, or API Gateway gives up before the visitor gets our 503.
CONNECT_FOR = 1
READ_FOR = 2
ATTEMPTS = 2
POOL = 32


class DynamoDbData(Loader):  # type: ignore[misc]
    """Botocore's data without what only other services need."""

    def list_available_services(self, type_name: str) -> list[str]:
        """The one service; botocore would look into 400 folders for it."""
        del type_name
        return [SERVICE]

    def load_data_with_path(self, name: str) -> tuple[Any, str]:
        """Botocore's own data; but no endpoints from before services had rules for them."""
        if name == "endpoints":
            return {"version": 3, "partitions": []}, self.BUILTIN_DATA_PATH
        data: tuple[Any, str] = super().load_data_with_path(name)
        return data


@cache
def _data() -> DynamoDbData:
    """One for all regions' clients: what the first has loaded, the next finds in memory."""
    return DynamoDbData()


class LeanConnection(Connection):
    """PynamoDB's connection with a client of our making; safe under threads.

    `host` is the URL of DynamoDB where that is not AWS's own, nor what the environment names.
    """

    def __init__(self, region: str, host: str | None = None) -> None:
        super().__init__(
            region=region,
            host=host,
            connect_timeout_seconds=CONNECT_FOR,
            read_timeout_seconds=READ_FOR,
            max_retry_attempts=ATTEMPTS - 1,
            max_pool_connections=POOL,
        )
        self._making = RLock()

    @property
    def session(self) -> Session:
        """What a client is made of."""
        session = Session()
        session.register_component("data_loader", _data())
        # A fixed user agent spares botocore building one twice for every call, a seventh of a
        # redirect's CPU.
        session.set_default_client_config(Config(user_agent="everhop"))
        return session

    @property
    def client(self) -> Any:
        """The client, made at the first call."""
        with self._making:
            return super().client
