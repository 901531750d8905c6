"""Retries in another region: a batch, or the rows of an import, become the same links again."""

from secrets import randbelow
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.batches import row_receipt
from chalicelib.core.errors import Unavailable
from chalicelib.core.homes import Absence
from chalicelib.core.idempotency import Asked, digest_request
from chalicelib.core.imports import Row
from chalicelib.service.batches import BatchService, MadeLink
from chalicelib.service.imports import ImportService
from chalicelib.service.links import LinkService
from chalicelib.store.memory import ClaimMemory
from tests.service.regions import AP, EU, NAMES, US, World


D = "https://e.test/"
ROWS: list[Any] = [{"destination": D, "title": str(number)} for number in range(8)]
ASKED = Asked("w", "k", digest_request("POST /v1/links/batch", {"links": ROWS}, "k"))


def plenty() -> float:
    return 60.0


def send(service: LinkService, claims: ClaimMemory) -> list[str]:
    """The slugs of a batch's links; "" for a row that failed."""
    outcomes = BatchService(service, claims, workers=1).create("w", ROWS, ASKED, plenty)
    return [one.link.slug if isinstance(one, MadeLink) else "" for one in outcomes]


@given(st.permutations(NAMES))
@settings(max_examples=6, deadline=None)
def test_a_batch_is_the_same_in_every_region(order: list[str]) -> None:
    """Wherever it is sent again, and whoever is absent by then, its links are those of the first."""
    world, claims = World(), ClaimMemory()
    first, *others = order
    slugs = send(world.service(first, randbelow), claims)
    world.absences = (Absence(others[0], world.clock()),)
    world.clock.move(seconds=60)
    world.replicate()

    assert all(slugs)
    for here in others:
        assert send(world.service(here, randbelow), claims) == slugs
    assert len({link.slug for _, link in world.everywhere()}) == len(ROWS)


def test_rows_that_failed_are_made_elsewhere() -> None:
    """The first region goes down in the middle; once it is declared absent, the rest is made."""
    world, claims = World(), ClaimMemory()
    halfway = world.service(US, randbelow)
    made: list[str] = []

    class Dying(LinkService):
        """The use cases in a region whose table is gone after three links."""

        def draw_slugs(self, *arguments: Any) -> Any:
            if len(made) == 3:
                raise Unavailable("gone")
            made.append("")
            return super().draw_slugs(*arguments)

    dying = Dying(
        **{name: getattr(halfway, name) for name in "store slugs destinations parse_url".split()},
        clock=world.clock,
        chance=randbelow,
        regions=halfway.regions,
    )
    before = send(dying, claims)
    world.replicate()
    world.lose(US)
    again = send(world.service(EU, randbelow), claims)
    assert all(now in ("", then) for now, then in zip(again, before, strict=True))  # none is made
    world.absences = (Absence(US, world.clock()),)
    world.clock.move(seconds=60)
    after = send(world.service(EU, randbelow), claims)

    assert before[:3] == after[:3]
    assert before[3:] == [""] * 5
    assert all(after)


@pytest.mark.parametrize("drawn_for", [(), (US, EU, AP), (AP, EU)], ids=["one", "three", "two"])
def test_rows_of_an_import_are_the_same_in_every_region(drawn_for: tuple[str, ...]) -> None:
    """Also when the deployment had other regions as it began."""
    world = World()
    row = Row(7, {"destination": D})
    slugs = set()
    for here in NAMES:
        report = ImportService(world.service(here, randbelow)).make_row(
            "w", row, "receipt", world.clock(), drawn_for
        )
        assert report.link is not None
        slugs.add(report.link.slug)
        assert report.link.made_by == row_receipt("receipt", 7)

    assert len(slugs) == 1
    assert len(world.everywhere()) == 1


def test_chance_that_finds_no_home_ends() -> None:
    """In 503, not in a request without end: only one region is at home of what it draws."""
    found = []
    for name in NAMES:
        try:
            found.append(next(World().service(name, lambda below: 0 * below).draw_slugs()))
        except Unavailable as error:
            found.append(str(error))

    assert found.count("2222222") == 1
    assert sum("home" in one for one in found) == 2
