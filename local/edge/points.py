"""Points of presence of one distribution: each has its own cache, and all have one shield."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from local.edge.distributions import Distribution, read_distribution
from local.edge.engines import Edge, Tiers
from local.edge.functions import Handler, handlers_for
from local.edge.intrinsics import Json, evaluate, read_template
from local.edge.layers import Layer
from local.edge.origins import Send
from local.edge.policies import Caching
from local.edge.roads import Road
from local.edge.storage import Storage


HERE = "everhop-local"


def load_distribution(
    path: Path, parameters: Mapping[str, Any], others: Sequence[Path] = ()
) -> Distribution:
    """The distribution of a template with these parameters.

    Where it refers to policies of `others`, the parameters give their logical names.
    """
    known: Json = {}
    for other in others:
        known |= evaluate(read_template(other), {})
    return read_distribution(evaluate(read_template(path), parameters), known)


def uncached(distribution: Distribution) -> Distribution:
    """The same distribution, keeping nothing: for who wants to see each edit at once."""
    behaviours = tuple(
        replace(one, caching=_kept_nowhere(one.caching)) for one in distribution.behaviours
    )
    return replace(distribution, behaviours=behaviours)


def _kept_nowhere(caching: Caching) -> Caching:
    return replace(caching, min_ttl=0.0, default_ttl=0.0, max_ttl=0.0)


def make_edges(
    places: Sequence[str],
    distribution: Distribution,
    send: Send,
    by_event: Mapping[str, Handler] | None = None,
    by_reference: Mapping[str, Handler] | None = None,
) -> list[Edge]:
    """An edge for each place; ValueError when an association of the template has no handler."""
    handlers = {
        one.pattern: handlers_for(one, by_event or {}, by_reference or {})
        for one in distribution.behaviours
    }
    road = Road(send, handlers)
    shielded = any(
        origin.shielded for one in distribution.behaviours for origin in one.target.origins
    )
    shield = Layer(Storage(), time.monotonic) if shielded else None
    return [
        Edge(
            place,
            Tiers(distribution, road, Layer(Storage(), time.monotonic), shield),
            handlers,
        )
        for place in places
    ]


def invalidate(edges: Sequence[Edge], patterns: Sequence[str]) -> int:
    """Forget at every place, the shield first, as else it would hand out what was forgotten."""
    caches = {id(one): one for edge in edges for one in edge.caches}
    return sum(one.invalidate(each) for one in caches.values() for each in patterns)
