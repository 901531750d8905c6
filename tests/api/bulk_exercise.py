"""Batches and bulk edits called in every way in which they say that they can end."""

from typing import Any

from chalicelib.core.access import draw_key
from chalicelib.core.idempotency import Claim
from chalicelib.store.memory import ClaimMemory
from tests.api.driver import Api


ROWS = {"links": [{"destination": "https://example.com/x"}]}
EDIT = ("PATCH", "/links?tag=a")
BATCH = ("POST", "/links/batch")


class Busy(ClaimMemory):
    """A store in which others always get in between."""

    def claim(self, workspace: str, key: str, claim: Claim) -> Claim | None:
        return None


def exercise_bulk(api: Api) -> None:
    """All that ends well, and what the body, the key or a header can be wrong in."""
    for method, path in (BATCH, EDIT):
        for wrong in (b"{", b"x" * 3_000_000, b"[]"):
            api.keyed(method, path, wrong)
        api.keyed(method, path, b"a", Content_Type="image/png")
    api.keyed(*BATCH, ROWS)
    api.keyed(*EDIT, {"disabled": True})
    api.keyed(*EDIT, {}, If_Match='"v1"')


def exercise_busy(api: Api) -> None:
    """A key that others keep from being claimed."""
    api.keyed(*BATCH, ROWS, Idempotency_Key="k")


def exercise_bulk_down(api: Api) -> None:
    """A table that does not answer: for a batch, its rows say so unless the key can't be read."""
    api.keyed(*EDIT, {})
    unread: dict[str, Any] = {"Authorization": f"Bearer {draw_key(lambda below: 0)}"}
    api.ask("POST", "/v1/links/batch", ROWS, **unread)


def exercise_bulk_wary(api: Api) -> None:
    """A change of many that does not say that it takes any version."""
    api.keyed(*EDIT, {})
