"""What is said of stats: as JSON, and as a sheet."""

from collections.abc import Mapping
from typing import Any

from chalicelib.api.openapi.operations import Answer, Header, Model
from chalicelib.api.openapi.schemas import COUNT, described, list_of, object_of
from chalicelib.core.fields import or_null
from chalicelib.core.stat_files import COLUMNS
from chalicelib.core.stats import LINK_TOPS, TOPS


_TEXT = {"type": "string"}
_TIME = {"type": "string", "format": "date-time"}
_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_POINT = object_of(
    {
        "at": described(
            _TIME,
            "When the hour, day or month begins, by the clocks of `time_zone`; in UTC.",
            "2026-11-22T23:00:00Z",
        ),
        "clicks": described(COUNT, "Of people.", 41),
        "bots": described(COUNT, "Of robots that say that they are one.", 7),
    }
)
_VALUE = object_of(
    {
        "value": described(
            _TEXT,
            "`(unknown)` when it can't be told; `(other)`, at the end, is the rest.",
            "DE",
        ),
        "clicks": described(COUNT, "Of people.", 29),
        "share": described(_SHARE, "Of all clicks.", 0.7073),
    }
)
_COMPARED = {
    **object_of(
        {
            "from": described(_TIME, "Where the period before began.", "2026-11-21T23:00:00Z"),
            "to": described(_TIME, "Where it ended: at `from`.", "2026-11-22T23:00:00Z"),
            "clicks": described(COUNT, "Its clicks.", 50),
            "change": described(
                or_null({"type": "number"}),
                "By which part of those the clicks have grown; null when there were none.",
                -0.18,
            ),
        }
    ),
    "type": ["object", "null"],
    "title": "StatsBefore",
}


def _model(name: str, tops: Mapping[str, str], own: Mapping[str, Any]) -> Model:
    point, value = Model("StatPoint", _POINT), Model("StatValue", _VALUE)
    shown = {
        **own,
        "from": described(_TIME, "Where the period begins.", "2026-11-22T23:00:00Z"),
        "to": described(_TIME, "Where it ends; not in it any more.", "2026-11-23T23:00:00Z"),
        "interval": described(
            {"type": "string", "enum": ["hour", "day", "month"]}, "What each point is.", "day"
        ),
        "time_zone": described(_TEXT, "By whose clocks days begin.", "Europe/Berlin"),
        "complete_as_of": described(
            or_null(_TIME),
            "Until when every click is counted; null before the first log came.",
            "2026-11-23T11:55:00Z",
        ),
        "clicks": described(COUNT, "How often people followed.", 41),
        "bots": described(COUNT, "How often robots did that say that they are one.", 7),
        "heads": described(COUNT, "Requests for headers only.", 2),
        "previews": described(COUNT, "Looks at where the link leads.", 1),
        "series": described(list_of(point), "Every hour, day or month of the period, in order."),
        "top": {**object_of({key: list_of(value) for key in tops}), "title": f"{name}Top"},
        "compared": described(_COMPARED, "The period before, when `compare` asks for it."),
    }
    return Model(name, object_of(shown))


LINK_STATS = _model(
    "LinkStats", TOPS, {"slug": described(_TEXT, "The link's slug.", "spring-sale")}
)
WORKSPACE_STATS = _model("WorkspaceStats", LINK_TOPS, {})
_SHEET = described(_TEXT, "One table: all, then each point, then each value of each dimension.")
_ROWS = ("total,2026-11-22T23:00:00Z/2026-11-23T23:00:00Z,41,7,2,1,", "countries,DE,29,,,,0.7073")
_HEADERS = {
    "ETag": Header("Of what was counted, for `If-None-Match`.", 'W/"2c26b46b68ffc68f"'),
    "Cache-Control": Header("That browsers alone may keep it, briefly.", "private, max-age=5"),
}


def stats_answer(model: Model) -> Answer:
    """Stats as JSON, or as a sheet with `format=csv`."""
    sheet = {"schema": _SHEET, "example": "\r\n".join((",".join(COLUMNS), *_ROWS, ""))}
    return Answer("The stats.", model, "application/json", _HEADERS, others={"text/csv": sheet})
