"""Keys as admins use them: who reaches what, and rotation that never leaves a client outside."""

import secrets
from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.core.access import OPERATOR, Access
from chalicelib.core.errors import (
    Forbidden,
    Invalid,
    KeyConflict,
    NotFound,
    Unauthorized,
    Unavailable,
)
from chalicelib.core.keys import ApiKey, state_of_key
from chalicelib.service.access import Gate
from chalicelib.service.keys import IssuedKey, KeyService
from chalicelib.store.memory_keys import KeyMemory
from tests.clocks import SetClock
from tests.store.tables import together


OPERATORS = Access(OPERATOR, "bootstrap", ("admin",))
ACME = Access("acme", "k", ("admin",))
OTHERS = Access("others", "k", ("admin",))


class Deployment:
    """Keys in memory, their use cases, and the gate that they open."""

    def __init__(self) -> None:
        self.clock = SetClock()
        self.store = KeyMemory()
        self.gate = Gate(self.store, "", self.clock)
        self.keys = KeyService(self.store, self.clock, secrets.randbelow, self.gate.forget)

    def issue(self, access: Access = ACME, **fields: object) -> IssuedKey:
        return self.keys.issue(access, {"name": "n", **fields})

    def opens(self, issued: IssuedKey) -> bool:
        try:
            return bool(self.gate.admit(issued.text))
        except Unauthorized:
            return False

    def live(self) -> list[str]:
        page = self.keys.list(ACME, None, 100, None)
        return [key.id for key in page.keys if state_of_key(key, self.clock()) == "active"]


@pytest.fixture
def everhop() -> Deployment:
    return Deployment()


def test_a_new_key(everhop: Deployment) -> None:
    """It may read and write in its maker's workspace, and does not end, unless said otherwise."""
    issued = everhop.issue()

    assert issued.key.workspace == "acme"
    assert issued.key.scopes == ("read", "write")
    assert issued.key.ends_at is None
    assert everhop.opens(issued)


def test_only_the_operator_reaches_other_workspaces(everhop: Deployment) -> None:
    """Others are refused in the same words whether there is such a workspace or not."""
    assert everhop.issue(OPERATORS, workspace="acme").key.workspace == "acme"
    assert everhop.issue(ACME, workspace="acme").key.workspace == "acme"
    said = set()
    for name in ("acme", "nobody", OPERATOR):
        with pytest.raises(Forbidden) as refused:
            everhop.issue(OTHERS, workspace=name)
        said.add(str(refused.value))
        with pytest.raises(Forbidden) as refused:
            everhop.keys.list(OTHERS, name, 5, None)
        said.add(str(refused.value))

    assert len(said) == 1
    assert len(everhop.keys.list(OPERATORS, "acme", 5, None).keys) == 2


@pytest.mark.parametrize("act", ["revoke", "rotate"])
def test_anothers_key_is_not_there(everhop: Deployment, act: str) -> None:
    """Another workspace's key, one that never was and nonsense are told in the same words."""
    issued = everhop.issue()
    acts: dict[str, Callable[[str], object]] = {
        "revoke": lambda key_id: everhop.keys.revoke(OTHERS, key_id),
        "rotate": lambda key_id: everhop.keys.rotate(OTHERS, key_id, {}),
    }
    said = set()
    for key_id in (issued.key.id, "2222222222", "x" * 5000, "\ud800", ""):
        with pytest.raises(NotFound) as refused:
            acts[act](key_id)
        said.add(str(refused.value))

    assert len(said) == 1
    assert everhop.opens(issued)


def test_the_operator_revokes_in_any_workspace(everhop: Deployment) -> None:
    """Twice is no error."""
    issued = everhop.issue()
    everhop.keys.revoke(OPERATORS, issued.key.id)
    everhop.keys.revoke(ACME, issued.key.id)

    assert not everhop.opens(issued)


def test_cursors_are_of_their_list(everhop: Deployment) -> None:
    """A key of another workspace, or none, is no place in this one's list."""
    other = everhop.issue(OTHERS)
    for cursor in (other.key.id, "2222222222", "?"):
        with pytest.raises(Invalid):
            everhop.keys.list(ACME, None, 5, cursor)


def test_rotation_overlaps(everhop: Deployment) -> None:
    """Old and new both open, for 24 hours unless chosen otherwise; then the new one alone."""
    old = everhop.issue(scopes=["read"], name="shop")
    new = everhop.keys.rotate(ACME, old.key.id, {})

    assert (new.key.name, new.key.scopes, new.key.workspace) == ("shop", ("read",), "acme")
    assert new.replaced
    assert new.replaced.ends_at == everhop.clock() + timedelta(days=1)
    everhop.clock.move(hours=24, milliseconds=-1)
    assert everhop.opens(old)
    assert everhop.opens(new)
    everhop.clock.move(milliseconds=1)
    assert not everhop.opens(old)
    assert everhop.opens(new)


