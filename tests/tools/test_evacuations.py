"""Evacuating a region: what is refused, what is written where, and what is undone.

What could break for a user: a living region that is declared dead by mistake, one survivor that was not
told and goes on as before, a fence that a deploy takes away, a return before replication has caught up.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from chalicelib.core.homes import MOVES_FOR, Absence, home_at
from chalicelib.store.absences import Known
from local.children import listen, url_of
from local.controls import STATUS, Channel, control_handler, draw_token, publish
from local.servers import start_server
from tests.conftest import free_port
from tools import absences as module
from tools.absence_plans import LEAD, again, forget, is_away, tidy, without
from tools.absences import Overtaken, RegionTables, Timing
from tools.caches import Refused
from tools.client import CannotRun
from tools.evacuation_scenes import find_local
from tools.evacuations import Scene, _evacuate, _leave, _return


US, EU, AP = REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")
NOW = datetime(2027, 1, 1, tzinfo=UTC)
TABLE = "everhop-prod"


class FakeTiming(Timing):
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class FakeRegion:
    """A region that is dead or alive, with a fence."""

    def __init__(self, *, alive: bool = False, has_iam: bool = True) -> None:
        self.answers = "200 from it" if alive else ""
        self.has_iam = has_iam
        self.done: list[str] = []

    def fence(self) -> str:
        if not self.has_iam:
            raise CannotRun("IAM does not answer.")
        self.done.append("fence")
        return "Fenced off."

    def unfence(self) -> str:
        self.done.append("unfence")
        return "Lifted."


class Options:
    """What an operator says."""

    def __init__(self, region: str = US, *, force: bool = False, plan: bool = False) -> None:
        self.region, self.force, self.plan = region, force, plan
        self.yes, self.back, self.stage = True, False, "prod"


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """An AWS of this process, with the table in three regions."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def account(aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Its empty tables, and credentials for it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setattr(module, "_PAUSE", 0.02)
    for region in REGIONS:
        client = boto3.client("dynamodb", region_name=region, endpoint_url=aws)
        keys = {"pk": "HASH", "sk": "RANGE"}
        client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": it, "AttributeType": "S"} for it in keys],
            KeySchema=[{"AttributeName": it, "KeyType": kind} for it, kind in keys.items()],
        )
    yield aws
    for region in REGIONS:
        boto3.client("dynamodb", region_name=region, endpoint_url=aws).delete_table(TableName=TABLE)


def tables(account: str, *, dead: tuple[str, ...] = ()) -> RegionTables:
    gone = f"http://127.0.0.1:{free_port()}"
    return RegionTables(TABLE, REGIONS, {it: gone if it in dead else account for it in REGIONS})


@pytest.fixture
def replication(account: str) -> Iterator[threading.Event]:
    """What brings the newest item everywhere, for as long as the event is set."""
    works, ends = threading.Event(), threading.Event()
    regions = tables(account)

    def replicate() -> None:
        while not ends.wait(0.02):
            if works.is_set():
                with suppress(CannotRun):
                    newest = regions.newest()
                    for region in REGIONS:
                        if newest.epoch > regions.read(region).epoch:
                            regions.tell(region, newest)

    works.set()
    thread = threading.Thread(target=replicate)
    thread.start()
    yield works
    ends.set()
    thread.join()


def scene(account: str, region: FakeRegion, *, dead: tuple[str, ...] = ()) -> Scene:
    return Scene("prod", REGIONS, region, tables(account, dead=dead), FakeTiming())


def leave(one: Scene, options: Options) -> None:
    _leave(options, one, [it for it in one.regions if it != options.region])  # type: ignore[arg-type]


