"""Binary answers that arrive as they are, whatever the client's Accept says.

API Gateway decodes a binary answer only when the first type in Accept is on the API's list of
binary types, or the list has `*/*`. Else the client gets base64 text that claims to be a picture;
curl, HTTP libraries and browsers all send an Accept that leads there. Chalice has one list for API
Gateway and for itself, and with `*/*` in it demands bytes, and an Accept, of every route.
"""

import base64
from typing import Any

from chalice.app import Chalice, Response


class _GatewayOnly(str):
    """A binary type that API Gateway reads as it is and that matches nothing inside Chalice."""

    __slots__ = ()

    def lower(self) -> str:
        """What Chalice compares content types with."""
        return "nothing/matches"


def let_pictures_pass(app: Chalice) -> None:
    """Have API Gateway decode what is marked as base64, and Chalice leave all else alone."""
    app.api.binary_types = [_GatewayOnly("*/*")]


class Picture(Response):
    """A response whose body is bytes, in base64 on its way through API Gateway."""

    def to_dict(self, binary_types: list[str] | None = None) -> dict[Any, Any]:
        """What Lambda returns; Chalice's types don't matter, as nobody but us makes these."""
        del binary_types
        text = base64.b64encode(self.body).decode("ascii")
        return {**super().to_dict(), "body": text, "isBase64Encoded": True}
