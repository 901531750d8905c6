"""Every way in which the form of a link's password can be answered, for the document's test."""

from chalicelib.service.passwords import PER_VISITOR
from tests.api.driver import Api


FORM = "application/x-www-form-urlencoded"
WORD = "open sesame"


def send_password(api: Api, slug: str, password: bytes = b"password=open+sesame") -> int:
    """Send the form to both addresses of the link; the status of the second answer."""
    answers = [api.ask("POST", f"/{at}/{slug}", password, Content_Type=FORM) for at in ("r", "v")]
    return int(answers[1].status_code)


def exercise_locks(api: Api) -> None:
    """Send the right password, wrong ones, too many, and what is no form at all."""
    api.made(slug="locked", password=WORD)
    api.made(slug="unlocked")
    api.made(slug="off", password=WORD, disabled=True)
    for slug in ("locked", "unlocked", "off", "nope"):
        send_password(api, slug)
    for body in (b"x" * 5000, b"\xff"):
        send_password(api, "locked", body)
    for at in ("r", "v"):
        api.ask("POST", f"/{at}/locked", b"{}", Content_Type="application/json")
    # A window may end in the midst of it, but not two.
    for _ in range(2 * PER_VISITOR.wrong + 1):
        if send_password(api, "locked", b"password=wrong") == 429:
            break


def exercise_locks_down(api: Api) -> None:
    """Send it while no store answers."""
    send_password(api, "locked")
