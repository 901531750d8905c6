"""`python -m tools keys list|create|revoke|rotate`: the API keys of a running Everhop.

The admin key to do it with is EVERHOP_API_KEY. Exit status: 0 done, 1 refused, 2 it could not ask.
"""

import argparse
import json
import os
from typing import Any
from urllib.parse import quote, urlencode

from tools.client import Answer, AnswerLost, CannotRun, Client, NotSent, find_key, unreachable
from tools.import_reports import tell, visible


HELP = "list, create, revoke or rotate the API keys of a running Everhop"
_DONE, _REFUSED, _COULD_NOT_ASK = 0, 1, 2
_COLUMNS = ("id", "workspace", "state", "scopes", "expires_at", "last_used_on", "name")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What each of the four takes."""
    url = f"http://127.0.0.1:{os.environ.get('EVERHOP_PORT', '').strip() or '8080'}"
    parser.add_argument("--url", default=url, help="where Everhop is (%(default)s)")
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="the keys, newest first")
    create = acts.add_parser("create", help="a new key, shown this once")
    create.add_argument("name", help="what the key is for")
    create.add_argument("--scope", action="append", choices=["read", "write", "admin"])
    for one in (listing, create):
        one.add_argument("--workspace", help="another workspace (the operator alone)")
    revoke = acts.add_parser("revoke", help="let a key open nothing any more")
    rotate = acts.add_parser("rotate", help="the key that replaces another, shown this once")
    rotate.add_argument("--overlap", type=int, metavar="SECONDS", help="both live on (86400)")
    for one in (revoke, rotate):
        one.add_argument("id", help="the key's id, as `list` shows it")
    for one in (create, rotate):
        one.add_argument("--expires-at", metavar="TIME", help="like 2027-01-01T00:00:00Z")
    for one in (listing, create, revoke, rotate):  # before the act or after it, as people type
        one.add_argument("--url", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Do it; the exit status."""
    try:
        _ACTS[options.act](Client(options.url, find_key(options.url)), options)
    except NotSent as error:
        tell(f"Nothing was done. {unreachable(options.url, error)}")
        return _COULD_NOT_ASK
    except CannotRun as error:
        tell(f"Nothing was done. {error}")
        return _COULD_NOT_ASK
    except AnswerLost as error:
        tell(f"The answer was lost ({error}); look at the list before you try again.")
        return _COULD_NOT_ASK
    except _Refused as error:
        tell(str(error))
        return _REFUSED
    return _DONE


class _Refused(Exception):
    """The server said no; the text is its reason."""


def _ask(client: Client, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
    given = {name: value for name, value in (body or {}).items() if value is not None}
    sent = None if body is None else json.dumps(given).encode()
    answer = client.request(method, path, sent, {"Content-Type": "application/json"})
    if answer.status >= 400:
        raise _Refused(answer.detail)
    return answer


def _list(client: Client, options: argparse.Namespace) -> None:
    query = {"workspace": options.workspace} if options.workspace else {}
    print("\t".join(_COLUMNS))
    while True:
        page = _ask(client, "GET", f"/keys?{urlencode(query)}").json()
        for key in page["keys"]:
            print("\t".join(_cell(key[column]) for column in _COLUMNS))
        if page["next_cursor"] is None:
            return
        query["cursor"] = page["next_cursor"]


def _cell(value: Any) -> str:
    return visible(",".join(value) if isinstance(value, list) else str(value or "-"))


def _create(client: Client, options: argparse.Namespace) -> None:
    body = {"name": options.name, "scopes": options.scope, "workspace": options.workspace}
    _show(_ask(client, "POST", "/keys", {**body, "expires_at": options.expires_at}))


def _revoke(client: Client, options: argparse.Namespace) -> None:
    _ask(client, "DELETE", f"/keys/{quote(options.id, safe='')}")
    tell("Revoked: within 60 seconds it opens nothing anywhere.")


def _rotate(client: Client, options: argparse.Namespace) -> None:
    body = {"overlap_for": options.overlap, "expires_at": options.expires_at}
    answer = _ask(client, "POST", f"/keys/{quote(options.id, safe='')}/rotate", body)
    tell(f"The old key works until {answer.json()['replaced']['expires_at']}.")
    _show(answer)


def _show(answer: Answer) -> None:
    tell("The key is shown this once; keep it safe:")
    print(answer.json()["key"])


_ACTS = {"list": _list, "create": _create, "revoke": _revoke, "rotate": _rotate}
