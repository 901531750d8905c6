"""CloudFront's own API for invalidations, as far as it goes: create one, look at it, list them.

REST and XML as any client of AWS speaks it, botocore too (AWS_ENDPOINT_URL_CLOUDFRONT). What is
created is done at every place when the answer comes. Mounted by the stack:

    start_server(invalidation_handler("ELOCALEVERHOP", Places(channels)), listener)
"""

import asyncio
import http.client
import itertools
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from xml.etree import ElementTree as ET

from aiohttp import web

from local.controls import Channel, ControlError, ask
from local.edge.invalidations import is_path
from local.edge.purges import INVALIDATE
from local.servers import Handler


DISTRIBUTION = "ELOCALEVERHOP"
MOST_PATHS = 3000
_SPACE = "http://cloudfront.amazonaws.com/doc/2020-05-31/"
_PATH = re.compile(r"/2020-05-31/distribution/([^/]+)/invalidation(?:/([^/]+))?")
# Has every place forget these paths; OSError, HTTPException or ControlError when one does not.
Forget = Callable[[Sequence[str]], Awaitable[None]]


class ApiError(Exception):
    """What CloudFront refuses: its status, its code and a sentence."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code = status, code


class Invalidation(NamedTuple):
    """One that was created."""

    id: str
    reference: str
    paths: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Places:
    """A `Forget` over the running places; `channels` says where they take commands now."""

    channels: Callable[[], Mapping[str, Channel]]

    async def __call__(self, paths: Sequence[str]) -> None:
        """Tell all of them at once. One that is not there has nothing kept."""
        words = {"paths": list(paths)}
        tells = [asyncio.to_thread(_tell, it, words) for it in self.channels().values()]
        await asyncio.gather(*tells)


def _tell(channel: Channel, words: Mapping[str, object]) -> None:
    try:
        ask(channel, INVALIDATE, words)
    except ConnectionRefusedError:
        return


def invalidation_handler(distribution: str, forget: Forget) -> Handler:
    """Answers for the one distribution that there is."""
    api = _Api(distribution, forget)

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await api.answer(request)
        except ApiError as error:
            return _xml(error.status, _error(error))

    return handle


class _Api:
    def __init__(self, distribution: str, forget: Forget) -> None:
        self._distribution, self._forget = distribution, forget
        self._made: dict[str, Invalidation] = {}  # by reference
        self._numbers = itertools.count(1)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        match = _PATH.fullmatch(request.path)
        if match is None:
            raise ApiError(404, "NoSuchResource", "Only invalidations are known here.")
        if match[1] != self._distribution:
            raise ApiError(404, "NoSuchDistribution", "The distribution does not exist.")
        if not request.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 "):
            raise ApiError(403, "MissingAuthenticationToken", "The request is not signed.")
        if request.method == "POST" and match[2] is None:
            return await self._create(await request.read(), str(request.path))
        if request.method == "GET":
            return self._show(match[2]) if match[2] else self._list()
        raise ApiError(405, "MethodNotAllowed", "Ask with GET or POST.")

    async def _create(self, body: bytes, path: str) -> web.Response:
        reference, paths = _read(body)
        there = self._made.get(reference)
        if there is not None and there.paths != paths:
            raise ApiError(400, "InvalidArgument", "This reference is another batch's.")
        if there is None:
            try:
                await self._forget(paths)
            except (OSError, http.client.HTTPException, ControlError) as error:
                raise ApiError(503, "ServiceUnavailable", f"A place failed: {error}.") from None
            number = next(self._numbers)
            made = Invalidation(f"I{number:013d}", reference, paths, datetime.now(UTC))
            there = self._made.setdefault(reference, made)
        return _xml(201, _invalidation(there), {"Location": f"{path}/{there.id}"})

    def _show(self, wanted: str) -> web.Response:
        for made in self._made.values():
            if made.id == wanted:
                return _xml(200, _invalidation(made))
        raise ApiError(404, "NoSuchInvalidation", "There is no such invalidation.")

    def _list(self) -> web.Response:
        root = ET.Element("InvalidationList", xmlns=_SPACE)
        _put(root, Marker="", MaxItems="100", IsTruncated="false", Quantity=str(len(self._made)))
        items = ET.SubElement(root, "Items")
        for made in reversed(self._made.values()):
            one = ET.SubElement(items, "InvalidationSummary")
            _put(one, Id=made.id, CreateTime=_time(made), Status="Completed")
        return _xml(200, root)


def _read(body: bytes) -> tuple[str, tuple[str, ...]]:
    try:
        root = ET.fromstring(body)  # noqa: S314 - of this machine's own clients
    except ET.ParseError:
        raise ApiError(400, "MalformedXML", "The body is no XML.") from None
    names = {"of": _SPACE}
    reference = root.findtext("of:CallerReference", "", names)
    paths = tuple(it.text or "" for it in root.iterfind("of:Paths/of:Items/of:Path", names))
    if root.findtext("of:Paths/of:Quantity", "", names) != str(len(paths)):
        raise ApiError(400, "InconsistentQuantities", "Quantity is not the number of paths.")
    if not reference or not paths:
        raise ApiError(400, "InvalidArgument", "A batch has a CallerReference and paths.")
    if len(paths) > MOST_PATHS:
        raise ApiError(413, "BatchTooLarge", f"A batch has {MOST_PATHS} paths at the most.")
    wrong = [it for it in paths if not is_path(it)]
    if wrong:
        raise ApiError(400, "InvalidArgument", "Your request contains one or more invalid paths.")
    return reference, paths


def _invalidation(made: Invalidation) -> ET.Element:
    root = ET.Element("Invalidation", xmlns=_SPACE)
    _put(root, Id=made.id, Status="Completed", CreateTime=_time(made))
    batch = ET.SubElement(root, "InvalidationBatch")
    paths = ET.SubElement(batch, "Paths")
    _put(paths, Quantity=str(len(made.paths)))
    items = ET.SubElement(paths, "Items")
    for path in made.paths:
        ET.SubElement(items, "Path").text = path
    _put(batch, CallerReference=made.reference)
    return root


def _error(error: ApiError) -> ET.Element:
    root = ET.Element("ErrorResponse", xmlns=_SPACE)
    kind = "Sender" if error.status < 500 else "Receiver"
    _put(ET.SubElement(root, "Error"), Type=kind, Code=error.code, Message=str(error))
    _put(root, RequestId="local")
    return root


def _put(parent: ET.Element, **texts: str) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, name).text = text


def _time(made: Invalidation) -> str:
    return made.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _xml(status: int, root: ET.Element, headers: Mapping[str, str] | None = None) -> web.Response:
    body = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return web.Response(status=status, body=body, content_type="text/xml", headers=headers)
