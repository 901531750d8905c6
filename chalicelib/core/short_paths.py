"""Paths of short links as visitors type them, and the one spelling of each that caches go by."""

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from chalicelib.core.slugs import SlugPolicy, can_be_slug, decode_slug, slug_key


PREVIEW = "+"
APART = "~"  # can't be in a slug: the address of answers that are not the same for everyone


class ShortPath(NamedTuple):
    """A path in its parts: the first segment without its `~`, and what stands after it, raw."""

    segment: str
    is_apart: bool = False
    extra: str = ""

    @property
    def is_shared(self) -> bool:
        """Whether it is the address that one answer may be kept of, for all visitors."""
        return not self.is_apart and not self.extra


def split_path(path: str) -> ShortPath:
    """The parts of a path. Slashes around the first segment alone mean nothing."""
    segment, _, rest = path.strip("/").partition("/")
    # After a path, slashes at its end are a part of it.
    extra = f"/{rest}{path[len(path.rstrip('/')) :]}" if rest else ""
    apart = segment.endswith(APART) and len(segment) > 1
    return ShortPath(segment[:-1] if apart else segment, apart, extra)


@lru_cache(maxsize=1024)
def spell(segment: str, policy: SlugPolicy) -> str | None:
    """The segment as all its spellings are written: equal for slugs that are the same.

    A `+` for the preview stays. None for what can be no link's.
    """
    text = decode_slug(segment)
    if text is None:
        return None
    slug = text.removesuffix(PREVIEW)
    if not can_be_slug(slug, policy):
        return None
    mark = PREVIEW if text.endswith(PREVIEW) else ""
    return quote(slug_key(slug, policy), safe="") + mark
