"""The stack as it is by default: two regions behind two places of the edge, and what they survive.

One stack for the whole file; every test heals what it breaks.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.core.homes import home_of
from local.cache_commands import flush
from local.controls import ControlError, command
from local.replication.commands import LOOK
from tests.conftest import ROOT, Answer, RunningStack, start_stack
from tests.local.region_steps import (
    EU,
    US,
    D,
    chaos,
    homed,
    leads_to,
    make,
    make_everywhere,
    region_of,
    status,
    wait_for,
)


pytestmark = pytest.mark.stack
BY_DEFAULT = {
    "EVERHOP_REGIONS": f"{US},{EU}",
    "EVERHOP_EDGE": "on",
    "EVERHOP_API_CACHE": "on",
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack of two regions, with every cache that there is."""
    running = start_stack(tmp_path_factory.mktemp("everhop"), **BY_DEFAULT)
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def healed(whole: RunningStack) -> Iterator[None]:
    """Whatever a test broke, the next one finds it whole."""
    yield
    chaos(whole, "heal")


@pytest.fixture
def places(whole: RunningStack) -> dict[str, RunningStack]:
    """The stack as it is asked through each place of the edge, by the region next to it."""
    edges = status(whole)["edges"]
    return {
        region: replace(whole, url=edge["url"])
        for region, edge in zip((US, EU), edges, strict=True)
    }


def test_status_names_both_regions_and_both_places(whole: RunningStack) -> None:
    """Every address answers as what it says that it is; the first region is next to the door."""
    said = status(whole)
    assert [(one["name"], one["home"], one["state"]) for one in said["regions"]] == [
        (US, True, "up"),
        (EU, False, "up"),
    ]
    assert [one["name"] for one in said["edges"]] == ["IAD89-C1", "DUB2-C1"]
    assert said["edges"][0]["url"] == whole.url
    for one in said["regions"]:
        direct = replace(whole, url=str(one["api_url"]).removesuffix("/api"))
        assert direct.ask("GET", "/api/v1/health").json["region"] == one["name"]
        assert str(one["dax_endpoint"]).startswith("dax://")
        assert one["lag_for"] is not None
    addresses = [one[key] for one in said["regions"] for key in ("api_url", "dynamodb_endpoint")]
    assert len(set(addresses)) == 4
    for edge in said["edges"]:
        assert status(replace(whole, url=str(edge["url"])))["edges"] == said["edges"]


def test_the_console_says_where_everything_is(whole: RunningStack) -> None:
    """Both regions with their place of the edge, when it starts."""
    printed = "".join(whole.lines)
    for region, edge in zip((US, EU), status(whole)["edges"], strict=True):
        assert f"{region} behind {edge['name']} at {edge['url']}" in printed


def test_each_place_asks_the_region_next_to_it(
    whole: RunningStack, places: dict[str, RunningStack]
) -> None:
    """What is not kept is answered nearby, and the console says by which region."""
    for region, place in places.items():
        assert place.ask("GET", "/api/v1/health").json["region"] == region
        assert place.ask("GET", f"/nothing-{region}").status == 404
        line = f"404 /nothing-{region}  edge MISS · api MISS · dax"
        wait_for(lambda line=line: [it for it in whole.lines if it.startswith(line)])
        (said,) = [it for it in whole.lines if it.startswith(line)]
        assert f" · {region} · " in said


def test_a_link_made_anywhere_is_followed_anywhere_at_once(
    places: dict[str, RunningStack],
) -> None:
    """Wherever its home is and whatever was replicated by then: no place says 404 of it."""
    for made_at, maker in places.items():
        for home in (US, EU):
            slug = homed(home, f"from-{made_at}")
            make(maker, slug)
            assert all(leads_to(place.ask("GET", f"/{slug}"), slug) for place in places.values())


def test_drawn_slugs_lead_on_everywhere(places: dict[str, RunningStack]) -> None:
    """They are homed where they are made."""
    for region, maker in places.items():
        slug = maker.api("POST", "/links", {"destination": D}).json["slug"]
        assert home_of(slug, (US, EU)) == region
        assert {place.ask("GET", f"/{slug}").status for place in places.values()} == {302}


def first_that(stack: RunningStack, slug: str, to: str) -> Answer:
    """The first answer that leads there."""
    found: list[Answer] = []

    def ask() -> bool:
        found.append(stack.ask("GET", f"/{slug}"))
        return leads_to(found[-1], to)

    wait_for(ask)
    return found[-1]


