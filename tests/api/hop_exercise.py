"""The way to a link's other address, for the document's test: only where a stage caches."""

from tests.api.driver import Api


def exercise_hops(api: Api) -> None:
    """Follow a link whose answer may not be kept for all."""
    api.made(slug="apart", password="open sesame")
    for method in ("GET", "HEAD"):
        assert api.ask(method, "/r/apart").status_code == 303
        # As the edge asks, when there is a query.
        assert api.ask(method, "/v/apart", Everhop_Shared="1").status_code == 303
