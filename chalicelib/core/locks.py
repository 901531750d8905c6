"""What a link may want before it leads anywhere: a password, or one of a few clicks."""

from dataclasses import dataclass
from typing import Literal


# password: it is asked for      wrong: what was typed is not it     tries: too many were wrong
# counted: its destination is told to those alone who use up a click for it
# open: a password was sent to a link that has none
Held = Literal["password", "wrong", "tries", "counted", "open"]

# Not 401, which needs a scheme that browsers would ask by. Not 403 for a page that is only asked
# for: CloudFront takes that for a failed origin, and asks the next one.
_STATUS_OF: dict[Held, int] = {
    "password": 200,
    "counted": 200,
    "wrong": 403,
    "open": 405,
    "tries": 429,
}


@dataclass(frozen=True, slots=True)
class Hold:
    """The link is there and leads nowhere yet; `wait_for` are seconds, where waiting helps."""

    reason: Held
    wait_for: int = 0

    @property
    def status(self) -> int:
        """How the page that says so is answered."""
        return _STATUS_OF[self.reason]