@pytest.mark.parametrize("home", [US, EU])
def test_an_edit_is_told_to_every_cache(
    whole: RunningStack, places: dict[str, RunningStack], home: str
) -> None:
    """Of both regions and at both places: what they had is not waited for until it is stale."""
    slug = homed(home, "edited")
    make(whole, slug)
    for place in places.values():
        first_that(place, slug, slug)
        wait_for(lambda at=place: "edge; hit" in at.ask("GET", f"/{slug}").headers["Cache-Status"])
    assert whole.api("PATCH", f"/links/{slug}", {"destination": f"{D}new"}).status == 200
    for place in places.values():
        said = first_that(place, slug, "new").headers["Cache-Status"]
        assert '"API cache"; hit' in said
        assert "edge; fwd=uri-miss" in said


def test_a_takedown_is_told_of_every_query(
    whole: RunningStack, places: dict[str, RunningStack]
) -> None:
    """The edge forgets the link with all queries, and asks where no stage keeps what had one."""
    make(whole, "spread")
    target = "/spread?utm_source=mail&n=1"
    for place in places.values():
        assert leads_to(place.ask("GET", target), "spread")
        wait_for(lambda at=place: "edge; hit" in at.ask("GET", target).headers["Cache-Status"])
    assert whole.api("PATCH", "/links/spread", {"disabled": True}).status == 200
    for place in places.values():
        wait_for(lambda at=place: at.ask("GET", target).status == 410)
        said = place.ask("GET", f"{target}&n=2").headers["Cache-Status"]
        assert "edge; fwd=uri-miss" in said
        assert "API cache" not in said


def test_a_link_that_was_asked_for_before_it_was_made(
    whole: RunningStack, places: dict[str, RunningStack]
) -> None:
    """The 404 that the regions' caches have of it is replaced, not waited for."""
    assert {place.ask("GET", "/early").status for place in places.values()} == {404}
    make(whole, "early")
    for place in places.values():
        assert '"API cache"; hit' in first_that(place, "early", "early").headers["Cache-Status"]


@pytest.mark.parametrize("fault", ["region-down", "region-freeze"])
@pytest.mark.parametrize("lost", [US, EU])
def test_redirects_survive_the_loss_of_a_region(
    whole: RunningStack, places: dict[str, RunningStack], fault: str, lost: str
) -> None:
    """Through either place, whichever region is lost, kept at the edge or not: each leads on."""
    slugs = make_everywhere(whole, f"{fault}-{lost}")
    for slug in slugs[:3]:
        places[lost].ask("GET", f"/{slug}")  # kept at the edge from now on
    chaos(whole, fault, lost)
    assert region_of(whole, lost)["state"] in ("down", "frozen")
    asked = [(place, slug) for place in places.values() for slug in slugs]
    with ThreadPoolExecutor(4) as visitors:
        answers = list(visitors.map(lambda it: it[0].ask("GET", f"/{it[1]}"), asked))
    assert [leads_to(answer, slug) for answer, (_, slug) in zip(answers, asked, strict=True)] == [
        True
    ] * len(asked)

    other = US if lost == EU else EU
    kept = homed(other, f"{fault}-{lost}-kept")
    make(places[other], kept)
    refused = places[other].api(
        "POST", "/links", {"destination": D, "slug": homed(lost, f"{fault}-{lost}-refused")}
    )
    assert (refused.status, refused.json["code"]) == (503, "unavailable")

    assert f"{lost}: it is up." in chaos(whole, "heal")
    assert region_of(whole, lost)["state"] == "up"
    assert places[lost].ask("GET", "/api/v1/health").json["region"] == lost
    direct = replace(whole, url=str(region_of(whole, lost)["api_url"]).removesuffix("/api"))
    wait_for(lambda: leads_to(direct.ask("GET", f"/api/r/{kept}"), kept))


def test_a_region_that_is_down_refuses_and_stays_down(whole: RunningStack) -> None:
    """Its API, table and DAX take no connection, and nothing starts them again."""
    region = region_of(whole, EU)
    ports = [
        int(str(region[key]).removesuffix("/api").rpartition(":")[2])
        for key in ("api_url", "dynamodb_endpoint", "dax_endpoint")
    ]
    chaos(whole, "region-down", EU)
    for _ in range(10):
        assert [connects(port) for port in ports] == [False] * 3
        time.sleep(0.1)
    assert not [line for line in whole.lines if f"in {EU} ended" in line]
    chaos(whole, "heal", EU)
    assert [connects(port) for port in ports] == [True] * 3


def connects(port: int) -> bool:

    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_killed_process_comes_back(whole: RunningStack, places: dict[str, RunningStack]) -> None:
    """Each of a region's, while the other region answers; what was acknowledged is there."""
    make(whole, homed(EU, "killed"))
    for module in ("local.database", "local.region", "local.dax"):
        seen = len(whole.lines)
        os.kill(child_of(whole, module, EU), signal.SIGKILL)
        wait_for(
            lambda seen=seen: [it for it in whole.lines[seen:] if f"in {EU} ended and starts" in it]
        )
        direct = replace(whole, url=str(region_of(whole, EU)["api_url"]).removesuffix("/api"))
        slug = homed(EU, "killed")
        wait_for(lambda at=direct, slug=slug: leads_to(at.ask("GET", f"/api/r/{slug}"), slug))
        assert leads_to(places[EU].ask("GET", f"/{slug}"), slug)


