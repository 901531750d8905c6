"""The gate: who gets in, for how long it trusts what it knows, and that it never waits or guesses."""

import secrets
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from chalicelib.core.access import OPERATOR, Access, KeyParts, digest_key, read_key, write_key
from chalicelib.core.errors import Unauthorized, Unavailable
from chalicelib.core.keys import ApiKey
from chalicelib.service.access import FRESH_FOR, MISSING_FOR, REMEMBERED, Gate
from chalicelib.service.keys import KeyService
from chalicelib.service.memos import Memo
from chalicelib.store.memory_keys import KeyMemory
from tests.clocks import SetClock


OPERATORS = Access(OPERATOR, "bootstrap", ("admin",))
# The promise to people, and what of it the table's replication to other regions may need.
REVOKED_WITHIN, REPLICATED_WITHIN = timedelta(seconds=60), timedelta(seconds=30)


class WatchedKeys(KeyMemory):
    """A store that counts, and that is silent or slow when told to be."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()
        self.days: list[date] = []
        self.silent = False
        self.held: threading.Event | None = None

    def get(self, key_id: str) -> ApiKey | None:
        self._answer("get")
        return super().get(key_id)

    def note_use(self, key: ApiKey, day: date) -> None:
        if self.held:
            self.held.wait(10)
        self._answer("note_use")
        self.days.append(day)
        super().note_use(key, day)

    def _answer(self, call: str) -> None:
        self.calls[call] += 1
        if self.silent:
            raise Unavailable("The table did not answer.")


class Region:
    """One region's gate over a store that all regions share."""

    def __init__(self, keys: KeyMemory, clock: SetClock, bootstrap: str = "") -> None:
        self.gate = Gate(keys, digest_key(bootstrap) if bootstrap else "", clock)
        self.service = KeyService(keys, clock, secrets.randbelow, self.gate.forget)

    def issue(self, **fields: object) -> tuple[str, str]:
        issued = self.service.issue(OPERATORS, {"name": "n", **fields})
        return issued.key.id, issued.text

    def refusal(self, text: str) -> str:
        with pytest.raises(Unauthorized) as raised:
            self.gate.admit(text)
        return str(raised.value)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def keys() -> WatchedKeys:
    return WatchedKeys()


@pytest.fixture
def here(keys: WatchedKeys, clock: SetClock) -> Region:
    return Region(keys, clock, "any text at all")


def with_other_secret(text: str) -> str:
    """A key of the same id whose checksum fits, but not its secret."""
    parts = read_key(text)
    assert parts
    return write_key(KeyParts(parts.id, parts.secret[1:] + parts.secret[0]))


def with_other_id(text: str) -> str:
    parts = read_key(text)
    assert parts
    return write_key(KeyParts(parts.id[1:] + parts.id[0], parts.secret))


def test_a_key_opens_its_workspace(here: Region) -> None:
    """What it opens is what it was made for."""
    key_id, text = here.issue(workspace="acme", scopes=["write", "read"])

    assert here.gate.admit(text) == Access("acme", key_id, ("read", "write"))


def test_the_bootstrap_key_needs_no_store(here: Region, keys: WatchedKeys) -> None:
    """It may be any text, opens all of the operator's workspace, and only itself."""
    _, text = here.issue()
    keys.silent = True

    assert here.gate.admit("any text at all").scopes == ("read", "write", "admin")
    assert here.gate.admit("any text at all").workspace == "default"
    assert keys.calls["get"] == 0
    with pytest.raises(Unavailable):
        here.gate.admit(text)


def test_no_bootstrap_key_is_no_empty_one(keys: WatchedKeys, clock: SetClock) -> None:
    """A deployment without a hash refuses the empty key, and says what is missing."""
    assert "EVERHOP_API_KEY_HASH" in Region(keys, clock).refusal("")


def test_a_typing_mistake_costs_no_look_up(here: Region, keys: WatchedKeys) -> None:
    """A wrong character is known by the checksum alone."""
    _, text = here.issue()
    here.refusal(text[:-1])
    here.refusal(text[:20] + ("2" if text[20] != "2" else "3") + text[21:])

    assert keys.calls["get"] == 0


