"""How a deployment ends: what a rollback puts back, and what a stop or a failure says."""

from pathlib import Path

import pytest

from tools import live_apps, packages
from tools.caches import Refused
from tools.client import CannotRun
from tools.deploys import Target, make_parts
from tools.parts import Part
from tools.releases import Noted, Release, previous_of
from tools.stacks import Update
from tools.stages import find_group


def history(releases: str) -> list[Noted]:
    return [Noted(name, f"{number:02}", name, "c") for number, name in enumerate(releases)]


@pytest.mark.parametrize(
    ("deployed", "live", "previous"),
    [
        ("", "a", None),
        ("a", "a", None),
        ("ab", "b", "a"),
        ("abc", "c", "b"),
        ("ab", "broken", "b"),  # it never passed its smoke test
        ("aba", "a", None),  # rolled back already
        ("abcb", "b", "a"),  # and once more
        ("aab", "b", "a"),
    ],
)
def test_the_release_before(deployed: str, live: str, previous: str | None) -> None:
    """What a rollback puts back, and a second one does not bring the bad release back."""
    found = previous_of(history(deployed), live)

    assert (found.release if found else None) == previous


class Stopping:
    """A deployment whose second part is interrupted, or fails."""

    first_key = "eh_first"

    def __init__(self, error: BaseException) -> None:
        self.made: list[str] = []
        self._error = error

    def look(self, part: Part) -> Update:
        return Update(is_new=True, changes=("x",))

    def make(self, part: Part) -> None:
        self.made.append(part.name)
        if len(self.made) == 2:
            raise self._error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), CannotRun("no"), Refused("no")])
def test_a_stop_says_where_and_shows_the_key(
    error: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing goes on after it, how to go on is said, and the key that was drawn is not lost."""
    group, stages = find_group("prod")
    stopping = Stopping(error)

    with pytest.raises(type(error)):
        make_parts(stopping, Target(group, stages, "us-east-1", "1", ()))

    said = capsys.readouterr()
    assert stopping.made == ["table", "replica in eu-west-1"]
    assert "Stopped at data: replica in eu-west-1" in said.err
    assert "To go on from there: python -m tools deploy prod" in said.err
    assert said.out.count("eh_first") == 1


def test_chalice_fails_aloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its last words are shown, and where all of them are."""
    monkeypatch.setattr(packages, "ROOT", tmp_path)

    with pytest.raises(CannotRun, match="`chalice deploy` failed") as caught:
        packages.run_chalice(["deploy", "--stage", "nowhere"], "us-east-1")
    assert ".chalice/deployments/deploy.log" in str(caught.value)
    assert str(caught.value).count("\n") >= 1
    assert "  | " in str(caught.value)


def test_a_note_of_another_api_is_not_overwritten(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a note the release's is taken; with one of another API it is refused."""
    monkeypatch.setattr(live_apps, "_FOLDER", tmp_path)

    def release(api: str) -> Release:
        note = {"resources": [{"name": "rest_api", "rest_api_id": api}], "schema_version": "2.0"}
        return Release("r", "", "", "", "", {}, {}, {}, [], note)

    live_apps.adopt_note("prod", release("one"))
    assert live_apps.api_id_in(live_apps.read_note("prod")) == "one"
    live_apps.adopt_note("prod", release("one"))
    live_apps.adopt_note("prod", None)
    with pytest.raises(CannotRun, match="of the REST API one, but two was deployed last"):
        live_apps.adopt_note("prod", release("two"))
