"""Reading sheets of links: every format, tolerance where it is safe, a clear word where it is not."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.core.errors import Invalid
from chalicelib.core.imports import Sheet, read_sheet, write_sheet
from chalicelib.core.sheets import neutralise, restore


URL = "https://shop.example/sale"
# A busy machine is slow at times; that is not what these tests are about.
patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def rows_of(sheet: Sheet) -> dict[int, dict[str, object]]:
    return {row.number: dict(row.values) for row in sheet.rows if not row.problems}


def refused_rows(sheet: Sheet) -> dict[int, str]:
    return {
        row.number: " ".join(f"{one.pointer} {one.detail}" for one in row.problems)
        for row in sheet.rows
        if row.problems
    }


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_separators_ends_and_bom(separator, end, bom):
    """The separator is found in the header; a BOM and any line end are taken as they come."""
    lines = [separator.join(("LONG url", "Short_Code")), separator.join((URL, "promo"))]

    sheet = read_sheet(bom + end.join(lines) + end)

    assert rows_of(sheet) == {2: {"destination": URL, "slug": "promo"}}


def test_separator_line_of_excel():
    """`sep=;` above the header is no row of links, but counts as a row of the file."""
    sheet = read_sheet(f"sep=;\nurl;slug\n{URL};a\n")

    assert rows_of(sheet) == {3: {"destination": URL, "slug": "a"}}


def test_numbers_are_the_spreadsheets():
    """Blank lines count, a quoted line break does not, and the first row's number can be given."""
    text = f'url,title\n{URL},a\n\n,\n{URL},"two\r\nlines"\n{URL},c\n'

    assert {number: row["title"] for number, row in rows_of(read_sheet(text)).items()} == {
        2: "a",
        5: "two\r\nlines",
        6: "c",
    }
    assert min(rows_of(read_sheet(text, first_row=252))) == 252


