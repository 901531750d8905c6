"""The sheets of other shorteners: recognised by their headers, with what they promise kept."""

import pytest

from chalicelib.core.fields import PLAIN_FIELDS, read_fields
from chalicelib.core.imports import Sheet, read_sheet


URL = "https://shop.example/sale"


def rows_of(sheet: Sheet) -> dict[int, dict[str, object]]:
    return {row.number: dict(row.values) for row in sheet.rows if not row.problems}


def refused_rows(sheet: Sheet) -> dict[int, str]:
    return {
        row.number: " ".join(f"{one.pointer} {one.detail}" for one in row.problems)
        for row in sheet.rows
        if row.problems
    }


FORMATS = {
    "plain": (
        (
            "destination,slug,title,notes,tags,status,expires_at,forward_query,disabled,archived\n"
            f"{URL},Promo,T,N,a|b,301,2030-01-01T00:00:00Z,true,no,0\n"
        ),
        {
            "destination": URL,
            "slug": "Promo",
            "title": "T",
            "notes": "N",
            "tags": ["a", "b"],
            "status": 301,
            "expires_at": "2030-01-01T00:00:00Z",
            "forward_query": True,
            "disabled": False,
            "archived": False,
        },
    ),
    "yourls": (
        (
            "keyword,url,title,timestamp,ip,clicks\n"
            f"promo,{URL},NULL,2021-05-04 10:11:12,192.0.2.1,7\n"
        ),
        {"destination": URL, "slug": "promo", "created_at": "2021-05-04T10:11:12Z"},
    ),
    "yourls from its import and export plugin": (
        f"source,target,hits\r\n/promo/,{URL},7\r\n",
        {"destination": URL, "slug": "promo"},
    ),
    "yourls from its API": (
        (
            "shorturl,url,title,timestamp,ip,clicks\n"
            f"https://s.example/promo,{URL},T,2021-05-04 10:11:12,192.0.2.1,7\n"
        ),
        {
            "destination": URL,
            "slug": "promo",
            "title": "T",
            "created_at": "2021-05-04T10:11:12Z",
        },
    ),
    "kutt": (
        (
            "id,address,target,description,banned,expire_in,link,password,visit_count,created_at\n"
            f"1,promo,{URL},T,t,2030-01-01 00:00:00+00,https://s/promo,,7,2021-05-04 10:11:12.5+00\n"
        ),
        {
            "destination": URL,
            "slug": "promo",
            "title": "T",
            "disabled": True,
            "expires_at": "2030-01-01T00:00:00+00:00",
            "created_at": "2021-05-04T10:11:12.5+00:00",
        },
    ),
    "shlink from its web client": (
        (
            "createdAt,domain,shortCode,shortUrl,longUrl,title,tags,visits\n"
            f"2021-05-04T10:11:12+02:00,s.example,promo,https://s.example/promo,{URL},T,a|b,7\n"
        ),
        {
            "destination": URL,
            "slug": "promo",
            "title": "T",
            "tags": ["a", "b"],
            "created_at": "2021-05-04T10:11:12+02:00",
        },
    ),
    "shlink as its own importer reads it": (
        f"Long URL;Tags;Domain;Short code;Title\n{URL};foo|bar;;promo;\n",
        {"destination": URL, "slug": "promo", "tags": ["foo", "bar"]},
    ),
    "bitly": (
        (
            "long_url,custom_bitlink,title,archived,tags,created_at\n"
            f'{URL},bit.ly/promo,T,true,"a, b",2021-05-04T10:11:12+0000\n'
        ),
        {
            "destination": URL,
            "slug": "promo",
            "title": "T",
            "archived": True,
            "tags": ["a", "b"],
            "created_at": "2021-05-04T10:11:12+00:00",
        },
    ),
    "bitly from its dashboard": (
        (
            "Bitlink,Title,Long URL,Tags,Created,Total Clicks,Campaign\n"
            f"https://bit.ly/3Abc,T,{URL},,2021-05-04,7,x\n"
        ),
        {
            "destination": URL,
            "slug": "3Abc",
            "title": "T",
            "created_at": "2021-05-04T00:00:00Z",
        },
    ),
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats(name):
    """Each export is recognised by its header, and its cells become the fields of a link."""
    text, expected = FORMATS[name]

    sheet = read_sheet(text)

    assert (sheet.format, rows_of(sheet)) == (name.split()[0], {2: expected})
    read_fields(
        {k: v for k, v in expected.items() if k in PLAIN_FIELDS},
        PLAIN_FIELDS,
    )


def test_columns_are_told():
    """The sheet names the header each field comes from, and the headers that nothing comes from."""
    sheet = read_sheet(FORMATS["shlink from its web client"][0])

    assert sheet.columns["slug"] == "shortCode or shortUrl"
    assert sheet.columns["destination"] == "longUrl"
    assert sheet.ignored == ("domain", "visits")


def test_bitly_keeps_the_custom_bitlink():
    """Of a Bitly link's several short URLs the first custom one becomes the slug, else its own."""
    text = (
        "long_url,link,id,custom_bitlinks\n"
        f'{URL},https://bit.ly/1,bit.ly/1,"[""https://bit.ly/own"", ""https://bit.ly/two""]"\n'
        f"{URL},https://bit.ly/2,bit.ly/2,\n"
    )

    assert [row["slug"] for row in rows_of(read_sheet(text)).values()] == ["own", "2"]


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        (f"address,target,password\na,{URL},true\n", "/password"),
        (f"shortCode,longUrl,maxVisits\na,{URL},5\n", "/maxvisits"),
        (f"url,slug\n{URL},a\n,b\n", "/destination"),
        (f"url,has_password\n{URL},true\n{URL},false\n{URL},\n", "/haspassword"),
        (f"url,Password\n{URL},sesame\n{URL},\n", "/password"),
    ],
)
def test_promises_that_would_be_broken(text, pointer):
    """A link with a password or a limit is not made public without it; one to nowhere is refused."""
    refused = refused_rows(read_sheet(text))

    assert [reason.split()[0] for reason in refused.values()] == [pointer]


def test_password_column_of_the_api():
    """Kutt's API says `false` for links without a password: those are imported."""
    sheet = read_sheet(f"address,target,password\na,{URL},false\n")

    assert rows_of(sheet) == {2: {"destination": URL, "slug": "a"}}


def test_long_title_of_another_shortener():
    """A title that is longer than ours may be is kept whole, as notes; a plain sheet's is refused."""
    title = "x" * 201

    foreign = rows_of(read_sheet(f"keyword,url,title\na,{URL},{title}\n"))[2]
    plain = rows_of(read_sheet(f"url,title\n{URL},{title}\n"))[2]

    assert (foreign.get("title"), foreign["notes"]) == (None, title)
    assert plain["title"] == title
