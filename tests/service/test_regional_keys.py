"""API keys of two regions: open everywhere at once, and dead for good once they are revoked.

What could break for a user: a new key that the other region does not know; a revoked key that comes
back with replication; a stolen list of made-up ids that floods the regions between each other.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from chalicelib.core.access import OPERATOR, Access, KeyParts, write_key
from chalicelib.core.errors import KeyConflict, Unauthorized, Unavailable
from chalicelib.core.homes import Absence, home_of
from chalicelib.core.keys import key_home, retire_key, revoke_key
from chalicelib.core.slugs import ALPHABET
from chalicelib.service.access import FRESH_FOR, Gate
from chalicelib.service.keys import IssuedKey, KeyService
from chalicelib.service.ports import KeyStore
from chalicelib.service.regional_keys import MOST_ASKED
from tests.service.two_regions import NAMES, A, B, World


ADMIN = Access(OPERATOR, "bootstrap", ("admin",))
Place = Callable[[World, str], KeyStore]


class Keys:
    """The use cases of keys in each region of a world."""

    def __init__(self, world: World, place: Place = World.keys_at) -> None:
        self.world = world
        stores = {name: place(world, name) for name in NAMES}
        self.gates = {name: Gate(stores[name], "", world.clock) for name in NAMES}
        self.at = {
            name: KeyService(
                stores[name],
                world.clock,
                secrets.randbelow,
                self.gates[name].forget,
                sorted(NAMES, key=lambda other: other != name),
            )
            for name in NAMES
        }

    def issue(self, region: str) -> IssuedKey:
        return self.at[region].issue(ADMIN, {"name": "n"})

    def opens(self, region: str, text: str) -> bool:
        try:
            self.gates[region].admit(text)
        except Unauthorized:
            return False
        return True


def test_a_key_opens_the_other_region_at_once() -> None:
    """It is at home where it was made, and asked for there before replication brings it."""
    keys = Keys(World())
    for region, other in ((A, B), (B, A)):
        issued = keys.issue(region)
        assert home_of(key_home(issued.key.id), NAMES) == region
        assert keys.opens(other, issued.text)
        assert keys.world.asked[-1] == region


def test_what_is_known_here_asks_nobody() -> None:
    """Neither a replicated key, nor a mistyped one, nor what is not a key costs a far call."""
    keys = Keys(World())
    issued = keys.issue(A)
    keys.world.settle()
    keys.world.asked.clear()

    assert keys.opens(B, issued.text)
    assert not keys.opens(B, issued.text[:-1] + "2" + "x")
    assert not keys.opens(B, "eh_" + "2" * 49)
    assert keys.world.asked == []


def test_a_home_that_is_silent_is_no_refusal() -> None:
    """A key that only its home may know is neither refused nor let in while that does not tell."""
    keys = Keys(World())
    issued = keys.issue(A)
    keys.world.regions[A].away = True
    with pytest.raises(Unavailable) as raised:
        keys.gates[B].admit(issued.text)
    assert raised.value.retry_for == 1

    keys.world.settle()
    assert keys.opens(B, issued.text)


def test_made_up_ids_do_not_flood_the_other_region() -> None:
    """Of many unknown ids in a second a few are asked for there; the next second has its own."""
    keys = Keys(World())
    made_up = [at_home(A) for _ in range(3 * MOST_ASKED)]
    for text in made_up:
        with pytest.raises((Unauthorized, Unavailable)):
            keys.gates[B].admit(text)
    assert len(keys.world.asked) == MOST_ASKED

    keys.world.clock.move(seconds=1)
    assert not keys.opens(B, at_home(A))
    assert len(keys.world.asked) == MOST_ASKED + 1


def at_home(region: str) -> str:
    """The text of a key that nobody has made, whose checksum is right."""
    while True:
        key_id = "".join(secrets.choice(ALPHABET) for _ in range(10))
        if home_of(key_home(key_id), NAMES) == region:
            return write_key(KeyParts(key_id, "2" * 32))


def test_a_key_is_changed_at_home_or_not_at_all() -> None:
    """While its home is away it is not revoked, and whoever tries is told what can be done."""
    keys = Keys(World())
    issued = keys.issue(A)
    keys.world.settle()
    keys.world.regions[A].away = True
    with pytest.raises(Unavailable, match="python -m tools evacuate us-east-1"):
        keys.at[B].revoke(ADMIN, issued.key.id)
    with pytest.raises(Unavailable):
        keys.at[B].rotate(ADMIN, issued.key.id, {})
    assert keys.world.regions[B].keys.page(OPERATOR, 9, None).keys == (issued.key,)

    keys.world.regions[A].away = False
    keys.at[B].revoke(ADMIN, issued.key.id)
    keys.world.settle()
    assert not keys.opens(B, issued.text)


def test_an_evacuated_regions_keys_can_be_revoked() -> None:
    """Once it is no home any more, another region takes over; none does while the home moves."""
    keys = Keys(World())
    issued = keys.issue(A)
    keys.world.settle()
    keys.world.regions[A].away = True
    keys.world.absences.append(Absence(A, keys.world.clock()))
    with pytest.raises(Unavailable):
        keys.at[B].revoke(ADMIN, issued.key.id)
    keys.world.clock.move(seconds=20)
    keys.at[B].revoke(ADMIN, issued.key.id)

    keys.world.settle()
    keys.world.clock.move(seconds=30)
    assert not keys.opens(A, issued.text)
    assert not keys.opens(B, issued.text)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["issue", "revoke", "rotate", "use", "carry"]),
        st.sampled_from(NAMES),
        st.integers(0, 5),
    ),
    max_size=25,
)


def revived(steps: list[tuple[str, str, int]], place: Place) -> list[str]:
    """The keys that were revoked in these steps and that open something in the end."""
    keys = Keys(World(), place)
    issued, revoked = [keys.issue(A)], []
    for act, region, number in steps:
        one = issued[number % len(issued)]
        try:
            if act == "issue":
                issued.append(keys.issue(region))
            elif act == "revoke":
                keys.at[region].revoke(ADMIN, one.key.id)
                revoked.append(one.text)
            elif act == "rotate":
                issued.append(keys.at[region].rotate(ADMIN, one.key.id, {"overlap_for": 3600}))
            elif act == "use":
                keys.opens(region, one.text)
            else:
                keys.world.replicate(region)
        except (KeyConflict, Unavailable):
            continue
        except Exception as error:
            if type(error).__name__ != "NotFound":  # what has not come over yet
                raise
        keys.world.write_down()
    keys.world.settle()
    keys.world.clock.move(seconds=FRESH_FOR / timedelta(seconds=1))
    return [text for text in revoked for region in NAMES if keys.opens(region, text)]


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_a_revoked_key_never_comes_back(steps: list[tuple[str, str, int]]) -> None:
    """Whatever is done to it elsewhere meanwhile, and in whatever order that is replicated."""
    assert revived(steps, World.keys_at) == []


def test_changes_where_they_are_asked_for_would_revive_keys() -> None:
    """The test before this one finds it, when each region changes its own copy."""

    def here(world: World, region: str) -> KeyStore:
        return world.regions[region].keys

    try:
        find(STEPS, lambda steps: bool(revived(steps, here)), settings=settings(max_examples=9000))
    except NoSuchExample:
        pytest.fail("It finds nothing.")


def test_two_changes_of_one_version_meet_at_home() -> None:
    """A rotation and a revocation at once from two regions: one of them is told to look again."""
    world = World()
    keys = Keys(world)
    old = keys.issue(A).key
    world.keys_at(B).replace(revoke_key(old, world.clock()))
    with pytest.raises(Exception, match="changed by someone else"):
        world.keys_at(A).replace(retire_key(old, "x", world.clock()))