def test_a_dead_region_is_home_of_nothing_in_a_minute(account: str) -> None:
    """Every survivor has the item, writes go on within 60 s, and no key has two homes meanwhile."""
    region = FakeRegion()
    one = scene(account, region, dead=(US,))
    leave(one, Options())
    assert isinstance(one.timing, FakeTiming)

    assert region.done == ["fence"]
    for survivor in (EU, AP):
        known = one.tables.read(survivor)
        assert (known.epoch, known.absences) == (1, (Absence(US, NOW + LEAD),))
    took = one.timing.time - NOW
    assert LEAD + MOVES_FOR <= took <= timedelta(seconds=60)
    homes = {home_at(f"s{it}", REGIONS, known.absences, one.timing.time) for it in range(99)}
    assert homes == {EU, AP}


def test_a_region_that_answers_is_left_alone(
    account: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --force nothing is written; with it, the region itself hears of it at once."""
    region = FakeRegion(alive=True)
    one = scene(account, region)
    with pytest.raises(Refused, match="answers"):
        leave(one, Options())
    assert (region.done, one.tables.newest().epoch) == ([], 0)

    leave(one, Options(force=True))
    assert one.tables.read(US).absences == one.tables.read(EU).absences != ()
    assert "RISK" in capsys.readouterr().out


def test_a_survivor_that_cannot_be_told_stops_it(account: str) -> None:
    """One that does not know would be a second home: those that did know are told to forget it."""
    one = scene(account, FakeRegion(), dead=(US,))
    leave_to = one.tables
    calls = iter([None, CannotRun("The table in ap-southeast-2 does not answer."), None, None])
    put = leave_to._put

    def failing(region: str, known: Any) -> None:
        error = next(calls)
        if error:
            raise error
        put(region, known)

    leave_to._put = failing  # type: ignore[method-assign]
    with pytest.raises(CannotRun, match=AP):
        leave(one, Options())
    assert [leave_to.read(it).absences for it in (EU, AP)] == [(), ()]


def test_a_dead_survivor_stops_it_before_anything_is_done(account: str) -> None:
    """What it knows can't be told, so nothing is fenced and nothing written."""
    region = FakeRegion()
    with pytest.raises(CannotRun, match=EU):
        leave(scene(account, region, dead=(US, EU)), Options())

    assert (region.done, tables(account).newest().epoch) == ([], 0)


def test_somebody_elses_change_is_not_undone(account: str) -> None:
    """Two operators at once: the second is told, and what the first wrote stays."""
    regions = tables(account)
    first = regions.write((Absence(US, NOW),))
    regions.newest = lambda _=None: first._replace(epoch=0, absences=())  # type: ignore[method-assign]

    with pytest.raises(Overtaken):
        regions.write((Absence(EU, NOW),))
    assert [regions.read(it) for it in REGIONS] == [first] * 3


def test_what_replication_brought_before_is_no_contradiction(account: str) -> None:
    """A region that has heard of it already agrees, whatever digits its clock has."""
    regions = tables(account)
    put = regions._put

    def replicated(region: str, known: Known) -> None:
        for it in REGIONS:
            put(it, known)

    regions._put = replicated  # type: ignore[method-assign]
    regions.write((Absence(US, NOW + timedelta(microseconds=1)),))
    assert {regions.read(it).epoch for it in REGIONS} == {1}


def test_a_silent_iam_is_said_and_stops_nothing(
    account: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """IAM's own region may be the one that is gone."""
    one = scene(account, FakeRegion(has_iam=False), dead=(US,))
    leave(one, Options())

    assert "NOT FENCED OFF" in capsys.readouterr().err
    assert one.tables.read(EU).epoch == 1


def test_a_plan_changes_nothing(account: str) -> None:
    """Neither a fence nor an item."""
    region = FakeRegion()
    leave(scene(account, region), Options(plan=True))

    assert (region.done, tables(account).newest().epoch) == ([], 0)


def test_a_second_time_goes_on(account: str) -> None:
    """What is written already keeps its moment: a stop in between costs nothing."""
    one = scene(account, FakeRegion())
    leave(one, Options())
    known = one.tables.newest()
    leave(one, Options())

    assert one.tables.newest() == known
    assert one.timing.now() == NOW + LEAD + MOVES_FOR


def test_the_last_region_stays(account: str) -> None:
    """When all others are absent, or there is none, there is nowhere for its links to go."""
    one = scene(account, FakeRegion())
    leave(one, Options(EU))
    leave(one, Options(AP))
    with pytest.raises(Refused, match="none would be left"):
        leave(one, Options(US))


def back(one: Scene, *, plan: bool = False) -> None:
    _return(Options(plan=plan), one, [EU, AP])  # type: ignore[arg-type]


def test_a_planned_return_changes_nothing(account: str) -> None:
    """Of a region that is absent, and of one that an evacuation only fenced off."""
    region = FakeRegion()
    one = scene(account, region)
    back(one, plan=True)
    assert region.done == []
    back(one)
    assert region.done == ["unfence"]

    leave(one, Options())
    known = one.tables.newest()
    back(one, plan=True)
    assert (region.done, one.tables.newest()) == (["unfence", "fence"], known)


def test_a_region_returns_once_replication_works(
    account: str, replication: threading.Event
) -> None:
    """Both ways; then its fence is lifted, and it is a home from a moment that all know ahead."""
    region = FakeRegion()
    one = scene(account, region)
    leave(one, Options())
    before = one.timing.now()
    back(one)

    assert region.done == ["fence", "unfence"]
    (absence,) = one.tables.read(US).absences
    assert absence.until == before + LEAD
    assert [one.tables.read(it).absences for it in (EU, AP)] == [(absence,)] * 2
    assert home_at("any", REGIONS, (absence,), one.timing.now()) is not None


def test_a_region_that_is_still_apart_stays_away(
    account: str, replication: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lifted before what is written elsewhere arrives there."""
    region = FakeRegion()
    one = scene(account, region)
    leave(one, Options())
    replication.clear()
    monkeypatch.setattr("tools.evacuations._PATIENCE", 0.2)
    with pytest.raises(CannotRun, match="still apart"):
        back(one)

    assert region.done == ["fence"]
    assert is_away(one.tables.newest().absences, US, one.timing.now())


def test_an_unknown_region_is_refused(monkeypatch: pytest.MonkeyPatch, account: str) -> None:
    """With those that there are."""
    one = scene(account, FakeRegion())
    monkeypatch.setattr("tools.evacuations._find_scene", lambda _: one)
    with pytest.raises(CannotRun, match="no region eu-north-1; us-east-1, eu-west-1"):
        _evacuate(Options("eu-north-1"))  # type: ignore[arg-type]


def test_what_is_past_is_forgotten() -> None:
    """The item does not grow; what still moves keys stays."""
    old = Absence(AP, NOW - timedelta(days=2), NOW - timedelta(days=1))
    open_end = Absence(EU, NOW - timedelta(days=2))
    later = without((old, open_end), US, NOW)

    assert tidy(later, NOW) == (open_end, Absence(US, NOW))
    assert again(later, EU, NOW)[1] == Absence(EU, open_end.since, NOW)
    assert forget(later, US) == (old, open_end)
    assert not is_away(later, US, NOW + MOVES_FOR / 2)


def test_the_stack_on_this_machine_is_found_by_its_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `python -m local chaos` finds it: the shell need not know its port."""
    listener = listen()
    channel = Channel(url_of(listener), draw_token())
    publish(tmp_path, channel)
    regions = [
        {"name": name, "api_url": f"http://{name}.test/api", "dynamodb_endpoint": f"http://{name}"}
        for name in (US, EU)
    ]

    async def tell(_words: object) -> dict[str, Any]:
        return {"regions": regions}

    async def find() -> Scene:
        runner = await start_server(control_handler(channel.token, {STATUS: tell}), listener)
        found = await asyncio.to_thread(find_local, EU)
        await runner.cleanup()
        return found

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("EVERHOP_DATA", str(tmp_path))
    monkeypatch.setenv("EVERHOP_PORT", str(free_port()))
    found = asyncio.run(find())

    assert found.regions == (US, EU)
    one: Any = found.region
    assert (one.name, one.url, one.token) == (EU, f"http://{EU}.test/api", channel.token)
