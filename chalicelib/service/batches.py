"""Many creates in one request: each row is a link or an error, and no row is made twice.

Nothing but the request's one claim is stored for the rows. The time is the claim's, the slugs are
drawn from its receipt, and each link bears the receipt with its row's number: so every try plans
the very same links, and each of them says by itself whether it is made. A request without a key
is carried out in the same way, under a claim that is not stored and that nobody can come back to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from chalicelib.core.batches import place_problems, row_receipt, taken_in_batch
from chalicelib.core.errors import (
    EverhopError,
    IdempotencyInProgress,
    Invalid,
    SlugTaken,
    Unavailable,
)
from chalicelib.core.idempotency import Asked, Claim, check_same, new_claim
from chalicelib.core.links import Link
from chalicelib.service.keyed_links import TRIES, draw_receipt, make_marked
from chalicelib.service.links import LinkService
from chalicelib.service.ports import ClaimStore
from chalicelib.service.workers import WORKERS, Left, work_off


class MadeLink(NamedTuple):
    """A row's link as it was made, and whether it was there before this request."""

    link: Link
    replayed: bool


Outcome = MadeLink | EverhopError
_PLAN = "batch"


@dataclass(frozen=True, slots=True)
class BatchService:
    """Batches over the use cases of links."""

    links: LinkService
    claims: ClaimStore
    workers: int = WORKERS

    def create(
        self, workspace: str, rows: Sequence[object], asked: Asked | None, left: Left
    ) -> list[Outcome]:
        """What became of each row, in their order. Of two rows with one slug the first has it.

        The key stays free when every row was refused, as nothing was made under it then.
        """
        claim = self._claim(asked) if asked else self._new_claim("")
        planned = self._plan(workspace, rows, claim)
        acts = [partial(self._make, one, claim.regions) for one in planned if isinstance(one, Link)]
        made = iter(work_off(acts, left, self.workers))
        outcomes = [next(made) if isinstance(one, Link) else one for one in planned]
        if asked and all(isinstance(one, Invalid | SlugTaken) for one in outcomes):
            self.claims.release(asked.workspace, asked.key, claim, self.links.now())
        return outcomes

    def _claim(self, asked: Asked) -> Claim:
        for _ in range(TRIES):
            claim = self.claims.find(asked.workspace, asked.key, self.links.now())
            if claim is None:
                wanted = self._new_claim(asked.digest)
                claim = self.claims.claim(asked.workspace, asked.key, wanted)
            if claim is not None:
                check_same(claim, asked.digest)
                return claim
        raise IdempotencyInProgress("Others with this key are at work; send it again.")

    def _new_claim(self, digest: str) -> Claim:
        claim = new_claim(digest, draw_receipt(self.links), _PLAN, self.links.now())
        return replace(claim, regions=tuple(self.links.regions))

    def _plan(
        self, workspace: str, rows: Sequence[object], claim: Claim
    ) -> list[Link | EverhopError]:
        """The link that each row stands for (without its slug if it is drawn), or its refusal."""
        first_with: dict[str, int] = {}
        planned: list[Link | EverhopError] = []
        for number, body in enumerate(rows):
            try:
                link, is_drawn = self.links.check(workspace, body, at=claim.claimed_at)
            except Invalid as invalid:
                planned.append(place_problems(invalid, number))
                continue
            key = "" if is_drawn else self.links.key_of(link.slug)
            first = number if is_drawn else first_with.setdefault(key, number)
            marked = replace(link, made_by=row_receipt(claim.receipt, number))
            planned.append(marked if first == number else taken_in_batch(link.slug, first))
        return planned

    def _make(self, link: Link, regions: Sequence[str]) -> Outcome:
        try:
            return MadeLink(*make_marked(self.links, link, regions))
        except (SlugTaken, Unavailable) as error:
            return error
