"""CloudFront's logs, in the formats that it documents and has ever delivered."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.access_logs import (
    BadFile,
    LineReader,
    Problems,
    inflate,
    layout_of,
    split_lines,
    text_of,
)
from local.edge.access_logs import FIELDS


# As AWS shows them in its documentation: 33 fields, IPv6 and an error among them.
NEW = """#Version: 1.0
#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end
2019-12-04	21:02:31	LAX1	392	192.0.2.100	GET	d111111abcdef8.cloudfront.net	/index.html	200	-	Mozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)%20AppleWebKit/537.36%20(KHTML,%20like%20Gecko)%20Chrome/78.0.3904.108%20Safari/537.36	-	-	Hit	SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==	d111111abcdef8.cloudfront.net	https	23	0.001	-	TLSv1.2	ECDHE-RSA-AES128-GCM-SHA256	Hit	HTTP/2.0	-	-	11040	0.001	Hit	text/html	78	-	-
2019-12-13	22:36:27	SEA19-C1	900	192.0.2.200	GET	d111111abcdef8.cloudfront.net	/favicon.ico	502	http://www.example.com/	Mozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)	-	-	Error	1pkpNfBQ39sYMnjjUQjmH2w1wdJnbHYTbag21o_3OfcQgPzdL2RSSQ==	www.example.com	http	675	0.102	-	-	-	Error	HTTP/1.1	-	-	25260	0.102	OriginDnsError	text/html	507	-	-
2019-12-13	22:37:02	SEA19-C2	900	2001:db8::1	GET	d111111abcdef8.cloudfront.net	/	502	-	curl/7.55.1	-	-	Error	kBkDzGnceVtWHqSCqBUqtA_cEs2T3tFUBbnBNkB9El_uVRhHgcZfcw==	www.example.com	http	387	0.103	-	-	-	Error	HTTP/1.1	-	-	12644	0.103	OriginDnsError	text/html	507	-	-
"""
# Fields as they were before 2014, and a query and cookie; the agent is encoded twice, as then.
OLD = """#Version: 1.0
#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query
2014-05-23	01:13:11	FRA2	182	192.0.2.10	GET	d111111abcdef8.cloudfront.net	/view	302	www.displaymyfiles.com	Mozilla/4.0%2520(compatible;%2520MSIE%25205.0b1;%2520Mac_PowerPC)	-
2014-05-23	01:13:12	LAX1	2390282	192.0.2.202	GET	d111111abcdef8.cloudfront.net	/soundtrack	304	www.unknownsingers.com	Mozilla/4.0%2520(compatible;%2520MSIE%25207.0)	a=b&c=d
"""
JSON = {
    "date": "2024-11-14",
    "time": "22:34:06",
    "x-edge-location": "SOF50-P2",
    "asn": "16509",
    "timestamp(ms)": "1731620046814",
    "c-ip": "192.0.2.7",
    "cs-method": "GET",
    "cs-uri-stem": "/abc",
    "sc-status": "302",
    "cs(Referer)": "-",
    "cs(User-Agent)": "Mozilla/5.0",
    "c-country": "DE",
    "sc-content-type": "text/plain",
}


def read(text: str) -> tuple[list[tuple[str, ...]], Problems]:
    problems = Problems()
    requests = LineReader(problems).read(text.encode().split(b"\n"))
    return [tuple(map(text_of, one)) for one in requests], problems


def test_the_documented_lines_are_read() -> None:
    """Each of 33 fields, with an address of either kind, and no problem."""
    requests, problems = read(NEW)

    assert problems == {}
    assert [one[:5] for one in requests] == [
        ("2019-12-04", "21:02:31", "GET", "/index.html", "200"),
        ("2019-12-13", "22:36:27", "GET", "/favicon.ico", "502"),
        ("2019-12-13", "22:37:02", "GET", "/", "502"),
    ]
    assert requests[1][5] == "http://www.example.com/"
    assert requests[2][6:] == ("curl/7.55.1", "-", "-", "-", "text/html")


def test_older_lines_have_fewer_fields() -> None:
    """Twelve in the first years; what is not there is `-`."""
    requests, problems = read(OLD)

    assert problems == {}
    assert requests[1] == (
        *("2014-05-23", "01:13:12", "GET", "/soundtrack", "304", "www.unknownsingers.com"),
        *("Mozilla/4.0%2520(compatible;%2520MSIE%25207.0)", "a=b&c=d", "-", "-", "-"),
    )


def test_fields_are_where_the_header_says() -> None:
    """In any order and number, at the end too; a second header begins another layout."""
    text = (
        "#Version: 1.0\n#Fields: sc-status\tcs-uri-stem\tcs-method\ttime\tdate\tasn\tc-country\n"
        "302\t/a\tGET\t10:00:00\t2026-01-02\t1\tDE\n"
        "#Fields: date time cs-method cs-uri-stem sc-status x y z c-country cs-uri-query\n"
        "2026-01-03\t11:00:00\tGET\t/b\t301\t-\t-\t-\tFR\tq=1\n"
    )
    requests, problems = read(text)

    assert problems == {}
    assert requests == [
        ("2026-01-02", "10:00:00", "GET", "/a", "302", "-", "-", "-", "DE", "-", "-"),
        ("2026-01-03", "11:00:00", "GET", "/b", "301", "-", "-", "q=1", "FR", "-", "-"),
    ]


def test_lines_of_many_kinds_are_read_in_their_order() -> None:
    """Usual ones, those of other fields, JSON and bad ones, and usual ones after those."""
    usual, other = OLD.split("\n")[1], "#Fields: time date cs-method cs-uri-stem sc-status"
    long = [line for line in NEW.split("\n") if line]
    mixed = [long[1], long[2], "bad", "#", other, "10:00:00\t2026-01-02\tGET\t/a\t302", "a\tb"]
    mixed += [json.dumps(JSON), long[1], "", long[3], usual, OLD.split("\n")[2]]
    requests, problems = read("\n".join(mixed))

    assert [one[3] for one in requests] == ["/index.html", "/a", "/abc", "/favicon.ico", "/view"]
    assert problems == {"fields": 2}


@pytest.mark.parametrize("fields", [FIELDS[:14], FIELDS[:33], FIELDS], ids=len)
def test_a_line_that_is_cut_off_is_read_as_far_as_a_click_needs(fields: list[str]) -> None:
    """With the first twelve fields and one more it is a request, and with fewer a problem."""
    header, whole = f"#Fields: {' '.join(fields)}", [f"v{n}" for n in range(len(fields))]
    for count in range(1, len(fields) + 1):
        requests, problems = read("\n".join([header, "\t".join(whole[:count])]))
        if count <= 12:
            assert (requests, problems) == ([], {"fields": 1})
        else:
            assert [one[:8] for one in requests] == [
                ("v0", "v1", "v5", "v7", "v8", "v9", "v10", "v11")
            ]
            assert problems == {}
    assert requests[0][8] == ("v33" if "c-country" in fields else "-")


def test_what_is_no_utf_8_is_replaced_and_costs_nothing_else() -> None:
    """Its line is read, and so are those around it."""
    line = OLD.split("\n")[2].encode().replace(b"/view", b"/v\xff\xc3")
    (request,) = LineReader(Problems()).read([OLD.split("\n")[1].encode(), line])

    assert text_of(request[3]) == "/v\ufffd\ufffd"


def test_without_a_header_the_fields_are_those_of_v1() -> None:
    """As v2 delivers them in its format `plain`."""
    requests, problems = read("\n".join(NEW.split("\n")[2:]))

    assert (len(requests), problems) == (3, {})


def test_json_has_an_object_a_line() -> None:
    """With the fields that were chosen, as text; what is none costs its line."""
    lines = [json.dumps(JSON), "{", json.dumps({**JSON, "sc-status": None}), json.dumps([1])]
    requests, problems = read("\n".join(lines))

    assert requests == [
        (
            "2024-11-14",
            "22:34:06",
            "GET",
            "/abc",
            "302",
            "-",
            "Mozilla/5.0",
            "-",
            "DE",
            "-",
            "text/plain",
        )
    ]
    assert problems == {"json": 1, "fields": 2}


def test_a_file_without_what_a_click_needs_is_refused() -> None:
    """Its header says so before any line is read."""
    with pytest.raises(BadFile, match="lack sc-status"):
        layout_of("date time cs-method cs-uri-stem".split())


VALUES = st.text(st.characters(exclude_characters="\t\n", exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.lists(VALUES, min_size=34, max_size=34), max_size=5), st.permutations(FIELDS))
def test_every_line_is_read_as_a_dict_reader_would(
    rows: list[list[str]], fields: list[str]
) -> None:
    """Whatever is in the fields, and in whatever order the header names them."""
    lines = ["\t".join(row) for row in rows]
    header = f"#Fields: {' '.join(fields)}"
    requests, problems = read("\n".join([header, *lines]))
    wanted = "date time cs-method cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query c-country"
    plain = [dict(zip(fields, row, strict=True)) for row in rows if not row[0].startswith("#")]
    expected = [
        (*(row[name] for name in wanted.split()), "-", row["sc-content-type"]) for row in plain
    ]

    # A first field with a # is a comment, as in no log: all others are lines.
    assert requests == expected
    assert problems == {}


@given(st.text(max_size=200))
def test_no_line_stops_the_reader(text: str) -> None:
    """What is no line of a log is a problem, and never an error; but for a header without fields."""
    text = text.replace("#", "")
    requests, problems = read(text)

    assert len(requests) + sum(problems.values()) <= len(text.split("\n"))


@given(st.lists(st.binary(max_size=50), max_size=20), st.integers(1, 40))
def test_pieces_of_any_size_make_the_same_lines(parts: list[bytes], size: int) -> None:
    """However a file is cut on its way, also when it is several in one."""
    whole = b"".join(parts)
    packed = b"".join(map(gzip.compress, parts)) or gzip.compress(b"")
    pieces = [packed[at : at + size] for at in range(0, len(packed), size)]

    assert b"".join(inflate(pieces)) == whole
    joined = [line for some in split_lines(inflate(pieces)) for line in some]
    expected = whole.split(b"\n")
    assert joined == (expected if expected[-1] else expected[:-1])
