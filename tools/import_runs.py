"""Sending chunks from a few threads, again where that is safe, until every row has an outcome."""

import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from chalicelib.core.imports import Row, write_sheet
from tools.client import Answer, AnswerLost, CannotRun, Client, NotSent
from tools.import_chunks import Chunk, Outcome, Plan


_FIRST_WAIT, _MOST_WAIT = 0.25, 8.0
_BUSY = (502, 503, 504)
_ROW_TRIES = 3  # for rows that fail while others of their chunk may not
_FATAL = {
    401: "The server does not know this API key; check EVERHOP_API_KEY.",
    403: "This API key may not import links.",
    404: "There is no import at this address; is it an Everhop, and new enough?",
    405: "There is no import at this address; is it an Everhop, and new enough?",
}
_LOST = (
    "The answer was lost and there is no slug to ask for: look for this destination among the "
    "links, and import the row again only if it is not there."
)
_AGAIN = "No answer came; import the file again: a row that is stored already answers “exists”."


class _Again(Exception):
    """Sending the same rows once more is safe and may work, after `wait` seconds at least."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class _Progress(NamedTuple):
    """What one request did: rows that are done, that may work when sent again, and not tried."""

    done: list[Outcome]
    failed: list[Outcome]
    rest: list[Row]


class Run:
    """One import: `outcomes` grows until every row of the plan is in it, or it is stopped.

    `trouble` says why it is waiting, while it is; `failure` why it ended early.
    `patience` is for how many seconds a chunk that gets nowhere is sent again.
    """

    def __init__(
        self,
        connect: Callable[[], Client],
        plan: Plan,
        *,
        dry_run: bool,
        workers: int,
        patience: float,
    ) -> None:
        self._connect = connect
        self._dry_run = dry_run
        self._patience = patience
        self._chunks: queue.SimpleQueue[Chunk] = queue.SimpleQueue()
        self._found: queue.SimpleQueue[list[Outcome] | CannotRun] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._planned = [row for chunk in plan.chunks for row in chunk.rows]
        self._sent: set[int] = set()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]
        self.failure: CannotRun | None = None
        self.trouble = ""
        self.outcomes: dict[int, Outcome] = {one.row.number: one for one in plan.refused}
        for chunk in plan.chunks:
            self._chunks.put(chunk)

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Send nothing more; what is on its way is still waited for by `follow`."""
        self._stop.set()

    def follow(self, most: float = float("inf")) -> Iterator[int]:
        """The number of rows done, again and again, until all are or `most` seconds passed."""
        until = time.monotonic() + most
        while self._is_alive() and time.monotonic() < until:
            yield self._collect(0.2)
        yield self._collect(0.0)

    def _is_alive(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def _collect(self, wait: float) -> int:
        try:
            while True:
                found = self._found.get(timeout=wait) if wait else self._found.get_nowait()
                if isinstance(found, CannotRun):
                    self.failure = self.failure or found
                else:
                    self.outcomes.update((one.row.number, one) for one in found)
                wait = 0.0
        except queue.Empty:
            return len(self.outcomes)

    def finish(self) -> list[Outcome]:
        """Every row's outcome in the order of the file, also of those that no answer came for."""
        for row in self._planned:
            if row.number not in self.outcomes:
                self.outcomes[row.number] = self._unfinished(row)
        return [self.outcomes[number] for number in sorted(self.outcomes)]

    def _unfinished(self, row: Row) -> Outcome:
        if row.number not in self._sent or self._dry_run:
            return Outcome(row, "not_tried", reasons=(("", "The import ended before this row."),))
        return Outcome(row, "unknown", reasons=(("", _AGAIN if row.values.get("slug") else _LOST),))

    def _work(self) -> None:
        client = self._connect()
        try:
            while not self._stop.is_set():
                self._send(client, self._chunks.get_nowait())
        except queue.Empty:
            pass
        except CannotRun as failure:
            self._stop.set()
            self._found.put(failure)
        finally:
            client.close()

    def _send(self, client: Client, chunk: Chunk) -> None:
        rows, tries, since = list(chunk.rows), 0, time.monotonic()
        while rows and not self._stop.is_set():
            try:
                found = self._ask(client, chunk._replace(rows=tuple(rows)), tries)
            except _Again as again:
                tries, self.trouble = tries + 1, str(again)
                if time.monotonic() - since >= self._patience:
                    raise CannotRun(f"Gave up after {tries} tries in a row: {again}") from again
                self._stop.wait(max(_wait(tries), again.wait))
                continue
            tries, self.trouble = self._keep(found, tries), ""
            rows = [one.row for one in found.failed if tries] + found.rest
            since = time.monotonic()

    def _keep(self, found: _Progress, tries: int) -> int:
        """Hand over what is done; how often failed rows were tried, 0 when that is enough."""
        again = bool(found.failed) and tries < _ROW_TRIES
        self._found.put(found.done if again else found.done + found.failed)
        if not again:
            return 0
        self._stop.wait(_wait(tries + 1))
        return tries + 1

    def _ask(self, client: Client, chunk: Chunk, tries: int) -> _Progress:
        rows = chunk.rows
        target = f"/imports?dry_run={str(self._dry_run).lower()}&first_row={rows[0].number}"
        headers = {
            "Content-Type": "text/csv; charset=utf-8",
            "Everhop-Attempt": str(tries + 1),
        }
        body = write_sheet(row.values for row in rows).encode()
        if not chunk.repeatable:
            client.close()  # a kept connection may be gone, and then the answer would be in doubt
        try:
            client.connect()
            self._sent.update(row.number for row in rows)
            answer = client.request("POST", target, body, headers)
        except NotSent as error:
            raise _Again(f"the server can't be reached ({error}).") from error
        except AnswerLost as error:
            return self._after_loss(chunk, f"the connection was lost ({error}).")
        return self._read(answer, chunk)

    def _after_loss(self, chunk: Chunk, reason: str, wait: float = 0.0) -> _Progress:
        if chunk.repeatable or self._dry_run:
            raise _Again(reason, wait)
        lost = [Outcome(row, "unknown", reasons=(("", _LOST),)) for row in chunk.rows]
        return _Progress(lost, [], [])

    def _read(self, answer: Answer, chunk: Chunk) -> _Progress:
        if answer.status == 200:
            try:
                return _match(answer.json(), chunk)
            except (KeyError, TypeError, ValueError, AttributeError):
                return self._after_loss(chunk, "the answer can't be read.")
        if answer.status == 429:
            raise _Again("the server asks for fewer requests.", _retry_after(answer))
        if answer.status in _BUSY:
            return self._after_loss(
                chunk, f"the server answers: {answer.detail}", _retry_after(answer)
            )
        if answer.status in _FATAL or answer.status < 400:
            raise CannotRun(_fatal(answer))
        reasons = (("", f"The server refused these rows: {answer.detail}"),)
        return _Progress([Outcome(row, "failed", reasons=reasons) for row in chunk.rows], [], [])


def _match(report: Any, chunk: Chunk) -> _Progress:
    """Pair the report with the rows by position: the file's own numbers may have gaps."""
    rows, first, next_row = chunk.rows, chunk.rows[0].number, report["next_row"]
    tried = len(rows) if next_row is None else int(next_row) - first
    if not 0 < tried <= len(rows):
        raise _Again("the server had no time for any row.")
    told = {int(one["row"]) - first: one for one in report["rows"]}
    found = [_outcome(row, told.get(at)) for at, row in enumerate(rows[:tried])]
    failed = [one for one in found if one.status == "failed" and chunk.repeatable]
    return _Progress([one for one in found if one not in failed], failed, list(rows[tried:]))


def _outcome(row: Row, told: dict[str, Any] | None) -> Outcome:
    if told is None:
        return Outcome(row, "failed", reasons=(("", "The server's report leaves this row out."),))
    reasons = tuple(
        (str(error.get("pointer") or "").strip("/"), str(error.get("detail") or ""))
        for error in told.get("errors") or ()
    )
    return Outcome(row, str(told["status"]), told.get("slug"), told.get("short_url"), reasons)


def _fatal(answer: Answer) -> str:
    # 403 is also what gateways say of addresses they do not know, and no fault of the key.
    foreign = answer.status == 403 and answer.code != "forbidden"
    reason = f"The server answers with status {answer.status}; is its address right?"
    return reason if foreign else _FATAL.get(answer.status, reason)


def _wait(tries: int) -> float:
    most: float = min(_MOST_WAIT, _FIRST_WAIT * 2**tries)
    return most * random.uniform(0.75, 1.0)  # noqa: S311 - spreads out clients, guards nothing


def _retry_after(answer: Answer) -> float:
    text = answer.headers.get("retry-after", "")
    return min(60.0, float(text)) if text.isdigit() else 0.0
