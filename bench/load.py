"""The load: a few connections that ask as fast as they are answered, and check every answer.

Run by the bench as `python -m bench.load` with a plan on standard input, in a process of its own
so that its CPU is not counted; raw streams, because a full client would take a core by itself.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from itertools import cycle, islice


MOST = 50_000  # requests in one slice, however fast they are answered
WITHIN = 10.0


class WrongAnswer(RuntimeError):
    """An answer was not what it must be; figures of wrong answers are worth nothing."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as it goes over the wire, and what must come back."""

    request: str
    status: int
    location: str  # all of it for a redirect, what it begins with for a create
    destination: str = ""  # that a create must tell


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is asked what, by how many connections and for how long."""

    port: int
    connections: int
    seconds: float
    asks: tuple[Ask, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one slice came to: how long it took, each answer's time, and some of the new slugs."""

    seconds: float
    latencies: tuple[float, ...]
    made: tuple[str, ...]


def read_plan(text: str) -> Plan:
    """The plan in JSON."""
    plan = json.loads(text)
    return Plan(**{**plan, "asks": tuple(Ask(**ask) for ask in plan["asks"])})


async def apply(plan: Plan) -> Outcome:
    """Keep every connection busy until the time is over."""
    streams = [
        await asyncio.open_connection("127.0.0.1", plan.port) for _ in range(plan.connections)
    ]
    asks = islice(cycle(plan.asks), MOST)
    latencies: list[float] = []
    made: list[str] = []
    started = time.perf_counter()
    until = started + plan.seconds

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for ask in asks:
            began = time.perf_counter()
            if began >= until:
                break
            writer.write(ask.request.encode())
            slug = check(ask, *await asyncio.wait_for(_read_answer(reader), WITHIN))
            latencies.append(time.perf_counter() - began)
            if slug:
                made.append(slug)
        writer.close()

    await asyncio.gather(*(work(*stream) for stream in streams))
    return Outcome(time.perf_counter() - started, tuple(latencies), tuple(made[-5:]))


async def _read_answer(reader: asyncio.StreamReader) -> tuple[int, str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    headers = {name.lower(): text for name, _, text in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return int(first.split(" ", 2)[1]), headers.get("location", ""), body


def check(ask: Ask, status: int, location: str, body: bytes) -> str:
    """The slug that a create made, empty for a redirect; WrongAnswer for anything unexpected."""
    if status != ask.status or not location.startswith(ask.location):
        raise WrongAnswer(f"{ask.request[:60]!r}: {status} {location!r} {body[:200]!r}")
    if not ask.destination:
        if location != ask.location:
            raise WrongAnswer(f"{ask.request[:60]!r}: {location!r} is not {ask.location!r}")
        return ""
    link = json.loads(body)
    slug = location.removeprefix(ask.location)
    if link["destination"] != ask.destination or link["slug"] != slug or not slug:
        raise WrongAnswer(f"{ask.request[:60]!r}: {location!r} {body[:200]!r}")
    return slug


def main() -> None:
    """Apply the plan on standard input; the outcome is on standard output."""
    try:
        outcome = asyncio.run(apply(read_plan(sys.stdin.read())))
    except (WrongAnswer, OSError, EOFError, TimeoutError) as error:
        sys.exit(f"under load: {error!r}")
    json.dump(asdict(outcome), sys.stdout)


if __name__ == "__main__":
    main()
