"""Methods that an address does not have: 405, and the header that says which it has."""

import re

from tests.api.driver import Api


METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}


def test_a_method_too_many_is_405(api: Api) -> None:
    """At every address, without a key and whatever is sent; `Allow` has what the document has."""
    refused = 0
    for path, item in api.contract.document["paths"].items():
        routes = api.client._app.routes[path]
        literal = {name for name in routes if hasattr(routes[name].view_function, "stands_for")}
        has = {method.upper() for method in item} & METHODS
        for method in sorted(METHODS - has - literal):
            target = re.sub(r"{\w+}", "x", path)
            answer = api.ask(method, target, b"\xff", Content_Type="image/png")
            assert answer.status_code == 405, (method, path)
            assert set(answer.headers["Allow"].split(", ")) - {"OPTIONS"} == has
            assert answer.headers["Cache-Control"] in ("no-store", "private, max-age=0")
            if not path.startswith(("/r/", "/v/")) and method != "HEAD":
                assert answer.json_body["code"] == "method_not_allowed"
            refused += 1

    assert refused > 30