def test_unknown_and_wrong_take_one_path(keys: WatchedKeys, clock: SetClock) -> None:
    """An unknown id and a wrong secret make the same calls in the same order, and say the same."""
    text = Region(keys, clock).issue()[1]
    by_id = refused_path(Region(keys, clock), with_other_id(text))
    by_secret = refused_path(Region(keys, clock), with_other_secret(text))

    assert by_id == by_secret
    assert {"admit", "get", "is_secret", "seal_secret"} <= set(by_id[0])


def refused_path(fresh: Region, wrong: str) -> tuple[list[str], str]:
    """What a refusal calls, and what it says."""
    said: list[str] = []
    return calls_of(lambda: said.append(fresh.refusal(wrong))), said[0]


def calls_of(act: Callable[[], object]) -> list[str]:
    """The functions of what ships that are called, in order."""
    called: list[str] = []

    def see(frame: object, event: str, _: object) -> None:
        if event == "call" and "/chalicelib/" in frame.f_code.co_filename:
            called.append(frame.f_code.co_name)

    sys.setprofile(see)
    try:
        act()
    finally:
        sys.setprofile(None)
    return called


def test_wrong_secrets_are_no_way_to_load_the_table(here: Region, keys: WatchedKeys) -> None:
    """However often a wrong key is tried, the table is asked once in a while."""
    _, text = here.issue()
    for wrong in (with_other_secret(text), with_other_id(text)):
        keys.calls.clear()
        for _ in range(100):
            here.refusal(wrong)

        assert keys.calls["get"] == 1
        here.gate.admit(text)


def test_revoked_keys_die_in_time_everywhere(keys: WatchedKeys, clock: SetClock) -> None:
    """At once where it was revoked; elsewhere within what the promise leaves after replication."""
    here, there = Region(keys, clock), Region(keys, clock)
    key_id, text = here.issue()
    here.gate.admit(text)
    there.gate.admit(text)
    here.service.revoke(OPERATORS, key_id)
    revoked_at = clock()

    assert "was revoked" in here.refusal(text)
    clock.move(seconds=FRESH_FOR.total_seconds() - 0.001)
    there.gate.admit(text)  # so the next line can fail
    clock.move(seconds=0.001)
    assert "was revoked" in there.refusal(text)
    assert clock() - revoked_at <= REVOKED_WITHIN - REPLICATED_WITHIN


def test_use_does_not_prolong_trust(keys: WatchedKeys, clock: SetClock) -> None:
    """A key in constant use is read anew as often as one that rests."""
    here, there = Region(keys, clock), Region(keys, clock)
    key_id, text = here.issue()
    there.gate.admit(text)
    here.service.revoke(OPERATORS, key_id)
    for _ in range(29):
        clock.move(seconds=1)
        there.gate.admit(text)
    clock.move(seconds=1)

    there.refusal(text)


def test_a_clock_set_back_does_not_prolong_trust(keys: WatchedKeys, clock: SetClock) -> None:
    """What seems to come from the future is read anew."""
    here, there = Region(keys, clock), Region(keys, clock)
    key_id, text = here.issue()
    there.gate.admit(text)
    here.service.revoke(OPERATORS, key_id)
    clock.move(hours=-1)

    there.refusal(text)


def test_a_key_that_arrives_late_opens_soon(keys: WatchedKeys, clock: SetClock) -> None:
    """One that replication had not brought yet is refused for seconds, not for longer."""
    _, text = Region(keys, clock).issue()
    late = keys._keys.copy()
    keys._keys.clear()
    there = Region(keys, clock)
    there.refusal(text)
    keys._keys.update(late)
    clock.move(seconds=MISSING_FOR.total_seconds())

    assert there.gate.admit(text).workspace == "default"


