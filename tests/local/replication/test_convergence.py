"""Whatever regions write, and whatever fails between them: healed, all have the last write of each item."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local import journal as journals
from local.journal import Journal
from local.replication.changes import NEVER, Version
from local.replication.logs import ChangeLog
from tests.local.replication.models import Model


REGIONS = ("ap-east-1", "eu-south-1", "us-west-1")
KEYS = ("a", "b", "c")
region = st.sampled_from(range(3))
steps = st.one_of(
    st.tuples(st.just("put"), region, st.sampled_from(KEYS)),
    st.tuples(st.just("delete"), region, st.sampled_from(KEYS)),
    st.tuples(st.just("hear"), region, region),
    st.tuples(st.just("cut"), region, region),
    st.tuples(st.just("restart"), region, st.none()),
    st.tuples(st.just("skew"), region, st.integers(-50, 50)),
    st.tuples(st.just("wait"), st.none(), st.integers(1, 40)),
    st.tuples(st.just("trim"), region, st.booleans()),
)
Steps = list[tuple[str, Any, Any]]


@contextmanager
def three() -> Iterator[list[Model]]:
    with tempfile.TemporaryDirectory() as folder:
        for name in REGIONS:
            (Path(folder) / f"{name}.sqlite").write_bytes(empty_file(name))
        models = [Model(Path(folder), name) for name in REGIONS]
        for one in models:
            one.follow(*(other.name for other in models if other is not one))
        try:
            yield models
        finally:
            for one in models:
                one.close()


@cache
def empty_file(name: str) -> bytes:
    """What a region's file is at first: made once, as making it waits for the disk."""
    with tempfile.TemporaryDirectory() as folder:
        Journal(Path(folder) / "x", name).close()
        return (Path(folder) / "x").read_bytes()


class Oracle:
    """Of each item, the write with the greatest version of all that were accepted anywhere."""

    def __init__(self) -> None:
        self.best: dict[str, tuple[Version, str | None]] = {}

    def note(self, key: str, version: Version, text: str | None) -> None:
        assert version != self.best.get(key, (NEVER,))[0], "two writes have one version"
        self.best[key] = max(
            self.best.get(key, (NEVER, None)), (version, text), key=lambda it: it[0]
        )

    def items(self) -> dict[str, str]:
        return {key: text for key, (_, text) in self.best.items() if text is not None}


def play(script: Steps) -> None:
    """Play the steps, heal, and hold every region to the oracle."""
    with three() as models:
        oracle, cuts = Oracle(), set()
        for number, (step, which, word) in enumerate(script):
            if step in ("put", "delete"):
                write(models[which], oracle, word, str(number) if step == "put" else None)
            elif step == "hear" and which != word and (which, word) not in cuts:
                models[which].hear(models[word], most=2)
            elif step == "cut":
                cuts ^= {(which, word)}
            else:
                befall(models, step, which, word)
        heal(models)
        for one in models:
            assert one.items() == oracle.items() == one.on_disk(), one.name


def befall(models: list[Model], step: str, which: int | None, word: Any) -> None:
    """What happens to regions by itself."""
    if step == "restart":
        models[which].restart()
    elif step == "skew":
        models[which].journal.skew = word
    elif step == "wait":
        for one in models:
            one.time += word
    elif step == "trim":
        trim(models[which], out_of_time=word)


def write(model: Model, oracle: Oracle, key: str, text: str | None) -> None:
    known = key in model.items()
    if text is not None:
        oracle.note(key, model.put(key, text), text)
    elif known:  # what is not here can't be deleted: DynamoDB's stream is silent about it
        oracle.note(key, model.delete(key), None)


def trim(model: Model, *, out_of_time: bool) -> None:
    """Let it forget what all have read, or, as after a day, all that it logged."""
    with model.journal.transaction():
        model.journal.log.trim(model.time + (25 * 3600 * 1000 if out_of_time else 0))


def heal(models: list[Model]) -> None:
    for _ in range(200):
        pairs = [(one, other) for one in models for other in models if one is not other]
        if not any(one.behind(other) for one, other in pairs):
            return
        for one, other in pairs:
            one.hear(other)
    pytest.fail("changes go in circles")


quickly = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@quickly
@given(st.lists(steps, max_size=40))
def test_regions_agree_after_all(script: Steps) -> None:
    """After the last fault every region has the accepted write with the greatest version, no other."""
    play(script)


APART = [("put", 0, "a"), ("wait", None, 5), ("put", 1, "a")]
TOGETHER = [("hear", one, other) for one in range(3) for other in range(3)]
PLANTED = {
    "the older one wins": [*APART, *TOGETHER],
    "a deletion is forgotten": [
        *[("put", 0, "a"), *TOGETHER, *TOGETHER, ("wait", None, 5)],
        *[("put", 1, "a"), ("wait", None, 5), ("delete", 0, "a"), *TOGETHER],
    ],
    "what came is told on as one's own": APART,
    "clocks alone decide": [
        *[("skew", 0, 50), ("put", 0, "a"), *TOGETHER, *TOGETHER],
        *[("put", 1, "a"), *TOGETHER],
    ],
    "a place is noted before its changes": [
        *[*TOGETHER, ("put", 0, "a"), ("put", 0, "b"), ("put", 0, "c")],
        *[("hear", 1, 0), ("restart", 1, None)],
    ],
    "a trimmed log is read on": [*TOGETHER, ("put", 0, "a"), ("trim", 0, True)],
}


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.replace(" ", "-"))
def test_the_checker_sees(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these mistakes, planted, is seen; without it the same steps end well."""
    play(PLANTED[bug])
    plant(bug, monkeypatch)

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        play(PLANTED[bug])


class Backwards(Version):
    """A version that is greater when it is less."""

    def __gt__(self, other: object) -> bool:
        return tuple(self) < tuple(other) or tuple(other) == tuple(NEVER)


def plant(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    apply, current = Journal.apply, ChangeLog.current
    if bug == "the older one wins":
        monkeypatch.setattr(
            Journal,
            "apply",
            lambda self, changes, *rest: apply(
                self, [one._replace(version=Backwards(*one.version)) for one in changes], *rest
            ),
        )
    elif bug == "a deletion is forgotten":
        monkeypatch.setattr(
            ChangeLog,
            "current",
            lambda self, *of: found if (found := current(self, *of))[0] else (None, NEVER),
        )
    elif bug == "what came is told on as one's own":
        monkeypatch.setattr(
            Journal,
            "apply",
            lambda self, changes, *rest: apply(
                self,
                [
                    one._replace(version=Version(one.version.stamp + 1, self.log.region))
                    for one in changes
                ],
                *rest,
            ),
        )
    elif bug == "clocks alone decide":
        monkeypatch.setattr(journals, "max", lambda stamp, _least: stamp, raising=False)
    elif bug == "a place is noted before its changes":
        monkeypatch.setattr(
            Journal, "apply", lambda self, changes, *rest: apply(self, changes[1:], *rest)
        )
    else:
        monkeypatch.setattr(ChangeLog, "has", lambda self, place: place is not None)
