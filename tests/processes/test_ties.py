"""No process outlives the one that it is tied to, whichever way the tie is kept."""

import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from tests.deployment import wait_until

pytestmark = pytest.mark.system

# A parent that starts a child and waits; the child says who it is once it is tied.
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1], *sys.argv[2:]])
child.wait()
"""
CHILD = """
import os, sys, time
parent = os.getppid()
from reportbuilder.processes import ties
if "by-looking" in sys.argv:
    ties._ask_kernel = lambda number: False
if "another-program" in sys.argv:
    print(os.getpid(), flush=True)
    ties.run_tied(parent, ["/bin/sleep", "60"])
ties.tie(parent)
print(os.getpid(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def parent(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    ways: tuple[str, ...] = request.param
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, CHILD, *ways], stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


@pytest.mark.parametrize(
    "parent",
    [(), ("by-looking",), ("another-program",), ("another-program", "by-looking")],
    indirect=True,
)
def test_the_child_ends_when_the_parent_is_killed(parent: subprocess.Popen[str]) -> None:
    assert parent.stdout
    child = psutil.Process(int(parent.stdout.readline()))
    family = [child]

    def is_settled() -> bool:
        family[1:] = child.children()
        return "another-program" not in child.cmdline() or len(family) > 1

    wait_until(is_settled, 10)
    parent.kill()
    wait_until(lambda: not any(is_alive(one) for one in family), 10)


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_who_comes_too_late_to_be_tied_ends_at_once() -> None:
    late = "from reportbuilder.processes.ties import tie; tie(1); print('still here')"
    done = subprocess.run([sys.executable, "-c", late], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (-15, "")
