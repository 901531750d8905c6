"""What clients of a run saw: who asked for what, when, and what they were answered."""

from dataclasses import dataclass, field
from typing import Any

from chalicelib.core.links import Link


@dataclass(frozen=True, slots=True)
class Change:
    """An acknowledged create, edit or delete of a link: what it was answered with."""

    kind: str  # create, edit or delete
    slug: str
    region: str  # that was asked
    began_at: float
    ended_at: float
    link: Link


@dataclass(frozen=True, slots=True)
class Look:
    """What a visitor was answered; `outcome` is a Redirect or Refusal."""

    slug: str
    region: str
    began_at: float
    ended_at: float
    made_at: float  # when the answer was begun to be made: a cache may have had it since then
    outcome: Any


@dataclass
class History:
    """All of a run, in the order in which it was answered. `tried` are slugs somebody began to change."""

    changes: list[Change] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    tries: dict[str, list[str]] = field(default_factory=dict)  # slug -> kinds, acknowledged or not
    keyed: dict[str, set[str]] = field(default_factory=dict)  # idempotency key -> slugs answered
    taken: dict[str, str] = field(default_factory=dict)  # workspace -> the slug it was refused

    def refuse(self, what: str) -> None:
        """Count what was not done."""
        self.refused[what] = self.refused.get(what, 0) + 1

    def begin(self, kind: str, slug: str) -> None:
        """Note that a change was sent, whatever comes of it."""
        self.tries.setdefault(slug, []).append(kind)