def test_expiry_is_exact(here: Region, clock: SetClock) -> None:
    """A key that is remembered ends at its time all the same."""
    _, text = here.issue(expires_at="2026-11-23T12:00:10Z")
    here.gate.admit(text)
    clock.move(seconds=9.999)
    here.gate.admit(text)
    clock.move(seconds=0.001)

    assert "expired at 2026-11-23T12:00:10Z" in here.refusal(text)


def test_why_a_key_ended_is_told_to_its_owner_alone(here: Region) -> None:
    """Without the secret a revoked key is as unknown as any."""
    key_id, text = here.issue()
    here.service.revoke(OPERATORS, key_id)

    assert "revoked" in here.refusal(text)
    assert here.refusal(with_other_secret(text)) == here.refusal(with_other_id(text))


def test_a_silent_store_is_not_a_wrong_key(
    here: Region, keys: WatchedKeys, clock: SetClock
) -> None:
    """A key that can't be read is 503, never 401, and works again when the store does."""
    _, text = here.issue()
    here.gate.admit(text)
    keys.silent = True
    clock.move(seconds=29)
    here.gate.admit(text)
    clock.move(seconds=1)
    with pytest.raises(Unavailable):
        here.gate.admit(text)
    keys.silent = False

    assert here.gate.admit(text)


def test_use_is_noted_once_a_day(here: Region, keys: WatchedKeys, clock: SetClock) -> None:
    """One note for each day on which the key was used, whatever the hour."""
    key_id, text = here.issue()
    for _ in range(60):
        here.gate.admit(text)
        clock.move(hours=1)
    days = [date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25)]

    assert keys.days == days
    assert keys.page("default", 5, None).keys[0].last_used_on == days[-1]
    assert keys.page("default", 5, None).keys[0].id == key_id


def test_a_failing_note_fails_no_request(here: Region, keys: WatchedKeys, clock: SetClock) -> None:
    """It is tried again later, and not at every request."""
    _, text = here.issue()
    keys.note_use = fail_to_note = FailingNote()  # type: ignore[method-assign]
    for _ in range(100):
        here.gate.admit(text)

    assert fail_to_note.tries == 1
    clock.move(minutes=10)
    here.gate.admit(text)
    assert fail_to_note.tries == 2


class FailingNote:
    """Writes are throttled."""

    tries = 0

    def __call__(self, key: ApiKey, day: date) -> None:
        self.tries += 1
        raise Unavailable("Throttled.")


def test_a_slow_note_holds_no_request(here: Region, keys: WatchedKeys) -> None:
    """A request goes on while its note hangs."""
    _, text = here.issue()
    keys.held = threading.Event()
    here.gate.admit(text)
    here.gate.admit(text)

    assert keys.calls["note_use"] == 0
    keys.held.set()


def test_many_at_once(here: Region, keys: WatchedKeys) -> None:
    """20 requests at once with one key all get in, and its day is noted."""
    _, text = here.issue()
    barrier, opened = threading.Barrier(20), []

    def enter() -> None:
        barrier.wait()
        opened.append(here.gate.admit(text).workspace)

    threads = [threading.Thread(target=enter) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert opened == ["default"] * 20
    assert set(keys.days) == {date(2026, 11, 23)}


def test_memory_is_bounded(here: Region, keys: WatchedKeys) -> None:
    """Made-up keys fill nothing beyond a bound, and push no known key out."""
    _, text = here.issue()
    here.gate.admit(text)
    for number in range(REMEMBERED + 100):
        here.refusal(write_key(KeyParts(draw_id(number), "2" * 32)))
    keys.calls.clear()
    here.gate.admit(text)

    assert keys.calls["get"] == 0
    assert len(here.gate._missing._values) == REMEMBERED


def draw_id(number: int) -> str:
    return "".join("23456789bc"[int(digit)] for digit in f"{number:010}")


def test_a_memo_drops_its_oldest(clock: SetClock) -> None:
    """What was put last stays; putting it again makes it the newest."""
    memo: Memo[int] = Memo(timedelta(seconds=1), 2)
    for name, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        memo.put(name, value, clock())

    assert [memo.get(name, clock()) for name in "abc"] == [3, None, 4]
