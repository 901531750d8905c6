"""Places of the edge: each region has one near it, called as CloudFront calls them."""

import re

from infra.region_places import PLACES as REGIONS
from local.edge.places import PLACES


def test_every_region_has_its_own_place() -> None:
    """Whichever regions somebody runs, no two are one place in the logs."""
    assert set(PLACES) == set(REGIONS)
    assert len(set(PLACES.values())) == len(PLACES)
    assert all(re.fullmatch(r"[A-Z]{3}\d{1,2}-C1", place) for place in PLACES.values())
