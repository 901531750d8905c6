"""Drill: log files are told of twice and more, in any order, to every region, and counted once."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from urllib.error import URLError
from urllib.request import Request, urlopen

import boto3

from local.edge.log_events import FUNCTION, event_of
from local.environments import LOGS
from tools.client import CannotRun
from tools.drills.ledgers import REDIRECT
from tools.drills.loads import Load, applied
from tools.drills.scenes import Scene
from tools.drills.verdicts import Promise, at_most, none_of


_LINKS, _SECONDS, _RATE = 12, 15.0, 40.0
_COUNTED_WITHIN = 90.0
_TIMES = 2  # that each file is told of again, each time


async def drill(scene: Scene) -> Sequence[Promise]:
    """Follow links while every log file there is is told of again and again."""
    entries = await scene.make_links(_LINKS)
    await scene.settle()
    truth: Counter[str] = Counter()
    told: Counter[str] = Counter()

    async def visit() -> None:
        entry = scene.chance.choice(entries)
        answer = await scene.visits.follow(scene.draw_place(), entry.slug)
        truth[entry.slug] += answer.status == REDIRECT

    files = await _files(scene)
    began = time.monotonic()
    async with applied(Load(scene.options.rate or _RATE, visit, scene.chance)):
        while time.monotonic() - began < (scene.options.seconds or _SECONDS):
            await asyncio.sleep(1)
            told.update(await _tell_again(scene, files))
    took, _ = await _until_counted(scene, truth)
    # What is told of again now must change nothing.
    told.update(await _tell_again(scene, files))
    await asyncio.sleep(3)
    counts = await _counts(scene, truth)
    print(
        f"{truth.total()} clicks, {len(told)} files told of {told.total()} times more", flush=True
    )
    wrong = {name: it for name, it in counts.items() if it != truth[name.partition(" ")[0]]}
    for name, count in list(wrong.items())[:5]:
        print(f"  wrong: {name}: {count}, and it was {truth[name.partition(' ')[0]]}", flush=True)
    return [
        none_of("counts that are not the truth", len(wrong), len(counts)),
        none_of("clicks too many or too few", _amiss(counts, truth), truth.total()),
        Promise("files told of again", f"{told.total()} times", "> 0", told.total() > 0),
        at_most("counted after", round(took, 1), _COUNTED_WITHIN, " s"),
    ]


class _Files:
    """The log files of the stack's edge, and the functions that count them."""

    def __init__(self, endpoint: str, apis: Sequence[str]) -> None:
        self._s3 = boto3.client(
            "s3",
            region_name="us-east-1",
            endpoint_url=endpoint,
            aws_access_key_id="operator",
            aws_secret_access_key="local",  # noqa: S106 - nobody's
        )
        self.apis = apis

    def keys(self) -> list[str]:
        if LOGS not in [it["Name"] for it in self._s3.list_buckets()["Buckets"]]:
            return []
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=LOGS)
        return [it["Key"] for page in pages for it in page.get("Contents", ())]

    def tell(self, key: str, api: str) -> None:
        url = f"{api}/2015-03-31/functions/{FUNCTION}/invocations"
        headers = {"X-Amz-Invocation-Type": "Event", "Content-Type": "application/json"}
        try:
            with urlopen(Request(url, event_of(LOGS, key), headers), timeout=10) as answered:  # noqa: S310
                answered.read()
        except URLError as error:
            raise CannotRun(f"the function that counts can't be told: {error}") from None


async def _files(scene: Scene) -> _Files:
    said = await scene.stack.status()
    apis = [one["api_url"].removesuffix("/api") for one in said["regions"]]
    return _Files(said["s3_endpoint"], apis)


async def _tell_again(scene: Scene, files: _Files) -> list[str]:
    """Tell every region of every file, some times and in any order; which were told of."""
    keys = await asyncio.to_thread(files.keys)
    # The newest most of all: those may be under way for the first time.
    again = [(key, api) for key in keys[-6:] for api in files.apis] * _TIMES
    scene.chance.shuffle(again)
    await asyncio.gather(*(asyncio.to_thread(files.tell, *one) for one in again))
    return [key for key, _ in again]


async def _until_counted(scene: Scene, truth: Mapping[str, int]) -> tuple[float, dict[str, int]]:
    """Seconds until every place tells as many clicks as there were, and what they tell then."""
    began = time.monotonic()
    while True:
        counts = await _counts(scene, truth)
        took = time.monotonic() - began
        if took > _COUNTED_WITHIN or not _amiss(counts, truth):
            return took, counts
        await asyncio.sleep(2)


async def _counts(scene: Scene, slugs: Mapping[str, int]) -> dict[str, int]:
    """The clicks of each link as each place tells them, by slug and place."""
    counts = {}
    for slug in slugs:
        for region, place in scene.stack.places.items():
            done = await scene.visits.read(place, f"/links/{slug}/stats")
            if done.status != 200:
                raise CannotRun(f"stats: {done.status} {done.said.get('detail')}")
            counts[f"{slug} {region}"] = int(done.said["clicks"])
    return counts


def _amiss(counts: Mapping[str, int], truth: Mapping[str, int]) -> int:
    return sum(abs(count - truth[name.partition(" ")[0]]) for name, count in counts.items())
