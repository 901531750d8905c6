"""The pages of links that hold their visitors: the form for a password, and what else they say.

They work without scripts and cookies, and name nothing of the link but its own address.
"""

from html import escape

from chalicelib.api.pages import PAGE_HEADERS, Page, whole_page
from chalicelib.core.locks import Held, Hold
from chalicelib.core.passwords import MAX_PASSWORD


# No form-action: Chromium holds it against redirects after the form as well, and where a right
# password leads may be anywhere. There is nothing in the page that could send a form elsewhere.
_POLICY = PAGE_HEADERS["Content-Security-Policy"].replace("form-action 'none'; ", "")
_HEADERS = {**PAGE_HEADERS, "Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
_WORDS: dict[Held, tuple[str, str, str]] = {
    "password": (
        "This link asks for a password",
        "Whoever gave you the link should have told you the password too.",
        "",
    ),
    "wrong": (
        "This link asks for a password",
        "Whoever gave you the link should have told you the password too.",
        "That is not the password. Mind capital letters, and spaces at its ends.",
    ),
    "tries": (
        "Too many wrong passwords",
        "So that nobody can guess it, the password of this link is not tried again for {wait}.",
        "Try again",
    ),
    "counted": (
        "This link can be followed a limited number of times",
        "Where it leads is told to those who follow it, and each time counts.",
        "Follow it",
    ),
    "open": (
        "This link has no password",
        "It may have had one until now; it can be followed without.",
        "Follow it",
    ),
}


def hold_page(hold: Hold, address: str) -> Page:
    """The page for a link that leads nowhere yet; `address` is the link's, or empty: the page's."""
    title, text, more = _WORDS[hold.reason]
    text = text.format(wait=_minutes(hold.wait_for))
    if hold.reason in ("password", "wrong"):
        code, rest = "Protected", _form(address, more)
    else:
        code, rest = _code(hold), f'<p><a class="go" href="{escape(address)}">{more}</a></p>'
    body = f'<p class="code">{code}</p><h1>{title}</h1><p>{text}</p>{rest}'
    return Page(whole_page(title, body), hold.status, {**_HEADERS, **_more_headers(hold)})


def _code(hold: Hold) -> str:
    return "Limited" if hold.reason == "counted" else str(hold.status)


def _more_headers(hold: Hold) -> dict[str, str]:
    if hold.reason == "tries":
        return {"Retry-After": str(hold.wait_for)}
    return {"Allow": "GET, HEAD, OPTIONS"} if hold.reason == "open" else {}


def _form(address: str, error: str) -> str:
    to = f' action="{escape(address)}"' if address else ""
    told = f'<p class="error" id="error" role="alert">{error}</p>' if error else ""
    tied = ' aria-invalid="true" aria-describedby="error"' if error else ""
    return (
        f'<form method="post"{to}><label for="password">Password</label>'
        f'<input id="password" name="password" type="password" maxlength="{MAX_PASSWORD}" '
        f'autocomplete="current-password" required autofocus{tied}>{told}'
        '<button class="go">Continue</button></form>'
    )


def _minutes(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"
