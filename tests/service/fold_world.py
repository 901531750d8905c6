"""A world in which logs are folded: regions, late copies, crashes, and what should come out."""

import gzip
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from chalicelib.core.counts import RowKey, begin_of
from chalicelib.core.homes import MOVES_FOR, Absence
from chalicelib.core.links import Link
from chalicelib.core.slugs import SlugPolicy
from chalicelib.service.folds import FoldService, LogFile
from chalicelib.service.ports import Receipt
from chalicelib.service.regions import Regions
from chalicelib.store.memory import LinkMemory
from local.edge.access_logs import FIELDS, HEADER


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
REGIONS = ("us-east-1", "eu-west-1")
WORKSPACES = {f"s{n}": f"w{n % 3}" for n in range(12)}
PHONE = (
    "Mozilla/5.0%20(iPhone;%20CPU%20iPhone%20OS%2017_0%20like%20Mac%20OS%20X)%20Version/17.0"
    "%20Mobile/15E148%20Safari/604.1"
)
ROBOT = "Mozilla/5.0%20(compatible;%20Googlebot/2.1)"
_PHONE_NAMES = ("device:phone", "browser:Safari", "system:ios", "country:(unknown)")
Receipts = Mapping[str, Receipt]
BAD = "E1.2026-11-23-bad.gz"
Total = Counter[tuple[str, str, datetime, str]]  # subject, span, begin of it, name


class Crash(Exception):
    """The function is gone, in the middle of whatever it did."""


def line(at: datetime, stem: str, **said: str) -> str:
    """A line of 33 fields."""
    known = {"date": f"{at:%Y-%m-%d}", "time": f"{at:%H:%M:%S}", "cs-method": "GET"}
    values = {**known, "cs-uri-stem": stem, "sc-status": "302", **said}
    return "\t".join(values.get(name, "-") for name in FIELDS)


def pack(lines: Iterable[str]) -> bytes:
    """A log file of these lines."""
    return gzip.compress(f"{HEADER}{chr(10).join(lines)}\n".encode(), 1)


def make_lines(chance: random.Random, count: int, truth: Total) -> list[str]:
    """So many lines of some hours, noted in the truth as they should be counted."""
    lines = []
    for _ in range(count):
        at = NOON - timedelta(minutes=chance.randrange(26 * 60))
        slug, robot = f"s{chance.randrange(14)}", chance.random() < 0.2
        host = chance.choice(["t.co", "n.example"])
        lost = chance.random() < 0.2
        said = {"cs(User-Agent)": ROBOT if robot else PHONE, "cs(Referer)": f"https://{host}/a"}
        lines.append(line(at, f"/{slug}", **{**said, "sc-status": "404" if lost else "302"}))
        names = ("bots",) if robot else ("clicks", *_PHONE_NAMES, f"referrer:{host}")
        names = names if robot else (*names, "language:(unknown)")
        workspace = None if lost else WORKSPACES.get(slug)
        subjects = {"orphans": names}
        if workspace:
            link = () if robot else (f"link:{slug}",)
            subjects = {
                f"link/{workspace}/{slug}": names,
                f"workspace/{workspace}": (*names, *link),
            }
        for subject, counted in subjects.items():
            for span in ("hour", "day", "month"):
                for name in counted:
                    truth[subject, span, begin_of(span, at), name] += 1
    return lines


