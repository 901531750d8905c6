"""What is said of API keys: as they are listed, and as one is answered when it is made."""

from chalicelib.api.cursors import Parameter
from chalicelib.api.openapi.operations import Model
from chalicelib.api.openapi.schemas import described, list_of, object_of
from chalicelib.core.access import SCOPES
from chalicelib.core.fields import or_null


_TEXT = {"type": "string"}
_TIME = {"type": "string", "format": "date-time"}
_ID = "v5k7m2xpdr"
_LISTED = {
    "id": described(_TEXT, "A part of the key's text, and no secret.", _ID),
    "workspace": described(_TEXT, "Whose links it opens.", "acme"),
    "name": described(_TEXT, "What it is for.", "shop"),
    "scopes": described(
        list_of({"type": "string", "enum": [*SCOPES]}), "What it may do.", ["read", "write"]
    ),
    "state": described(
        {"type": "string", "enum": ["active", "expired", "revoked"]}, "Now.", "active"
    ),
    "created_at": described(_TIME, "When it was made.", "2026-02-03T09:15:00Z"),
    "expires_at": described(or_null(_TIME), "From when on it opens nothing.", None),
    "revoked_at": described(or_null(_TIME), "When it was revoked.", None),
    "last_used_on": described(or_null(_TEXT), "The day of its last use, in lists.", "2026-02-04"),
    "replaces": described(or_null(_TEXT), "The id of the key it was made to replace.", None),
    "replaced_by": described(or_null(_TEXT), "The id of the key that replaces it.", None),
}
KEY = Model("ApiKey", object_of(_LISTED))
_SECRET = described(_TEXT, "The key itself: it is answered this once.", f"eh_{_ID}…")
ISSUED_KEY = Model("IssuedKey", object_of({"key": _SECRET, **_LISTED}))
ROTATED_KEY = Model("RotatedKey", object_of({"key": _SECRET, **_LISTED, "replaced": KEY}))
KEY_PAGE = Model(
    "KeyPage",
    object_of(
        {
            "keys": list_of(KEY),
            "next_cursor": described(or_null(_TEXT), "What to send as `cursor` to go on.", None),
        }
    ),
)
KEY_ID = Parameter("key_id", {"type": "string", "examples": [_ID]}, "The key's id.", where="path")
NEW_KEY_EXAMPLE = {"name": "shop", "scopes": ["read", "write"], "workspace": "acme"}
