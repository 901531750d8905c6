"""Proofs that a request came through the edge: an HMAC of the moment, and the secret stays home.

What travels is good for some minutes, so a header that ends up in a log opens nothing later; and it
changes by itself, while the secret needs a deploy to change. It is the same for all requests of a
window, so that a cache in between can have it in its key.
"""

import hmac
from collections.abc import Collection
from functools import lru_cache


WINDOW_FOR = 300  # seconds for which the edge says the same
SHORTEST_SECRET = 32


def prove(secret: str, now: float) -> str:
    """What the edge says at `now`, in seconds since 1970."""
    return _proof(secret, int(now // WINDOW_FOR))


def is_proof(said: str, secrets: Collection[str], now: float) -> bool:
    """Whether one of the secrets says so, in this window or one beside it: clocks differ.

    Takes as long for a wrong one as for a right one.
    """
    window = int(now // WINDOW_FOR)
    given = said.encode("utf-8", "surrogateescape")
    near = (window, window - 1, window + 1)
    return any([_is_same(given, _proof(one, at)) for one in secrets for at in near])  # noqa: C419


def _is_same(given: bytes, expected: str) -> bool:
    return hmac.compare_digest(given, expected.encode())


@lru_cache(maxsize=32)
def _proof(secret: str, window: int) -> str:
    return hmac.digest(secret.encode(), b"everhop edge %d" % window, "sha256").hex()
