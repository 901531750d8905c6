"""The CloudFront Function with its settings in it, and no more text than it needs."""

import json
import re
from pathlib import Path

from infra.edge.settings import Settings


SCRIPT = Path(__file__).parent / "edge" / "viewer_request.js"
# A parameter of a template has no more; CloudFront itself would take 10 KB.
MOST = 4096
_SETTINGS = "const settings = {caseSensitive: false, secret: ''};"


def make_script(settings: Settings) -> str:
    """The script for these settings; ValueError when it is too long."""
    plain = {"caseSensitive": settings.slugs.case_sensitive, "secret": settings.secret}
    text = SCRIPT.read_text(encoding="utf-8")
    if text.count(_SETTINGS) != 1:
        raise ValueError(f"{SCRIPT.name} has no line {_SETTINGS}")
    said = f"const settings = {json.dumps(plain)};"
    bare = re.sub(r"^//.*\n|^ *\n|^ +(?://.*\n)?", "", text, flags=re.MULTILINE)
    made = bare.replace(_SETTINGS, said)
    if len(made.encode()) > MOST:
        raise ValueError(f"The script has {len(made)} bytes, and a parameter takes {MOST}.")
    return made
