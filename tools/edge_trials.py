"""Asks the edge what visitors will: the dashboard, a region's health, a link that is none."""

import secrets
from collections.abc import Iterator

from tools.smoke_tests import Answer, ask, patiently, told_of, wrong_health, wrong_page


def try_edge(url: str, release: str, patience: float) -> list[str]:
    """What is wrong with the edge at this address; [] when all is well."""
    return patiently(lambda: _find_wrong(url.rstrip("/"), release), patience)


def _find_wrong(url: str, release: str) -> Iterator[str]:
    slug = f"smoke-{secrets.token_hex(8)}"
    checks = (
        ("/", _wrong_entry),
        ("/api/v1/health", lambda it: wrong_health(it, release) or _wrong_age(it)),
        (f"/{slug}", lambda it: wrong_page(it, 404, b"<h1") or _wrong_secret(it)),
    )
    for path, check in checks:
        said = check(ask(url + path))
        if said:
            yield f"GET {url}{path} {said}"


def _wrong_entry(answer: Answer) -> str:
    """Nothing may be published yet: buckets that nobody may list then say 403."""
    if answer.status not in (200, 403):
        return told_of(answer, "the dashboard, or 403 before its files are there")
    if "content-security-policy" not in answer.headers:
        return "is without the Content-Security-Policy of infra/global/headers.yaml"
    return ""


def _wrong_age(answer: Answer) -> str:
    kept = answer.headers.get("age", "0")
    return "" if kept == "0" else f"was kept for {kept} s, and nothing of /api/ may be"


def _wrong_secret(answer: Answer) -> str:
    shown = [name for name in answer.headers if name == "everhop-edge"]
    return "shows visitors how the edge proves itself" if shown else ""
