"""What caches tell visitors apart by: no more than rules can see, in the fewest spellings."""

from functools import lru_cache

from chalicelib.core.visitors import Visitor


NONE = "-"  # a header without a value may get lost on its way


# Browsers say few different things, and one container has many visitors.
@lru_cache(maxsize=512)
def keys_of(user_agent: str, accept_language: str) -> tuple[str, str]:
    """The keys of device and language of who says this."""
    said = {"user-agent": user_agent, "accept-language": accept_language}
    visitor = Visitor(headers=said)
    return device_key(visitor), language_key(visitor)


def device_key(visitor: Visitor) -> str:
    """The visitor's devices, like `ios+phone`."""
    return "+".join(sorted(visitor.devices)) or NONE


def language_key(visitor: Visitor) -> str:
    """The languages that the visitor likes best, like `de-at`; the wider ones follow from them."""
    liked = visitor.languages
    wider = {one.rpartition("-")[0] for one in liked}
    return ",".join(sorted(set(liked) - wider)) or NONE
