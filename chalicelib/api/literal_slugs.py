"""Slugs that are also a literal segment of a route: their links stay within reach.

`POST /v1/links/batch` makes `/v1/links/batch` a path of its own, which Chalice's server and, by
its documentation, API Gateway choose before `/v1/links/{slug}` whatever the method is. So the
methods of the latter, and what is below it, are there for the slug `batch` by name.
"""

from functools import wraps

from chalice.app import Chalice, Response, RouteEntry


_SLUG = "/v1/links/{slug}"


def let_slugs_be(app: Chalice, *slugs: str) -> None:
    """Add each route of a link once more for each of these slugs."""
    routes = [
        (path, entry)
        for path, methods in app.routes.items()
        if path == _SLUG or path.startswith(_SLUG + "/")
        for entry in methods.values()
    ]
    for slug in slugs:
        for path, entry in routes:
            _add(app, path.replace("{slug}", slug), entry, slug)


def _add(app: Chalice, path: str, entry: RouteEntry, slug: str) -> None:
    @wraps(entry.view_function)
    def view() -> Response:
        answer: Response = entry.view_function(slug=slug)
        return answer

    # The API's document has the route already, for every slug.
    view.__dict__.update(describe=lambda say: say.UNLISTED, stands_for=entry.uri_pattern)
    name = f"{entry.view_name}_{slug}"
    app.route(path, methods=[entry.method], content_types=entry.content_types, name=name)(view)
