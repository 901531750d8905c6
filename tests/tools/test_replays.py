"""`tools replay-logs`: several files a call, each asked of whose home it is, until it is counted."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tools.replay_runs import Counter, Counters
from tools.replays import Source, batches, replay


class Function:
    """A region's function: it folds what it is the home of, after so many calls that fail."""

    def __init__(self, homes: str, fails: int = 0) -> None:
        self.homes, self.fails = homes, fails
        self.asked: list[list[str]] = []
        self.done: set[str] = set()

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's
        del FunctionName
        records = json.loads(Payload)["Records"]
        keys = [one["s3"]["object"]["key"] for one in records]
        self.asked.append(keys)
        if len(self.asked) <= self.fails:
            self.done.update(keys[:1])
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(b'{"errorMessage": "no"}')}
        files = [self._fold(key) for key in keys]
        return {"Payload": io.BytesIO(json.dumps({"files": files}).encode())}

    def _fold(self, key: str) -> dict[str, Any]:
        if key[0] == "x":
            return {"name": key, "state": "refused", "reason": "it is no gzip"}
        state = "known" if key in self.done else "folded"
        state = state if key[0] in self.homes else "elsewhere"
        self.done.add(key)
        return {"name": key, "state": state, "lines": 1, "requests": 1, "chunks": 1, "bad": {}}


def counters(*functions: Function) -> Counters:
    return Counters([counter(function) for function in functions], wait=0)


def counter(function: Function) -> Counter:
    return Counter("clicks", function, "logs", None)


def sources(*keys: str, size: int = 1000) -> list[Source]:
    return [Source("logs", key, size) for key in keys]


def test_small_files_go_together() -> None:
    """Twenty a call, of no more than some megabytes; a large one alone, and in their order."""
    small = [f"a{n}" for n in range(45)]
    mixed = [*sources("b"), *sources("large", size=50_000_000), *sources("c", "d", size=2_000_000)]

    assert [len(batch) for batch in batches(sources(*small))] == [20, 20, 5]
    assert [[one.key for one in batch] for batch in batches(mixed)] == [
        ["b"],
        ["large"],
        ["c", "d"],
    ]
    assert list(batches([])) == []


def test_each_file_is_asked_of_its_home(capsys: pytest.CaptureFixture[str]) -> None:
    """All of one region first, of the next only what is left; told of in the order that was given."""
    here, there = Function("a"), Function("b")

    assert replay(sources("a1", "b1", "a2"), counters(here, there)) == 0

    assert (here.asked, there.asked) == ([["a1", "b1", "a2"]], [["b1"]])
    told = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in told] == [
        "1/3 a1: folded",
        "2/3 b1: folded",
        "3/3 a2: folded",
    ]


def test_what_is_for_later_is_asked_again(capsys: pytest.CaptureFixture[str]) -> None:
    """A call that fails says nothing of any file: what it did of them is known to the next."""
    function = Function("a", fails=2)

    assert replay(sources("a1", "a2", "x1"), counters(function)) == 1

    assert function.asked == [["a1", "a2", "x1"]] * 3
    told = capsys.readouterr()
    assert told.out.splitlines()[0] == "1/3 a1: known"
    assert told.out.splitlines()[2] == "3/3 x1: refused, it is no gzip"


def test_who_is_not_the_home_has_no_last_word() -> None:
    """What its home can't fold now is told as that, and not as being elsewhere."""
    told = counters(Function("a", fails=99), Function("b")).count([("logs", "a1"), ("logs", "b1")])

    assert [one["state"] for one in told] == ["later", "folded"]


def test_files_of_this_machine_are_put_first(tmp_path: Path) -> None:
    """Each is in the bucket before its batch is asked for."""
    put: list[str] = []

    class Putting(Counters):
        def put(self, key: str, data: bytes) -> None:
            put.append(f"{key} {data.decode()}")

    file = tmp_path / "a.gz"
    file.write_bytes(b"log")
    function = Function("r")
    source = Source("logs", "replays/a.gz", 3, file)
    assert replay([source], Putting([counter(function)])) == 0
    assert put == ["replays/a.gz log"]
