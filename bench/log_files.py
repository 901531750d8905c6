"""A log as a busy evening makes it: few links have most clicks, and many browsers follow them."""

import gzip
import random
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from local.edge.access_logs import HEADER


SLUGS = 10_000
_SYSTEMS = (
    "Windows NT 10.0; Win64; x64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "X11; Linux x86_64",
    "Linux; Android 14; Pixel 8",
    "Linux; Android 13; SM-S918B",
)
_COUNTRIES = "DE US FR GB IN BR JP AT CH NL PL ES IT SE CA MX".split()
_ROBOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
)
_EDGES = [
    f"{city}{50 + n}-{kind}1" for city in ("LAX", "FRA", "NRT") for n in (0, 3) for kind in "CP"
]
_HEAD = "{}\t{}\t{}\tGET\td111111abcdef8.cloudfront.net\t{}\t{}\t{}\t{}\t{}\t-\tHit\t"
_TAIL = (
    "{}\tsho.rt\thttps\t{}\t{}\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tHit\tHTTP/2.0\t-\t-\t"
    "{}\t{}\tHit\ttext/html\t0\t-\t-\t{}"
)


def _agents(chance: random.Random) -> list[str]:
    phones = [
        f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_{n % 6} like Mac OS X) AppleWebKit/605.1.15 "
        f"(KHTML, like Gecko) Version/17.{n % 6} Mobile/15E{100 + n} Safari/604.1"
        for n in range(300)
    ]
    others = [
        f"Mozilla/5.0 ({chance.choice(_SYSTEMS)}) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{90 + n % 40}.0.{n}.{n % 99} {'Mobile ' if n % 3 else ''}Safari/537.36"
        for n in range(1700)
    ]
    return [quote(one, safe="/;,()+:.") for one in (*phones, *others, *_ROBOTS)]


def lines_of(count: int, seed: int = 1) -> Iterator[str]:
    """So many lines of 33 fields, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - a made-up log
    agents, weights = _agents(chance), [1 / (n + 1) for n in range(SLUGS)]
    slugs = chance.choices(range(SLUGS), weights, k=count)
    referrers = ["-", "https://t.co/", "https://news.example.org/a/story?id=7"]
    referrers += [f"https://site{n}.example.com/page/{n}" for n in range(200)]
    for number, slug in enumerate(slugs):
        second = number * 3600 // count
        stem, status = (f"/s{slug}", 302) if slug % 50 else (f"/missing{slug}", 404)
        query = f"utm_source=mail&utm_campaign=week{slug % 9}" if number % 10 == 0 else "-"
        asked = _HEAD.format(
            chance.choice(_EDGES),
            chance.randrange(400, 700),
            f"198.51.{number % 255}.{chance.randrange(255)}",
            stem,
            status,
            referrers[min(chance.randrange(400), 202)],
            chance.choice(agents),
            query,
        )
        took = f"0.{chance.randrange(1, 90):03}"
        answered = _TAIL.format(
            # What no two lines share is most of what a real log is when it is packed.
            urlsafe_b64encode(chance.randbytes(40)).decode(),
            chance.randrange(20, 300),
            took,
            chance.randrange(1024, 65536),
            took,
            chance.choice(_COUNTRIES),
        )
        yield f"2026-11-23\t19:{second // 60:02}:{second % 60:02}\t{asked}{answered}\n"


def write_log(file: Path, count: int) -> None:
    """Write a log of so many lines as CloudFront delivers it."""
    with gzip.open(file, "wt", compresslevel=6, encoding="ascii") as written:
        written.write(HEADER)
        written.writelines(lines_of(count))
