"""The near end of a nursery: asks it for children, and knows them as ``subprocess.Popen`` knows its own."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.nursery import NUMBER


@dataclass
class Forked:
    """A child of a nursery, the first of a process group."""

    line: socket.socket
    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, minus the signal if one has killed it; None while it runs."""
        return self._hear(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended."""
        code = self._hear(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"child {self.pid}", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it is still there."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _hear(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self.line], [], [], timeout)[0]:
            with self.line:
                self.returncode = _number(self.line)
        return self.returncode


@dataclass(frozen=True)
class Nursery:
    """Starts children; several threads may ask at once."""

    control: socket.socket

    def start(self, program: str, environment: Mapping[str, str], log: Path) -> Forked:
        """Run a Python program that writes to an existing file."""
        ours, theirs = socket.socketpair()
        asked = {"program": program, "environment": dict(environment), "log": str(log)}
        with theirs:
            socket.send_fds(self.control, [b"."], [theirs.fileno()])
        ours.sendall(json.dumps(asked).encode() + b"\n")
        pid = _number(ours)
        assert pid > 1, f"the child has ended before its first step: {pid}"
        return Forked(ours, pid)


def _number(line: socket.socket) -> int:
    found = line.recv(NUMBER.size)
    assert found, "the nursery, or the child before its first step, has died"
    return int(NUMBER.unpack(found)[0])


@contextmanager
def nursery() -> Iterator[Nursery]:
    """Start a nursery; whatever still runs of its children at the end is killed."""
    ours, theirs = socket.socketpair()
    argv = [sys.executable, "-m", "tests.nursery", str(theirs.fileno())]
    with ours, theirs:
        process = subprocess.Popen(
            argv,
            cwd=Path(__file__).parent.parent,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        try:
            yield Nursery(ours)
        finally:
            ours.close()
            process.wait(10)
