"""Steps of the tests of two regions: what is asked of a stack, broken in it, and waited for."""

import contextlib
import io
import time
from collections.abc import Callable

from chalicelib.core.homes import home_of
from local.chaos import break_it
from tests.conftest import Answer, RunningStack


D = "https://example.com/"
US, EU = "us-east-1", "eu-west-1"


def status(stack: RunningStack) -> dict[str, list[dict[str, object]]]:
    said: dict[str, list[dict[str, object]]] = stack.ask("GET", "/_local/status").json
    return said


def region_of(stack: RunningStack, name: str) -> dict[str, object]:
    (found,) = [one for one in status(stack)["regions"] if one["name"] == name]
    return found


def chaos(stack: RunningStack, *words: str) -> str:
    """What `python -m local chaos ...` prints, without another process for each."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        break_it(stack.data, words[0], words[1:])
    return printed.getvalue()


def wait_for(true: Callable[[], object], within: float = 40.0) -> None:
    until = time.monotonic() + within
    while not true():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


def leads_to(answer: Answer, slug: str) -> bool:
    return (answer.status, answer.headers.get("Location")) == (302, f"{D}{slug}")


def make(stack: RunningStack, slug: str) -> None:
    """As clients do: what is 503 is sent again, for a home that was away is asked again soon."""

    def is_made() -> bool:
        made = stack.api("POST", "/links", {"destination": f"{D}{slug}", "slug": slug})
        assert made.status in (201, 503), made.body
        return made.status == 201

    wait_for(is_made)


def homed(region: str, name: str) -> str:
    """A slug like the name whose home is this region."""
    slugs = (f"{name}-{number}" for number in range(99))
    return next(slug for slug in slugs if home_of(slug, (US, EU)) == region)


def make_everywhere(stack: RunningStack, name: str) -> list[str]:
    """Ten links homed in either region, which both regions' tables have."""
    slugs = [f"{name}-{number}" for number in range(10)]
    for slug in slugs:
        make(stack, slug)
    wait_for(lambda: all(one.get("lag_for") == 0 for one in status(stack)["regions"]))
    return slugs
