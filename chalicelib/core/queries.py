"""Query strings passed on from the visitor to the destination, as raw text and in their order."""

from urllib.parse import quote, unquote_plus

from chalicelib.core.links import QueryWinner


# A longer location would be lost on its way through API Gateway and CloudFront.
MAX_LOCATION = 8000
RAW = "!$%&'()*+,-./:;=?@_~[]{}|^`\\"  # what browsers send unencoded in a query


def merge_query(destination: str, visitor_query: str, winner: QueryWinner) -> str:
    """The destination with the visitor's raw query added before its fragment.

    A key that both have is taken from the `winner` alone. When the result would be too long for
    the caches in between, the visitor's query is left out.
    """
    visitors = _pairs(quote(visitor_query.encode("utf-8", "surrogatepass"), safe=RAW))
    if not visitors:
        return destination
    head, hash_mark, fragment = destination.partition("#")
    base, _, query = head.partition("?")
    merged = _merge(_pairs(query), visitors, winner)
    location = f"{base}?{'&'.join(merged)}{hash_mark}{fragment}"
    return location if len(location) <= MAX_LOCATION else destination


def _pairs(query: str) -> list[str]:
    return [pair for pair in query.split("&") if pair]


def _merge(stored: list[str], visitors: list[str], winner: QueryWinner) -> list[str]:
    if winner == "visitor":
        return _without(stored, visitors) + visitors
    return stored + _without(visitors, stored)


def _without(pairs: list[str], taken: list[str]) -> list[str]:
    keys = set(map(_key, taken))
    return [pair for pair in pairs if _key(pair) not in keys]


def _key(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0])
