"""Has the stage's cache of API Gateway make answers anew, one key at a time.

Who may say so asks for the address with `Cache-Control: max-age=0`, signed by a role with
`execute-api:InvalidateCache`. The key is that of the edge's request without a query: what comes
with one, the edge asks for where no stage keeps it.
Whether a signature counts at a method that needs none was not tried on AWS: an answer from before
the request is told of.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ssl import create_default_context
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


AT_ONCE = 8  # requests: each takes a call of the app's function from visitors
TIMEOUT = 3.0  # seconds
MOST_SILENT = 3  # requests without an answer, one after the other
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
        """Ask anew for all that visitors are shown, some at once, each line by its connection."""
        del unsure  # the answers are made of what is below, whatever that is
        purged = Purged()
        wanted = [(it.key, path) for it in changes for path in _paths(it)]
        lines = [wanted[at::AT_ONCE] for at in range(min(AT_ONCE, len(wanted)))]
        if lines:
            with ThreadPoolExecutor(len(lines)) as pool:
                for line in pool.map(self._go_through, lines):
                    purged.add(line)
        return purged

    def _go_through(self, line: Sequence[tuple[str, str]]) -> Purged:
        """One path after the other; who was silent so often is not asked for the rest."""
        purged, silent = Purged(), 0
        with closing(_connect(self._stage.url)) as connection:
            for key, path in line:
                how = True if silent >= MOST_SILENT else self._try(connection, path)
                silent = silent + 1 if how else 0
                if how is not None:
                    (purged.failed if how else purged.ignored).add(key)
        return purged

    def _try(self, connection: HTTPConnection, path: str) -> bool | None:
        """None when it is done; True when nobody answered, False when what was kept was told."""
        asked_at = self._clock() - _CLOCKS_DIFFER
        try:
            said = [self._ask(connection, path, it) for it in self._stage.secrets or ("",)]
        except (OSError, HTTPException):
            connection.close()  # it opens by itself at the next request
            return True
        if any(status >= 500 or status == 403 for status, _ in said):
            return True
        return False if any(is_before(stamp, asked_at) for _, stamp in said) else None

    def _ask(self, connection: HTTPConnection, path: str, secret: str) -> tuple[int, str]:
        url = self._stage.url + path
        connection.request("GET", urlsplit(url).path, headers=dict(self._headers(url, secret)))
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


def _connect(url: str) -> HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme == "https":
        return HTTPSConnection(parts.netloc, timeout=TIMEOUT, context=_trust())
    return HTTPConnection(parts.netloc, timeout=TIMEOUT)


# Once: to read whom to trust takes longer than a request.
_trust = cache(create_default_context)


def _paths(change: Change) -> Iterator[str]:
    if change.what in _UNSEEN:
        return
    segment = quote(change.key, safe="")
    yield f"/r/{segment}"
    # The edge, too, is told of a preview only then: it shows an edit within the budget.
    if change.what == "taken_down":
        yield f"/r/{segment}{PREVIEW}"


def is_before(stamp: str, asked_at: datetime) -> bool:
    """Whether an answer says that it was made earlier than that."""
    try:
        return datetime.fromisoformat(stamp) < asked_at
    except ValueError:
        return False
