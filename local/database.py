"""One region's DynamoDB: moto's server over the table of infra/, made durable by the journal.

Run by the stack as `python -m local.database DESCRIPTOR DATA_FOLDER REGION TABLE`.
"""

import logging
import signal
import sys
from pathlib import Path

from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.server import create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from local.children import inherited, stop_with_parent
from local.journal import Journal, journaled
from local.templates import table_request


class QuietHandler(WSGIRequestHandler):
    """Keeps connections open and prints no line per request."""

    protocol_version = "HTTP/1.1"
    # Without it each answer waits for the other side's delayed acknowledgement, about 40 ms.
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the stack's own access log has the request."""


def spare_casts() -> None:
    """Let moto compare texts as they are: its general cast makes sorting a list 3 times as long."""
    cast = DynamoType.cast_value.fget
    DynamoType.cast_value = property(lambda it: it.value if it.type == "S" else cast(it))


def make_table(region: str, name: str) -> None:
    """Make the table in moto, as the template says."""
    request = table_request(name)
    dynamodb_backends[DEFAULT_ACCOUNT_ID][region].create_table(
        request["TableName"],
        schema=request["KeySchema"],
        throughput=None,
        attr=request["AttributeDefinitions"],
        global_indexes=request["GlobalSecondaryIndexes"],
        indexes=[],
        streams=None,
        billing_mode=request["BillingMode"],
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )


def main(descriptor: str, data: str, region: str, table: str) -> None:
    """Restore the table and serve until told to stop."""
    stop_with_parent()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    spare_casts()
    make_table(region, table)
    journal = Journal(Path(data) / f"{region}.sqlite", region)
    journal.restore(table)
    app = journaled(create_backend_app("dynamodb"), journal)
    listener = inherited(int(descriptor))
    server = make_server(
        "127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler, fd=listener.fileno()
    )
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