BROKEN = {
    "too few cells": (f"{URL}", "has 1 cells, but the header has 3"),
    "too many cells": (f"{URL},b,c,d", "A cell with , in it needs quotes"),
    "unclosed quote": (f'{URL},"b,c', "not closed"),
    "unclosed quote before a quoted cell": (f'"{URL},b,c', "not closed"),
    "text after a quote": (f'{URL},"b"x,c', "not closed in this row, or text follows"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_rows(name):
    """A broken row is reported as itself; the rows around it keep their numbers and cells."""
    line, problem = BROKEN[name]
    good = f'{URL},before,"x"\n{{}}\n{URL},after,"y, z"\n{URL},end,z\n'

    sheet = read_sheet("url,slug,title\n" + good.format(line))

    assert {number: row["slug"] for number, row in rows_of(sheet).items()} == {
        2: "before",
        4: "after",
        5: "end",
    }
    assert list(refused_rows(sheet)) == [3]
    assert problem in refused_rows(sheet)[3]


def test_quote_that_closes_in_the_next_row():
    """Where a stray quote pairs with one in the next row, that row is still read as itself."""
    sheet = read_sheet(f'url,slug,title\n"{URL}\n{URL},a,5" nails\n{URL},b,"5"" nails"\n')

    assert {number: row["title"] for number, row in rows_of(sheet).items()} == {
        3: '5" nails',
        4: '5" nails',
    }
    assert "not closed" in refused_rows(sheet)[2]


def test_lines_in_a_cell():
    """A cell may have as many lines as notes can; beyond that a quote counts as not closed."""
    text = 'url,notes\n{0},"{1}"\n{0},end\n'

    whole = read_sheet(text.format(URL, "\n".join("x" * 2300)))
    broken = read_sheet(text.format(URL, "\n".join("x" * 2301)))

    assert list(rows_of(whole)) == [2, 3]
    assert 2 in refused_rows(broken)
    assert {row["notes"] for row in rows_of(broken).values()} == {"end"}


def test_broken_row_has_no_fields():
    """Asking a broken row for its fields raises what is wrong with it, as a bad create would."""
    row = read_sheet(f"url,slug\n{URL}\n").rows[0]

    with pytest.raises(Invalid, match="header has 2"):
        _ = row.fields


def test_empty_cells_at_the_end():
    """Separators with nothing after them, which spreadsheets add, are no cells too many."""
    assert rows_of(read_sheet(f"url,slug\n{URL},a,,,\n")) == {2: {"destination": URL, "slug": "a"}}


REFUSED = {
    "": ("/file", "empty"),
    "\ufeff\r\n \n": ("/file", "empty"),
    "<!DOCTYPE html><p>x": ("/file", "web page"),
    "PK\x03\x04\x14": ("/file", "spreadsheet"),
    "%PDF-1.7": ("/file", "PDF"),
    '{"links": []}': ("/file", "JSON"),
    '"url,slug\n': ("/file", "first row"),
    "name,color\na,b\n": ("/destination", "Found: “name”, “color”. Understood: destination"),
    f"{URL},promo\n": ("/destination", "put a row above it"),
    "url,Destination\na,b\n": ("/destination", "“url” and “Destination” both mean destination"),
    "url,title,Title\na,b,c\n": ("/title", "both mean title"),
    f"url\n{URL}\n{URL}\n{URL}\n": ("/file", "At most 2 rows"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_refused_files(text):
    """A file that can't be used as a whole is refused in one sentence that says why."""
    pointer, detail = REFUSED[text]

    with pytest.raises(Invalid) as caught:
        read_sheet(text, max_rows=2)

    assert [problem.pointer for problem in caught.value.problems] == [pointer]
    assert detail in caught.value.problems[0].detail


CELLS = [
    ("tags", "a|b, c;d", ["a", "b", "c", "d"]),
    ("tags", '["a,b", "c"]', ["a,b", "c"]),
    ("tags", "[promo]", ["[promo]"]),
    ("tags", "|, ;", []),
    ("status", "301", 301),
    ("status", "active", "active"),
    ("status", "³", "³"),
    ("max_clicks", "1000000000", 1_000_000_000),
    ("max_clicks", "1" * 13, "1" * 13),
    ("max_clicks", "1,000", "1,000"),
    ("utm", '{"source": "x"}', {"source": "x"}),
    ("utm", "newsletter", "newsletter"),
    ("utm", "[]", "[]"),
    ("rules", '[{"destination": "d"}]', [{"destination": "d"}]),
    ("rules", '["[{}]"]', '["[{}]"]'),
    ("rules", f"[{' ' * 200_000}]", []),
    ("rules", "[{", "[{"),
    ("rules", "[" * 100_000, "[" * 100_000),
    ("disabled", "YES", True),
    ("disabled", "maybe", "maybe"),
    ("expires_at", "2030-01-01 10:00", "2030-01-01 10:00"),
    ("expires_at", "2030-01-01 10:00 +0200", "2030-01-01T10:00:00+02:00"),
    ("expires_at", "2030-01-01T10:00:00.5Z", "2030-01-01T10:00:00.5Z"),
    ("expires_at", "next week", "next week"),
    ("created_at", "2030-01-01", "2030-01-01T00:00:00Z"),
    ("created_at", "2030-01-01 10:00:00 UTC", "2030-01-01T10:00:00Z"),
    ("short_url", "https://s.example/abc?x=1#y", "abc"),
    ("short_url", "s.example/abc/", "abc"),
    ("short_url", "https://s.example/caf%C3%A9", "café"),
    ("short_url", "https://s.example/a%2", "https://s.example/a%2"),
    ("short_url", "https://s.example/a/b", "https://s.example/a/b"),
    ("short_url", "https://s.example/", "https://s.example/"),
    ("short_url", "https://[bad/x", "https://[bad/x"),
    ("slug", "https://s.example/abc", "abc"),
    ("slug", "'-abc", "-abc"),
    ("title", "'=1+1", "=1+1"),
    ("title", "''=1", "'=1"),
    ("title", "'tis", "'tis"),
    ("title", "  spaced  ", "spaced"),
    ("title", "NULL", "NULL"),
]


@pytest.mark.parametrize(("column", "cell", "value"), CELLS)
def test_cells(column, cell, value):
    """Cells become values; one that can't stays as it is, for the field's own check to name it."""
    text = f'destination,{column}\n{URL},"{cell.replace(chr(34), chr(34) * 2)}"\n'
    field = {"short_url": "slug"}.get(column, column)

    assert rows_of(read_sheet(text))[2][field] == value


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)
WORDS = TEXT.map(str.strip).filter(bool)
TAGS = st.lists(WORDS, max_size=4, unique=True).filter(bool)
BODIES = st.fixed_dictionaries(
    {"destination": WORDS},
    optional={
        "title": WORDS,
        "notes": WORDS,
        "tags": TAGS,
        "status": st.sampled_from([301, 302, 307, 308]),
        "expires_at": st.sampled_from(["2030-01-01T10:00:00Z", "2030-01-01 10:00"]),
        "disabled": st.booleans(),
        "slug": st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True),
    },
)


@patiently
@given(st.lists(BODIES, min_size=1, max_size=5))
def test_round_trip(bodies):
    """Any titles, tags and destinations come back from canonical CSV as they were."""
    sheet = read_sheet(write_sheet(bodies))

    assert [dict(row.fields) for row in sheet.rows] == bodies
    assert [row.number for row in sheet.rows] == list(range(2, len(bodies) + 2))


@patiently
@given(TEXT)
def test_any_text_is_read_or_refused(text):
    """No text at all makes the reader fail in another way than by refusing it."""
    for whole in (text, f"url,title\n{text}", f"url;title\n{URL};{text}\n{URL};end\n"):
        try:
            sheet = read_sheet(whole)
        except Invalid:
            continue
        again = read_sheet(write_sheet(row.values for row in sheet.rows if not row.problems))
        assert list(rows_of(again).values()) == list(rows_of(sheet).values())


@patiently
@given(TEXT)
def test_formulas(text):
    """No cell written is a formula, and the apostrophe is taken off again."""
    assert not neutralise(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert restore(neutralise(text.strip())) == text.strip()


def test_a_hundred_thousand_rows():
    """100,000 rows are read one for one."""
    text = "Long URL,Short code,Tags\n" + "".join(
        f'https://a.example/{number},s{number},"a, b"\n' for number in range(100_000)
    )

    rows = read_sheet(text).rows

    assert len(rows) == 100_000
    assert (rows[-1].number, rows[-1].fields["slug"]) == (100_001, "s99999")


def test_a_file_full_of_stray_quotes():
    """Every row broken costs no more than a little each: nothing is read to the end of the file."""
    sheet = read_sheet("url,slug\n" + f'"{URL},a\n' * 20_000)

    assert len(refused_rows(sheet)) == 20_000