class RegionCounts:
    """A region's FoldStore: its own rows and receipts, and what came of the others' receipts."""

    def __init__(self, world: "World", region: str) -> None:
        self.world, self.region = world, region
        self.rows: dict[RowKey, Counter[str]] = {}
        self.receipts: dict[tuple[str, str], Receipt] = {}

    def receipt(self, name: str) -> Receipt:
        there = {who: it for (file, who), it in self.receipts.items() if file == name}
        if not there:
            return Receipt()
        most = max(there.values(), key=lambda it: it.upto)
        mine = there.get(self.region)
        ended = any(it.ended for it in there.values())
        return most._replace(mine=mine.chunks if mine else None, ended=ended)

    def workspaces(self, keys: Iterable[str]) -> dict[str, str]:
        return {key: WORKSPACES[key] for key in keys if key in WORKSPACES}

    def names(self, rows: Iterable[RowKey]) -> dict[RowKey, frozenset[str]]:
        return {row: frozenset(self.rows[row]) for row in rows if row in self.rows}

    def fold(
        self, receipts: Receipts, upto: str, rows: Mapping[RowKey, Mapping[str, int]]
    ) -> Receipts | None:
        self.world.disturb([*receipts])
        if not all(map(self.holds, receipts, receipts.values())):
            return None
        return self.commit(receipts, upto, rows)

    def holds(self, name: str, receipt: Receipt) -> bool:
        mine = self.receipts.get((name, self.region))
        return (mine.chunks if mine else None) == receipt.mine and not (mine and mine.ended)

    def commit(
        self, receipts: Receipts, upto: str, rows: Mapping[RowKey, Mapping[str, int]]
    ) -> Receipts:
        self.add(rows)
        self.world.shared += len(receipts) > 1
        after = self.sign(receipts, upto)
        self.world.crash_sometimes()
        return after

    def sign(self, receipts: Receipts, upto: str) -> Receipts:
        after = {name: receipt.move(upto) for name, receipt in receipts.items()}
        self.receipts |= {(name, self.region): receipt for name, receipt in after.items()}
        return after

    def add(self, rows: Mapping[RowKey, Mapping[str, int]]) -> None:
        for row, counts in rows.items():
            self.rows.setdefault(row, Counter()).update(counts)

    def end(self, name: str, receipt: Receipt, told: str, seen_at: datetime | None) -> None:
        del told, seen_at
        there = self.receipts.get((name, self.region))
        if (there.chunks if there else None) == receipt.mine:
            self.receipts[name, self.region] = receipt._replace(ended=True)


class ReceiptLater(RegionCounts):
    """A planted bug: the receipts are written after the counts, and a crash may come between."""

    def commit(
        self, receipts: Receipts, upto: str, rows: Mapping[RowKey, Mapping[str, int]]
    ) -> Receipts:
        self.add(rows)
        self.world.crash_sometimes()
        return self.sign(receipts, upto)


class OneReceipt(RegionCounts):
    """A planted bug: of files that are written together, the first's receipt alone is held to."""

    def fold(
        self, receipts: Receipts, upto: str, rows: Mapping[RowKey, Mapping[str, int]]
    ) -> Receipts | None:
        self.world.disturb([*receipts])
        first = next(iter(receipts))
        return self.commit(receipts, upto, rows) if self.holds(first, receipts[first]) else None


class OthersLater(RegionCounts):
    """A planted bug: the first file's receipt is in the transaction, the others' come after it."""

    def sign(self, receipts: Receipts, upto: str) -> Receipts:
        after: dict[str, Receipt] = {}
        for name, receipt in receipts.items():
            after |= super().sign({name: receipt}, upto)
            self.world.crash_sometimes()
        return after


