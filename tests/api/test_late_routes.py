"""Routes that are mounted late: found as if they had been there, mounted once, and whole or not."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.api.late_routes import LateRoutes


class Shop:
    """An app of two routes, of which one is mounted late."""

    def __init__(self) -> None:
        self.mounted = 0
        self.down = False
        there: Any = defaultdict(dict, {"/r/{slug}": {"GET": "follow"}})
        self.routes: Any = LateRoutes(there, self.mount)

    def mount(self) -> None:
        self.mounted += 1
        if self.down:
            raise RuntimeError("a module that can't be imported")
        # As Chalice does it: it looks whether the method is there, then adds it.
        assert "GET" not in self.routes["/v1/links"]
        self.routes["/v1/links"]["GET"] = "list"


def test_what_is_there_is_found_without_the_rest() -> None:
    """A visitor's route needs no other."""
    shop = Shop()

    assert shop.routes["/r/{slug}"] == {"GET": "follow"}
    assert "/r/{slug}" in shop.routes
    assert shop.mounted == 0


@pytest.mark.parametrize(
    "look",
    [
        lambda routes: routes["/v1/links"],
        lambda routes: "/v1/links" in routes,
        lambda routes: routes.get("/v1/links"),
        list,
        len,
        bool,
        dict,
        lambda routes: list(routes.items()),
        lambda routes: list(routes.keys()),
        lambda routes: list(routes.values()),
        lambda routes: routes == {},
    ],
)
def test_whoever_looks_at_the_rest_sees_all(look: Callable[[Any], object]) -> None:
    """However the routes are looked at, all are there, and they are mounted once."""
    shop = Shop()
    look(shop.routes)
    look(shop.routes)

    assert shop.mounted == 1
    assert dict(shop.routes) == {"/r/{slug}": {"GET": "follow"}, "/v1/links": {"GET": "list"}}


def test_a_path_that_nobody_has() -> None:
    """It is not there, also after all were mounted; asked for, it has no methods, as in Chalice."""
    shop = Shop()

    assert "/nope" not in shop.routes
    assert shop.routes["/nope"] == {}
    assert shop.mounted == 1


def test_a_mount_that_fails_is_tried_again() -> None:
    """One request's misfortune does not leave the next ones with half of the routes."""
    shop = Shop()
    shop.down = True
    for _ in range(2):
        with pytest.raises(RuntimeError):
            list(shop.routes)
    shop.down = False

    assert list(shop.routes) == ["/r/{slug}", "/v1/links"]