def test_rotation_without_overlap(everhop: Deployment) -> None:
    """A key that leaked ends at once."""
    old = everhop.issue()
    assert everhop.opens(old)
    new = everhop.keys.rotate(ACME, old.key.id, {"overlap_for": 0})

    assert not everhop.opens(old)
    assert everhop.opens(new)


def test_at_most_two_live(everhop: Deployment) -> None:
    """Neither of two that overlap is rotated before the other ends or is revoked."""
    old = everhop.issue()
    new = everhop.keys.rotate(ACME, old.key.id, {})
    for key_id in (old.key.id, new.key.id):
        with pytest.raises(KeyConflict):
            everhop.keys.rotate(ACME, key_id, {})
    assert sorted(everhop.live()) == sorted([old.key.id, new.key.id])

    everhop.keys.revoke(ACME, old.key.id)
    newest = everhop.keys.rotate(ACME, new.key.id, {})
    assert sorted(everhop.live()) == sorted([new.key.id, newest.key.id])


def test_a_lost_rotation_can_be_made_again(everhop: Deployment) -> None:
    """When the answer with the new key was lost, that one is revoked and the old rotated anew."""
    old = everhop.issue()
    lost = everhop.keys.rotate(ACME, old.key.id, {})
    everhop.keys.revoke(ACME, lost.key.id)
    new = everhop.keys.rotate(ACME, old.key.id, {})

    assert everhop.opens(old)
    assert everhop.opens(new)


def test_many_rotations_at_once(everhop: Deployment) -> None:
    """Of 20 at once one is done; the others leave no key that lives."""
    old = everhop.issue()
    outcomes = together(20, lambda _: everhop.keys.rotate(ACME, old.key.id, {}))

    assert outcomes == {"": 1, "KeyConflict": 19}
    assert len(everhop.live()) == 2


def test_a_rotation_that_fails_half_way_ends_nothing(everhop: Deployment) -> None:
    """When the table goes away after the new key is stored, the old one is as good as before."""
    old = everhop.issue()
    everhop.store.replace = unavailable  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        everhop.keys.rotate(ACME, old.key.id, {})
    everhop.clock.move(days=30)

    assert everhop.opens(old)


def unavailable(key: ApiKey) -> None:
    raise Unavailable("The table did not answer.")


def test_dead_keys_are_not_rotated(everhop: Deployment) -> None:
    """Neither an expired nor a revoked key gives birth."""
    revoked, expired = everhop.issue(), everhop.issue(expires_at="2026-11-23T12:01:00Z")
    everhop.keys.revoke(ACME, revoked.key.id)
    everhop.clock.move(minutes=1)
    for issued in (revoked, expired):
        with pytest.raises(KeyConflict):
            everhop.keys.rotate(ACME, issued.key.id, {})


def test_a_new_key_lives_as_long_as_the_old_was_to(everhop: Deployment) -> None:
    """A key made for 10 days is replaced by one for 10 days, unless said otherwise."""
    old = everhop.issue(expires_at="2026-12-03T12:00:00Z")
    everhop.clock.move(days=4)
    new = everhop.keys.rotate(ACME, old.key.id, {"overlap_for": 0})
    lasting = everhop.keys.rotate(ACME, new.key.id, {"expires_at": None})

    assert new.key.ends_at == everhop.clock() + timedelta(days=10)
    assert lasting.key.ends_at is None


def test_the_end_of_time(everhop: Deployment) -> None:
    """A key that ends in the year 9999 can be rotated too."""
    old = everhop.issue(expires_at="9999-12-31T23:59:59Z")
    everhop.clock.move(days=1)

    assert everhop.keys.rotate(ACME, old.key.id, {}).key.ends_at


def test_no_key_is_born_expired(everhop: Deployment) -> None:
    """Neither a new one nor one that replaces another, and the other lives on."""
    old = everhop.issue()
    with pytest.raises(Invalid, match="in the past"):
        everhop.issue(expires_at="2026-11-23T12:00:00Z")
    with pytest.raises(Invalid, match="in the past"):
        everhop.keys.rotate(ACME, old.key.id, {"expires_at": "2020-01-01T00:00:00Z"})
    everhop.clock.move(days=2)

    assert everhop.opens(old)
