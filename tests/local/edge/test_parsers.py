"""What the edge's door reads: HTTP/1.1 as it is written, and nothing that could be read two ways."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.edge.messages import value_of
from local.edge.parsers import Chunks, Refused, check_begun, parse_head


HEAD = b"GET /abc?x=1 HTTP/1.1\r\nHost: sho.rt"


def test_a_plain_request_is_read_as_it_was_written():
    head = parse_head(HEAD + b"\r\nX-Odd:  a b \r\nx-odd: c\r\nConnection: close")
    assert (head.method, head.target, head.length) == ("GET", "/abc?x=1", 0)
    assert value_of(head.headers, "x-odd") == "a b, c"
    assert head.headers["x-odd"][0]["key"] == "X-Odd"
    assert "connection" not in head.headers
    assert not head.keep_alive


@pytest.mark.parametrize(
    "more",
    [
        b"Content-Length: 3\r\nContent-Length: 3",
        b"Content-Length: 3\r\nContent-Length: 4",
        b"Content-Length: 3, 3",
        b"Content-Length: +3",
        b"Content-Length: 0x3",
        b"Content-Length: -1",
        b"Content-Length: ",
        b"Content-Length: 3\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: gzip",
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding: chunked\x0b",
        b"X: a\n\r\nY: b",
        b"X: a\nTransfer-Encoding: chunked",
        b"X: a\rTransfer-Encoding: chunked",
        b"X: a\x00",
        b"X a: b",
        b" folded",
        b"X: a\r\n folded",
        b": empty",
        b"none",
        b"Host: other.example",
        b"H\xc3\xb6st: x",
    ],
)
def test_odd_framing_is_refused(more):
    """Each of these has been used to smuggle a second request past a proxy."""
    with pytest.raises(Refused) as caught:
        parse_head(HEAD + b"\r\n" + more)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET  /abc HTTP/1.1", 400),
        (b"GET /a bc HTTP/1.1", 400),
        (b"GET\t/abc HTTP/1.1", 400),
        (b" GET /abc HTTP/1.1", 400),
        (b"GET /abc", 400),
        (b"GET /abc HTTP/2.0", 505),
        (b"GET /abc HTTP/1.10", 400),
        (b"GET http://sho.rt/abc HTTP/1.1", 400),
        (b"OPTIONS * HTTP/1.1", 400),
        (b"CONNECT sho.rt:80 HTTP/1.1", 400),
        (b"G(T /abc HTTP/1.1", 400),
        (b"GET /" + b"a" * 8192 + b" HTTP/1.1", 414),
    ],
)
def test_odd_first_lines_are_refused(line, status):
    with pytest.raises(Refused) as caught:
        parse_head(line + b"\r\nHost: sho.rt")
    assert caught.value.status == status


TLS = bytes.fromhex("1603010200010001fc0303") + b"a" * 200


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(TLS, id="tls"),
        b"GET /abc HTTP/1.1\nHost: h\n\n",
        b"GET /abc HTTP/1.1\n",
        b"GET /abc HTTP/1.1\rHost: h",
        b"GET /abc HTTP/1.1\r\nHost: h\n",
        b"GET /abc\r\n",
        b"GET /abc HTTP/1.1 \r\n",
        b"G(T /abc",
        b"\x00",
        b"\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"a" * 33,
    ],
)
def test_what_can_be_no_request_any_more_is_refused_before_it_ends(raw):
    with pytest.raises(Refused) as caught:
        check_begun(raw)
    assert caught.value.status == 400


def test_every_beginning_of_a_request_is_waited_for():
    raw = HEAD + b"\r\nX-Odd: caf\xc3\xa9 \r\n\r"
    for end in range(len(raw) + 1):
        check_begun(raw[:end])


@pytest.mark.parametrize(
    "host", [b"", b"\r\nHost:", b"\r\nHost: a b", b"\r\nHost: a/b", b"\r\nHost: u@h"]
)
def test_a_request_has_one_host(host):
    with pytest.raises(Refused):
        parse_head(b"GET / HTTP/1.1" + host)


def test_bytes_beyond_ascii_are_encoded_once():
    assert parse_head("GET /spaß HTTP/1.1\r\nHost: h".encode()).target == "/spa%C3%9F"
    assert parse_head(b"GET /%25a HTTP/1.1\r\nHost: h").target == "/%25a"
    latin = parse_head(b"GET / HTTP/1.1\r\nHost: h\r\nX: \xff").headers
    assert value_of(latin, "x") == "ÿ"


def test_hop_by_hop_headers_and_cloudfronts_own_go_no_further():
    more = b"Keep-Alive: 1\r\nUpgrade: h2c\r\nX-Amz-Cf-Id: x\r\nX-Edge-Location: y\r\nX-Real-IP: 1.2.3.4"
    assert set(parse_head(HEAD + b"\r\n" + more).headers) == {"host"}


@settings(max_examples=100)
@given(st.lists(st.binary(min_size=1, max_size=40), max_size=5), st.data())
def test_chunks_are_the_same_however_they_arrive(parts, data):
    raw = b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in parts) + b"0\r\n\r\n" + b"next"
    chunks, left = Chunks(), b""
    while raw:
        size = data.draw(st.integers(1, len(raw)))
        left += raw[:size] if chunks.done else chunks.feed(raw[:size])
        raw = raw[size:]
    assert (bytes(chunks.body), left) == (b"".join(parts), b"next")


@pytest.mark.parametrize(
    "raw",
    [
        b"3;a=b\r\nabc\r\n",
        b"-1\r\n",
        b"0x3\r\nabc\r\n",
        b" 3\r\nabc\r\n",
        b"3\nabc\r\n0\r\n\r\nmore more more",
        b"3\r\nabcd\r\n",
        b"fffffffff\r\n",
        b"0\r\nX: y\r\n\r\n",
        b"\r\n",
    ],
)
def test_odd_chunks_are_refused(raw):
    with pytest.raises(Refused):
        Chunks().feed(raw)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_no_bytes_are_an_error_of_ours(raw):
    statuses = []
    with contextlib.suppress(Refused):
        try:
            parse_head(raw)
        except Refused as refused:
            statuses.append(refused.status)
            raise
    assert set(statuses) <= {400, 413, 414, 505}
