"""Exported text: no cell is a formula, and an import reads the same links back.

What could break for a user: a title that runs in their spreadsheet; a link that comes back changed,
or not at all; a field that is missing; JSON that no program reads.
"""

import csv
import io
import json
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.core.export_files import COLUMNS, write_head, write_links, write_tail
from chalicelib.core.fields import MAX_CLICKS, tags, text
from chalicelib.core.imports import read_sheet
from chalicelib.core.links import Link, describe_link
from chalicelib.core.rules import Rules
from chalicelib.core.sheets import neutralise, restore
from chalicelib.core.utm import PARAMETERS, Utm


NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BEGINNINGS = [*"=+-@", "\t", "\r", "＝", "＋", "－", "＠", "'", "''", '"', "[", "{", ";", ",", "|"]
SEALED = "$scrypt$ln=1,r=1,p=1$c2FsdA$c2VhbA"
PIECES = [
    *BEGINNINGS,
    "\n",
    "\r\n",
    "\u2028",
    "\u200b",
    "HYPERLINK(1)",
    "é",
    "🎉",
    "א",
    "NULL",
    " ",
]
HOSTILE = st.lists(st.sampled_from(PIECES) | st.characters(codec="utf-8"), max_size=12).map("".join)


def stored(most: int) -> st.SearchStrategy[str | None]:
    """Texts as the API would store them."""
    kind = text(most)

    def keep(value: str) -> str | None:
        try:
            return kind.parse(value)
        except ValueError:
            return None

    return HOSTILE.map(keep) | st.integers(1, most).map(lambda n: ("=\n" * n)[:n].strip() or None)


def stored_tags(values: list[str]) -> tuple[str, ...]:
    kept = []
    for value in values:
        try:
            kept += tags.parse([value])
        except ValueError:
            continue
    return tuple(dict.fromkeys(kept))


times = st.datetimes(datetime(1990, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
names = st.fixed_dictionaries({"name": HOSTILE}, optional={"value": HOSTILE})
variants = st.fixed_dictionaries({"destination": HOSTILE, "weight": st.integers(1, 10**6)})
conditions = st.fixed_dictionaries(
    {}, optional={"countries": st.just(["DE", "AT"]), "query": st.lists(names, max_size=2)}
)
rules = st.fixed_dictionaries(
    {"if": conditions},
    optional={"name": HOSTILE, "destination": HOSTILE, "variants": st.lists(variants, max_size=3)},
)
links = st.builds(
    Link,
    workspace=st.just("w"),
    slug=st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=64),
    destination=st.sampled_from(["https://e.test/", "mailto:a@b", "=x:", "-1:"]).flatmap(
        lambda start: st.text(string.printable[:94], max_size=30).map(lambda rest: start + rest)
    ),
    title=stored(200),
    notes=stored(2000),
    tags=st.lists(HOSTILE, max_size=10).map(stored_tags),
    status=st.sampled_from([301, 302, 307, 308]),
    starts_at=st.none() | times,
    expires_at=st.none() | times.map(lambda moment: moment + timedelta(days=20000)),
    forward_query=st.booleans(),
    query_winner=st.sampled_from(["destination", "visitor"]),
    forward_path=st.booleans(),
    utm=st.dictionaries(st.sampled_from(PARAMETERS), stored(200)).map(Utm.of),
    rules=st.lists(rules, max_size=3).map(Rules.of),
    disabled=st.booleans(),
    archived=st.booleans(),
    password=st.sampled_from([None, None, None, SEALED]),
    max_clicks=st.none() | st.integers(1, MAX_CLICKS),
    max_clicks_exact=st.booleans(),
    created_at=times,
    updated_at=st.just(NOW),
)


def described(link: Link) -> dict[str, Any]:
    return describe_link(link, f"https://sho.rt/{link.slug}", NOW)


def file_of(form: str, some: list[Link]) -> str:
    pages = (some[:2], some[2:])
    body = [write_links(form, map(described, page), first=not at) for at, page in enumerate(pages)]
    return write_head(form) + "".join(body) + write_tail(form)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(links, max_size=5))
def test_csv_comes_back(some: list[Link]) -> None:
    """All that is shown of a link comes back, but what is new in a deployment is not read.

    A link with a password is refused, as it would come back without.
    """
    sheet = read_sheet(file_of("csv", some))

    assert set(sheet.ignored) == {"state", "updated_at", "version"}
    for link, row in zip(some, sheet.rows, strict=True):
        shown = described(link)
        locked = [("/haspassword", "not_supported")] if shown.pop("has_password") else []
        assert [(one.pointer, one.code) for one in row.problems] == locked
        for name in shown.keys() - {"short_url", *sheet.ignored}:
            missing: Any = [] if name in ("tags", "rules") else None
            assert row.values.get(name, missing) == shown[name], name


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(links, min_size=1, max_size=3))
def test_no_cell_is_a_formula(some: list[Link]) -> None:
    """As a spreadsheet reads the file, no cell begins with what makes it a formula."""
    cells = [cell for row in csv.reader(io.StringIO(file_of("csv", some), "")) for cell in row]

    assert [cell for cell in cells if cell[:1] and cell[0] in "=+-@\t\r\n＝＋－＠"] == []


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(links, max_size=5))
def test_json_is_what_the_api_shows(some: list[Link]) -> None:
    """The JSON is one array of the API's objects, and each link has a line to itself."""
    file = file_of("json", some)

    assert json.loads(file) == list(map(described, some))
    assert len(file.split("\n")) == len(some) + 3
    for line in file.split("\n")[1:-2]:
        json.loads(line.removesuffix(","))


@pytest.mark.parametrize(
    "cell", ["=1", "＝1", "'=1", "''＝", "-", "－", "it's", "'", "'a", "a=1", ""]
)
def test_neutralising_is_undone(cell: str) -> None:
    """One apostrophe is added and one taken off, also where the text had some of its own."""
    assert restore(neutralise(cell)) == cell
    assert neutralise(cell) == cell or neutralise(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["'tis", "'", "''", "O'=1", "'a=1", "rock 'n' roll"])
def test_foreign_cells_are_left_alone(cell: str) -> None:
    """An apostrophe that guards no formula is text, whoever wrote the sheet."""
    assert restore(cell) == cell


def test_columns_are_all_that_is_shown() -> None:
    """The CSV has a column for each field that the API shows of a link, and no other."""
    link = Link(workspace="w", slug="s", destination="d", created_at=NOW, updated_at=NOW)

    assert set(COLUMNS) == set(described(link))
    assert "workspace" not in COLUMNS


def test_what_the_api_hides_is_not_in_a_file() -> None:
    """The receipt of an idempotency key, the workspace and the hash of a password stay there."""
    link = Link(
        workspace="wrkspc",
        slug="s",
        destination="d",
        created_at=NOW,
        updated_at=NOW,
        made_by="rcpt",
        password=SEALED,
    )

    for form in ("csv", "json"):
        assert "rcpt" not in file_of(form, [link, replace(link, slug="t")])
        assert "wrkspc" not in file_of(form, [link])
        assert "scrypt" not in file_of(form, [link])
