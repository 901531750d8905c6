"""What was made and changed, and so what a right answer is: the checker of every drill.

Times are seconds of one clock, that of who asks.
"""

from dataclasses import dataclass, field
from typing import NamedTuple


REDIRECT = 302
BUDGET = 60.0  # seconds that an answer may be behind: the default of `fresh_for`
_NEVER = float("inf")


class Answer(NamedTuple):
    """An answer to a visitor: 0 when there was none, and then why."""

    status: int
    location: str = ""
    error: str = ""
    took: float = 0.0
    hops: int = 0  # redirects to another address of ours on the way

    def __str__(self) -> str:
        said = self.error or f"{self.status} {self.location}".rstrip()
        return f"{said} after {self.took:.2f} s"


@dataclass(slots=True)
class Version:
    """One destination of a link: when it was sent, and acknowledged (never, as far as is known)."""

    destination: str
    sent_at: float
    acknowledged_at: float = _NEVER


@dataclass(slots=True)
class Entry:
    """A link, its home, and all the destinations it was ever told to have, in their order."""

    slug: str
    home: str
    versions: list[Version] = field(default_factory=list)
    version: int = 1
    is_settled: bool = True  # no edit of it is under way, and none is of unknown outcome

    @property
    def last(self) -> str:
        """The last destination that was acknowledged."""
        return [it for it in self.versions if it.acknowledged_at < _NEVER][-1].destination

    @property
    def destinations(self) -> set[str]:
        """Where it may lead for good: the last acknowledged one, and what was sent after that."""
        known = [it.acknowledged_at < _NEVER for it in self.versions]
        first = max((at for at, acknowledged in enumerate(known) if acknowledged), default=0)
        return {it.destination for it in self.versions[first:]}

    def may_show(self, asked_at: float, answered_at: float, budget: float = BUDGET) -> set[str]:
        """The destinations that an answer may show: none that is behind for longer than that."""
        gone = [
            at for at, it in enumerate(self.versions) if it.acknowledged_at <= asked_at - budget
        ]
        first = gone[-1] if gone else 0
        return {it.destination for it in self.versions[first:] if it.sent_at <= answered_at}

    def judge(self, answer: Answer, asked_at: float, budget: float = BUDGET) -> str:
        """What is wrong with an answer; "" when it is right."""
        right = self.may_show(asked_at, asked_at + answer.took, budget)
        if answer.status == REDIRECT and answer.location in right:
            return ""
        return f"/{self.slug} (home {self.home}): {answer}"


@dataclass
class Ledger:
    """All links of a drill; `rejected` slugs were never acknowledged: they may exist or not."""

    links: dict[str, Entry] = field(default_factory=dict)

    def made(self, slug: str, home: str, destination: str, sent_at: float, at: float) -> Entry:
        """Note that a link was acknowledged."""
        entry = Entry(slug, home, [Version(destination, sent_at, at)])
        self.links[slug] = entry
        return entry


@dataclass
class Tally:
    """How many answers were asked for and right, how long they took, and some that were not."""

    right: int = 0
    wrong: int = 0
    hops: int = 0
    took: list[float] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)

    @property
    def asked(self) -> int:
        """All answers."""
        return self.right + self.wrong

    def note(self, problem: str, took: float = 0.0, hops: int = 0) -> None:
        """Note an answer; `problem` is "" when it was right."""
        self.took.append(took)
        self.hops += hops
        if not problem:
            self.right += 1
            return
        self.wrong += 1
        if len(self.samples) < 5:
            self.samples.append(problem)
