"""Free ports on loopback; those that are taken are stepped over."""

import contextlib
import socket

from reportbuilder.errors import Unavailable

HOST = "127.0.0.1"
STEPS = 200
HIGHEST = 65535


def listen_from(first: int) -> socket.socket:
    """Return a socket that listens on the first free port from ``first`` on.

    It is handed on as it is, so that nobody can take the port before the server does.

    :raises Unavailable: if hundreds of ports in a row are taken.
    """
    last = min(first + STEPS, HIGHEST)
    for port in range(first, last + 1):
        with contextlib.suppress(OSError):
            return socket.create_server((HOST, port), backlog=512)
    raise Unavailable(f"No port from {first} to {last} is free: choose another --port")


def any_free() -> int:
    """Return a port that is free now; who takes it must be ready to find it taken."""
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])
