"""API Gateway's stage cache: what it keeps, for whom, for how long, and how it is emptied.

Kept as strictly as the real one may behave: whatever the status, whatever the answer's own
Cache-Control says, keyed on the declared parameters alone. It knows nothing of HTTP; its answers
are the dicts that a function hands to API Gateway.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple


Answer = Mapping[str, Any]
Ask = Callable[[], Answer]
Key = tuple[str, ...]
Clock = Callable[[], float]  # seconds, never backwards
State = Literal["AVAILABLE", "FLUSH_IN_PROGRESS", "CREATE_IN_PROGRESS", "NOT_AVAILABLE"]

MAX_ANSWER = 1_048_576  # bytes; a larger answer is passed on and not kept
GIGABYTE = 1_000_000_000
_PER_ENTRY = 256  # bytes that an entry takes beside its text
# The real ones take minutes; so long that a test or a person can see that it is not at once.
FLUSH_TAKES = 1.0
RESIZE_TAKES = 2.0
COALESCE_FOR = 5.0


class Outcome(NamedTuple):
    """How an answer was come by, in the words of RFC 9211: `hit`, or why it was forwarded."""

    how: Literal["hit", "uri-miss", "stale", "bypass", "request"]
    left_for: float = 0.0  # seconds that the entry has left
    stored: bool = False
    collapsed: bool = False

    def __str__(self) -> str:
        """One member of a `Cache-Status` header."""
        if self.how == "hit":
            return f'"API cache"; hit; ttl={round(self.left_for)}'
        stored = "; stored" if self.stored else ""
        collapsed = "; collapsed" if self.collapsed else ""
        return f'"API cache"; fwd={self.how}{stored}{collapsed}'


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer that is kept, and until when."""

    answer: Answer
    size: int
    until: float


class ApiCache:
    """One stage's cache of `capacity` bytes, safe under threads; the least used gives way."""

    def __init__(self, capacity: int, clock: Clock) -> None:
        self._capacity = capacity
        self._clock = clock
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._used = 0
        self._asking: dict[Key, threading.Event] = {}
        self._busy: tuple[State, float] = ("AVAILABLE", 0.0)
        self._lock = threading.Lock()

    @property
    def state(self) -> State:
        """What it is doing; only an available cache keeps or finds anything."""
        if self._capacity <= 0:
            return "NOT_AVAILABLE"
        what, until = self._busy
        return what if self._clock() < until else "AVAILABLE"

    @property
    def size(self) -> tuple[int, int]:
        """How many answers it keeps, and their bytes."""
        with self._lock:
            return len(self._entries), self._used

    def answer(
        self, key: Key, fresh_for: float, ask: Ask, *, anew: bool = False
    ) -> tuple[Answer, Outcome]:
        """The answer under this key, asked for when there is none that is fresh.

        Requests for one key at the same time wait for the first of them, as far as that is quick.
        `anew` is for who may ask so: what is there is forgotten first, and what others are waiting
        for, which may be older, is not waited for.
        """
        if self.state != "AVAILABLE" or fresh_for <= 0:
            return ask(), Outcome("bypass")
        if anew:
            self._forget(key)
            return self._ask(key, fresh_for, ask, "request", leads=False)
        found, why = self._find(key)
        if found:
            return found.answer, Outcome("hit", found.until - self._clock())
        first = self._begin(key)
        if first is not None and first.wait(COALESCE_FOR):
            found, _ = self._find(key)
            if found:
                left = found.until - self._clock()
                return found.answer, Outcome("uri-miss", left, collapsed=True)
        return self._ask(key, fresh_for, ask, why, leads=first is None)

    def _ask(
        self, key: Key, fresh_for: float, ask: Ask, why: Any, *, leads: bool
    ) -> tuple[Answer, Outcome]:
        asked_at = self._clock()
        try:
            answer = ask()
            stored = self._keep(key, answer, asked_at, fresh_for)
        finally:
            if leads:
                self._end(key)
        return answer, Outcome(why, stored=stored)

    def _begin(self, key: Key) -> threading.Event | None:
        """None when this request is the first to ask; else what tells that the first is done."""
        with self._lock:
            there = self._asking.get(key)
            if there is None:
                self._asking[key] = threading.Event()
            return there

    def _end(self, key: Key) -> None:
        with self._lock:
            self._asking.pop(key).set()

    def _find(self, key: Key) -> tuple[Entry | None, Literal["uri-miss", "stale"]]:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None, "uri-miss"
            if entry.until <= self._clock():
                return None, "stale"
            self._entries.move_to_end(key)
            return entry, "uri-miss"

    def _keep(self, key: Key, answer: Answer, asked_at: float, fresh_for: float) -> bool:
        body = size_of(answer)
        if body > MAX_ANSWER:
            return False
        size = body + sum(map(len, key)) + _PER_ENTRY
        with self._lock:
            # A flush since the request began would otherwise be undone by it.
            flushed = self.state != "AVAILABLE" or self._busy[1] > asked_at
            if flushed or size > self._capacity:
                return False
            self._drop(key)
            # From when it was asked for, so that a slow answer does not live longer.
            self._entries[key] = Entry(answer, size, asked_at + fresh_for)
            self._used += size
            while self._used > self._capacity:
                self._drop(next(iter(self._entries)))
        return True

    def _forget(self, key: Key) -> None:
        with self._lock:
            self._drop(key)

    def _drop(self, key: Key) -> None:
        there = self._entries.pop(key, None)
        self._used -= there.size if there else 0

    def flush(self) -> None:
        """Forget everything, of the whole stage: there is no way to forget less. Takes a while."""
        self._empty("FLUSH_IN_PROGRESS", FLUSH_TAKES)

    def resize(self, capacity: int) -> None:
        """Another size, 0 for none: the cache is made anew and is empty. Takes a while."""
        self._capacity = capacity
        self._empty("CREATE_IN_PROGRESS", RESIZE_TAKES)

    def _empty(self, state: State, takes: float) -> None:
        with self._lock:
            self._busy = (state, self._clock() + takes)
            self._entries.clear()
            self._used = 0


def size_of(answer: Answer) -> int:
    """The bytes of an answer's headers and body, as far as they count."""
    headers = answer.get("headers") or {}
    listed = answer.get("multiValueHeaders") or {}
    texts = [*map(str, headers), *map(str, headers.values())]
    texts += [text for name, values in listed.items() for text in (name, *map(str, values))]
    body = answer.get("body") or ""
    return sum(len(text.encode()) for text in (*texts, str(body)))
