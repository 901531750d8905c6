"""Checks of this machine: the Python that packs, free disk and the port of the local stack."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from tools.findings import Finding, ok, warn, wrong


OLDEST = (3, 11)
NEWEST_WITH_DAX = (3, 13)  # what amazon-dax-client says that it runs on
MEBIBYTE = 1024 * 1024
_LITTLE, _TOO_LITTLE = 1024 * MEBIBYTE, 100 * MEBIBYTE


class Packer(NamedTuple):
    """A `chalice` command: where it is, its version, and that of the Python it runs on."""

    path: str
    version: str
    python: tuple[int, int]

    @property
    def runtime(self) -> str:
        """Lambda's name for what it packs for."""
        return "python{}.{}".format(*self.python)


class Packing(NamedTuple):
    """What packs, and what that must fit: None where there is no `chalice` command."""

    packer: Packer | None
    pinned: str
    runtimes: Collection[str]
    with_dax: Collection[str]  # the stages that use DAX


def judge_packing(asked: Packing) -> Iterator[Finding]:
    """Chalice packs for the Python that it runs on, so that one must be right."""
    if asked.packer is None:
        yield wrong("there is no chalice command to deploy with", "make install")
        return
    faults = list(_packing_faults(asked, asked.packer))
    yield from faults or [ok(f"Chalice {asked.packer.version} packs for {asked.packer.runtime}")]


def _packing_faults(asked: Packing, packer: Packer) -> Iterator[Finding]:
    found = f"{packer.path} runs on Python {'.'.join(map(str, packer.python))}"
    anew = "make clean && make install PYTHON=python{} && . .venv/bin/activate"
    if packer.python < OLDEST:
        yield wrong(f"{found}; Everhop needs 3.11 or newer", anew.format("3.12"))
    elif packer.runtime not in asked.runtimes:
        yield wrong(f"{found}, for which Lambda has no runtime", anew.format("3.13"))
    if asked.with_dax and packer.python > NEWEST_WITH_DAX:
        stages = ", ".join(sorted(asked.with_dax))
        text = f"{found}, and the DAX client of {stages} on 3.13 at the most"
        yield wrong(text, anew.format("3.13"))
    if packer.version != asked.pinned:
        yield wrong(
            f"{packer.path} is Chalice {packer.version}, but {asked.pinned} is what is tested",
            "make install && . .venv/bin/activate",
        )


class Disk(NamedTuple):
    """A folder for data, and the bytes that are free there."""

    folder: Path
    free: int


def judge_disk(asked: Disk) -> Iterator[Finding]:
    """The local stack keeps its links on disk, and can't without any."""
    text = f"{asked.free // MEBIBYTE:,} MiB free for {asked.folder}"
    fix = "EVERHOP_DATA=/a/folder/with/room make run"
    if asked.free < _TOO_LITTLE:
        yield wrong(text, fix)
    else:
        yield warn(text, fix) if asked.free < _LITTLE else ok(text)


class Port(NamedTuple):
    """The port of the local stack, and who has it."""

    number: int
    owner: Literal["nobody", "everhop", "another"]


def judge_port(asked: Port) -> Iterator[Finding]:
    """`make run` needs its port to itself."""
    if asked.owner == "another":
        free = asked.number + 1 if asked.number < 65535 else 8081
        yield warn(
            f"port {asked.number} is in use by something else", f"EVERHOP_PORT={free} make run"
        )
    else:
        said = {"nobody": "is free", "everhop": "has a running Everhop"}[asked.owner]
        yield ok(f"port {asked.number} {said}")
