"""The guard of an API that stands behind the edge: who does not come through it is refused.

So nobody goes around the edge's limits, its firewall and its word on who a visitor is.
"""

from collections.abc import Callable, Collection
from datetime import datetime

from chalice.app import Request, Response

from chalicelib.api.notes import notes_of
from chalicelib.api.routes import answer_problem
from chalicelib.core.errors import Forbidden
from chalicelib.core.origin_proofs import is_proof
from chalicelib.core.visitors import ADDRESS, PROOF


# For those who watch this one region: it tells nothing of anybody.
OPEN = frozenset({"/v1/health"})


class EdgeGuard:
    """Middleware: lets through what proves to come from the edge, and believes its address."""

    def __init__(self, secrets: Collection[str], clock: Callable[[], datetime]) -> None:
        self._secrets = secrets
        self._clock = clock

    def __call__(self, request: Request, get_response: Callable[[Request], Response]) -> Response:
        """The answer; 403, never to be kept, for who goes around the edge."""
        if is_proof(request.headers.get(PROOF, ""), self._secrets, self._clock().timestamp()):
            notes_of(request).address = request.headers.get(ADDRESS, "")
        elif request.path not in OPEN:
            return answer_problem(request, Forbidden("This is answered at the public address."))
        return get_response(request)
