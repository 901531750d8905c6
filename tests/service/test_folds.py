"""Logs are folded once: a thousand runs of duplicates, crashes and homes that move."""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core import folds as core_folds
from chalicelib.core.access_logs import BadFile
from chalicelib.core.errors import Unavailable
from chalicelib.core.slugs import SlugPolicy
from chalicelib.service import fold_batches
from chalicelib.service.fold_batches import Folded
from chalicelib.service.folds import FoldService, LogFile, name_of_key
from chalicelib.service.ports import Receipt
from chalicelib.service.regions import one_region
from chalicelib.store.memory import LinkMemory
from chalicelib.store.memory_counts import CountMemory
from tests.service.fold_world import (
    NOON,
    OneReceipt,
    OthersLater,
    ReceiptLater,
    RegionCounts,
    World,
    line,
    make_lines,
    pack,
)


def worlds_of(seeds: Iterable[int], **how: object) -> Iterator[World]:
    for seed in seeds:
        world = World(seed, **how)  # type: ignore[arg-type]
        world.run()
        yield world


def errors_of(seeds: Iterable[int], **how: object) -> list[int]:
    return [world.error() for world in worlds_of(seeds, **how)]


@pytest.mark.parametrize("part", range(4))
def test_a_thousand_runs_have_no_error(part: int) -> None:
    """Whatever is delivered twice, late, in another order or batch, cut off or taken over."""
    worlds = [*worlds_of(range(250 * part, 250 * (part + 1)))]

    assert {world.error() for world in worlds} == {0}
    assert sum(world.shared for world in worlds) > 250
    assert sum(world.refused for world in worlds) > 100


@pytest.mark.parametrize("store", [ReceiptLater, OneReceipt, OthersLater])
def test_receipts_apart_from_their_counts_are_noticed(store: type[RegionCounts]) -> None:
    """The checker's own check: a receipt later than the counts, or one for several files."""
    assert any(errors_of(range(80), store=store))


def test_regions_that_ask_for_no_home_are_noticed() -> None:
    """Two regions fold the same file before either hears of the other's receipt."""
    assert any(errors_of(range(40), homes=False))


def test_chunks_cut_by_chance_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left after a crash is not what the first attempt left."""
    chance = random.Random(1)  # noqa: S311

    def shuffled(groups: Iterable[object], receipts: int) -> Iterator[object]:
        mixed = list(groups)
        chance.shuffle(mixed)
        return core_folds.cut(mixed, receipts)  # type: ignore[arg-type]

    monkeypatch.setattr(fold_batches, "cut", shuffled)

    assert any(errors_of(range(40)))


def test_marks_in_another_order_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who goes on behind such a mark, in another batch, leaves out what came before it."""
    monkeypatch.setattr(fold_batches, "mark_of", lambda block, group: f"{block} {group.slug_key}")

    assert any(errors_of(range(40)))


@pytest.fixture
def memory() -> CountMemory:
    return CountMemory()


@pytest.fixture
def service(memory: CountMemory) -> FoldService:
    """One region's, over memory, for small blocks."""
    regions = one_region("us-east-1", lambda: NOON)
    return FoldService(LinkMemory(), memory, SlugPolicy(), regions, lambda: NOON, block=10)


def opening(data: bytes, size: int = 64) -> Callable[[], Iterator[bytes]]:
    return lambda: (data[at : at + size] for at in range(0, len(data), size))


def fold(
    service: FoldService,
    name: str,
    open_file: Callable[[], Iterable[bytes]],
    seconds_left: Callable[[], float],
) -> Folded:
    """Fold one file alone; what became of it, if nothing went wrong."""
    (told,) = service.fold([LogFile(name, open_file)], seconds_left)
    if told.state in ("refused", "later"):
        raise (BadFile if told.state == "refused" else Unavailable)(told.reason)
    return told


def orphans(memory: CountMemory) -> int:
    rows = memory.read("orphans", "month", NOON - timedelta(days=99), NOON + timedelta(days=1))
    return sum(row.counts.get("clicks", 0) + row.counts.get("bots", 0) for row in rows)


def made(count: int) -> list[str]:
    return make_lines(random.Random(7), count, World(0).truth)  # noqa: S311


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda data: data[:-20], "it is cut off"),
        (lambda _: b"", "it is empty"),
        (lambda _: b"date time\n", "it is no gzip"),
        (lambda _: b"PAR1 and so on", "it is Parquet"),
        (lambda data: data[:200] + b"xxxx" + data[204:], "it is no gzip, or is damaged"),
    ],
    ids=["cut off", "empty", "text", "parquet", "damaged"],
)
def test_a_bad_file_is_never_half_counted(
    service: FoldService, memory: CountMemory, spoil: Callable[[bytes], bytes], why: str
) -> None:
    """However much of it could be read: of many blocks, none is counted."""
    data = spoil(pack(made(300)))

    with pytest.raises(BadFile, match=why):
        fold(service, "a.gz", opening(data), lambda: 900)

    assert orphans(memory) == 0
    assert memory.receipt("a.gz") == Receipt()


def test_a_bad_file_keeps_no_other_from_being_counted(
    service: FoldService, memory: CountMemory
) -> None:
    """Of a batch: it alone is refused, the others are written together; twice is known."""
    good = LogFile("a.gz", opening(pack(made(4))))
    files = [good, LogFile("b.gz", opening(b"<html>")), LogFile("c.gz", opening(pack(made(3))))]

    told = service.fold([*files, good], lambda: 900)

    assert [one.state for one in told] == ["folded", "refused", "folded", "known"]
    assert told[1].reason.startswith("it is no gzip")
    assert orphans(memory) == 7


