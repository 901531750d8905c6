"""What idempotency keys stand for, in the links' own table; swept by its TTL, judged when read."""

from datetime import UTC, datetime
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.models import Model

from chalicelib.core.idempotency import Claim, released_at
from chalicelib.store.answers import ConditionFailed, answering
from chalicelib.store.keys import CLAIM_SK, claim_pk


class ClaimItem(Model):
    """One claim; it has no list_key, so it is in no list."""

    class Meta:
        """Bound to the links' table by `bind_beside`."""

        table_name = "unbound"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=CLAIM_SK)
    digest = UnicodeAttribute()
    receipt = UnicodeAttribute()
    plan = UnicodeAttribute()
    claimed_at = UTCDateTimeAttribute()
    regions = UnicodeAttribute(null=True)  # with spaces between; none where there is one
    ttl = NumberAttribute()  # epoch seconds: the end of the claim


class ClaimTable:
    """The `ClaimStore` over one region's table."""

    def __init__(self, model: type[ClaimItem]) -> None:
        self._model = model

    def find(self, workspace: str, key: str, now: datetime) -> Claim | None:
        """One consistent GetItem; see ClaimStore."""
        try:
            with answering():
                item = self._model.get(claim_pk(workspace, key), CLAIM_SK, consistent_read=True)
        except DoesNotExist:
            return None
        claim = _to_claim(item)
        return claim if claim.is_live(now) else None

    def claim(self, workspace: str, key: str, claim: Claim) -> Claim | None:
        """One conditional PutItem; see ClaimStore.

        After a lost answer the client puts again, and finds its own claim in the way: as good.
        """
        model, now = self._model, claim.claimed_at
        free = model.pk.does_not_exist() | (model.ttl <= int(now.timestamp()))
        try:
            with answering():
                self._item(workspace, key, claim).save(condition=free)
        except ConditionFailed:
            return self.find(workspace, key, now)
        return claim

    def release(self, workspace: str, key: str, claim: Claim, now: datetime) -> None:
        """One conditional PutItem; see ClaimStore."""
        item = self._item(workspace, key, claim)
        item.ttl = int(released_at(now).timestamp())
        try:
            with answering():
                item.save(condition=self._model.receipt == claim.receipt)
        except ConditionFailed:
            return

    def _item(self, workspace: str, key: str, claim: Claim) -> ClaimItem:
        return self._model(
            claim_pk(workspace, key),
            CLAIM_SK,
            digest=claim.digest,
            receipt=claim.receipt,
            plan=claim.plan,
            claimed_at=claim.claimed_at,
            regions=" ".join(claim.regions) or None,
            ttl=int(claim.expires_at.timestamp()),
        )


def _to_claim(item: Any) -> Claim:
    return Claim(
        digest=item.digest,
        receipt=item.receipt,
        plan=item.plan,
        claimed_at=item.claimed_at,
        expires_at=datetime.fromtimestamp(int(item.ttl), UTC),
        regions=tuple((item.regions or "").split()),
    )
