"""`python -m bench.edge`: what the edge's functions cost, against the least that answers a 302.

CPU of each handler, called as Lambda calls it: an event out of JSON, an answer into JSON, which
both sides pay. In turn, so that noise that lasts over a pair cancels out. Every call is for another
link, of more than a container remembers, by the same browser.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from bench.figures import Figure, write_table
from infra.edge import origin_request, origin_response, viewer_request
from infra.edge.failures import Failures
from infra.edge.settings import Settings
from infra.edge_settings import make_settings


Json = dict[str, Any]
Handle = Callable[[Json], Json]
ROUNDS = 15
LINKS = 2000
BAR = 3.0
NOW = 1_790_000_000.0
_BROWSER = {
    "Host": "sho.rt",
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "de-AT,de;q=0.9,en;q=0.8",
    "Accept-Encoding": "gzip, deflate, br",
    "Referer": "https://example.com/articles/2026/11",
}
_ORIGIN = {
    "customHeaders": {"everhop-origin": [{"key": "Everhop-Origin", "value": "1"}]},
    "domainName": "a.example",
    "keepaliveTimeout": 5,
    "path": "",
    "port": 443,
    "protocol": "https",
    "readTimeout": 3,
    "sslProtocols": ["TLSv1.2"],
}
_ANSWER = {
    "status": "302",
    "statusDescription": "Found",
    "headers": {
        "location": [{"key": "Location", "value": "https://example.com/spring"}],
        "cache-control": [{"key": "Cache-Control", "value": "max-age=0, s-maxage=20"}],
        "x-amzn-trace-id": [{"key": "X-Amzn-Trace-Id", "value": "Root=1-2-3"}],
    },
}


def event(uri: str, **more: Any) -> str:
    """An event of CloudFront in JSON; `more` is of its request, `response` beside it."""
    response = {"response": more.pop("response")} if "response" in more else {}
    headers = {name.lower(): [{"key": name, "value": it}] for name, it in _BROWSER.items()}
    request = {
        "clientIp": "203.0.113.7",
        "headers": headers,
        "method": "GET",
        "querystring": "utm_source=newsletter",
        "uri": uri,
        **more,
    }
    config = {"distributionId": "EDFDVBD6EXAMPLE", "eventType": "", "requestId": "a"}
    return json.dumps({"Records": [{"cf": {"config": config, "request": request, **response}}]})


def trivial(given: Json) -> Json:
    """The least that answers a 302."""
    uri = given["Records"][0]["cf"]["request"]["uri"]
    location = [{"key": "Location", "value": f"https://example.com{uri}"}]
    return {"status": "302", "statusDescription": "Found", "headers": {"location": location}}


def bench_settings() -> Settings:
    """Two regions."""
    stage = {"EVERHOP_TABLE": "t", "EVERHOP_ORIGIN_SECRETS": "s" * 43}
    urls = {"us-east-1": "https://a.example", "eu-west-1": "https://b.example"}
    return make_settings(dict.fromkeys(urls, stage), urls, 60)


def events(path: str, **more: Any) -> list[str]:
    """An event for each of the links, in whose paths `*` stands for a number."""
    return [event(path.replace("*", str(number)), **more) for number in range(LINKS)]


def sides() -> Mapping[str, tuple[Handle, list[str]]]:
    """Each function with events as most are, by name."""
    settings, failures = bench_settings(), Failures()

    def view(given: Json) -> Json:
        return viewer_request.answer(given, settings)

    def route(given: Json) -> Json:
        return origin_request.route(given, settings, "eu-central-1", NOW, failures)

    def clean(given: Json) -> Json:
        return origin_response.clean(given, settings, NOW)

    return {
        "viewer request, a link": (view, events("/Spring-Sale-*")),
        "viewer request, a link with rules": (view, events("/spring-sale-*~")),
        "origin request": (route, events("/spring-sale-*", origin={"custom": _ORIGIN})),
        "origin response": (clean, events("/api/r/spring-sale-*", response=_ANSWER)),
    }


def measure(seconds: float) -> list[Figure]:
    """CPU microseconds of each function and of the trivial one, round by round."""
    handles = sides()
    each = seconds / (ROUNDS * len(handles) * 2)
    figures = []
    for name, (handle, texts) in handles.items():
        pairs = []
        for number in range(-1, ROUNDS):  # round -1 warms up
            order = (handle, trivial) if number % 2 else (trivial, handle)
            took = {one: cpu_us(one, texts, each) for one in order}
            pairs.append((took[handle], took[trivial]))
        ours, least = zip(*pairs[1:], strict=True)
        figures.append(Figure(name, ours, least))
    return figures


def cpu_us(handle: Handle, texts: list[str], seconds: float) -> float:
    """CPU microseconds of one call, out of as many as there is time for."""
    count, until, used = 0, time.perf_counter() + seconds, time.process_time()
    while count == 0 or time.perf_counter() < until:
        for text in texts[count % LINKS :][:50]:
            json.dumps(handle(json.loads(text)))
        count += 50
    return (time.process_time() - used) * 1e6 / count


def over_the_bar(figures: list[Figure]) -> list[str]:
    """The functions that cost more than three trivial ones."""
    return [one.name for one in figures if (one.ratio or 0) > BAR]


def main() -> None:
    """Measure and print; exit 1 when the bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.edge", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long to measure (10)")
    figures = measure(parser.parse_args().seconds)
    print(write_table(figures, ("Everhop", "a bare 302")))
    print(f"CPU us of a call; ratio = Everhop / bare, median of pairs. Each may cost {BAR:.0f}x.")
    if missed := over_the_bar(figures):
        sys.exit(f"bench: over the bar: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