@dataclass
class World:
    """What happens in one run: all of it follows from the seed."""

    seed: int
    store: type[RegionCounts] = RegionCounts
    homes: bool = True  # whether only the home of a file folds it
    now: datetime = NOON
    truth: Total = field(default_factory=Counter)
    absences: list[Absence] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311
        self.depth = 0
        self.copied_at = self.now
        self.files = {
            f"E1.2026-11-23-{n}.gz": pack(make_lines(self.chance, self._size(), self.truth))
            for n in range(7)
        }
        self.shared = self.refused = 0  # chunks of several files; deliveries of the bad one
        self.stores = {region: self.store(self, region) for region in REGIONS}
        links = LinkMemory()
        for slug, workspace in WORKSPACES.items():
            made = Link(
                workspace=workspace,
                slug=slug,
                destination="https://e.test/",
                created_at=NOON,
                updated_at=NOON,
            )
            links.create(slug, made)
        self.services = {region: self._service(region, links) for region in REGIONS}

    def _size(self) -> int:
        # A block has 60 lines: several small files are written together, longer ones alone.
        return self.chance.randrange(self.chance.choice([4, 16, 16, 90]))

    def _service(self, region: str, links: LinkMemory) -> FoldService:
        every = REGIONS if self.homes else (region,)
        regions = Regions(region, every, lambda: self.absences, lambda: self.now)
        return FoldService(
            links, self.stores[region], SlugPolicy(), regions, lambda: self.now, block=60
        )

    def replicate(self) -> None:
        """Let every region have the receipts of the others."""
        self.copied_at = self.now
        for one in self.stores.values():
            for other in self.stores.values():
                mine = {key: it for key, it in other.receipts.items() if key[1] == other.region}
                one.receipts.update(mine)

    def disturb(self, names: list[str]) -> None:
        """Before a write: a crash, or another delivery of some of these files, or of any."""
        self.crash_sometimes()
        if self.depth < 2 and self.chance.random() < 0.15:
            self.depth += 1
            self.deliver(self.some_of(self.chance.choice([names, [*self.files]])))
            self.depth -= 1

    def crash_sometimes(self) -> None:
        if self.chance.random() < 0.08:
            raise Crash

    def some_of(self, names: list[str]) -> list[str]:
        """A batch of these, in any order, in which one may be twice."""
        return self.chance.choices(names, k=self.chance.choice([1, 3, 9]))

    def deliver(self, names: Iterable[str], region: str = "") -> None:
        """Tell a region of files at once, a bad one among them at times; let come what may."""
        service = self.services[region or self.chance.choice(REGIONS)]
        files = [LogFile(name, lambda name=name: [self.files[name]]) for name in names]  # type: ignore[misc]
        if self.chance.random() < 0.2:
            files.insert(self.chance.randrange(len(files) + 1), LogFile(BAD, lambda: [b"<html>"]))
        try:
            told = service.fold(files, lambda: 900)
        except Crash:
            return
        self.refused += sum(one.state == "refused" for one in told)
        assert {one.name for one in told if one.state == "refused"} <= {BAD}

    def run(self) -> None:
        """Deliver all files several times, move a home on the way, and in the end deliver all."""
        tasks = [self.some_of([*self.files]) for _ in range(self.chance.randint(2, 8))]
        moves_at = self.chance.randrange(len(tasks) + 1)
        for number, names in enumerate(tasks):
            if number == moves_at:
                gone = self.chance.choice(REGIONS)
                back = self.now + self.chance.choice([4, 40]) * MOVES_FOR
                self.absences.append(Absence(gone, self.now + MOVES_FOR, back))
            self.now += timedelta(seconds=self.chance.choice([0, 3, 11, 60]))
            # Copies come late, but sooner than a home moves.
            if self.now - self.copied_at >= MOVES_FOR or self.chance.random() < 0.3:
                self.replicate()
            self.deliver(names)
        self._settle()

    def _settle(self) -> None:
        self.now += timedelta(hours=24)
        for _ in range(200):
            self.replicate()
            if all(
                self.stores[region].receipt(name).ended for name in self.files for region in REGIONS
            ):
                return
            for region in REGIONS:
                self.deliver(self.files, region)
        raise AssertionError("the files were never folded")

    def error(self) -> int:
        """How far the counts are from the truth, over all names of all rows."""
        counted: Total = Counter()
        for store in self.stores.values():
            for row, counts in store.rows.items():
                for name, count in counts.items():
                    counted[row.subject, row.span, row.at, name] += count
        keys = counted.keys() | self.truth.keys()
        return sum(abs(counted[key] - self.truth[key]) for key in keys)
