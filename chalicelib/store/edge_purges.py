"""Has CloudFront forget addresses of changed links: one CreateInvalidation for each batch."""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.core.changes import Change, Purged, Purging, edge_paths, reference_of
from chalicelib.store.job_clients import make_client


HOME = "us-east-1"  # CloudFront is nowhere else


class EdgePurge:
    """A `Purge` of a distribution, by the stream of one region."""

    def __init__(self, distribution: str, region: str, purging: Purging) -> None:
        self._distribution = distribution
        self._region = region
        self._purging = purging

    def __call__(self, changes: Sequence[Change], unsure: frozenset[str]) -> Purged:
        """Have all points of presence forget; each region does, when it has no more to tell.

        The reference is that of the changes, so that a batch that comes again is one invalidation.
        But if a tier below is `unsure`, the next one is another.
        """
        purged = Purged()
        paths = edge_paths(changes, self._purging)
        if not paths:
            return purged
        reference = reference_of(changes, paths, {self._region, *(f"unsure {it}" for it in unsure)})
        try:
            self._create(paths, reference)
        except (ClientError, BotoCoreError):
            purged.failed |= {it.key for it in changes}
        return purged

    def _create(self, paths: Sequence[str], reference: str) -> Any:
        batch = {
            "Paths": {"Quantity": len(paths), "Items": list(paths)},
            "CallerReference": reference,
        }
        client = make_client("cloudfront", HOME)
        return client.create_invalidation(
            DistributionId=self._distribution, InvalidationBatch=batch
        )
