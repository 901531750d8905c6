"""The pages a visitor may see instead of a destination: refusals, and the preview of a link.

Each is whole in itself (one hashed style element, no script), so that it works through any cache
and without the dashboard's files. The colours are those of static_site/assets/styles/tokens.css.
"""

import base64
import hashlib
from html import escape
from typing import NamedTuple
from urllib.parse import urlsplit

from chalicelib.core.errors import Unavailable
from chalicelib.core.hosts import is_disguised, unicode_host
from chalicelib.core.links import Link
from chalicelib.core.redirects import Reason, Refusal
from chalicelib.core.rules import Rules, dimensions
from chalicelib.core.texts import visible
from chalicelib.core.times import format_time


class Page(NamedTuple):
    """HTML, its status, and the headers that go with it."""

    html: str
    status: int
    headers: dict[str, str]


PALETTE = """
:root{color-scheme:light dark;
--page:light-dark(oklch(0.968 0.004 165),oklch(0.175 0.009 165));
--surface:light-dark(oklch(1 0 0),oklch(0.215 0.009 165));
--line:light-dark(oklch(0.905 0.007 165),oklch(0.285 0.011 165));
--text:light-dark(oklch(0.215 0.009 165),oklch(0.945 0.005 165));
--text-soft:light-dark(oklch(0.47 0.015 165),oklch(0.71 0.012 165));
--accent:light-dark(oklch(0.52 0.115 160),oklch(0.775 0.128 159));
--on-accent:light-dark(oklch(1 0 0),oklch(0.175 0.009 165));
--warning:light-dark(oklch(0.48 0.1 65),oklch(0.85 0.12 82))}
"""
_STYLE = (
    PALETTE
    + """
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100dvh;display:grid;place-items:center;padding:1.5rem;
background:var(--page);color:var(--text);
font:1rem/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
main{inline-size:min(34rem,100%);background:var(--surface);border:1px solid var(--line);
border-radius:1rem;padding:clamp(1.5rem,5vw,2.5rem)}
.code{margin:0;color:var(--accent);font-weight:650;font-variant-numeric:tabular-nums}
h1{margin:.35rem 0 .75rem;font-size:clamp(1.4rem,5vw,1.9rem);line-height:1.2;
letter-spacing:-.015em;text-wrap:balance;overflow-wrap:anywhere;display:-webkit-box;
-webkit-line-clamp:3;-webkit-box-orient:vertical;overflow:hidden}
p{margin:0 0 1rem;color:var(--text-soft);text-wrap:pretty;overflow-wrap:anywhere}
main>:last-child{margin-block-end:0}
.to{padding:.9rem 1rem;border:1px solid var(--line);border-radius:.65rem;background:var(--page);
color:var(--text-soft);font-size:.95rem}
.to b{font-weight:650;color:var(--text)}
.warning{color:var(--warning)}
.go{display:inline-block;padding:.7rem 1.2rem;border-radius:.65rem;background:var(--accent);
color:var(--on-accent);font-weight:600;text-decoration:none}
button.go{border:0;font:inherit;font-weight:600;cursor:pointer}
.go:focus-visible,input:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
label{display:block;margin-block-end:.35rem;font-weight:600}
input{display:block;inline-size:100%;margin-block-end:1rem;padding:.7rem .9rem;font:inherit;
color:var(--text);background:var(--page);border:1px solid var(--text-soft);border-radius:.65rem}
input[aria-invalid]{border-color:var(--warning)}
.error{color:var(--warning)}
footer{margin-top:1.5rem;padding-top:1rem;border-top:1px solid var(--line);
color:var(--text-soft);font-size:.85rem;overflow-wrap:anywhere}
"""
)
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
PAGE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src 'self' data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}