def child_of(stack: RunningStack, module: str, region: str) -> int:
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(stack.process.pid)],
        capture_output=True,
        text=True,
    )
    lines = [line.split() for line in listed.stdout.splitlines()]
    return next(int(words[0]) for words in lines if module in words and region in words)


def test_the_dashboard_loads_without_its_first_bucket(
    whole: RunningStack, places: dict[str, RunningStack]
) -> None:
    """The entry page, which is kept nowhere, and an asset that was never asked for."""
    chaos(whole, "site-down", US)
    for place in places.values():
        page = place.ask("GET", "/")
        assert page.status == 200
        assert b"<html" in page.body
    assert "refuses connections" in chaos(whole, "site-down", EU)
    assert whole.ask("GET", "/").status >= 500
    chaos(whole, "heal")
    assert whole.ask("GET", "/").status == 200


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("region-down", "mars-north-1"),
            "mars-north-1 does not run here; us-east-1, eu-west-1 do",
        ),
        (("lag", "1", "mars-north-1"), "mars-north-1 does not run here; us-east-1, eu-west-1 do"),
        (("region-down",), "say which region: us-east-1 or eu-west-1."),
        (("region-freeze", US, EU), "takes one region"),
        (("partition", US), "partition A B"),
    ],
    ids=lambda it: "-".join(it) if isinstance(it, tuple) else "",
)
def test_faults_that_can_not_be(whole: RunningStack, words: tuple[str, ...], said: str) -> None:
    """Each is one sentence that says what would do, and nothing is broken."""
    with pytest.raises(ControlError, match=said):
        chaos(whole, *words)
    assert [one["state"] for one in status(whole)["regions"]] == ["up", "up"]


def test_commands_are_of_the_shell(whole: RunningStack) -> None:
    """The words of the documents, as another process says them."""
    for words, said in (
        (("chaos", "skew", "-5", EU), "its clock is -5 s off"),
        (("chaos", "heal"), f"{EU}: it is up."),
        (("flush",), f"{EU}: AVAILABLE, 0.5 GB."),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "local", *words],
            cwd=ROOT,
            env={**os.environ, "EVERHOP_DATA": str(whole.data)},
            capture_output=True,
            text=True,
        )
        assert said in done.stdout, done.stderr


def test_replication_is_broken_and_healed(whole: RunningStack) -> None:
    """The status tells what chaos made of it, and that it is over."""
    assert f"{US} -> {EU}: lag 30 s" in chaos(whole, "lag", "30", EU)
    assert region_of(whole, EU)["lag_for"] == 30
    assert "cut" in chaos(whole, "partition", EU, US)
    chaos(whole, "skew", "-5", EU)
    chaos(whole, "heal")
    wait_for(lambda: [one["lag_for"] for one in status(whole)["regions"]] == [0, 0])


def wait_for_purges(stack: RunningStack, region: str) -> None:
    """Until a region's stream has handed on all that was written: a purge fills the cache anew."""
    until = time.monotonic() + 40
    while (stream := command(stack.data, LOOK, region=region)["stream"])["behind"]:
        assert time.monotonic() < until, stream
        time.sleep(0.1)


def test_all_caches_are_flushed(whole: RunningStack) -> None:
    """Those of both regions, unless one is named."""
    make(whole, "flushed")
    for region in (US, EU):
        direct = replace(whole, url=str(region_of(whole, region)["api_url"]).removesuffix("/api"))
        assert leads_to(direct.ask("GET", "/api/r/flushed"), "flushed")
        wait_for_purges(whole, region)
    flush(whole.data, None)
    answers = [json.dumps(one["api_cache"]) for one in status(whole)["regions"]]
    assert all('"answers": 0' in one for one in answers)


def test_nothing_is_left_of_a_frozen_region(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Beside another stack, and however it ends: frozen processes go as well."""
    data = tmp_path_factory.mktemp("everhop")
    other = start_stack(data, EVERHOP_REGIONS=f"{EU},{US}", EVERHOP_ACCESS_LOG="off")
    assert [one["name"] for one in status(other)["regions"]] == [EU, US]
    chaos(other, "region-freeze", US)
    frozen = child_of(other, "local.region", US)
    other.stop(signal.SIGKILL)
    wait_for(lambda: not is_running(frozen))


def is_running(process: int) -> bool:
    try:
        said = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return said.rpartition(")")[2].split()[0] != "Z"
