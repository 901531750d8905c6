"""What is exported and imported into an empty deployment is the same, link by link."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from chalicelib.config import load
from chalicelib.core.exports import export_plan
from chalicelib.core.imports import read_sheet
from chalicelib.core.links import Link, describe_link
from chalicelib.core.passwords import Cost
from chalicelib.service.imports import ImportService
from chalicelib.service.jobs import JobService
from chalicelib.service.links import LinkService
from chalicelib.service.ports import ListQuery
from chalicelib.store.memory import LinkMemory
from chalicelib.wiring import make_link_service
from tests.api.driver import BASE
from tests.job_fakes import Platform, now


COUNT = 10_000
MADE_ANEW = {"short_url", "state", "updated_at", "version"}
MARKS = [
    *"=+-@'\"[]{};,|\t\r\n\\%",
    "＝",
    "＋",
    "－",
    "＠",
    "\r\n",
    "'=",
    "''",
    "=cmd|' /C calc'!A0",
]
WORDS = [
    "=HYPERLINK(",
    "NULL",
    "\\N",
    "true",
    "0",
    "é",
    "🎉",
    "مرحبا",
    "\u2028",
    "\ufeff",
    "\u200f",
    " ",
    "x",
]
DESTINATIONS = ["https://e.test/", "https://e.test/?q=1;2,3|4&t=", "http://[2606:4700::1111]:8/#"]


def text(chance: random.Random, most: int) -> str | None:
    parts = chance.choices(MARKS + WORDS, k=chance.randrange(9))
    lines = "\n-" * chance.choice([0, 0, 0, 0, 0, 0, 0, 0, 0, most])
    return ("".join(parts) + lines)[:most].strip() or None


def rule(chance: random.Random) -> dict[str, Any]:
    asked = {"name": text(chance, 100) or "ref", "value": text(chance, 200) or ""}
    leads = {"destination": chance.choice(DESTINATIONS), "weight": chance.randint(1, 100)}
    return {
        "name": text(chance, 64) or "=",
        "if": {"countries": ["DE", "AT"], "hours": {"time_zone": "UTC"}, "query": [asked]},
        **chance.choice([{"destination": leads["destination"]}, {"variants": [leads, leads]}]),
    }


def hostile(chance: random.Random, number: int) -> dict[str, Any]:
    """The body of a create with everything in it that a sheet could get wrong."""
    tags = {text(chance, 32) for _ in range(chance.randrange(4))}
    begin = chance.choice(["-", "_", "", "x", "0", "1e"])
    return {
        "slug": f"{begin}{number}",
        "destination": chance.choice(DESTINATIONS) + str(number),
        "title": text(chance, 200),
        "notes": text(chance, 2000),
        "tags": [tag for tag in tags if tag and tag.isprintable()],
        "status": chance.choice([301, 302, 307, 308]),
        "starts_at": chance.choice([None, "2020-02-29T23:59:59.999Z"]),
        "expires_at": chance.choice([None, "2021-01-01T00:00:00+05:30", "2199-01-01T00:00:00Z"]),
        "forward_query": chance.random() < 0.5,
        "query_winner": chance.choice(["destination", "visitor"]),
        "forward_path": chance.random() < 0.5,
        "utm": chance.choice([None, {"source": text(chance, 200), "term": text(chance, 200)}]),
        "rules": [rule(chance) for _ in range(chance.choice([0, 0, 0, 1, 3]))],
        "max_clicks": (most := chance.choice([None, None, chance.randint(1, 10**9)])),
        "max_clicks_exact": most is not None and chance.random() < 0.5,
        "disabled": chance.random() < 0.2,
        "archived": chance.random() < 0.2,
        "created_at": f"20{chance.randrange(10, 26)}-01-01T00:00:00.{number % 1000:03}Z",
    }


def fields_of(links: LinkService) -> dict[str, dict[str, Any]]:
    """What an import should keep of each link, by its slug."""
    listed = (link for archived in (False, True) for link in all_of(links, archived=archived))
    return {link.slug: described(link) for link in listed}


def all_of(links: LinkService, *, archived: bool) -> Iterator[Link]:
    query = ListQuery(limit=COUNT, archived=archived)
    while True:
        page = links.store.page("w", query)
        yield from page.links
        if page.after is None:
            return
        query = replace(query, after=page.after)


def described(link: Link) -> dict[str, Any]:
    shown = describe_link(link, "", now())
    return {name: value for name, value in shown.items() if name not in MADE_ANEW}


def deployment() -> LinkService:
    links = make_link_service(load(BASE), LinkMemory())
    return replace(links, password_cost=Cost(1, 1, 1))


def export(links: LinkService, form: str) -> str:
    """The text of an export of all links."""
    platform = Platform(links.store)
    jobs = JobService(lambda: platform.tools, now, lambda _: 1)
    jobs.start("w", "export", export_plan({"format": form}, "https://sho.rt/"))
    platform.run()
    assert platform.raised == []
    (file,) = platform.files.files.values()
    return file.decode()


def test_ten_thousand_hostile_links_come_back() -> None:
    """Every field of every link is in the new deployment as it was in the old one."""
    chance = random.Random(116)  # noqa: S311 - made up, not secret
    old, new = deployment(), deployment()
    for number in range(COUNT):
        old.create("w", hostile(chance, number), imported=True)
    sheet = read_sheet(export(old, "csv"))
    report = ImportService(new).run("w", sheet.rows, dry_run=False, has_time=lambda: True)
    before, after = fields_of(old), fields_of(new)

    assert report.counts["created"] == COUNT == len(before)
    assert [slug for slug in before if before[slug] != after[slug]] == []
    assert set(after) == set(before)
    assert {link["slug"] for link in json.loads(export(old, "json"))} == set(before)


def test_rules_as_long_as_they_may_be_come_back() -> None:
    """A cell of nearly 128 KiB, more as CSV has it, is read as the rules that it was."""
    old, new = deployment(), deployment()
    leads = "https://e.test/" + 'ü,"' * 30
    asked = [{"name": f"{number}", "value": '",' * 50} for number in range(240)]
    rules = [{"if": {"query": [one]}, "destination": leads} for one in asked]
    old.create("w", {"destination": "https://e.test/", "slug": "long", "rules": rules})
    size = len(old.read("w", "long").rules.text)
    sheet = read_sheet(export(old, "csv"))
    ImportService(new).run("w", sheet.rows, dry_run=False, has_time=lambda: True)

    assert 120 * 1024 < size <= 128 * 1024
    assert fields_of(new) == fields_of(old)


def test_no_link_becomes_public() -> None:
    """Of two links, the one with a password is refused with a reason; only the other comes back."""
    old, new = deployment(), deployment()
    old.create("w", {"destination": "https://e.test/1", "slug": "shut", "password": "sesame"})
    old.create("w", {"destination": "https://e.test/2", "slug": "open"})
    sheet = read_sheet(export(old, "csv"))
    report = ImportService(new).run("w", sheet.rows, dry_run=False, has_time=lambda: True)
    (refused,) = [row for row in report.rows if row.status == "invalid"]

    assert set(fields_of(new)) == {"open"}
    assert "password" in refused.problems[0].detail


def test_what_differs_is_told() -> None:
    """A file that is imported over edited links names each field that is other than in the file."""
    links = deployment()
    links.create("w", {"destination": "https://e.test/", "slug": "a", "utm": {"source": "x"}})
    links.create("w", {"destination": "https://e.test/", "slug": "b"})
    sheet = read_sheet(export(links, "csv"))
    links.edit("w", "a", {"title": "New", "utm": None, "max_clicks": 5, "disabled": True})
    for dry_run in (True, False):
        run = ImportService(links).run("w", sheet.rows, dry_run=dry_run, has_time=lambda: True)
        found = {
            row.link.slug: {one.pointer for one in row.problems} for row in run.rows if row.link
        }

        assert run.counts["exists"] == 2
        assert found == {"a": {"/utm", "/disabled"}, "b": set()}
