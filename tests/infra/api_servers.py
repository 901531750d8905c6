"""The deployed APIs over HTTP, which moto does not serve: the app with each function's settings.

What a stage answers follows from what is deployed: no function, no answer; its release is the
function's own setting. Links are in memory, as nothing here asks for one that is there.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from chalicelib.config import load
from chalicelib.core.origin_proofs import prove
from chalicelib.entrance import make_app
from tests.infra.deployments import Account, event_of


ROUTES = {"v1/health": "/v1/health", "docs": "/docs"}


@dataclass
class Apis:
    """Stages at addresses like http://127.0.0.1:1234/prod-us-east-1."""

    account: Account
    url: str = ""
    broken: set[str] = field(default_factory=set)

    def answer(
        self, stage: str, path: str, sent: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        """As API Gateway would, of a function that may not even start."""
        if stage == "edge":
            return self._answer_at_edge(path)
        if stage in self.broken:
            return (
                502,
                {"Content-Type": "application/json"},
                b'{"message": "Internal server error"}',
            )
        region = stage.removeprefix("prod-") if stage.startswith("prod-") else "us-east-1"
        functions = self.account.client("lambda", region)
        settings = functions.get_function_configuration(FunctionName=f"everhop-{stage}")
        kept = {
            **settings["Environment"]["Variables"],
            "EVERHOP_STORE": "memory",
            "EVERHOP_LOG": "off",
        }
        app = make_app(load(kept))
        headers = {"Host": "api.test", **sent}
        slug = path.removeprefix("r/")
        event = (
            event_of("GET", "/r/{slug}", {"slug": slug}, headers)
            if path.startswith("r/")
            else event_of("GET", ROUTES[path], headers=headers)
        )
        said = app(event, None)
        headers = {
            **said["headers"],
            **{key: it[-1] for key, it in said["multiValueHeaders"].items()},
        }
        body = said["body"]
        return (
            said["statusCode"],
            headers,
            body.encode() if isinstance(body, str) else json.dumps(body).encode(),
        )

    def _answer_at_edge(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """As CloudFront would: an empty bucket, or the first region with the edge's proof."""
        if not path:
            return 403, {"Content-Security-Policy": "default-src 'none'"}, b""
        functions = self.account.client("lambda")
        said = functions.get_function_configuration(FunctionName="everhop-prod-us-east-1")
        secret = said["Environment"]["Variables"]["EVERHOP_ORIGIN_SECRETS"].split(",")[0]
        asked = path.removeprefix("api/") if path.startswith("api/") else f"r/{path}"
        return self.answer("prod-us-east-1", asked, {"Everhop-Edge": prove(secret, time.time())})


@contextmanager
def serve_apis(account: Account) -> Iterator[Apis]:
    """All stages of an account at one port."""
    apis = Apis(account)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            stage, _, path = self.path.strip("/").partition("/")
            proof = self.headers.get("Everhop-Edge")
            sent = {"Everhop-Edge": proof} if proof else {}
            status, headers, body = apis.answer(stage, path, sent)
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    apis.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield apis
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
