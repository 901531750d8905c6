"""Work that is waited for only so long: what it comes to, and what its failures do."""

import threading
import time

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.service.threads import ask_within, wait_briefly


def fail(error: Exception) -> None:
    raise error


def test_what_comes_in_time() -> None:
    """The answer is handed on, and nothing in place of one that is late or of a store that is away."""
    late = threading.Event()

    assert wait_briefly(lambda: 5) == ask_within(30, lambda: 5) == 5
    assert wait_briefly(lambda: late.wait(30)) is None
    late.set()
    assert wait_briefly(lambda: fail(Unavailable("away"))) is None


def test_what_does_not() -> None:
    """Who must have the answer is told that there is none; a bug is raised where it is waited for."""
    with pytest.raises(Unavailable, match="no answer in time"):
        ask_within(0.01, lambda: time.sleep(5))
    for wait in (wait_briefly, lambda work: ask_within(30, work)):
        with pytest.raises(KeyError):
            wait(lambda: fail(KeyError("bug")))
