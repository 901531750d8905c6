"""Ranges: the parts that are asked for, byte for byte, and never more work than the whole."""

from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.edge.messages import Response, headers_from, value_of
from local.edge.ranges import MOST, part_of, spans_of


BODY = bytes(range(100))
WHOLE = Response(200, headers_from([("Content-Type", "text/css"), ("ETag", '"a"')]), BODY)


def parts(response: Response) -> list[tuple[str, bytes]]:
    """Each part's Content-Range and bytes, as a library for mail reads them."""
    head = f"Content-Type: {value_of(response.headers, 'content-type')}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + response.body)
    assert message.is_multipart()
    assert {str(one.get_content_type()) for one in message.get_payload()} == {"text/css"}
    return [
        (str(one["Content-Range"]), one.get_payload(decode=True)) for one in message.get_payload()
    ]


@pytest.mark.parametrize(
    ("wanted", "spans"),
    [
        ("bytes=0-9", [(0, 9)]),
        ("bytes=-5", [(95, 99)]),
        ("bytes=-500", [(0, 99)]),
        ("bytes=90-", [(90, 99)]),
        ("bytes=0-0, 50-60 ,-1", [(0, 0), (50, 60), (99, 99)]),
        ("bytes=60-70,0-9", [(60, 70), (0, 9)]),
        ("bytes=0-9,500-600", [(0, 9)]),
        ("bytes=100-", []),
        ("bytes=100-,200-300", []),
        ("bytes=0-9,5-20", None),
        ("bytes=0-,0-,0-", None),
        ("bytes=0-9,9-1", None),
        ("bytes=0-9,", None),
        ("bytes=-", None),
        ("bytes=a", None),
        ("items=0-9", None),
        ("bytes=" + ",".join(f"{n}-{n}" for n in range(MOST + 1)), None),
        ("bytes=" + "0" * 5000, None),
    ],
    ids=lambda value: str(value)[:24],
)
def test_spans(wanted, spans):
    assert spans_of(wanted, 100) == spans


def test_several_parts_are_read_as_such():
    answer = part_of(WHOLE, "bytes=0-9,50-59,-1")
    assert (answer.status, value_of(answer.headers, "etag")) == (206, '"a"')
    assert "content-range" not in answer.headers
    assert [said for said, _ in parts(answer)] == [
        "bytes 0-9/100",
        "bytes 50-59/100",
        "bytes 99-99/100",
    ]
    for _, one in parts(answer)[:2]:
        assert one in BODY
    assert value_of(WHOLE.headers, "content-type") == "text/css"  # what is kept stays as it is


def test_one_part_and_none():
    one = part_of(WHOLE, "bytes=10-19")
    assert (one.status, one.body) == (206, BODY[10:20])
    assert value_of(one.headers, "content-range") == "bytes 10-19/100"
    none = part_of(WHOLE, "bytes=100-")
    assert (none.status, none.body) == (416, b"")
    assert value_of(none.headers, "content-range") == "bytes */100"


@given(st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120)), min_size=1, max_size=12))
def test_no_header_makes_more_than_the_whole(pairs):
    answer = part_of(WHOLE, "bytes=" + ",".join(f"{a}-{b}" for a, b in pairs))
    spans = spans_of("bytes=" + ",".join(f"{a}-{b}" for a, b in pairs), 100) or []
    assert sum(last - first + 1 for first, last in spans) <= 100
    assert answer.status in (200, 206, 416)
