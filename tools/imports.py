"""`python -m tools import FILE`: stores the links of a file, and says what became of each.

Exit status: 0 all stored (or there already), 1 some rows are not, 2 it could not run, 130 stopped.
"""

import argparse
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from chalicelib.core.errors import Invalid
from chalicelib.core.imports import Sheet, read_sheet
from tools.client import AnswerLost, CannotRun, Client, NotSent, find_key, unreachable
from tools.import_chunks import Outcome, plan_chunks
from tools.import_files import read_file
from tools.import_reports import (
    Progress,
    describe_json,
    describe_sheet,
    summarise,
    tell,
    visible,
    write_report,
)
from tools.import_runs import Run


HELP = "import links from CSV, or from an export of YOURLS, Kutt, Shlink or Bitly"
_ALL_STORED, _SOME_REFUSED, _COULD_NOT_RUN, _STOPPED = 0, 1, 2, 130
_LAST_ANSWERS = 35.0  # seconds that a stopped run waits for rows on their way


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    url = f"http://127.0.0.1:{os.environ.get('EVERHOP_PORT', '').strip() or '8080'}"
    add = parser.add_argument
    add("file", metavar="FILE", help="a CSV or JSON file; - for standard input")
    add("--url", default=url, help="where Everhop is (%(default)s)")
    add("--dry-run", action="store_true", help="check every row and store nothing")
    add("--report", type=Path, metavar="OUT.csv", help="where to write what became of each row")
    add("--workers", type=_workers, default=2, metavar="N", help="requests at once, 1 to 16 (2)")
    add("--json", action="store_true", help="print the result as JSON")
    add(
        "--patience",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long to go on trying while the server does not answer (60)",
    )


def _workers(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 16:
        raise argparse.ArgumentTypeError("it must be a number from 1 to 16")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Import the file; the exit status."""
    try:
        return _run(options)
    except CannotRun as error:
        tell(f"Nothing was imported. {error}")
    except Invalid as invalid:
        tell(f"Nothing was imported. {' '.join(problem.detail for problem in invalid.problems)}")
    except KeyboardInterrupt:
        tell("\nStopped; nothing was imported.")
        return _STOPPED
    return _COULD_NOT_RUN


def _run(options: argparse.Namespace) -> int:
    key = find_key(options.url)
    _check_report(options)
    text = read_file(options.file)
    sheet = read_sheet(text.csv)
    name = "standard input" if options.file == "-" else options.file
    for line in (*text.notices, *describe_sheet(name, sheet)):
        tell(line)
    plan = plan_chunks(sheet.rows)
    unnamed = sum(len(chunk.rows) for chunk in plan.chunks if not chunk.repeatable)
    if unnamed and not options.dry_run:
        tell(f"{unnamed:,} of the rows have no slug: one is drawn for each, anew at every import.")
    if plan.chunks:
        _check_server(options.url)
    sending = Run(
        lambda: Client(options.url, key),
        plan,
        dry_run=options.dry_run,
        workers=max(1, min(options.workers, len(plan.chunks))),
        patience=options.patience,
    )
    stopped = _follow(sending, len(sheet.rows))
    return _conclude(options, sheet, sending, stopped=stopped)


def _check_report(options: argparse.Namespace) -> None:
    file: Path | None = options.report
    if file is None:
        return
    if file.is_dir() or not os.access(file.absolute().parent, os.W_OK):
        raise CannotRun(f"The report can't be written to {file}.")
    if options.file != "-" and file.resolve() == Path(options.file).resolve():
        raise CannotRun("The report would overwrite the file to import; name another one.")


def _check_server(url: str) -> None:
    client = Client(url)
    try:
        client.request("GET", "/health")
    except NotSent as error:
        raise unreachable(url, error) from error
    except AnswerLost as error:
        raise CannotRun(f"What answers at {url} does not speak HTTP ({error}).") from error
    finally:
        client.close()


def _follow(sending: Run, total: int) -> bool:
    """Show progress until it ends; whether it was stopped."""
    progress = Progress(total)
    sending.start()
    try:
        for done in sending.follow():
            progress.show(done, sending.trouble)
    except KeyboardInterrupt:
        sending.stop()
        progress.clear()
        tell("Stopping; waiting for the rows that are on their way (Ctrl-C again: not even that).")
        try:
            for _ in sending.follow(_LAST_ANSWERS):
                pass
        except KeyboardInterrupt:
            pass
        return True
    progress.clear()
    return False


def _conclude(options: argparse.Namespace, sheet: Sheet, sending: Run, *, stopped: bool) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is known by now is worth saying
    outcomes = sending.finish()
    if sending.failure and not any(one.is_good for one in outcomes):
        raise sending.failure
    report = _write_report(options, outcomes)
    lines = list(summarise(outcomes, dry_run=options.dry_run))
    if sending.failure or stopped:
        lines.append(_how_to_resume(outcomes, str(sending.failure or "Stopped.")))
    if report:
        lines.append(f"Report: {report}")
    if options.json:
        print(describe_json(sheet, outcomes, report, dry_run=options.dry_run))
    for line in lines:
        tell(line) if options.json else print(visible(line), flush=True)
    if stopped:
        return _STOPPED
    if sending.failure:
        return _COULD_NOT_RUN
    return _ALL_STORED if all(one.is_good for one in outcomes) else _SOME_REFUSED


def _write_report(options: argparse.Namespace, outcomes: Sequence[Outcome]) -> Path | None:
    """The report where it is asked for, or where something in it is needed."""
    drawn = any(one.status == "created" and not one.row.values.get("slug") for one in outcomes)
    if not (options.report or drawn or not all(one.is_good for one in outcomes)):
        return None
    file: Path = options.report or Path(
        "import.report.csv" if options.file == "-" else f"{options.file}.report.csv"
    )
    try:
        write_report(file, outcomes)
    except OSError as error:
        tell(f"The report {file} can't be written: {error.strerror or error}.")
        return None
    return file


def _how_to_resume(outcomes: Sequence[Outcome], why: str) -> str:
    stored = [one for one in outcomes if one.status in ("created", "exists")]
    drawn = sum(not one.row.values.get("slug") for one in stored)
    text = f"{why} {len(stored):,} of {len(outcomes):,} rows are stored. To go on, run it again:"
    text += " rows that are there already answer “exists”."
    if drawn:
        text += (
            f" But first take out the {drawn:,} stored rows without a slug; the report has them."
        )
    return text
