"""Other processes as the kernel sees them: whose child each is, and the CPU time it has used."""

import os
from pathlib import Path


PROC = Path("/proc")
_TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """The CPU time of a process and all its threads, user and system."""
    user, system = _stat(pid)[11:13]
    return (int(user) + int(system)) / _TICK


def children_of(parent: int) -> dict[int, str]:
    """The command lines of a process's children."""
    pids = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal())
    return {pid: _command(pid) for pid in pids if _parent(pid) == parent}


def _parent(pid: int) -> int:
    try:
        return int(_stat(pid)[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _command(pid: int) -> str:
    return (PROC / str(pid) / "cmdline").read_text().replace("\0", " ").strip()


def _stat(pid: int) -> list[str]:
    # The command's name, in brackets, may hold anything; the state follows the last bracket.
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