_WORDS: dict[Reason, tuple[str, str]] = {
    "unknown": (
        "There is no link here",
        (
            "The address may have been mistyped, or cut short when it was copied. "
            "Check it against where you found it."
        ),
    ),
    "deleted": (
        "This link was deleted",
        "Whoever made it has removed it. Nobody else can take its place for 90 days.",
    ),
    "disabled": (
        "This link is switched off",
        "Whoever made it has turned it off. It may come back; they would be the one to ask.",
    ),
    "exhausted": (
        "This link has been used up",
        "It was made to be followed a limited number of times, and they are over.",
    ),
    "expired": (
        "This link has ended",
        "It was made to work for a limited time, and that time is over.",
    ),
}


def refusal_page(refusal: Refusal) -> Page:
    """The page for a slug that can't be followed; what must look unknown reads as unknown."""
    reason = refusal.reason if refusal.reason in _WORDS else "unknown"
    title, text = _WORDS[reason]
    body = f'<p class="code">{refusal.status}</p><h1>{title}</h1><p>{text}</p>'
    return Page(whole_page(title, body), refusal.status, dict(PAGE_HEADERS))


def unavailable_page(error: Unavailable, request_id: str) -> Page:
    """The page for a moment when no store answers; never to be kept by a cache."""
    title = "This link can’t be looked up right now"
    text = "The link is safe. Please try again in a few seconds."
    note = f"<footer>Request {escape(request_id)}</footer>"
    body = f'<p class="code">503</p><h1>{title}</h1><p>{text}</p>{note}'
    headers = {**PAGE_HEADERS, "Cache-Control": "no-store", "Retry-After": str(error.retry_for)}
    return Page(whole_page(title, body), 503, headers)


def preview_page(link: Link, short_url: str) -> Page:
    """The page that shows where a link leads, for people who look before they follow."""
    title = visible(link.title or "") or "Where this link leads"
    destination = escape(link.destination)
    body = (
        f'<p class="code">Preview</p><h1><bdi>{escape(title)}</bdi></h1>'
        f"<p>{escape(short_url)} leads to</p>"
        f'<p class="to">{_emphasise_host(link.destination)}</p>{_host_note(link.destination)}'
        f"{_rules_note(link.rules)}"
        f'<p><a class="go" href="{destination}" rel="noopener noreferrer nofollow">Continue</a></p>'
        f"<footer>Made {format_time(link.created_at)[:10]}</footer>"
    )
    return Page(whole_page(f"{title} · preview", body), 200, dict(PAGE_HEADERS))


def _emphasise_host(destination: str) -> str:
    host = _host_of(destination)
    before, found, after = destination.partition(host) if host else (destination, "", "")
    return f"{escape(before)}<b>{escape(found)}</b>{escape(after)}"


def _host_of(destination: str) -> str:
    try:
        return urlsplit(destination).hostname or ""
    except ValueError:  # an opted-in scheme need not have a host
        return ""


def _host_note(destination: str) -> str:
    host = _host_of(destination)
    shown = unicode_host(host)
    if shown == host:
        return ""
    if is_disguised(shown):
        warning = "It has look-alike letters: it may only look like a name you know."
        return f'<p class="warning">The host reads “{escape(shown)}”. {warning}</p>'
    return f"<p>The host reads “{escape(shown)}”.</p>"


# By what a visitor is told apart, in the order in which it is told.
_DIMENSIONS = {
    "country": "country",
    "device": "device",
    "language": "language",
    "time": "the time",
    "query": "what is added to the address",
    "visitor": "chance",
}


def _rules_note(rules: Rules) -> str:
    if not rules:
        return ""
    read = {one.partition(":")[0] for one in dimensions(rules)}
    named = [text for name, text in _DIMENSIONS.items() if name in read]
    by = f", by {_any_of(named)}" if named else ""
    return f"<p>That is where it leads you, now. Other visitors may be led elsewhere{by}.</p>"


def _any_of(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def whole_page(title: str, body: str) -> str:
    """The HTML of a page whose style PAGE_HEADERS allow; `body` is HTML, `title` is text."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>"
    )
