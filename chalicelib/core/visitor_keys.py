"""What caches tell visitors apart by: no more than rules can see, in the fewest spellings."""

from chalicelib.core.visitors import Visitor


NONE = "-"  # a header without a value may get lost on its way


def device_key(visitor: Visitor) -> str:
    """The visitor's devices, like `ios+phone`."""
    return "+".join(sorted(visitor.devices)) or NONE


def language_key(visitor: Visitor) -> str:
    """The languages that the visitor likes best, like `de-at`; the wider ones follow from them."""
    liked = visitor.languages
    wider = {one.rpartition("-")[0] for one in liked}
    return ",".join(sorted(set(liked) - wider)) or NONE
