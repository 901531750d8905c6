"""`python -m bench.dax`: it knows when a bar is missed, and its bare GetItem is one."""

from pathlib import Path

from bench.dax import Drill, over_the_bars
from bench.dax_stage import getitem_over, run_stage
from bench.figures import Figure


FAST = Figure("fast", (2.4, 9.0, 2.4), (1.0, 1.0, 1.0))
CHEAP = Figure("cheap", (0.3, 0.3, 0.9), (1.0, 1.0, 1.0))
TABLE = Drill("no DAX at all", [5.0, 5.0, 6.0], 0)
SILENT = Drill("silent", [290.0, 5.0, 29.0], 0)


def test_missed_bars_are_told() -> None:
    """Each by its median, or by what readers saw; a slow table is no fault of the fallback."""
    slow = Figure("slow", (2.6, 2.6, 1.0), (1.0, 1.0, 1.0))
    late = Drill("silent", [290.0, 5.0, 31.0], 0)
    failing = Drill("refusing", [5.0, 5.0], 3)

    assert over_the_bars([FAST, CHEAP, slow], TABLE, [SILENT]) == []
    assert over_the_bars([slow, CHEAP], TABLE, [SILENT]) == ["slow over 2.5"]
    assert over_the_bars([FAST, FAST], TABLE, [SILENT]) == ["fast over 0.4"]
    assert over_the_bars([FAST, CHEAP], TABLE, [SILENT, failing]) == ["refusing: 3 failed"]
    assert over_the_bars([FAST, CHEAP], TABLE, [late]) == [late.line()]
    assert over_the_bars([FAST, CHEAP], TABLE._replace(times=[5.0, 40.0]), [late]) == []


def test_the_bare_request_is_a_getitem(tmp_path: Path) -> None:
    """The cluster answers it with the link: success, and an item with its destination."""
    with run_stage(tmp_path) as stage:
        connection, request = getitem_over(stage.endpoint)
        with connection:
            connection.sendall(request)
            answer = connection.recv(4096)

    assert answer[:1] == b"\x80"
    assert b"https://example.com/spring" in answer
