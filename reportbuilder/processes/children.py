"""Children of this process: started with a log, tied to it, and stopped all together."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reportbuilder import clock

LAST_LINES = 12
KILL_AFTER = 25.0  # seconds; a worker ends what is in hand within 20


@dataclass(eq=False)
class Child:
    """One process; ``log`` holds what it writes, None to write where we do."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path | None = None
    started: float = field(default_factory=clock.monotonic)

    @property
    def is_alive(self) -> bool:
        """Say whether it has not ended yet."""
        return self.process.poll() is None

    def ending(self) -> str:
        """Say how it ended."""
        code = self.process.poll()
        if code is None:
            return "is running"
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    def last_lines(self, count: int = LAST_LINES) -> list[str]:
        """Return the last lines of its log."""
        if self.log is None or not self.log.exists():
            return []
        return self.log.read_text(errors="replace").splitlines()[-count:]


def command(*arguments: str) -> list[str]:
    """Return what runs a command of ours as a child that is tied to this process."""
    return [sys.executable, "-m", "reportbuilder", "--parent", str(os.getpid()), *arguments]


def start(
    name: str,
    argv: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    log: Path | None = None,
    pass_fds: Iterable[int] = (),
    apart: bool = False,
) -> Child:
    """Start a child; from the main thread only, since the tie is to the thread that starts it.

    ``apart``: in a session of its own, so that Ctrl-C reaches us alone and we stop it in our order.
    """
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(log.open("wb")) if log else None
        process = subprocess.Popen(  # noqa: S603 - argv is made by us and no shell is involved
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT if out else None,
            env=None if environment is None else dict(environment),
            pass_fds=tuple(pass_fds),
            start_new_session=apart,
        )
    return Child(name, process, log)


def stop(children: Iterable[Child], *, within: float = KILL_AFTER) -> list[str]:
    """Ask all to end, at the same time, and kill those that have not after ``within`` seconds; name them."""
    alive = [child for child in children if child.is_alive]
    for child in alive:
        child.process.terminate()
    deadline = clock.monotonic() + within
    for child in alive:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0.0, deadline - clock.monotonic()))
    late = [child for child in alive if child.is_alive]
    for child in late:
        child.process.kill()
        child.process.wait()
    return [child.name for child in late]
