"""Child processes that never outlive the stack, and the sockets they inherit from it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local.settings import ROOT


STOP_WITHIN = 5.0
BACKLOG = 1024


def listen(port: int = 0) -> socket.socket:
    """A listening socket on loopback; OSError when the port is taken.

    The parent holds it, so that connections wait in its backlog while a child restarts.
    """
    listener = reserve(port)
    try:
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def reserve(port: int) -> socket.socket:
    """A socket that has the port but does not listen: who connects to it is refused."""
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        reserved.bind(("127.0.0.1", port))
    except OSError:
        reserved.close()
        raise
    return reserved


def refuse(listener: socket.socket) -> socket.socket:
    """Close a listening socket; the one that comes back keeps its port, and listens to nobody."""
    port = int(listener.getsockname()[1])
    listener.close()
    return reserve(port)


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nothing listens on now, for who must listen by itself."""
    sockets = [listen() for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def hold_ports(count: int) -> tuple[tuple[int, ...], tuple[socket.socket, ...]]:
    """Ports for a child that must listen by itself, and what keeps others from being given them.

    On Linux a socket that does not listen leaves room for one that does; where it is not so, nobody
    keeps them.
    """
    if sys.platform != "linux":
        return tuple(free_ports(count)), ()
    held = tuple(reserve(0) for _ in range(count))
    return tuple(int(one.getsockname()[1]) for one in held), held


def url_of(listener: socket.socket) -> str:
    """The address that a listening socket answers at."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def inherited(descriptor: int) -> socket.socket:
    """In a child: the listening socket with this inherited descriptor."""
    return socket.socket(fileno=descriptor)


def stop_with_parent() -> None:
    """In a child: end as soon as the parent is gone, however it went (its end of stdin closes)."""

    def wait() -> None:
        # Not sys.stdin: its lock, held by this thread, would break the interpreter's own end.
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


@dataclass
class Child:
    """One of our modules run as a process of its own over an inherited socket."""

    module: str
    listener: socket.socket
    arguments: Sequence[str] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None  # what it prints is added to this file
    held: Sequence[socket.socket] = ()  # keep the ports that it listens at by itself
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    stopping: bool = False

    def start(self) -> None:
        """Start it; it answers on its socket as soon as it is ready."""
        self.listener.listen(BACKLOG)  # it may have refused everybody until now
        descriptor = self.listener.fileno()
        self.started_at = time.monotonic()
        self.stopping = False
        output = self.log.open("ab") if self.log else None
        command = [sys.executable, "-m", self.module, str(descriptor), *self.arguments]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **self.environ},
            stdin=subprocess.PIPE,
            stdout=output,
            pass_fds=[descriptor],
            # Ctrl-C is the parent's: it stops its children in their order.
            start_new_session=True,
        )
        if output:
            output.close()

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def ended(self) -> bool:
        """Whether it ended by itself."""
        return self.process is not None and self.process.poll() is not None and not self.stopping

    @property
    def killed(self) -> bool:
        """Whether it was ended from outside, and not by an error of its own."""
        return self.process is not None and (self.process.returncode or 0) < 0

    @property
    def lived_for(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.started_at

    def stop(self) -> None:
        """Ask it to end, and make it after a few seconds."""
        if self.process is None:
            return
        self.stopping = True
        self.process.terminate()
        self._send(signal.SIGCONT)  # a frozen process would not hear the other
        try:
            self.process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()

    def take_away(self) -> None:
        """End it at once, as a failure would; until it is started, its port refuses everybody."""
        if self.process is not None:
            self.stopping = True
            self.process.kill()
            self.process.wait()
            if self.process.stdin:
                self.process.stdin.close()
        self.listener = refuse(self.listener)

    def freeze(self) -> None:
        """Have it stand still: its port takes connections, and nobody answers."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Have it go on."""
        self._send(signal.SIGCONT)

    def _send(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def restart(self) -> None:
        """Run the code as it is now; requests wait in the socket's backlog meanwhile."""
        self.stop()
        self.start()


def wake_when_orphaned(children: Iterable[Child]) -> subprocess.Popen[bytes]:
    """A process that has frozen children go on once this one is gone, so that they end as well.

    It does the same as soon as its stdin is closed. They can't see by themselves that we are gone.
    """
    ids = [str(child.process.pid) for child in children if child.process]
    waits = 'read line; kill -CONT "$@"'
    return subprocess.Popen(
        ["/bin/sh", "-c", waits, "sh", *ids],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
