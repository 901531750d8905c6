"""`python -m bench.dax`: reads through DAX against a bare socket and boto3; drills of its loss."""

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import boto3

from bench.__main__ import forget_settings
from bench.dax_floor import REQUEST
from bench.dax_stage import REGION, SLUG, TABLE, Stage, getitem_over, run_stage
from bench.figures import Figure, percentile, write_table
from chalicelib.store.dax_clusters import make_client
from chalicelib.store.dax_links import DaxSettings, bind_dax, road_of
from chalicelib.store.links import LinkTable
from chalicelib.store.models import bind


ROUNDS = 15
LATENCY_BAR, CPU_BAR = 2.5, 0.40
FIRST_BAR, LATER_BAR = 300.0, 30.0  # ms
RATE, THREADS, LOADED_FOR = 200, 8, 4.0
ASKED = {"TableName": TABLE, "Key": {"pk": {"S": f"link#{SLUG}"}, "sk": {"S": "link"}}}
Read = Callable[[], object]


class Drill(NamedTuple):
    """What the readers saw of a fault: how long each took, in ms, and how many failed."""

    name: str
    times: list[float]
    failed: int

    def line(self) -> str:
        """For people."""
        later = self.times[1:]
        return (
            f"{self.name}: first read {self.times[0]:.0f} ms, later ones p50 "
            f"{percentile(later, 50):.1f}, p99 {percentile(later, 99):.1f}, at most "
            f"{max(later):.1f}; {len(self.times)} reads, {self.failed} failed"
        )


@contextmanager
def links_over(endpoint: str) -> Iterator[LinkTable]:
    """Links by way of DAX, which has answered."""
    table = bind(TABLE, REGION)
    cached = bind_dax(table, DaxSettings(endpoint))
    links, road = LinkTable(table, cached), road_of(cached)
    until = time.monotonic() + 10
    while not road.is_connected():
        if time.monotonic() > until:
            sys.exit("bench: DAX did not answer.")
        links.get(SLUG)
        time.sleep(0.01)
    yield links
    road.close()


def wall_ms(read: Read, seconds: float) -> float:
    """The median read of as many as fit."""
    times: list[float] = []
    until = time.perf_counter() + seconds
    while (began := time.perf_counter()) < until:
        read()
        times.append((time.perf_counter() - began) * 1000)
    return percentile(times, 50)


def cpu_ms(read: Read, seconds: float) -> float:
    """CPU of this process and its threads, for one read of as many as fit."""
    count, until, began = 0, time.perf_counter() + seconds, time.process_time()
    while time.perf_counter() < until:
        read()
        count += 1
    return (time.process_time() - began) * 1000 / count


def timed(read: Read) -> tuple[float, bool]:
    """How long a read took, in ms, and whether it had an answer."""
    began = time.perf_counter()
    try:
        found = read()
    except Exception:  # noqa: BLE001 - whatever it is, it is counted
        found = None
    return (time.perf_counter() - began) * 1000, found is not None


def pairs(
    name: str, measure: Callable[[Read, float], float], sides: Sequence[Read], seconds: float
) -> Figure:
    """Both sides in turn, round by round, now the one first and now the other."""
    rounds: list[tuple[float, float]] = []
    for number in range(-1, ROUNDS):  # round -1 warms up
        order = (0, 1) if number % 2 else (1, 0)
        took = {side: measure(sides[side], seconds / ROUNDS / 2) for side in order}
        if number >= 0:
            rounds.append((took[0], took[1]))
    return Figure(name, tuple(one for one, _ in rounds), tuple(other for _, other in rounds))


