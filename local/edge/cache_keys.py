"""What tells one kept answer from another: all that the cache policy names, and nothing else."""

from local.edge.messages import Headers, value_of
from local.edge.policies import Caching, Choice


Key = tuple[str | None, ...]


def key_for(caching: Caching, path: str, query: str, headers: Headers, scope: str = "") -> Key:
    """The key of a request; `scope` keeps apart what CloudFront does besides, as methods.

    A header that is not there is told from one that is empty.
    """
    key: Key = (scope, path, chosen_query(caching.query, query))
    if caching.headers:
        key += tuple(
            value_of(headers, name) if name in headers else None for name in caching.headers
        )
    if caching.cookies.how != "none":
        key += (chosen_cookies(caching.cookies, value_of(headers, "cookie")),)
    if caching.gzip or caching.brotli:
        key += (normal_encoding(caching, value_of(headers, "accept-encoding")),)
    return key


def chosen_query(choice: Choice, query: str) -> str:
    """The chosen parameters as they were typed, in their order; names are compared as typed."""
    if choice.how == "all" or not query:
        return query
    if choice.how == "none":
        return ""
    return "&".join(one for one in query.split("&") if choice.takes(one.partition("=")[0]))


def chosen_cookies(choice: Choice, line: str) -> str:
    """The chosen cookies, in their order."""
    if choice.how == "none" or not line:
        return ""
    cookies = (one.strip() for one in line.split(";"))
    return "; ".join(one for one in cookies if choice.takes(one.partition("=")[0]))


def normal_encoding(caching: Caching, accepted: str) -> str:
    """Accept-Encoding as the key has it: which of `br` and `gzip` the visitor takes."""
    if not accepted:
        return ""
    taken = {name for name, weight in map(_weighed, accepted.lower().split(",")) if weight}
    offered = (("br", caching.brotli), ("gzip", caching.gzip))
    return ",".join(name for name, on in offered if on and (name in taken))


def _weighed(item: str) -> tuple[str, bool]:
    name, _, parameters = item.partition(";")
    weight = parameters.replace(" ", "")
    return name.strip(), not (weight.startswith("q=") and not weight[2:].strip("0."))
