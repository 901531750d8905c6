"""`python -m bench.edge_hits`: CPU per hit of the edge, with the real template and functions.

The region behind it is made up, as a hit never gets there. The client is a process of its own.
"""

import asyncio
import platform
import sys
import tempfile
import time
from pathlib import Path

from chalicelib.core.freshness import DEFAULT_BUDGET
from infra.edge import settings
from infra.edge.settings import as_json
from infra.edge_settings import make_settings
from local.children import listen
from local.edge.__main__ import GLOBAL, HANDLERS
from local.edge.access_logs import log_of
from local.edge.distributions import Origin
from local.edge.doors import Door
from local.edge.messages import Response, headers_from
from local.edge.origins import Ask
from local.edge.points import load_distribution, make_edges
from local.templates import stage_environment


REGION = "us-east-1"
SECRET = "s" * 43
CONNECTIONS = 8
MOST = 0.19  # ms of CPU that a hit may cost
_ARN = "arn:aws:lambda:us-east-1:123456789012:function:bench:1"
_PARAMETERS = {
    "HeadersId": "DashboardHeaders",
    "FirstApi": "api.bench",
    **{f"{name}Arn": _ARN for name in ("ViewerRequest", "OriginRequest", "OriginResponse")},
}
# As a browser asks for a short link.
_REQUEST = (
    "GET /spring?utm_source=mail HTTP/1.1\r\nHost: sho.rt\r\nConnection: keep-alive\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
    "Referer: https://example.com/newsletter\r\nCookie: a=b\r\n\r\n"
)
_CLIENT = """
import socket, sys, threading
port, each = int(sys.argv[1]), int(sys.argv[2])
def ask():
    with socket.create_connection(("127.0.0.1", port)) as wire:
        for _ in range(each):
            wire.sendall(REQUEST)
            told = b""
            while not told.endswith(b"\\r\\n\\r\\n"):
                told += wire.recv(65536)
            assert told.startswith(b"HTTP/1.1 302"), told
threads = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
[one.start() for one in threads]
[one.join() for one in threads]
"""


async def _send(_origin: Origin, _where: str, _ask: Ask) -> Response:
    said = {
        "Location": "https://example.com/spring",
        "Cache-Control": "max-age=0, s-maxage=20, stale-if-error=0",
        "Content-Type": "text/plain; charset=utf-8",
        "X-Robots-Tag": "noindex",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(302, headers_from(said.items()))


def bake(folder: Path) -> None:
    """Give the functions the settings that their zip would have."""
    environment = {**stage_environment(REGION), "EVERHOP_ORIGIN_SECRETS": SECRET}
    baked = make_settings({REGION: environment}, {REGION: "https://api.bench"}, DEFAULT_BUDGET)
    settings.FILE = folder / "settings.json"
    settings.FILE.write_text(as_json(baked))


async def measure(requests: int) -> tuple[float, float]:
    """Milliseconds of CPU per request, and requests per second of CPU, of the edge alone."""
    distribution = load_distribution(GLOBAL / "edge.yaml", _PARAMETERS, [GLOBAL / "headers.yaml"])
    (edge,) = make_edges(["IAD89-C1"], distribution, _send, HANDLERS)
    log = log_of("", distribution.id, cookies=False)
    door, listener = Door(edge, log), listen()
    await door.open(listener)
    program = f"REQUEST = {_REQUEST.encode()!r}\nCONNECTIONS = {CONNECTIONS}\n{_CLIENT}"
    port, each = listener.getsockname()[1], requests // CONNECTIONS
    started = time.process_time()
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(port), str(each)
    )
    if await client.wait():
        sys.exit("bench: an answer was wrong")
    log.deliver(lambda _key, _data: None)  # its lines are a part of what a hit costs
    spent = time.process_time() - started
    await door.close()
    return spent / requests * 1000, requests / spent


def main() -> None:
    """Measure and print; exit 1 when a hit costs more than it may."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 40_000
    with tempfile.TemporaryDirectory(prefix="everhop-bench-") as folder:
        bake(Path(folder))
        rounds = sorted(asyncio.run(measure(requests)) for _ in range(3))
    each, rate = rounds[1]
    print(f"edge hit: {each:.3f} ms of CPU (at most {MOST}); {rate:.0f} a second on one core")
    print(
        f"with the log and the viewer's function; {platform.machine()}, {CONNECTIONS} connections"
    )
    sys.exit(each > MOST)


if __name__ == "__main__":
    main()
