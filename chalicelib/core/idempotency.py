"""Idempotency keys: how one looks, which requests are the same, and what a key stands for."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from chalicelib.core.errors import IdempotencyMismatch, Problem, Refused
from chalicelib.core.passwords import slow_hash


KEPT_FOR = timedelta(hours=24)
HEADER_POINTER = "/Idempotency-Key"
# How far back a released claim expires: further than the clocks of two functions differ.
_LONG_AGO = timedelta(minutes=5)
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that carries a key: whose, which key, and a digest of what it asks for."""

    workspace: str
    key: str
    digest: str
    is_repeated: bool = False  # an attempt before it may have reached another region


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a key stands for: one request, and the plan that every try of it carries out.

    `plan` is chosen before anything is made (a slug, say); what is made bears the `receipt`, and
    that is how a later try knows that it need not be made again. `regions` are those of the first
    try, its own first: in whatever region a later one is, it draws slugs for that region.
    """

    digest: str
    receipt: str
    plan: str
    claimed_at: datetime
    expires_at: datetime
    regions: tuple[str, ...] = ()

    def is_live(self, now: datetime) -> bool:
        """Whether the key still stands for this; a store may keep a claim long after."""
        return now < self.expires_at


def parse_key(text: str) -> str:
    """The key as it was sent; Refused unless it has 1 to 255 visible ASCII characters."""
    if not _KEY.fullmatch(text):
        raise Refused("idempotency_key", "A key has 1 to 255 visible ASCII characters, no spaces.")
    return text


def is_repeated(attempt: str) -> bool:
    """Whether this value of Everhop-Attempt is of a request that was sent before."""
    return attempt.strip() not in ("", "1")


def digest_request(route: str, body: object, key: str) -> str:
    """Equal for requests with one key to one route whose JSON bodies differ in spelling only.

    It is stored, so for a body with a password in it, at any depth, it is as slow as what is kept
    of that: a fast one would let a dump of the table be tried for the password instead.
    """
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    asked = f"{route}\n{canonical}".encode()
    if '"password":' in canonical:
        return slow_hash(asked, key.encode()).hex()
    return hashlib.sha256(asked).hexdigest()


def receipt_of(asked: Asked, now: datetime) -> str:
    """The receipt of a request for a slug of its owner's choice: the same at every try of that day.

    So a try that finds no claim, as that went with its region, still knows the link of the first.
    It is no secret, so nothing may be drawn from it.
    """
    said = json.dumps([asked.workspace, asked.key, asked.digest, now.date().isoformat()])
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def new_claim(digest: str, receipt: str, plan: str, now: datetime) -> Claim:
    """The claim of a key that is used now for the first time."""
    expires_at = (now + KEPT_FOR).replace(microsecond=0)
    return Claim(digest=digest, receipt=receipt, plan=plan, claimed_at=now, expires_at=expires_at)


def released_at(now: datetime) -> datetime:
    """When a claim expires that is given up now, in nobody's future."""
    return (now - _LONG_AGO).replace(microsecond=0)


def check_same(claim: Claim, digest: str) -> None:
    """IdempotencyMismatch when the key stands for another request."""
    if claim.digest != digest:
        detail = "This key was used for another request less than 24 hours ago; draw a new one."
        raise IdempotencyMismatch([Problem(HEADER_POINTER, "idempotency_mismatch", detail)])


def chance_of(receipt: str) -> Callable[[int], int]:
    """Chance that is the same at every try, and that nobody foresees who has not the receipt."""
    draws = count()

    def draw(below: int) -> int:
        digest = hmac.digest(receipt.encode(), b"%d" % next(draws), "sha256")
        return int.from_bytes(digest, "big") % below

    return draw
