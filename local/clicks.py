"""`python -m local clicks`: what comes for short links at all places, as it will be counted."""

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from chalicelib.core.counts import DIMENSIONS
from local.controls import STATUS, ControlError, Json, command
from local.edge.feeds import CLICKS


EVERY = 1.0  # seconds
_WITHIN = 5.0


def follow(data: Path) -> None:
    """Print a line a click until Ctrl-C; ControlError when nothing runs, or has no edge."""
    places: Mapping[str, str] = {
        one["name"]: one["url"] for one in command(data, STATUS).get("edges", ())
    }
    if not places:
        raise ControlError("there is no edge, whose log has the clicks; start it with make run.")
    after = dict.fromkeys(places, 0)
    try:
        while True:
            for told in sorted(_ask_all(places, after), key=lambda it: str(it["at"])):
                print(line_for(told), flush=True)
            time.sleep(EVERY)
    except KeyboardInterrupt:
        return


def _ask_all(places: Mapping[str, str], after: dict[str, int]) -> Iterator[Json]:
    for name, url in places.items():
        try:
            told = _ask(url, after[name])
        except (OSError, http.client.HTTPException, ValueError):
            continue  # it is away, or starts again: then it counts its lines anew
        after[name] = told["next"]
        yield from told["clicks"]


def _ask(url: str, after: int) -> Json:
    where = urlsplit(url)
    connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=_WITHIN)
    try:
        connection.request("GET", f"{CLICKS}?after={after}")
        answer = connection.getresponse()
        told: Json = json.loads(answer.read())
    finally:
        connection.close()
    if answer.status != 200:
        raise ControlError(f"{url} answers {answer.status}.")
    return told


def line_for(told: Json) -> str:
    """A click as a line: when, where, what, and what is known of the visitor."""
    known = (told[name] for name in DIMENSIONS if name in told and told[name] != "(unknown)")
    said = " · ".join([told["place"], f"edge {told['edge']}", *known])
    return f"{told['at'][11:19]} {told['status']} /{told['slug']}  {told['counted']} · {said}"
