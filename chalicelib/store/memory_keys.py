"""API keys in this process's memory, beside the links of `memory`. Gone when it ends."""

from dataclasses import replace
from datetime import date
from threading import Lock

from chalicelib.core.errors import KeyConflict, Stale
from chalicelib.core.keys import ApiKey
from chalicelib.service.ports import KeyPage
from chalicelib.store.keys import key_sort


class KeyMemory:
    """The `KeyStore` over a dict; it keeps every promise but durability."""

    def __init__(self) -> None:
        self._keys: dict[str, ApiKey] = {}
        self._uses: dict[str, date] = {}
        self._lock = Lock()

    def get(self, key_id: str) -> ApiKey | None:
        """See KeyStore."""
        return self._keys.get(key_id)

    def current(self, key_id: str) -> ApiKey | None:
        """See KeyStore."""
        return self.get(key_id)

    def create(self, key: ApiKey) -> None:
        """See KeyStore."""
        with self._lock:
            if key.id in self._keys:
                raise KeyConflict("This key's id is another's; please try again.")
            self._keys[key.id] = key

    def replace(self, key: ApiKey) -> None:
        """See KeyStore."""
        with self._lock:
            there = self._keys.get(key.id)
            if there is None or there.version != key.version - 1:
                raise Stale("This key was changed by someone else.")
            self._keys[key.id] = key

    def page(self, workspace: str, limit: int, after: ApiKey | None) -> KeyPage:
        """See KeyStore."""
        with self._lock:
            listed = sorted(
                (key for key in self._keys.values() if key.workspace == workspace),
                key=key_sort,
                reverse=True,
            )
        rest = [key for key in listed if after is None or key_sort(key) < key_sort(after)]
        found = (replace(key, last_used_on=self._uses.get(key.id)) for key in rest[:limit])
        return KeyPage(tuple(found), len(rest) > limit)

    def note_use(self, key: ApiKey, day: date) -> None:
        """See KeyStore."""
        with self._lock:
            self._uses[key.id] = max(day, self._uses.get(key.id, day))
