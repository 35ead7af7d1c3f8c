"""A process that has imported the product, and forks children that need not import it again."""

import atexit
import gc
import json
import os
import select
import signal
import socket
import struct
import sys
import threading
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import Any

NUMBER = struct.Struct("!i")  # a process id, later an exit code
# What workers and schedulers import, and no more: else a missing import of theirs would not be seen.
OURS = ("actors.composition", "actors.scheduler")


class Nursery:
    """Starts a child for each line, a socket, that comes over ``control``; ends when that is closed.

    A line brings what to run, and is told the child's id, and at last its exit code.
    """

    def __init__(self, control: socket.socket) -> None:
        self.control, self.lines = control, dict[int, socket.socket]()
        self.ended, self.wake = socket.socketpair()
        self.ended.setblocking(False)
        self.wake.setblocking(False)
        signal.set_wakeup_fd(self.wake.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> str:
        """Return, in a child, the program that it has to run; in the nursery, nothing to run at the end."""
        while True:
            ready, _, _ = select.select([self.control, self.ended], [], [])
            if self.ended in ready:
                self._reap()
            if self.control in ready:
                _, found, _, _ = socket.recv_fds(self.control, 1, 1)
                if not found:
                    return self._end()
                if program := self._fork(socket.socket(fileno=found[0])):
                    return program

    def _fork(self, line: socket.socket) -> str:
        with line.makefile() as reading:
            asked = json.loads(reading.readline())
        if child := os.fork():
            self.lines[child] = line
            return ""
        self._leave()
        _become(asked)
        with line:
            line.sendall(NUMBER.pack(os.getpid()))
        return str(asked["program"])

    def _leave(self) -> None:
        """Let go of all that is the nursery's."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for found in (self.control, self.ended, self.wake, *self.lines.values()):
            found.close()

    def _reap(self) -> None:
        self.ended.recv(4096)
        with suppress(ChildProcessError):  # there are no more
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                with suppress(OSError), self.lines.pop(found[0]) as line:  # nobody may listen
                    line.sendall(NUMBER.pack(os.waitstatus_to_exitcode(found[1])))

    def _end(self) -> str:
        for child in self.lines:
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
        self._leave()
        return ""


def _become(asked: dict[str, Any]) -> None:
    """Be the first of a session with these surroundings."""
    os.setsid()
    os.environ.clear()
    os.environ.update(asked["environment"])
    log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    sys.argv[:] = ["-c"]


class Ending:
    """Ends this process with ``code`` after all that is to be done at its exit.

    The interpreter would take everything down first, which costs a child half of what the imports do.
    """

    def __init__(self) -> None:
        self.code = 1  # until all has gone well
        atexit.register(self.end)  # what is registered first is done last

    def end(self) -> None:
        """End it."""
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(self.code)

    def run(self, program: str) -> None:
        """Run it as ``python -c`` does."""
        sys.modules["__main__"] = fresh = ModuleType("__main__")
        try:
            exec(compile(program, "<string>", "exec"), vars(fresh))
        except SystemExit as asked:
            self.code = asked.code if isinstance(asked.code, int) else bool(asked.code)
            raise
        self.code = 0


def main() -> None:
    """Import, serve, and go on as what is asked for."""
    ending = Ending()
    for name in OURS:
        import_module(name)
    assert threading.active_count() == 1  # a fork would take no other with it
    gc.collect()
    gc.freeze()
    if program := Nursery(socket.socket(fileno=int(sys.argv[1]))).serve():
        ending.run(program)
    else:
        ending.code = 0


if __name__ == "__main__":
    main()
