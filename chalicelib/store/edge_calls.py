"""Asks the edge as a visitor does, but says that it is none."""

from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit


# A robot by its name: such requests are no clicks.
AGENT = "Everhop-keep-warm/1 (bot)"
_TIMEOUT = 3.0  # seconds, for each answer
_MOST = 2_000_000  # bytes
_PIECE = 65_536


class EdgeCall:
    """An `Ask` over HTTP; a redirect is an answer, and is not followed."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)

    def __call__(self, path: str, is_read: bool) -> tuple[int, bytes]:
        """One GET; of what is not to be read, all comes over the wire and nothing is kept."""
        connection = self._connect()
        # Browsers take both, and by that the edge tells what it keeps apart.
        taken = "identity" if is_read else "gzip, br"
        sent = {"User-Agent": AGENT, "Accept": "*/*", "Accept-Encoding": taken}
        try:
            connection.request("GET", self._url.path + path, headers=sent)
            answer = connection.getresponse()
            if is_read:
                return answer.status, answer.read(_MOST)
            left = _MOST
            while left > 0 and (piece := answer.read(_PIECE)):
                left -= len(piece)
            return answer.status, b""
        finally:
            connection.close()

    def _connect(self) -> HTTPConnection:
        secure = self._url.scheme == "https"
        kind = HTTPSConnection if secure else HTTPConnection
        return kind(self._url.hostname or "", self._url.port, timeout=_TIMEOUT)
