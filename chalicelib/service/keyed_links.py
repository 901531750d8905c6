"""Creates that carry an idempotency key: however often one is sent, one link is made.

The order is the promise. First the claim is stored, and it names the slug; then the link is
created under that slug, and it bears the claim's receipt; nothing is written after that. So the
link itself says whether the key's work is done, no crash leaves a key locked, and requests with
one key that meet do not wait for each other: all of them carry out the same plan, and the
conditional create lets one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from chalicelib.core.errors import IdempotencyInProgress, SlugTaken, Unavailable
from chalicelib.core.homes import is_elsewhere
from chalicelib.core.idempotency import (
    Asked,
    Claim,
    chance_of,
    check_same,
    new_claim,
    receipt_of,
)
from chalicelib.core.links import Link
from chalicelib.service.links import LinkService
from chalicelib.service.ports import ClaimStore


TRIES = 8
_RECEIPTS = 2**128


@dataclass(frozen=True, slots=True)
class KeyedLinkService:
    """Creates over the use cases of links, at most one link a key.

    `repeated` are the claims for requests that are sent again, where they are not the same.
    """

    links: LinkService
    claims: ClaimStore
    repeated: ClaimStore | None = None

    def create(self, asked: Asked, body: object) -> tuple[Link, bool]:
        """The link as it was made for this key, and whether it was there before this request.

        A refusal (Invalid, SlugTaken) leaves the key free, as nothing was made under it.
        """
        slugs = self.links.draw_slugs()
        claims = claims_for(asked, self.claims, self.repeated)
        for _ in range(TRIES):
            claim = self._claim(claims, asked, body, slugs)
            if claim is None:
                continue
            link, is_drawn = self._plan(asked, body, claim)
            try:
                there = carry_out(self.links, link)
            except SlugTaken:
                claims.release(asked.workspace, asked.key, claim, self.links.now())
                if not is_drawn:
                    raise
            else:
                return _as_made(link, there), there is not None
        raise IdempotencyInProgress("Others with this key are at work; send it again.")

    def _claim(
        self, claims: ClaimStore, asked: Asked, body: object, slugs: Iterator[str]
    ) -> Claim | None:
        """The claim that the key has; a new one unless the body is refused."""
        now = self.links.now()
        claim = claims.find(asked.workspace, asked.key, now)
        if claim is None:
            link, is_drawn = self.links.check(asked.workspace, body, at=now)
            receipt = draw_receipt(self.links) if is_drawn else receipt_of(asked, now)
            slug = next(slugs) if is_drawn else link.slug
            wanted = new_claim(asked.digest, receipt, slug, now)
            claim = claims.claim(asked.workspace, asked.key, wanted)
        if claim is not None:
            check_same(claim, asked.digest)
        return claim

    def _plan(self, asked: Asked, body: object, claim: Claim) -> tuple[Link, bool]:
        """The link that the claim stands for: made of its time, its slug and the same body."""
        link, is_drawn = self.links.check(asked.workspace, body, at=claim.claimed_at)
        return replace(link, slug=claim.plan, made_by=claim.receipt), is_drawn


def _as_made(link: Link, there: Link | None) -> Link:
    """The link of this plan, as of the try that made it, whose claim may be lost."""
    made_at = link.created_at if there is None else there.created_at
    return replace(link, created_at=made_at, updated_at=made_at)


def claims_for(asked: Asked, first: ClaimStore, repeated: ClaimStore | None) -> ClaimStore:
    """The claims that a request is carried out under."""
    return repeated if repeated is not None and asked.is_repeated else first


def make_marked(links: LinkService, link: Link, regions: Sequence[str]) -> tuple[Link, bool]:
    """Make a link that bears a row's receipt, once however often; the link, and whether it was.

    A slug that it lacks is drawn from the receipt, for the first of the `regions` of the first
    try: so every try draws the same, in whatever region.
    """
    if link.slug:
        return link, carry_out(links, link) is not None
    slugs = links.draw_slugs(chance_of(str(link.made_by)), regions)
    while True:
        named = replace(link, slug=next(slugs))
        try:
            return named, carry_out(links, named) is not None
        except SlugTaken:
            continue


def draw_receipt(links: LinkService) -> str:
    """What a request leaves on all that it makes."""
    return f"{links.chance(_RECEIPTS):032x}"


def carry_out(links: LinkService, link: Link) -> Link | None:
    """Make the link unless it is made, as its receipt tells; what there is of it then."""
    key = links.key_of(link.slug)
    try:
        links.store.create(key, link)
    except SlugTaken:
        there = links.store.current(key)
        # What became of the link since then, an edit or a tombstone, bears its receipt too.
        if there is None or there.made_by != link.made_by:
            raise
        return there
    except Unavailable:
        # The home is away; but what was made there before may have come here.
        there = links.store.seek(key) if is_elsewhere(key, links.regions) else None
        if there is None or there.made_by != link.made_by:
            raise
        return there
    return None
