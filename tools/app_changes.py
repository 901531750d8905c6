"""What a deploy would change at a stage's app, in words, and what of it visitors meet. Pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from infra.redirect_path import is_on_redirect_path


Routes = Mapping[str, frozenset[str]]
_SHOWN = 6
_VISITORS = ("GET /r/{slug}", "GET /v/{slug}")
_OWN = ("EVERHOP_RELEASE",)  # ours to set, and told as the release


class AppState(NamedTuple):
    """An app as it is deployed, or would be; `files` are None when nobody knows them."""

    release: str
    code: str
    environment: Mapping[str, str]
    routes: Routes
    files: Mapping[str, int] | None = None


def changes_of(live: AppState, wanted: AppState) -> list[str]:
    """Lines about what would change; [] when nothing would."""
    lines = []
    if live.code != wanted.code:
        lines.append(f"code: {_code_change(live.files, wanted.files or {})}")
    settings = _changed_settings(live.environment, wanted.environment)
    if settings:
        lines.append(f"settings: {', '.join(settings)}")
    routes = changed_routes(live.routes, wanted.routes)
    if routes:
        lines.append(f"routes: {_listed(routes)}")
    if live.release != wanted.release and not lines:
        lines.append("what .chalice says of the functions or their rights, or a deploy half done")
    touched = _touched(live, wanted, routes)
    if lines:
        lines.append(f"on the redirect path: {touched}")
    return lines


def changed_files(live: Mapping[str, int], wanted: Mapping[str, int]) -> list[str]:
    """Files that are in one alone, or differ; compiled code is not named beside its source."""
    names = {name for name in {**live, **wanted} if live.get(name) != wanted.get(name)}
    return sorted(name for name in names if not name.endswith(".pyc"))


def changed_routes(live: Routes, wanted: Routes) -> list[str]:
    """Routes with +, - or ~ (other cache keys)."""
    added = [f"+{name}" for name in wanted if name not in live]
    removed = [f"-{name}" for name in live if name not in wanted]
    rekeyed = [name for name in wanted if live.get(name, wanted[name]) != wanted[name]]
    said = [f"~{name} (cache keys)" for name in rekeyed]
    return sorted([*added, *removed, *said], key=lambda it: it[1:])


def _code_change(live: Mapping[str, int] | None, wanted: Mapping[str, int]) -> str:
    if live is None:
        return "it differs (who deployed it left no record, so files can't be named)"
    files = changed_files(live, wanted)
    count = "1 file" if len(files) == 1 else f"{len(files)} files"
    return f"{count}, {_listed(files)}" if files else "compiled anew"


def _changed_settings(live: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    names = sorted(name for name in {**live, **wanted} if name not in _OWN)
    return [
        f"{'+' if name not in live else '-' if name not in wanted else '~'}{name}"
        for name in names
        if live.get(name) != wanted.get(name)
    ]


def _touched(live: AppState, wanted: AppState, routes: Iterable[str]) -> str:
    said = [route for route in routes if any(route[1:].startswith(it) for it in _VISITORS)]
    if live.code != wanted.code:
        if live.files is None:
            return "perhaps its code; every container starts anew"
        files = changed_files(live.files, wanted.files or {})
        said += [name for name in files if is_on_redirect_path(name)]
    return f"{_listed(said) if said else 'no code'}; every container starts anew"


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
