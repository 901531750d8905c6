"""Made-up links: the same for the same seed, and such that an import has no reason to refuse one."""

import pytest

from chalicelib.core.fields import PLAIN_FIELDS, read_fields
from chalicelib.core.imports import read_sheet
from chalicelib.core.slugs import SlugPolicy, parse_slug
from tools.sample_links import FORMATS, make_links, write_links


def test_same_seed_same_links():
    """The seed decides the links, and another seed makes others."""
    assert list(make_links(50, 7)) == list(make_links(50, 7))
    assert list(make_links(50, 7)) != list(make_links(50, 8))


@pytest.mark.parametrize("name", FORMATS)
def test_formats_are_read_back(name):
    """In each format every link is recognised and comes back with what the format can hold."""
    links = list(make_links(500, 7))

    sheet = read_sheet(write_links(iter(links), name))

    assert sheet.format == name
    fields = [row.fields for row in sheet.rows]
    assert [one["slug"] for one in fields] == [link.slug for link in links]
    assert [one["destination"] for one in fields] == [link.destination for link in links]
    assert [one.get("title", "") for one in fields] == [link.title for link in links]
    if "tags" in sheet.columns:
        assert [tuple(one.get("tags", ())) for one in fields] == [link.tags for link in links]


def test_slugs_are_allowed_and_differ():
    """Slugs differ even without regard to case, and each may be a slug."""
    slugs = [parse_slug(link.slug, SlugPolicy()) for link in make_links(10_000, 7)]

    assert len({slug.casefold() for slug in slugs}) == 10_000


def test_what_real_files_have():
    """Among the links are quotes, line breaks, emoji, right-to-left text, IDN, queries, fragments."""
    links = list(make_links(2000, 7))
    titles = " ".join(link.title for link in links)

    assert all(part in titles for part in ('"', "\n", ",", "🎉", "مرحبا", "=HYPERLINK"))
    assert any(link.destination != link.location for link in links)
    assert any("utm_source" in link.location and "#" in link.location for link in links)
    for row in read_sheet(write_links(iter(links), "plain")).rows:
        read_fields({k: v for k, v in row.fields.items() if k in PLAIN_FIELDS}, PLAIN_FIELDS)


def test_command(tools):
    """The command writes the file, and the locations that following its links must give."""
    sample = tools.run("sample", "20", "--format", "shlink", "--seed", "7")
    places = tools.run("sample", "20", "--seed", "7", "--locations")

    links = list(make_links(20, 7))
    assert sample.stdout.replace("\r\n", "\n") == write_links(iter(links), "shlink").replace(
        "\r\n", "\n"
    )
    assert places.stdout.splitlines() == [f"{link.slug} {link.location}" for link in links]
