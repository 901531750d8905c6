"""What one writes first: each line split to a dict, and counted by what the dict says.

It reads the agents and slugs by the same functions, so that only the way is another.
"""

import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from chalicelib.core.agents import read_agent
from chalicelib.core.slugs import SlugPolicy, can_be_slug, slug_key


def read_rows(file: Path) -> Iterator[dict[str, str]]:
    """The lines as dicts."""
    fields: list[str] = []
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#Fields:"):
                fields = line.split()[1:]
            elif not line.startswith("#"):
                yield dict(zip(fields, line.rstrip("\n").split("\t"), strict=True))


def count_rows(file: Path) -> Counter[tuple[str, str, str]]:
    """How often each slug has each name in each hour."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for row in read_rows(file):
        slug = unquote(row["cs-uri-stem"]).lstrip("/")
        if row["sc-status"] not in ("301", "302", "307", "308") or not can_be_slug(
            slug, SlugPolicy()
        ):
            continue
        agent = read_agent(unquote(row["cs(User-Agent)"]))
        names = [agent.kind, *agent.names]
        if agent.kind == "clicks":
            referrer = urlsplit(unquote(row["cs(Referer)"])).hostname
            names.append(f"referrer:{referrer or '(unknown)'}")
            names += [f"{name}:{it[0]}" for name, it in parse_qs(row["cs-uri-query"]).items()]
        hour = f"{row['date']}T{row['time'][:2]}"
        counts.update((slug_key(slug, SlugPolicy()), hour, name) for name in names)
    return counts
