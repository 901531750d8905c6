"""`python -m tools doctor [STAGE]`: what is wrong with this machine, work tree, account or stage.

It only looks. Exit status: 0 all is well, 1 something is wrong, 2 not all could be checked.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from tools.client import CannotRun
from tools.findings import Finding, exit_status, lines_for, ok, wrong
from tools.import_reports import tell, visible
from tools.stages import Stage, read_stages


if TYPE_CHECKING:
    from tools.account_facts import Account


HELP = "look for what is wrong, on this machine and on AWS, and say what would mend it"
_COULD_NOT_ASK = 2


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The stage, if it is not to be all."""
    command.add_argument("stage", nargs="?", help="a stage of .chalice/config.json; all if none")


def run(options: argparse.Namespace) -> int:
    """Look, and say what was found; the exit status."""
    try:
        work = begin(options.stage)
        findings = list(examine(work))
    except CannotRun as error:
        tell(str(error))
        return _COULD_NOT_ASK
    print(f"Everhop's doctor, for {', '.join(stage.name for stage in work.stages)}:")
    for line in lines_for(findings, colour=_may_colour()):
        print(line)
    return exit_status(findings)


def _may_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


@dataclass
class Work:
    """What is looked at: the chosen stages, of all that are for AWS."""

    stages: list[Stage]
    every: list[Stage]

    @property
    def groups(self) -> list[Stage]:
        """The chosen stages, and those that are other regions of the same deployment."""
        chosen = {stage.group for stage in self.stages}
        return [stage for stage in self.every if stage.group in chosen]

    @cached_property
    def account(self) -> "Account":
        """The AWS account, when somebody asks."""
        # Imported here, as boto3 would make every other command wait.
        from tools.account_facts import Account  # noqa: PLC0415

        return Account()

    @cached_property
    def regions(self) -> list[str]:
        """The stages' regions, each once."""
        from tools.account_facts import region_of  # noqa: PLC0415

        return list(dict.fromkeys(map(region_of, self.stages)))


def begin(stage: str | None) -> Work:
    """The work on one stage or all; CannotRun when there is no such stage."""
    every = [it for it in read_stages() if it.is_deployed]
    chosen = [it for it in every if stage in (None, it.name)]
    if not chosen:
        names = ", ".join(it.name for it in every)
        raise CannotRun(f"There is no stage {stage} for AWS; .chalice/config.json has {names}.")
    return Work(chosen, every)


class Check(NamedTuple):
    """One subject: what it is looked at for, how that is asked (a few facts), and judged."""

    name: str
    each: Callable[[Work], Iterable[Any]]
    ask: Callable[[Work, Any], Iterable[Any]]
    judge: Callable[[Any], Iterator[Finding]]


def examine(work: Work, checks: Sequence[Check] | None = None) -> Iterator[Finding]:
    """What the checks find. One that can't ask says why, and the others go on."""
    from tools.doctor_checks import CHECKS  # noqa: PLC0415 - it brings boto3

    for check in CHECKS if checks is None else checks:
        for subject in check.each(work):
            for finding in _look(check, work, subject):
                yield finding._replace(check=check.name, text=visible(finding.text))


def _look(check: Check, work: Work, subject: Any) -> Iterator[Finding]:
    from chalicelib.config import ConfigError  # noqa: PLC0415
    from tools.stage_apis import NotDeployed  # noqa: PLC0415

    try:
        for asked in check.ask(work, subject):
            yield from check.judge(asked)
    except NotDeployed:
        yield ok("not deployed", subject.name)
    except CannotRun as error:
        yield Finding("not checked", str(error))
    except ConfigError as error:
        yield wrong(str(error), f"unset {str(error).partition(' ')[0]}")
    except Exception as error:  # noqa: BLE001 - what breaks one check must not hide the others
        yield Finding("not checked", f"the check failed ({type(error).__name__}: {error})")