def measure_reads(stage: Stage, seconds: float) -> list[Figure]:
    """The client against sockets, by the clock; PynamoDB over it against boto3, by CPU."""
    bare, request = getitem_over(stage.endpoint)

    def ask_echo() -> object:
        stage.floor.sendall(REQUEST)
        return stage.floor.recv(4096)

    def ask_bare() -> object:
        bare.sendall(request)
        return bare.recv(4096)

    with bare, links_over(stage.endpoint) as links:
        session = links.model._get_connection().connection.session  # noqa: SLF001 - the store's
        client: Any = make_client(stage.endpoint, REGION, session, 1, 1)
        boto: Any = boto3.client("dynamodb", region_name=REGION)
        figures = [
            pairs(
                "GetItem, ms p50: its bytes through the local server / an echo",
                wall_ms,
                (ask_bare, ask_echo),
                seconds / 3,
            ),
            pairs(
                "GetItem, ms CPU: PynamoDB over DAX / boto3",
                cpu_ms,
                (lambda: links.get(SLUG), lambda: boto.get_item(**ASKED)),
                seconds / 3,
            ),
            pairs(
                "GetItem, ms p50: through AWS's client as well / an echo",
                wall_ms,
                (lambda: client.get_item(**ASKED), ask_echo),
                seconds / 3,
            ),
        ]
        client.close()
    return figures


def drill_silence(stage: Stage) -> Drill:
    """One reader, when all nodes fall silent at once; long enough for two probes."""
    with links_over(stage.endpoint) as links:
        stage.behave("silent")
        read = read_for(links, LOADED_FOR * 3)
        stage.behave("healthy")
    return Drill("silent", [took for took, _ in read], sum(not found for _, found in read))


def drill_nothing() -> Drill:
    """The same reader of the table alone: what the fallback can't be better than."""
    read = read_for(LinkTable(bind(TABLE, REGION)), LOADED_FOR)
    return Drill("no DAX at all", [took for took, _ in read], 0)


def read_for(links: LinkTable, seconds: float) -> list[tuple[float, bool]]:
    """One read after the other, each timed."""
    until, read = time.monotonic() + seconds, [timed(lambda: links.get(SLUG))]
    while time.monotonic() < until:
        read.append(timed(lambda: links.get(SLUG)))
        time.sleep(0.005)
    return read


def drill_loss(stage: Stage, fault: str) -> Drill:
    """200 reads a second, and the cluster gone from a quarter of the time on."""
    seen: list[tuple[float, float, bool]] = []
    with links_over(stage.endpoint) as links:
        began = time.monotonic()

        def work(worker: int) -> None:
            for number in range(int(RATE * LOADED_FOR / THREADS)):
                due = began + (number * THREADS + worker) / RATE
                time.sleep(max(0.0, due - time.monotonic()))
                seen.append((time.monotonic(), *timed(lambda: links.get(SLUG))))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        time.sleep(LOADED_FOR / 4)
        lost_at = time.monotonic()
        stage.behave(fault)
        for thread in threads:
            thread.join()
        stage.behave("healthy")
    times = [took for at, took, _ in sorted(seen) if at >= lost_at]
    return Drill(f"{fault}, {RATE} a second", times, sum(not found for *_, found in seen))


def over_the_bars(figures: Sequence[Figure], table: Drill, drills: Sequence[Drill]) -> list[str]:
    """What is missed, in words; the first drill is of silence.

    On a busy machine the table alone takes over 30 ms, which is then no fault of the fallback.
    """
    bars = zip(figures, (LATENCY_BAR, CPU_BAR), strict=False)  # what AWS's client takes has none
    missed = [f"{it.name} over {bar}" for it, bar in bars if (it.ratio or 0) > bar]
    missed += [f"{it.name}: {it.failed} failed" for it in drills if it.failed]
    most = max(LATER_BAR, 1.5 * percentile(table.times[1:], 99))
    silence = drills[0]
    if silence.times[0] > FIRST_BAR or percentile(silence.times[1:], 99) > most:
        missed.append(silence.line())
    return missed


def main() -> None:
    """Measure and print; exit 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.dax", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to measure (20)")
    seconds = parser.parse_args().seconds
    forget_settings()
    with (
        tempfile.TemporaryDirectory(prefix="everhop-bench-") as folder,
        run_stage(Path(folder)) as stage,
    ):
        figures = measure_reads(stage, seconds)
        table = drill_nothing()
        lost = [drill_loss(stage, fault) for fault in ("refusing", "silent", "cut")]
        drills = [drill_silence(stage), *lost]
    print(write_table(figures, ("DAX", "other")))
    for drill in (table, *drills):
        print(drill.line())
    if missed := over_the_bars(figures, table, drills):
        sys.exit(f"bench: over the bar: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
