"""Text as people mean it: folded to be compared, and without what hides in it to be shown."""

import unicodedata


def fold(text: str) -> str:
    """The text in the one form that all its spellings share: NFKC, without case."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def visible(text: str) -> str:
    """The text without the invisible characters that turn its direction or hide in it."""
    return "".join(one for one in text if one == " " or one.isprintable())
