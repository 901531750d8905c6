"""What the doctor found: one line each, with a fix that can be copied. Pure."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple


State = Literal["ok", "warn", "wrong", "not checked"]
_COLOURS = {"ok": "32", "warn": "33", "wrong": "31", "not checked": "36"}
_WELL, _WRONG, _NOT_CHECKED = 0, 1, 2


class Finding(NamedTuple):
    """One thing that was looked at: its state, a line about it, and what would mend it.

    `subject` is the stage or region that it is about, "" for the one machine or account.
    """

    state: State
    text: str
    fix: str = ""
    subject: str = ""
    check: str = ""


def ok(text: str, subject: str = "") -> Finding:
    """All is well."""
    return Finding("ok", text, "", subject)


def warn(text: str, fix: str, subject: str = "") -> Finding:
    """It works, and an operator will want to know."""
    return Finding("warn", text, fix, subject)


def wrong(text: str, fix: str, subject: str = "") -> Finding:
    """It does not work, or will not."""
    return Finding("wrong", text, fix, subject)


def exit_status(findings: Iterable[Finding]) -> int:
    """0 all well, 1 something is wrong, 2 nothing is, but not all could be checked."""
    states = {finding.state for finding in findings}
    if "wrong" in states:
        return _WRONG
    return _NOT_CHECKED if "not checked" in states else _WELL


def lines_for(findings: Sequence[Finding], *, colour: bool) -> list[str]:
    """The findings as people read them: one line for all subjects of which the same is true.

    A fix is for the first of them, and says so where the others' differ.
    """
    width = max((len(finding.check) for finding in findings), default=0)
    lines = []
    for group in _alike(findings):
        first = group[0]
        state = f"{first.state:<{_STATE_WIDTH}}"
        shown = f"\x1b[{_COLOURS[first.state]}m{state}\x1b[0m" if colour else state
        if first.state == "not checked":
            names = ", ".join(dict.fromkeys(one.check for one in group))
            lines.append(f"  {shown} {names}: {first.text}")
            continue
        lines.append(f"  {shown} {first.check:<{width}}  {_text_of(group)}")
        if first.fix:
            same = len({one.fix for one in group}) == 1
            label = "fix" if same else f"fix for {first.subject}"
            lines.append(f"  {'':<{_STATE_WIDTH}} {'':<{width}}  {label}: {first.fix}")
    return [*lines, _summary(findings)]


_STATE_WIDTH = len("not checked")


def _alike(findings: Sequence[Finding]) -> list[list[Finding]]:
    """What is said of several, together; all that the same reason prevented, last."""
    alike: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        check = "" if finding.state == "not checked" else finding.check
        alike.setdefault((finding.state, check, finding.text), []).append(finding)
    return sorted(alike.values(), key=lambda group: group[0].state == "not checked")


def _text_of(group: Sequence[Finding]) -> str:
    subjects = ", ".join(dict.fromkeys(one.subject for one in group if one.subject))
    return f"{subjects}: {group[0].text}" if subjects else group[0].text


def _summary(findings: Sequence[Finding]) -> str:
    counts = {state: sum(one.state == state for one in findings) for state in _COLOURS}
    words = {"ok": "well", "warn": "to look at", "wrong": "wrong", "not checked": "not checked"}
    said = [f"{count} {words[state]}" for state, count in counts.items() if count]
    return ", ".join(said) + "."
