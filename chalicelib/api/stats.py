"""Routes of stats: what was counted of one link, and of a whole workspace."""

from collections.abc import Mapping
from urllib.parse import quote

from chalice.app import Blueprint, HeadersType, Request, Response

from chalicelib.api.cursors import Parameter, check_parameters
from chalicelib.api.doors import NO_STORE, Doors, json_answer, route, slug_in_path
from chalicelib.api.preconditions import answer_unless_known
from chalicelib.core.errors import Invalid, NotFound
from chalicelib.service.stats import Stats, StatService


# A browser alone may keep it, for whoever sent this very key; no cache on the way may.
_KEPT = {"Cache-Control": "private, max-age=5", "Vary": "Authorization"}


def routes(stats: StatService, doors: Doors) -> Blueprint:
    """The blueprint, over these use cases."""
    api = Blueprint(__name__)
    parameters = [
        Parameter(name, field.kind.schema, field.about) for name, field in stats.fields.items()
    ]

    @route(
        api,
        "/v1/stats",
        ["GET"],
        lambda say: say.Operation(
            "Stats",
            {200: say.stats_answer(say.WORKSPACE_STATS), 304: say.KNOWN},
            errors=(Invalid,),
            parameters=(*parameters, say.IF_NONE_MATCH),
        ),
    )
    def read_workspace_stats(request: Request) -> Response:
        """Read the stats of all links.

        Those of the workspace together, deleted ones too, and which links were followed most.
        """
        workspace = doors.authorise(request, "read")
        check_parameters(request, parameters)
        return _answer(request, stats.of_workspace(workspace, _given(request)))

    @route(
        api,
        "/v1/links/{slug}/stats",
        ["GET"],
        lambda say: say.Operation(
            "Stats",
            {200: say.stats_answer(say.LINK_STATS), 304: say.KNOWN},
            errors=(NotFound, Invalid),
            parameters=(say.SLUG_IN_PATH, *parameters, say.IF_NONE_MATCH),
        ),
    )
    def read_link_stats(request: Request, slug: str) -> Response:
        """Read the stats of a link.

        `clicks` are of people; bots, HEAD requests and previews are counted apart, and in no
        `top`. Counting follows after the logs: all until `complete_as_of` is in, and some of what
        is newer.
        """
        workspace = doors.authorise(request, "read")
        check_parameters(request, parameters)
        return _answer(request, stats.of_link(workspace, slug_in_path(slug), _given(request)))

    @route(
        api,
        "/v1/links/{slug}/stats",
        ["DELETE"],
        lambda say: say.Operation(
            "Stats",
            {204: say.Answer("The counts are gone.")},
            errors=(NotFound,),
            parameters=(say.SLUG_IN_PATH,),
        ),
    )
    def erase_link_stats(request: Request, slug: str) -> Response:
        """Erase the stats of a link.

        All that was counted of it is forgotten for good, also of one that was deleted; what comes
        from now on is counted anew. The workspace's sums keep the clicks.
        """
        workspace = doors.authorise(request, "write")
        stats.erase(workspace, slug_in_path(slug))
        return Response("", dict(NO_STORE), 204)

    return api


def _given(request: Request) -> Mapping[str, str]:
    return request.query_params or {}


def _answer(request: Request, stats: Stats) -> Response:
    if _given(request).get("format") != "csv":
        return answer_unless_known(request, json_answer(stats.describe(), headers=_KEPT))
    name = "stats" if stats.slug is None else f"{quote(stats.slug, safe='')}-stats"
    headers: HeadersType = {
        **_KEPT,
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}.csv"',
        "X-Content-Type-Options": "nosniff",
    }
    return answer_unless_known(request, Response(stats.as_csv(), headers))
