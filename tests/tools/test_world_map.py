"""The tool that draws the dashboard's map, without the atlas that it draws it of."""

import json

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.countries import COUNTRIES
from tools.world_map import DOT, WORLD, draw, project, simplify, size_of


PLACES = st.tuples(st.integers(0, 2000), st.integers(0, 1000))
SQUARE = [(0.0, 0.0), (40.0, 0.0), (40.0, 40.0), (0.0, 40.0), (0.0, 0.0)]


def test_codes_of_the_map_are_those_of_rules() -> None:
    """Every place of the map has a code that a log may have."""
    world = json.loads(WORLD.read_text())

    assert {*world["shapes"], *world["dots"]} <= COUNTRIES
    assert len(COUNTRIES - {*world["shapes"], *world["dots"]}) < 10


def test_the_picture_ends_in_the_bering_strait() -> None:
    """The east of Russia is at the right edge, Alaska at the left; north is up."""
    assert project(-170, 66)[0] > project(170, 66)[0] > project(-168, 66)[0]
    assert project(10, 60)[1] < project(10, 40)[1]


@given(st.lists(PLACES, min_size=2, max_size=40))
def test_simplified_lines(points: list[tuple[float, float]]) -> None:
    """A simplified line has the ends it had, and only points of its own."""
    few = simplify(points)

    assert (few[0], few[-1]) == (points[0], points[-1])
    assert set(few) <= set(points)
    assert len(few) <= len(points)


def test_an_island_stays_an_area() -> None:
    """A line that ends where it begins is no line after it was simplified."""
    assert size_of(simplify(SQUARE)[:-1]) == 1600


def square(west: float, south: float, size: float) -> list[list[float]]:
    """An arc round a square, as steps from point to point."""
    return [[west, south], [size, 0], [0, size], [-size, 0], [0, -size]]


def test_small_countries_are_dots() -> None:
    """A country of some degrees is a shape; one of a tenth of a degree a dot; Antarctica neither."""
    atlas = {
        "transform": {"scale": [1, 1], "translate": [0, 0]},
        "arcs": [square(10, 45, 6), square(20, 40, 0.1), square(0, -80, 9)],
        "objects": {
            "countries": {
                "geometries": [
                    {"type": "Polygon", "arcs": [[0]], "id": "276", "properties": {"name": "G"}},
                    {"type": "Polygon", "arcs": [[1]], "id": "470", "properties": {"name": "M"}},
                    {
                        "type": "MultiPolygon",
                        "arcs": [[[2]]],
                        "id": "010",
                        "properties": {"name": "A"},
                    },
                ]
            }
        },
    }
    world = draw(atlas)

    assert list(world["shapes"]) == ["DE"]
    assert "MT" in world["dots"]
    assert "AQ" not in world["dots"]
    assert DOT > 0
