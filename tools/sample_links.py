"""`python -m tools sample 10000 --format shlink`: a file of made-up links as real ones look.

The same seed makes the same links in every format, so files can be compared and runs repeated.
"""

import argparse
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.core.sheets import write_table
from chalicelib.core.slugs import RESERVED


HELP = "write a CSV of made-up links, to try an import with"
_SHORT = "https://go.example"
_BEGIN = datetime(2016, 1, 1, tzinfo=UTC)
_CHARACTERS = "23456789abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
_TEAMS = "www shop docs blog help events jobs press status app learn media".split()
_BRANDS = "acme northwind globex umbra initech hooli vandelay wayne stark soylent".split()
# A host as people write it, and as browsers send it.
_FOREIGN_HOSTS = (
    ("bücher.example", "xn--bcher-kva.example"),
    ("münchen.example", "xn--mnchen-3ya.example"),
    ("пример.example", "xn--e1afmkfd.example"),
)
_WORDS = (
    "spring sale pricing guide release notes report webinar checkout careers roadmap security "
    "annual keynote recap onboarding invoice warranty survey newsletter partner summit"
).split()
_TITLES = (
    "{0} {1}",
    "{0}, {1} and {2}",
    'The "{0}" {1}',
    "{0}: {1}\nsecond line",
    "🎉 {0} {1} 🚀",
    "مرحبا {0}",
    "שלום {0} {1}",
    "日本語 {0}",
    "50 % off; {0} | {1}",
    "=HYPERLINK({0})",
    "{0}’s {1} – naïve café",
)
_TAGS = "sale,print,qr,q1 2025,social,größe,internal,2024,partner,e-mail".split(",")


@dataclass(frozen=True, slots=True)
class SampleLink:
    """A made-up link; `location` is where following it must lead, byte for byte."""

    slug: str
    destination: str
    location: str
    title: str
    tags: tuple[str, ...]
    created_at: datetime
    clicks: int


def make_links(count: int, seed: int) -> Iterator[SampleLink]:
    """That many links, no two with the same slug, whatever the case of its letters."""
    chance = random.Random(seed)  # noqa: S311 - made up, not secret
    taken = set(RESERVED)
    for number in range(count):
        destination, location = _destination(chance, number)
        yield SampleLink(
            slug=_slug(chance, taken),
            destination=destination,
            location=location,
            title=_title(chance),
            tags=tuple(chance.sample(_TAGS, chance.choice((0, 0, 1, 2, 3)))),
            created_at=_BEGIN + timedelta(seconds=chance.randrange(9 * 365 * 86400)),
            clicks=int(chance.paretovariate(1.1)) - 1,
        )


def _slug(chance: random.Random, taken: set[str]) -> str:
    while True:
        if chance.random() < 0.4:
            words = chance.sample(_WORDS, 2)
            slug = f"{words[0]}-{words[1]}_{chance.randrange(10000)}"
        else:
            slug = "".join(chance.choices(_CHARACTERS, k=chance.randint(5, 8)))
        if slug.casefold() not in taken:
            taken.add(slug.casefold())
            return slug


def _destination(chance: random.Random, number: int) -> tuple[str, str]:
    host = f"{chance.choice(_TEAMS)}.{chance.choice(_BRANDS)}.example"
    written, sent = chance.choice(_FOREIGN_HOSTS) if chance.random() < 0.05 else (host, host)
    scheme = "http" if chance.random() < 0.1 else "https"
    path = "/" + "/".join(chance.choices(_WORDS, k=chance.randint(0, 3)))
    rest = path + chance.choice(("", ".html", "/")) * (path != "/")
    rest += f"?{_query(chance, number)}" if chance.random() < 0.6 else f"?id={number}"
    rest += f"#{chance.choice(_WORDS)}" if chance.random() < 0.15 else ""
    return f"{scheme}://{written}{rest}", f"{scheme}://{sent}{rest}"


def _query(chance: random.Random, number: int) -> str:
    campaign = "_".join(chance.sample(_WORDS, 2))
    source = chance.choice(("newsletter", "twitter", "print", "qr", "partner"))
    more = chance.choice(("", "&utm_term=a%2Cb%20c", "&lang=de&lang=en", "&q=1,5;2", "&x=%7Bid%7D"))
    return f"utm_source={source}&utm_medium=link&utm_campaign={campaign}&n={number}{more}"


def _title(chance: random.Random) -> str:
    words = [word.capitalize() for word in chance.sample(_WORDS, 3)]
    return chance.choice(_TITLES).format(*words) if chance.random() < 0.9 else ""


def _spaced(link: SampleLink) -> str:
    return f"{link.created_at:%Y-%m-%d %H:%M:%S}"


def _iso(link: SampleLink) -> str:
    return f"{link.created_at:%Y-%m-%dT%H:%M:%S+00:00}"


Columns = Mapping[str, Callable[[SampleLink], str]]
FORMATS: Mapping[str, Columns] = {
    "plain": {
        "destination": lambda link: link.destination,
        "slug": lambda link: link.slug,
        "title": lambda link: link.title,
        "tags": lambda link: "|".join(link.tags),
        "created_at": _iso,
    },
    "yourls": {
        "keyword": lambda link: link.slug,
        "url": lambda link: link.destination,
        "title": lambda link: link.title,
        "timestamp": _spaced,
        "ip": lambda _: "192.0.2.1",
        "clicks": lambda link: str(link.clicks),
    },
    "kutt": {
        "id": lambda link: str(link.clicks + 1),
        "address": lambda link: link.slug,
        "target": lambda link: link.destination,
        "description": lambda link: link.title,
        "banned": lambda _: "f",
        "password": lambda _: "",
        "expire_in": lambda _: "",
        "visit_count": lambda link: str(link.clicks),
        "created_at": lambda link: f"{_spaced(link)}.25+00",
        "link": lambda link: f"{_SHORT}/{link.slug}",
    },
    "shlink": {
        "createdAt": _iso,
        "domain": lambda _: "go.example",
        "shortCode": lambda link: link.slug,
        "shortUrl": lambda link: f"{_SHORT}/{link.slug}",
        "longUrl": lambda link: link.destination,
        "title": lambda link: link.title,
        "tags": lambda link: "|".join(link.tags),
        "visits": lambda link: str(link.clicks),
    },
    "bitly": {
        "long_url": lambda link: link.destination,
        "custom_bitlink": lambda link: f"go.example/{link.slug}",
        "title": lambda link: link.title,
        "archived": lambda _: "false",
        "tags": lambda link: ", ".join(link.tags),
        "created_at": lambda link: f"{link.created_at:%Y-%m-%dT%H:%M:%S+0000}",
    },
}


def write_links(links: Iterator[SampleLink], name: str) -> str:
    """The links as CSV in the format of that name."""
    columns = FORMATS[name]
    return write_table(list(columns), ([cell(link) for cell in columns.values()] for link in links))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("count", type=int, metavar="N", help="how many links")
    parser.add_argument("--format", choices=sorted(FORMATS), default="plain")
    parser.add_argument("--seed", type=int, default=1, help="another number, other links (1)")
    parser.add_argument(
        "--locations",
        action="store_true",
        help="write slug and location instead, to compare what following them gives",
    )


def run(options: argparse.Namespace) -> int:
    """Write them to standard output."""
    links = make_links(options.count, options.seed)
    if options.locations:
        text = "".join(f"{link.slug} {link.location}\n" for link in links)
    else:
        text = write_links(links, options.format)
    sys.stdout.buffer.write(text.encode())
    return 0
