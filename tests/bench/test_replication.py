"""`python -m bench.replication` from start to end."""

import re

import pytest

from tests.bench.test_bench import run


@pytest.mark.stack
def test_short_run_prints_every_figure() -> None:
    """It ends with 0 and says what the log costs and how fast another region follows."""
    done = run("bench.replication", "--rounds", "2", "--writes", "3")

    assert done.returncode == 0, done.stderr
    assert re.search(r"^writes/s, the log +\d", done.stdout, re.MULTILINE)
    assert re.search(r"^while a region follows: \d+ writes/s", done.stdout, re.MULTILINE)
    assert re.search(r"^catching up after a pause: \d+ changes/s", done.stdout, re.MULTILINE)
