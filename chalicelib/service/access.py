"""Who a key's text opens the door for.

What is read of a key is trusted for FRESH_FOR, so a revoked key dies within that time in the
region that is its home, and within that and the table's replication (seconds) in the others: the
promise is 60 s. A key that was not there is remembered for a shorter time.
"""

from datetime import datetime, time, timedelta

from chalicelib.core.access import (
    BOOTSTRAP,
    OPERATOR,
    SCOPES,
    Access,
    is_key,
    is_secret,
    read_key,
)
from chalicelib.core.errors import Unauthorized
from chalicelib.core.keys import ApiKey, state_of_key
from chalicelib.core.times import format_time
from chalicelib.service.memos import Memo
from chalicelib.service.ports import Clock, KeyStore
from chalicelib.service.threads import wait_briefly


FRESH_FOR = timedelta(seconds=30)
MISSING_FOR = timedelta(seconds=5)
REMEMBERED = 1000
NOTE_AGAIN = timedelta(minutes=10)
_NO_SALT, _NO_SEAL = "", "0" * 64

UNKNOWN = "This API key is not known here."
MISTYPED = "This is not a whole API key; check that all of it was copied."
NO_KEY_YET = "This deployment has no API key yet; set EVERHOP_API_KEY_HASH."


class Gate:
    """Opens a workspace to those who have a key. The bootstrap key needs no store."""

    def __init__(self, keys: KeyStore, bootstrap_digest: str, clock: Clock) -> None:
        self._keys = keys
        self._bootstrap_digest = bootstrap_digest
        # The wall's clock, as a frozen Lambda's monotonic one may not count while it is frozen.
        self._clock = clock
        self._known: Memo[ApiKey] = Memo(FRESH_FOR, REMEMBERED)
        # Apart, so that made-up keys can't push known ones out.
        self._missing: Memo[bool] = Memo(MISSING_FOR, REMEMBERED)
        self._next_note: Memo[datetime] = Memo(timedelta(days=1), REMEMBERED)

    def admit(self, text: str) -> Access:
        """What this key opens; Unauthorized when nothing, Unavailable when that can't be told."""
        if self._bootstrap_digest and is_key(text, self._bootstrap_digest):
            return Access(OPERATOR, BOOTSTRAP, SCOPES)
        parts = read_key(text)
        if parts is None:
            raise Unauthorized(MISTYPED if self._bootstrap_digest else NO_KEY_YET)
        now = self._clock()
        key = self._find(parts.id, now)
        # An unknown id is proven against nothing in particular: it must take as long as a known.
        salt, seal = (key.salt, key.seal) if key else (_NO_SALT, _NO_SEAL)
        proven = is_secret(parts.secret, salt, seal)
        if key is None or not proven:
            raise Unauthorized(UNKNOWN)
        _check_live(key, now)
        self._note_use(key, now)
        return Access(key.workspace, key.id, key.scopes)

    def forget(self, key_id: str) -> None:
        """Read this key anew at its next use: it was changed here."""
        self._known.forget(key_id)
        self._missing.forget(key_id)

    def _find(self, key_id: str, now: datetime) -> ApiKey | None:
        key = self._known.get(key_id, now)
        if key is not None or self._missing.get(key_id, now):
            return key
        key = self._keys.get(key_id)
        if key is None:
            self._missing.put(key_id, True, now)
        else:
            self._known.put(key_id, key, now)
        return key

    def _note_use(self, key: ApiKey, now: datetime) -> None:
        planned = self._next_note.get(key.id, now)
        if planned is None or planned <= now:
            self._next_note.put(key.id, now + NOTE_AGAIN, now)
            wait_briefly(lambda: self._note(key, now))

    def _note(self, key: ApiKey, now: datetime) -> None:
        self._keys.note_use(key, now.date())
        tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
        self._next_note.put(key.id, tomorrow, now)


def _check_live(key: ApiKey, now: datetime) -> None:
    # Told to those alone who have the secret, so that they need not guess.
    state = state_of_key(key, now)
    ended = key.revoked_at or key.ends_at
    if state != "active" and ended:
        raise Unauthorized(f"This API key {_ENDED[state]} {format_time(ended)}.")


_ENDED = {"revoked": "was revoked at", "expired": "expired at"}