def test_files_that_share_links_are_written_once(service: FoldService) -> None:
    """Three rows, of the hour, the day and the month, for as many files as have the same click."""
    writes: list[tuple[list[str], int]] = []

    class Watched(CountMemory):
        def fold(self, receipts: Any, upto: str, rows: Any) -> Any:
            writes.append(([*receipts], len(rows)))
            return super().fold(receipts, upto, rows)

    files = [LogFile(f"{n}.gz", opening(pack([line(NOON, "/a")]))) for n in range(5)]
    together = replace(service, folds=Watched(), block=100).fold(files, lambda: 900)

    assert {one.state for one in together} == {"folded"}
    assert writes == [([f"{n}.gz" for n in range(5)], 3)]


def test_many_files_and_long_ones_are_several_writes(
    service: FoldService, memory: CountMemory
) -> None:
    """No more lines than a block are held together, nor more receipts than a chunk has room for."""
    files = [LogFile(f"{n}.gz", opening(pack(made(n)))) for n in (1, 25, 2, 1, 1, 1, 9, 30, 0)]
    few = [LogFile(f"few{n}.gz", opening(pack(made(1)))) for n in range(7)]

    told = replace(service, together=3).fold([*files, *few], lambda: 900)

    states = ["folded"] * 3 + ["known"] * 3 + ["folded"] * 10
    assert [one.state for one in told] == states
    assert orphans(memory) == 1 + 25 + 2 + 9 + 30 + 7


def test_a_bomb_is_refused(service: FoldService, memory: CountMemory) -> None:
    """A small file that would be far more than any log when it is inflated."""
    data = pack([*made(20), *[""] * 20_000])

    with pytest.raises(BadFile, match="more than 10000 bytes"):
        fold(replace(service, most=10_000), "a.gz", opening(data), lambda: 900)

    assert orphans(memory) == 0


def test_a_line_without_an_end_is_refused(service: FoldService) -> None:
    """No memory is filled with what is no line."""
    with pytest.raises(BadFile, match="a line of more than"):
        fold(service, "a.gz", opening(pack(["x" * 3_000_000])), lambda: 900)


def test_a_bad_line_costs_that_line(service: FoldService, memory: CountMemory) -> None:
    """It is told, with its reason, and what is around it is counted."""
    bad = ["2026-11-23\t12:00:01\tLAX1", line(NOON, "/a").replace("2026-11-23", "2026-19-23")]
    bad += ['{"date": ', '{"date": "2026-11-23"}']
    data = pack([line(NOON, "/a"), *bad, line(NOON, "/b")])

    told = fold(service, "a.gz", opening(data), lambda: 900)

    assert told.bad == {"fields": 2, "time": 1, "json": 1}
    assert (told.state, told.requests, orphans(memory)) == ("folded", 2, 2)


def test_who_has_no_time_left_goes_on_later(service: FoldService, memory: CountMemory) -> None:
    """A chunk that may not come to its end is not begun; the next attempt goes on there."""
    data, left = pack(made(100)), iter([900.0, 900.0, 3.0])
    with pytest.raises(Unavailable):
        fold(service, "a.gz", opening(data), lambda: next(left))
    assert memory.receipt("a.gz").chunks == 2

    told = fold(service, "a.gz", opening(data), lambda: 900)

    assert told.chunks > 2
    assert orphans(memory) == 100
    assert fold(service, "a.gz", opening(data), lambda: 900).state == "known"
    assert orphans(memory) == 100


def test_another_release_does_not_go_on(service: FoldService, memory: CountMemory) -> None:
    """Chunks that were cut another way can't be told from those that are left."""
    assert memory.fold({"a.gz": Receipt(form=99)}, "", {}) is not None

    with pytest.raises(BadFile, match="another release"):
        fold(service, "a.gz", opening(pack(made(5))), lambda: 900)


def test_all_is_counted_until_the_last_request(service: FoldService, memory: CountMemory) -> None:
    """Not until a time that has not come, whatever a clock far away says; nor by an empty file."""
    fold(service, "a.gz", opening(pack([])), lambda: 900)
    assert memory.complete_as_of() is None
    fold(service, "b.gz", opening(pack([line(NOON - timedelta(hours=1), "/a")])), lambda: 900)
    assert memory.complete_as_of() == NOON - timedelta(hours=1)
    # Where nobody follows a link, what else is asked tells how far the log has come.
    other = [line(NOON - timedelta(minutes=9), "/api/v1/links"), line(NOON, "/", date="soon")]
    fold(service, "d.gz", opening(pack(other)), lambda: 900)
    assert memory.complete_as_of() == NOON - timedelta(minutes=9)
    fold(service, "c.gz", opening(pack([line(NOON + timedelta(hours=9), "/a")])), lambda: 900)
    assert memory.complete_as_of() == NOON


def test_a_file_is_known_by_its_name() -> None:
    """Wherever it is: the same file below another prefix is not folded again."""
    assert name_of_key("edge/2026/E1.2026-11-23-12.ab.gz") == "E1.2026-11-23-12.ab.gz"
    assert name_of_key("E1.2026-11-23-12.ab.gz") == "E1.2026-11-23-12.ab.gz"
