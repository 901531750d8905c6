"""Ports of a running stack: nobody else is given one, and who is away refuses connections."""

import socket
import sys

import pytest

from local.children import hold_ports, listen, refuse


def connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody can hold a port so")
def test_a_held_port_is_its_owners_alone() -> None:
    """Who asks for any port never gets it; its owner listens there, stops, and listens again."""
    (port,), held = hold_ports(1)
    given = set()
    for _ in range(5000):
        with listen() as other:
            given.add(other.getsockname()[1])
    assert port not in given
    for _ in range(2):
        with listen(port):
            assert connects(port)
        assert not connects(port)
    held[0].close()


def test_a_port_that_refuses_is_taken_up_again() -> None:
    """Nobody is let in meanwhile, and the port stays."""
    listener = listen()
    port = listener.getsockname()[1]
    assert connects(port)
    listener = refuse(listener)
    assert not connects(port)
    with pytest.raises(OSError, match="in use"):
        listen_plainly(port)
    listener.listen()
    assert connects(port)
    listener.close()


def listen_plainly(port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
