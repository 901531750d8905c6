"""Time zones by their IANA name, for core: from the system's files, or else from tzdata.

zoneinfo is loaded when a rule first names a zone, as few redirects need one. tzdata ships because
Lambda's own system need not have such files.
"""

import re
from datetime import tzinfo


# What would be a path elsewhere, or a name that tzdata's loader trips over, is no zone.
_NAME = r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}"
# Whatever the machine says, or not there on every machine.
_ITS_OWN = {"localtime", "posixrules", "Factory", "posix", "right"}


def find_zone(name: str) -> tzinfo | None:
    """The zone; None when there is none of that name."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    try:
        known = re.fullmatch(_NAME, name) and name.partition("/")[0] not in _ITS_OWN
        return ZoneInfo(name) if known else None
    except (ValueError, OSError, LookupError):
        return None
