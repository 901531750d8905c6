"""Routes that are mounted when somebody first asks for them, so that a cold start need not."""

from collections.abc import Callable, Iterator, MutableMapping

from chalice.app import RouteEntry


Methods = dict[str, RouteEntry]


class LateRoutes(MutableMapping[str, Methods]):
    """An app's routes by path: those that are there, and those that `mount` adds to the app.

    A path that is there is found without the others; who looks for another, or at all of them (a
    deploy, a local gateway, the API's document), has them mounted first.
    """

    def __init__(self, there: MutableMapping[str, Methods], mount: Callable[[], None]) -> None:
        self._there = there
        self._mount: Callable[[], None] | None = mount

    def _all(self) -> MutableMapping[str, Methods]:
        mount, self._mount = self._mount, None  # mounting looks at these routes itself
        try:
            if mount:
                mount()
        except BaseException:
            self._mount = mount
            raise
        return self._there

    def __getitem__(self, path: str) -> Methods:
        """The methods of a path; none for one that nobody has."""
        return self._there[path] if path in self._there else self._all()[path]

    def __contains__(self, path: object) -> bool:
        return path in self._there or path in self._all()

    def __setitem__(self, path: str, methods: Methods) -> None:
        self._there[path] = methods

    def __delitem__(self, path: str) -> None:
        del self._all()[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())
