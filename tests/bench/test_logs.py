"""`python -m bench.logs`: both sides count the same, and a missed bar is told."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

from bench.figures import Figure
from bench.log_files import write_log
from bench.log_sides import fold, pieces_of
from bench.logs import missed
from bench.naive_logs import count_rows
from chalicelib.core.access_logs import LineReader, Problems, inflate, split_lines
from chalicelib.core.slugs import SlugPolicy
from chalicelib.core.tallies import Tally
from tests.conftest import ROOT


NOT_NAIVE = ("country:", "language:")  # what the naive side spares itself


def test_both_sides_count_the_same(tmp_path: Path) -> None:
    """So that the ratio is of the same work."""
    file = tmp_path / "a.gz"
    write_log(file, 3000)
    reader, tally = LineReader(Problems()), Tally(SlugPolicy(), Problems())
    for lines in split_lines(inflate(pieces_of(file))):
        tally.add(reader.read(lines))
    ours: Counter[tuple[str, str, str]] = Counter()
    for group, counts in tally.groups():
        for name, count in counts.items():
            if not group.orphan and not name.startswith(NOT_NAIVE):
                ours[group.slug_key, f"{group.hour:%Y-%m-%dT%H}", name] += count

    assert ours == count_rows(file)
    cost = fold(file, keeps_names=True)
    assert cost["units"] > 2 * cost["rows"] > 0


def test_a_missed_bar_is_told() -> None:
    """Both ratios and the memory are held to."""
    slow = Figure("to counts, lines/s", (2.3,), (1.0,))
    reading = Figure("reading alone, lines/s", (1.0,), (1.0,))

    assert missed([reading, slow], {"memory": 200 << 20}) == [
        "reading alone, lines/s: 1.00x",
        "to counts, lines/s: 2.30x",
        "memory: 200 MB",
    ]
    assert missed([Figure("to counts, lines/s", (2.4,), (1.0,))], {"memory": 1}) == []


def test_a_short_run_prints_every_figure() -> None:
    """Of a small file, whose ratio says little."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.logs", "--lines", "2000", "--rounds", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    for name in ("reading alone, lines/s", "to counts, lines/s", "write units", "memory"):
        assert name in done.stdout, done.stderr
