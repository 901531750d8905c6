"""Has the stage's cache of API Gateway make answers anew, one key at a time.

Who may say so asks for the address with `Cache-Control: max-age=0`, signed by a role with
`execute-api:InvalidateCache`. The key is that of the edge's request without a query: the queries
that visitors came with are not known, and their answers end with the tier's share of the budget.
Whether a signature counts at a method that needs none was not tried on AWS: an answer from before
the request is told of.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from chalicelib.core.changes import Change, Purged
from chalicelib.core.freshness import GENERATED_AT
from chalicelib.core.origin_proofs import prove
from chalicelib.core.short_paths import PREVIEW
from chalicelib.core.visitors import PROOF, RAW_QUERY
from chalicelib.service.ports import Clock


AT_ONCE = 8
TIMEOUT = 3.0  # seconds
SERVICE = "execute-api"
_CLOCKS_DIFFER = timedelta(seconds=1)
_UNSEEN = ("unseen", "swept")


class ApiStage(NamedTuple):
    """A region's API, like https://abc.execute-api.us-east-1.amazonaws.com/api, and its secrets."""

    url: str
    region: str
    secrets: tuple[str, ...]  # what the edge proves itself with, the newest first


class ApiPurge:
    """A `Purge` of one region's stage."""

    def __init__(
        self, stage: ApiStage, find_credentials: Callable[[], Credentials], clock: Clock
    ) -> None:
        self._stage = stage
        self._find_credentials = find_credentials
        self._clock = clock

    def __call__(self, changes: Sequence[Change], unsure: frozenset[str]) -> Purged:
        """Ask anew for all that visitors are shown, as quickly as a few at once can."""
        del unsure  # the answers are made of what is below, whatever that is
        purged = Purged()
        wanted = [(it.key, path) for it in changes for path in _paths(it)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for (key, _), how in zip(wanted, pool.map(self._try, wanted), strict=True):
                if how is not None:
                    (purged.failed if how else purged.ignored).add(key)
        return purged

    def _try(self, wanted: tuple[str, str]) -> bool | None:
        """None when it is done; True when nobody answered, False when what was kept was told."""
        asked_at = self._clock() - _CLOCKS_DIFFER
        try:
            said = [self._ask(wanted[1], secret) for secret in self._stage.secrets or ("",)]
        except (OSError, HTTPException):
            return True
        if any(status >= 500 or status == 403 for status, _ in said):
            return True
        return False if any(is_before(stamp, asked_at) for _, stamp in said) else None

    def _ask(self, path: str, secret: str) -> tuple[int, str]:
        url = self._stage.url + path
        parts = urlsplit(url)
        with closing(_connect(parts.scheme, parts.netloc)) as connection:
            headers = dict(self._headers(url, secret))
            connection.request("GET", parts.path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.getheader(GENERATED_AT, "")

    def _headers(self, url: str, secret: str) -> Iterator[tuple[str, str]]:
        request = AWSRequest("GET", url, headers={"Cache-Control": "max-age=0", RAW_QUERY: ""})
        if secret:
            request.headers[PROOF] = prove(secret, self._clock().timestamp())
        credentials = self._find_credentials()
        SigV4Auth(credentials, SERVICE, self._stage.region).add_auth(request)
        return ((name, str(value)) for name, value in request.headers.items())


def _connect(scheme: str, place: str) -> HTTPConnection:
    kind = HTTPSConnection if scheme == "https" else HTTPConnection
    return kind(place, timeout=TIMEOUT)


def _paths(change: Change) -> Iterator[str]:
    if change.what in _UNSEEN:
        return
    segment = quote(change.key, safe="")
    yield f"/r/{segment}"
    if change.what != "made":
        yield f"/r/{segment}{PREVIEW}"


def is_before(stamp: str, asked_at: datetime) -> bool:
    """Whether an answer says that it was made earlier than that."""
    try:
        return datetime.fromisoformat(stamp) < asked_at
    except ValueError:
        return False
