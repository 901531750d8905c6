"""Parts of an answer, as `Range` asks for them: one, several as multipart/byteranges, or none."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from local.edge.messages import Headers, Response, copy_headers, put, reason_of, value_of


MOST = 10  # at once; who asks for more gets the whole, which is a right answer too
_SEVERAL = re.compile(r"bytes=([\d\s,-]{1,400})", re.ASCII)
_ONE = re.compile(r"(\d{0,15})-(\d{0,15})", re.ASCII)
Span = tuple[int, int]  # the first and the last byte


def part_of(response: Response, wanted: str) -> Response:
    """What a `Range` with this value gets of a whole answer; the whole where that says nothing."""
    total = len(response.body)
    spans = spans_of(wanted, total)
    if spans is None:
        return response
    headers = copy_headers(response.headers)
    if not spans:
        put(headers, "Content-Range", f"bytes */{total}")
        return Response(416, headers, b"", reason_of(416))
    if len(spans) == 1:
        ((first, last),) = spans
        put(headers, "Content-Range", f"bytes {first}-{last}/{total}")
        return _partial(response, headers, response.body[first : last + 1])
    return _several(response, headers, spans)


def spans_of(wanted: str, total: int) -> list[Span] | None:
    """The parts that there are of those that are asked for, in their order; None for the whole."""
    found = _SEVERAL.fullmatch(wanted.strip())
    asked = [_ONE.fullmatch(one.strip()) for one in found[1].split(",")] if found else [None]
    spans = []
    for one in asked:
        if one is None or not (one[1] or one[2]):
            return None
        if one[1] and one[2] and int(one[2]) < int(one[1]):
            return None
        first = int(one[1]) if one[1] else max(total - int(one[2]), 0)
        last = min(int(one[2]), total - 1) if one[1] and one[2] else total - 1
        if first < total:
            spans.append((first, last))
    return None if len(asked) > MOST or _overlap(spans) else spans


def _overlap(spans: Sequence[Span]) -> bool:
    # Else a few bytes of a header could ask for the same megabytes ten times.
    ordered = sorted(spans)
    return any(after[0] <= before[1] for before, after in pairwise(ordered))


def _several(response: Response, headers: Headers, spans: Sequence[Span]) -> Response:
    boundary = secrets.token_hex(16)
    kind = value_of(headers, "content-type") or "application/octet-stream"
    parts = [
        f"--{boundary}\r\nContent-Type: {kind}\r\n"
        f"Content-Range: bytes {first}-{last}/{len(response.body)}\r\n\r\n".encode()
        + response.body[first : last + 1]
        + b"\r\n"
        for first, last in spans
    ]
    put(headers, "Content-Type", f"multipart/byteranges; boundary={boundary}")
    return _partial(response, headers, b"".join(parts) + f"--{boundary}--\r\n".encode())


def _partial(response: Response, headers: Headers, body: bytes) -> Response:
    return replace(response, status=206, reason=reason_of(206), headers=headers, body=body)
