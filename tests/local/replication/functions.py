"""A region's API child for tests: Lambda's Invoke over a small app whose `changes` tests decide."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from chalice.app import Chalice, DynamoDBEvent

from local.children import listen, url_of
from local.functions import Functions
from local.region import make_handler
from local.servers import start_server


class Api:
    """Takes events; `behave` is what the function does with the records of one batch."""

    def __init__(self, *, changes: bool = True) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self.behave: Callable[[list[dict[str, Any]]], Any] = lambda records: None
        self.app = Chalice("functions")
        if changes:
            self.app.on_dynamodb_record("arn:of:the:stream", name="changes")(self._changes)
        self.app.lambda_function(name="worker")(self._work)
        self.worked: list[Any] = []
        self.listener = listen()
        self.url = url_of(self.listener)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _work(self, event: Any, context: Any) -> str:
        self.worked.append(event)
        if event == {"fail": True}:
            raise RuntimeError("it failed")
        return "done"

    def _changes(self, event: DynamoDBEvent) -> Any:
        records = event.to_dict()["Records"]
        said = self.behave(records)
        self.batches.append(records)
        return said

    @property
    def taken(self) -> list[dict[str, Any]]:
        """The records of all batches that did not fail."""
        return [record for batch in self.batches for record in batch]

    def texts(self) -> list[str]:
        return [one["dynamodb"]["NewImage"]["text"]["S"] for one in self.taken]

    def _serve(self) -> None:
        handler = make_handler(None, Functions(self.app))
        runner = self._loop.run_until_complete(start_server(handler, self.listener))
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
