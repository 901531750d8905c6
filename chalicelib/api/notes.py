"""What is learnt of a request on its way, for its headers and its line in the log."""

from dataclasses import dataclass, field

from chalice.app import Request


@dataclass(slots=True)
class Notes:
    """Neither a secret nor a body is in it, and of the key its public part alone.

    The address is never logged. Only of a `bug` the text may hold what was sent.
    """

    key_id: str = ""
    workspace: str = ""
    code: str = ""  # of the problem that it is answered with
    reason: str = ""  # why something of ours was not available
    bug: Exception | None = None
    address: str = ""  # the visitor's, as the edge told it and proved to be the edge
    is_kept: bool = False  # a cache may give the answer to others: nothing of this request is in it
    headers: dict[str, str] = field(default_factory=dict)


def notes_of(request: Request) -> Notes:
    """The notes of this request: the same for whoever handles it."""
    notes: Notes = vars(request).setdefault("everhop_notes", Notes())
    return notes
