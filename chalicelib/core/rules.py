"""Rules: which destination a link has for which visitor, as they are stored.

The first rule that holds decides; `matchers.py` finds it.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any, NamedTuple


ZoneFinder = Callable[[str], tzinfo | None]
Plain = Mapping[str, Any]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Up to here rules are kept as they are, to be read by people who look at the item.
_READABLE = 1024


class Rules(NamedTuple):
    """The rules of a link as they are stored: compact JSON, deflated when that is long."""

    packed: bytes = b""

    @classmethod
    def of(cls, plain: Sequence[Plain]) -> "Rules":
        """The rules of this JSON."""
        text = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
        if not plain:
            return cls()
        return cls(text if len(text) <= _READABLE else _deflate(text))

    def __bool__(self) -> bool:
        return bool(self.packed)

    @property
    def text(self) -> bytes:
        """The compact JSON; empty without rules."""
        return self.packed if self.packed[:1] in (b"[", b"") else _inflate(self.packed)

    def plain(self) -> list[dict[str, Any]]:
        """The rules as JSON has them, in their order."""
        return json.loads(self.text or b"[]")  # type: ignore[no-any-return]


NO_RULES = Rules()


def _deflate(text: bytes) -> bytes:
    import zlib  # noqa: PLC0415 - most links have no long rules, and a cold start should not pay

    return zlib.compress(text)


def _inflate(packed: bytes) -> bytes:
    import zlib  # noqa: PLC0415 - as above

    return zlib.decompress(packed)


def only_utc(name: str) -> tzinfo | None:
    """The zone finder of who knows no other zone."""
    return UTC if name == "UTC" else None


_DIMENSION = {
    "countries": "country",
    "devices": "device",
    "languages": "language",
    "starts_at": "time",
    "expires_at": "time",
    "hours": "time",
}


def dimensions(rules: Rules) -> frozenset[str]:
    """What of a visitor the rules read: a cache that keeps redirects must tell these apart.

    `country`, `device`, `language`, `time`, `query:` and a parameter's name, and `visitor` where
    variants share the visitors out.
    """
    plain = rules.plain()
    asked = {name for rule in plain for name in rule["if"] if name != "query"}
    queries = {f"query:{one['name']}" for rule in plain for one in rule["if"].get("query", ())}
    shared = {"visitor"} if any("variants" in rule for rule in plain) else set()
    return frozenset({_DIMENSION[name] for name in asked} | queries | shared)


# How a redirect tells which variant it leads to: a parameter of its Content-Type. Of all that an
# answer says, an access log keeps its status, its sizes and this.
VARIANT = "; variant="
_VARIANT_ID = re.compile(r"[0-9a-f]{12}")


def variant_id(destination: str) -> str:
    """What a variant is counted under: its destination, which its visitors see anyway, in short."""
    digest = hashlib.blake2b(destination.encode("utf-8", "surrogatepass"), digest_size=6)
    return digest.hexdigest()


def is_variant_id(text: str) -> bool:
    """Whether this could be one."""
    return _VARIANT_ID.fullmatch(text) is not None


def variant_names(rules: Rules) -> dict[str, str]:
    """What variants are called, by their ids: their name or, without one, their destination."""
    variants = [one for rule in rules.plain() for one in rule.get("variants", ())]
    called = {variant_id(one["destination"]): str(one["destination"]) for one in variants}
    # The first that has a name, as a destination may be in several rules.
    named = [one for one in reversed(variants) if one.get("name")]
    return called | {variant_id(one["destination"]): str(one["name"]) for one in named}


def destinations_of(rules: Rules) -> Iterable[str]:
    """Every destination that a rule names, once, in their order."""
    parts = [part for rule in rules.plain() for part in rule.get("variants", (rule,))]
    return dict.fromkeys(str(part["destination"]) for part in parts)
