"""A connection to DAX as a client has it, without a client."""

import select
import socket
from typing import Any, Self

from local.dax.cbor import dumps


WITHIN = 5  # seconds that an answer may take


class Wire:
    """Greets, and then says what it is told to."""

    def __init__(self, endpoint: str, *, greets: bool = True) -> None:
        host, port = endpoint.removeprefix("dax://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=WITHIN)
        if greets:
            self.send("J7yne5G", 0, None, {"UserAgent": "test"}, 0)

    def send(self, *items: Any) -> None:
        self.socket.sendall(dumps(*items))

    def get(self, table: str, key: str = "a") -> None:
        self.send(1, 263244906, table.encode(), key.encode(), None)

    def answer(self) -> bytes:
        """What comes next; b"" when the connection is closed."""
        try:
            return self.socket.recv(65536)
        except ConnectionResetError:
            return b""

    def silent(self, seconds: float = 0.2) -> bool:
        """Whether nothing comes for a while."""
        return not select.select([self.socket], [], [], seconds)[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()
