"""Where AWS's regions are, roughly: which of ours is near to one of them follows from that."""

from collections.abc import Iterable, Mapping
from math import asin, cos, radians, sin, sqrt


# Degrees north and east, of the city or state that AWS names.
PLACES: Mapping[str, tuple[float, float]] = {
    "af-south-1": (-33.9, 18.4),
    "ap-east-1": (22.3, 114.2),
    "ap-northeast-1": (35.7, 139.7),
    "ap-northeast-2": (37.6, 127.0),
    "ap-northeast-3": (34.7, 135.5),
    "ap-south-1": (19.1, 72.9),
    "ap-south-2": (17.4, 78.5),
    "ap-southeast-1": (1.4, 103.8),
    "ap-southeast-2": (-33.9, 151.2),
    "ap-southeast-3": (-6.2, 106.8),
    "ap-southeast-4": (-37.8, 145.0),
    "ap-southeast-5": (3.1, 101.7),
    "ap-southeast-7": (13.8, 100.5),
    "ca-central-1": (45.5, -73.6),
    "ca-west-1": (51.0, -114.1),
    "eu-central-1": (50.1, 8.7),
    "eu-central-2": (47.4, 8.5),
    "eu-north-1": (59.3, 18.1),
    "eu-south-1": (45.5, 9.2),
    "eu-south-2": (41.7, -0.9),
    "eu-west-1": (53.3, -6.3),
    "eu-west-2": (51.5, -0.1),
    "eu-west-3": (48.9, 2.4),
    "il-central-1": (32.1, 34.8),
    "me-central-1": (24.5, 54.4),
    "me-south-1": (26.1, 50.6),
    "mx-central-1": (20.6, -100.4),
    "sa-east-1": (-23.6, -46.6),
    "us-east-1": (39.0, -77.5),
    "us-east-2": (40.0, -83.0),
    "us-west-1": (37.4, -122.0),
    "us-west-2": (45.8, -119.7),
}
_EARTH = 6371.0  # km


def distance_between(one: str, other: str) -> float:
    """Kilometres along the earth's surface; KeyError for a region that is not in PLACES."""
    (north, east), (other_north, other_east) = (map(radians, PLACES[name]) for name in (one, other))
    half = sin((north - other_north) / 2) ** 2
    half += cos(north) * cos(other_north) * sin((east - other_east) / 2) ** 2
    return 2 * _EARTH * asin(sqrt(half))


def nearest_first(regions: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """For each place that a function may run at: the regions, the nearest first."""
    ours = list(regions)
    return {
        place: tuple(sorted(ours, key=lambda region: distance_between(place, region)))
        for place in PLACES
    }
