"""What a line counts as: clicks of people, and what is apart from them."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.access_logs import LineReader, Problems
from chalicelib.core.agents import PROGRAM, browser_of, read_agent
from chalicelib.core.counts import (
    KINDS,
    MOST_VALUES,
    REST,
    UNKNOWN,
    begin_of,
    bound_counts,
)
from chalicelib.core.folds import HOT, MOST_FILES, MOST_ITEMS, cut, mark_of, merge_groups, rows_of
from chalicelib.core.rules import variant_id
from chalicelib.core.slugs import SlugPolicy
from chalicelib.core.tallies import Group, Tally
from local.edge.access_logs import FIELDS, HEADER
from tests.service.fold_world import NOON, PHONE, ROBOT, line


CHROME = "Mozilla/5.0%20(Windows%20NT%2010.0)%20Chrome/120.0%20Safari/537.36"


def counts_of(*lines: str, **how: Any) -> dict[tuple[str, bool], dict[str, int]]:
    tally = Tally(SlugPolicy(), Problems(), **how)
    tally.add(LineReader(Problems()).read(map(str.encode, lines)))
    return {(group.slug_key, group.orphan): counts for group, counts in tally.groups()}


def kind_of(stem: str = "/abc", **said: str) -> str:
    """The one kind that a line counts as; `orphan` before it when nothing was followed."""
    found = counts_of(line(NOON, stem, **{"cs(User-Agent)": CHROME, **said}))
    if not found:
        return "nothing"
    ((slug, orphan), counts), *_ = found.items()
    assert slug == "abc"
    (kind,) = [name for name in counts if name in KINDS]
    return f"orphan {kind}" if orphan else kind


@pytest.mark.parametrize(
    ("stem", "said", "kind"),
    [
        ("/abc", {}, "clicks"),
        ("/ABC", {"sc-status": "301"}, "clicks"),
        ("/abc/", {"sc-status": "307"}, "clicks"),
        ("/abc/more/path", {"sc-status": "308"}, "clicks"),
        ("/%61bc", {}, "clicks"),
        ("/%2561bc", {}, "clicks"),
        ("/abc", {"sc-status": "303"}, "nothing"),
        ("/abc~", {}, "clicks"),
        ("/abc%7E", {}, "clicks"),
        ("/abc%7E", {"sc-status": "303"}, "nothing"),
        ("/api/r/abc", {}, "clicks"),
        ("/abc~", {"sc-status": "303", "cs-method": "POST"}, "clicks"),
        ("/api/v/abc", {"sc-status": "303", "cs-method": "POST"}, "clicks"),
        ("/abc", {"sc-status": "200"}, "nothing"),
        ("/abc+", {"sc-status": "200"}, "previews"),
        ("/abc%2B", {"sc-status": "200"}, "previews"),
        ("/abc+", {"sc-status": "404"}, "nothing"),
        ("/abc", {"cs-method": "HEAD"}, "heads"),
        ("/abc", {"cs-method": "HEAD", "sc-status": "404"}, "nothing"),
        ("/abc", {"cs(User-Agent)": ROBOT}, "bots"),
        ("/abc", {"cs(User-Agent)": "Amazon-Route53-Health-Check-Service"}, "checks"),
        ("/abc", {"cs(User-Agent)": "Everhop-keep-warm/1%20(bot)"}, "checks"),
        ("/abc", {"sc-status": "404"}, "orphan clicks"),
        ("/abc", {"sc-status": "410", "cs(User-Agent)": ROBOT}, "orphan bots"),
        ("/abc", {"sc-status": "503"}, "nothing"),
        ("/abc", {"sc-status": "000"}, "nothing"),
        ("/abc", {"cs-method": "DELETE"}, "nothing"),
        ("/", {}, "nothing"),
        ("/index.html", {}, "nothing"),
        ("/assets/app.js", {"sc-status": "404"}, "nothing"),
        ("/api/v1/links", {}, "nothing"),
        ("/wp-login.php", {"sc-status": "404"}, "nothing"),
    ],
    ids=str,
)
def test_what_a_request_counts_as(stem: str, said: dict[str, str], kind: str) -> None:
    """One click for one visit, hop and all; what is no click is apart, or nothing."""
    assert kind_of(stem, **said) == kind


def test_a_hop_and_its_end_are_one_click() -> None:
    """The way to the other address has a status that no link has."""
    hop, end = line(NOON, "/abc", **{"sc-status": "303"}), line(NOON, "/abc~")

    assert counts_of(hop, end)["abc", False]["clicks"] == 1


def test_what_is_known_of_a_click_is_counted() -> None:
    """Device, browser, system, the referrer's host, and the query's campaign."""
    said = {
        "cs(User-Agent)": PHONE,
        "cs(Referer)": "https://News.Example.org:8443/a%20b?c",
        "cs-uri-query": "utm_source=Mail%2520List&utm_campaign=a%252Bb&utm_medium=&x=1",
    }
    (counts,) = counts_of(line(NOON, "/abc", **said)).values()

    assert counts == dict.fromkeys(
        [
            "clicks",
            "device:phone",
            "browser:Safari",
            "system:ios",
            "country:(unknown)",
            "referrer:news.example.org",
            "language:(unknown)",
            "utm_source:Mail List",
            "utm_campaign:a+b",
        ],
        1,
    )


TYPE = f"text/plain; charset=utf-8; variant={variant_id('https://e.test/b')}"


@pytest.mark.parametrize("times", [0, 1, 2])
@pytest.mark.parametrize("form", ["v1", "json"])
def test_the_variant_is_told_by_the_type_of_the_answer(form: str, times: int) -> None:
    """In either form of logs, encoded as CloudFront does it, and whatever else is in the line."""
    said = {"cs(User-Agent)": PHONE, "sc-content-type": TYPE}
    for _ in range(times):
        said["sc-content-type"] = quote(said["sc-content-type"], safe="/;,=")
    plain = line(NOON, "/abc~", **said)
    logged = json.dumps(dict(zip(FIELDS, plain.split("\t"), strict=True)))
    lines = [*HEADER.splitlines(), plain] if form == "v1" else [logged]
    (counts,) = counts_of(*lines).values()

    told = {name: count for name, count in counts.items() if name.startswith("variant:")}
    assert told == {f"variant:{variant_id('https://e.test/b')}": 1}
    assert counts["language:(unknown)"] == counts["clicks"] == 1


@pytest.mark.parametrize(
    "said",
    [
        {"sc-content-type": "text/plain;%20charset=utf-8"},
        {"sc-content-type": "text/plain;%20variant=short"},
        {"sc-content-type": "text/plain;%20variant=0123456789AB"},
        {"cs-uri-query": "variant=0123456789ab", "cs(Cookie)": ";%20variant=0123456789ab"},
        {"sc-content-type": quote(TYPE), "cs-method": "HEAD"},
        {"sc-content-type": quote(TYPE), "cs(User-Agent)": ROBOT},
    ],
    ids=["none", "no id", "capitals", "visitor's", "head", "robot"],
)
def test_nobody_but_a_redirect_tells_a_variant(said: dict[str, str]) -> None:
    """No visitor can make one up, and only clicks have one."""
    (counts,) = counts_of(line(NOON, "/abc~", **{"cs(User-Agent)": PHONE, **said})).values()

    assert not [name for name in counts if name.startswith("variant:")]


def test_variants_are_the_links_own() -> None:
    """Those of all links together would say nothing: their workspace has none."""
    chunk = [(Group(NOON, "abc", orphan=False), {"clicks": 2, "variant:0123456789ab": 2})]
    rows = rows_of(chunk, {"abc": "w"}, "f", 0)

    assert {row.subject: dict(counts) for row, counts in rows.items()} == {
        "link/w/abc": {"clicks": 2, "variant:0123456789ab": 2},
        "workspace/w": {"clicks": 2, "link:abc": 2},
    }


@pytest.mark.parametrize(
    ("referrer", "host"),
    [
        ("-", UNKNOWN),
        ("no-url", UNKNOWN),
        ("http://[", UNKNOWN),
        ("android-app://com.example.mail/", "com.example.mail"),
        ("https://sho.rt./", "sho.rt"),
        (f"https://{'x' * 90}.test/", "x" * 64),
    ],
    ids=str,
)
def test_referrers_are_hosts(referrer: str, host: str) -> None:
    """What has none is unknown; a long one is cut."""
    (counts,) = counts_of(line(NOON, "/abc", **{"cs(Referer)": referrer})).values()

    assert counts[f"referrer:{host}"] == 1


HEADERS = "host:sho.rt%0Aaccept-language:de-AT,de;q=0.9,en;q=0.8%0A"


def told(headers: str, **how: Any) -> dict[str, int]:
    fields = "date time cs-method cs-uri-stem sc-status cs(User-Agent) c-country cs-headers"
    row = ("2026-11-23", "12:00:00", "GET", "/abc", "302", PHONE, "de", headers)
    (counts,) = counts_of(f"#Fields: {fields}", "\t".join(row), **how).values()
    return counts


def test_a_chosen_field_list_tells_more() -> None:
    """The country in v2, and with headers the language that is liked best."""
    counts = told(HEADERS)

    assert (counts["country:DE"], counts["language:de"]) == (1, 1)


@pytest.mark.parametrize("wish", ["sec-gpc:1", "DNT: 1"], ids=["gpc", "dnt"])
def test_who_asks_for_privacy_is_a_click_and_no_more(wish: str) -> None:
    """Where headers are in the log; unless the setting says otherwise."""
    assert told(f"{HEADERS}{wish}%0A") == {"clicks": 1}
    assert "device:phone" in told(f"{HEADERS}{wish}%0A", honour_gpc=False)
    assert "device:phone" in told(f"{HEADERS}sec-gpc:0%0A")


AGENTS = [
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) AppleWebKit Version/17.0 Mobile Safari/604.1",
        "Safari",
    ),
    ("Mozilla/5.0 (iPhone) AppleWebKit CriOS/120.0 Mobile Safari/604.1", "Chrome"),
    ("Mozilla/5.0 (Windows NT 10.0) Chrome/120.0 Safari/537.36 Edg/120.0", "Edge"),
    ("Mozilla/5.0 (Windows NT 10.0) Chrome/120.0 Safari/537.36 OPR/106.0", "Opera"),
    (
        "Mozilla/5.0 (Linux; Android 13) SamsungBrowser/23.0 Chrome/115.0 Mobile Safari",
        "Samsung Internet",
    ),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "Firefox"),
    ("Mozilla/5.0 (iPhone) AppleWebKit Mobile/15E148 Instagram 300.0.0", "Instagram"),
    ("Mozilla/5.0 (iPhone) AppleWebKit Mobile [FBAN/FBIOS;FBAV/440]", "Facebook"),
    ("Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko", "Internet Explorer"),
    ("curl/8.4.0", PROGRAM),
    ("python-requests/2.31", PROGRAM),
    ("", UNKNOWN),
]


@pytest.mark.parametrize(("agent", "family"), AGENTS, ids=[family for _, family in AGENTS])
def test_browsers_are_told_by_family(agent: str, family: str) -> None:
    """Also those that call themselves by the names of others."""
    assert browser_of(agent) == family
    assert read_agent(agent).kind == "clicks"


def test_a_row_names_no_more_values_than_it_may() -> None:
    """Of what comes later, the rest is counted together; what is named stays; nothing is lost."""
    most = MOST_VALUES["country"]
    counts = {"clicks": 99, **{f"country:{n:03}": n for n in range(1, most + 4)}}
    bounded = bound_counts(counts)
    named = {name for name in bounded if name.startswith("country:")}
    assert len(named) == most + 1
    assert bounded[f"country:{REST}"] == 1 + 2 + 3
    assert bounded["clicks"] == 99

    later = {"country:new": 5, "country:050": 1, f"country:{UNKNOWN}": 1, "device:phone": 7}
    assert bound_counts(later, named) == {
        f"country:{REST}": 5,
        "country:050": 1,
        f"country:{UNKNOWN}": 1,
        "device:phone": 7,
    }


def group(slug: str, hour: datetime = NOON, *, orphan: bool = False) -> Group:
    return Group(hour, slug, orphan)


@pytest.mark.parametrize("receipts", [1, MOST_FILES])
@pytest.mark.parametrize("hours", [1, 40], ids=["one hour", "many hours"])
def test_no_chunk_has_more_items_than_a_transaction(hours: int, receipts: int) -> None:
    """Not even when each link is in a workspace of its own, and none is lost."""
    groups = [
        (
            group(
                f"s{n}", datetime(2026, 1 + n % 3, 1 + n % hours % 28, n % hours % 24, tzinfo=UTC)
            ),
            {"clicks": 1},
        )
        for n in range(300)
    ]
    chunks = list(cut(groups, receipts))
    own = {f"s{n}": f"w{n}" for n in range(300)}

    assert [one for chunk in chunks for one in chunk] == groups
    for chunk in chunks:
        for workspaces in (own, {}, {f"s{n}": "w" for n in range(0, 300, 2)}):
            assert len(rows_of(chunk, workspaces, "f", 0)) + receipts <= MOST_ITEMS


HOURS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1))
SLUG_KEYS = st.text("-0aZ_é ", min_size=1, max_size=3)  # some ligatures fold to words with spaces
GROUPS = st.builds(
    lambda at, slug, orphan: Group(begin_of("hour", at.replace(tzinfo=UTC)), slug, orphan),
    HOURS,
    SLUG_KEYS,
    st.booleans(),
)


@given(st.lists(GROUPS, max_size=20, unique=True), st.integers(0, 99_999))
def test_marks_are_in_the_order_of_groups(groups: list[Group], block: int) -> None:
    """Each has one of its own, and those of a later block are behind all of one before."""
    marks = [mark_of(block, one) for one in sorted(groups)]
    assert marks == sorted(set(marks))
    assert not groups or marks[-1] < mark_of(block + 1, min(groups))


@given(st.dictionaries(st.sampled_from("abc"), st.lists(GROUPS, max_size=6, unique=True)))
def test_files_are_merged_group_by_group(files: dict[str, list[Group]]) -> None:
    """Each group once, in their order, with what each file has of it."""
    counted = {name: [(one, {name: 1}) for one in sorted(groups)] for name, groups in files.items()}
    merged = list(merge_groups(counted))

    assert [one for one, _ in merged] == sorted(
        {one for groups in files.values() for one in groups}
    )
    for one, shares in merged:
        assert shares == {name: {name: 1} for name in files if one in files[name]}


def test_rows_that_many_write_are_several() -> None:
    """A link that many follow, and what all chunks but the first share; the same each time."""
    hot = [(group("hot"), {"clicks": HOT})]
    few = [(group("few"), {"clicks": 1})]
    own = {"hot": "w", "few": "w"}

    shards = {row.shard for n in range(60) for row in rows_of(hot, own, f"f{n}", 0)}
    assert len(shards) > 8
    assert {row.shard for row in rows_of(few, own, "f", 0)} == {0}
    later = rows_of(few, own, "f", 7)
    assert {row.shard for row in later if row.subject == "link/w/few"} == {0}
    assert {row.shard for row in later if row.subject == "workspace/w"} != {0}
    assert later == rows_of(few, own, "f", 7)


def test_spans_begin_where_they_should() -> None:
    """In UTC: the hour, the day, the month."""
    at = datetime(2026, 11, 23, 14, 5, 6, 7, tzinfo=UTC)

    assert begin_of("hour", at) == datetime(2026, 11, 23, 14, tzinfo=UTC)
    assert begin_of("day", at) == datetime(2026, 11, 23, tzinfo=UTC)
    assert begin_of("month", at) == datetime(2026, 11, 1, tzinfo=UTC)
