"""The product's processes, started for real, to be killed and started again by tests and benchmarks."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from reportbuilder.sandbox import Sandbox
from reportbuilder.settings import Settings, as_environment
from tests.children import Forked, Nursery

PROGRAMS = {
    "worker": "from actors import composition; composition.create_worker().run()",
    "scheduler": "from actors import composition, scheduler; scheduler.run(composition.create_scheduler())",
    "web": "from reportbuilder.cli.web import web; web([])",
}
ROOT = Path(__file__).parent.parent
Process = subprocess.Popen[bytes] | Forked


@dataclass
class Deployment:
    """Processes that share settings; whatever still runs at the end of the block is killed.

    ``hurry``: the arguments of ``clock.hurried`` for all of them, if their programs are one line.
    ``nursery``: who forks them; without it each is a new interpreter, as in production.
    """

    settings: Settings
    logs: Path
    hurry: tuple[float, float] | None = None
    nursery: Nursery | None = None
    processes: list[Process] = field(default_factory=list)

    def start(self, kind: str, crash_at: str = "") -> Process:
        """Start a process of a kind in PROGRAMS, which kills itself at the crash point if one is named."""
        return self.run(PROGRAMS[kind], kind, crash_at)

    def run(self, program: str, name: str, crash_at: str = "") -> Process:
        """Run a Python program with these settings."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{len(self.processes):02}-{name}.log"
        log.touch()
        surroundings = environment(replace(self.settings, crash_at=crash_at))
        start = self.nursery.start if self.nursery else _interpreter
        process = start(self._timed(program), surroundings, log)
        self.processes.append(process)
        return process

    def _timed(self, program: str) -> str:
        if self.hurry is None:
            return program
        return f"from reportbuilder import clock\nwith clock.hurried{self.hurry}: {program}"

    def kill(self, process: Process) -> None:
        """Kill it and its children without a chance to clean up."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # each has been started as the first of a group
        process.wait(10)

    def told(self, most: int = 3000) -> str:
        """Return the ends of all logs, ``most`` characters of each, for the message of a failure."""
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-most:]}"
            for path in sorted(self.logs.glob("*.log"))
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes:
            self.kill(process)


def _interpreter(program: str, environment: Mapping[str, str], log: Path) -> Process:
    argv = [sys.executable, "-c", program]
    with log.open("wb") as out:
        return subprocess.Popen(
            argv, env=environment, cwd=ROOT, stdout=out, stderr=out, start_new_session=True
        )


def environment(settings: Settings) -> Mapping[str, str]:
    """Return this process's environment with these settings in place of whatever it says of ours."""
    plain = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PORT"}
    others = {
        name: value for name, value in os.environ.items() if not name.startswith("RB_") and name not in plain
    }
    return {**others, **as_environment(settings), "PYTHONPATH": str(ROOT)}


def wait_until(reached: Callable[[], bool], seconds: float, told: Callable[[], str] = str) -> float:
    """Wait and return how many seconds it took; ``told`` explains a failure."""
    began = time.monotonic()
    while not reached():
        assert time.monotonic() - began < seconds, f"not reached in {seconds} s\n{told()}"
        time.sleep(0.05)
    return time.monotonic() - began


def free_port() -> int:
    """Return a port that is free now, another one each time: many look for one at once."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def stop_all(box: Sandbox) -> None:
    """Cancel what earlier tests have left running at a local AMC, since it takes slots."""
    for run in box.state()["executions"]:
        if run["endTime"] is None:
            box.cancel(run["instanceId"], run["workflowExecutionId"])


def most_at_once(runs: Iterable[Mapping[str, Any]]) -> int:
    """Return how many executions, queued ones too, a local AMC had at most at once on one instance.

    Its own count of those that run never goes over its limit, whatever we send.
    """
    steps: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for run in runs:
        steps[run["instanceId"]] += [(run["createTime"], 1), (run["endTime"] or "9", -1)]
    most = 0
    for found in steps.values():
        here = 0
        for _, step in sorted(found):
            here += step
            most = max(most, here)
    return most
