"""One container's client of a DAX cluster: made and tried beside the requests, never on their way.

A visitor waits for no connection: until a cluster has answered a probe it is not asked at all. So a
cluster that is silent costs one call its timeout, and nobody after it anything until it is back.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from chalicelib.store.breakers import Breaker


if TYPE_CHECKING:
    from botocore.session import Session


# Lambda freezes a container between requests. What then happens to its connections nobody tells:
# behind Lambda's network they are forgotten after 350 s, and a call over one ends in a timeout.
IDLE_FOR = 60.0  # seconds


def make_client(
    endpoint: str, region: str, session: Session, connect_for: float, read_for: float
) -> Any:
    """A client of the cluster, connected; raises when no node answers. It runs threads: `close`.

    Its own retries are off: it repeats whatever failed, writes too, without delay.
    """
    # A stage without DAX never loads it; the others 25 ms after their first answer.
    from amazondax.AmazonDaxClient import AmazonDaxClient  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    # It warns of each check that fails, with addresses, in lines that our log does not know.
    logging.getLogger("amazondax").propagate = False
    config = Config(connect_timeout=connect_for, read_timeout=read_for, retries={"max_attempts": 0})
    return AmazonDaxClient(session, region_name=region, endpoint_url=endpoint, config=config)


class Cluster:
    """Hands out the client while the cluster answers; safe under threads.

    `make()` connects, `probe(client)` asks it something; both raise when there is no answer.
    """

    def __init__(
        self,
        make: Callable[[], Any],
        probe: Callable[[Any], object],
        breaker: Breaker | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._make = make
        self._probe = probe
        self._breaker = breaker or Breaker()
        self._clock = clock  # of the wall: others may stand still while the container is frozen
        self._lock = Lock()
        self._client: Any = None
        self._used_at = clock()
        self._is_over = False

    def client(self) -> Any:
        """The client; None while the cluster is not to be asked. A probe that is due is begun."""
        now = self._clock()
        slept, self._used_at = now - self._used_at > IDLE_FOR, now
        if slept:
            self._forget()
        if self._breaker.is_closed:
            return self._client
        if not self._is_over and self._breaker.take_probe():
            Thread(target=self._try, name="dax-probe", daemon=True).start()
        return None

    def lose(self) -> None:
        """Ask it no more until a probe is answered: it gave no answer to a call."""
        self._breaker.open()

    def close(self) -> None:
        """End its threads and connections, and make no more."""
        self._is_over = True
        self._forget()

    def _forget(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        self._breaker.open(0)
        if client is not None:
            # Closing waits for checks that are under way.
            Thread(target=client.close, name="dax-close", daemon=True).start()

    def _try(self) -> None:
        try:
            self._probe(self._made())
        except Exception:  # noqa: BLE001 - whatever it is, there was no answer
            self._breaker.open()
        else:
            self._breaker.close()

    def _made(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._make()
            return self._client
