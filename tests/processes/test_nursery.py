"""What a nursery starts is like what ``python -c`` starts: its surroundings, its end, and what it says."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.children import Forked, Nursery, nursery
from tests.deployment import wait_until

Start = Callable[..., Forked]
LONG = "import time; time.sleep(60)"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log"
    path.touch()
    return path


@pytest.fixture
def start(children: Nursery, log: Path) -> Start:
    """Start a program with an environment."""
    return lambda program, **environment: children.start(program, environment, log)


@pytest.mark.parametrize(
    ("program", "code", "told"),
    [
        ("pass", 0, ""),
        ("print('at work')", 0, "at work\n"),
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit('no keys')", 1, "no keys\n"),
        ("import os; os.kill(os.getpid(), 9)", -signal.SIGKILL, ""),
        ("import atexit; atexit.register(print, 'cleaned up')", 0, "cleaned up\n"),
        ("from threading import Timer; Timer(0.1, print, ['late']).start()", 0, "late\n"),
        ("print(__name__)", 0, "__main__\n"),
    ],
)
def test_a_program_ends_as_it_would_alone(
    start: Start, log: Path, program: str, code: int, told: str
) -> None:
    assert (start(program).wait(20), log.read_text()) == (code, told)


def test_an_error_is_told(start: Start, log: Path) -> None:
    assert start("1 / 0").wait(20) == 1
    assert log.read_text().startswith("Traceback")
    assert log.read_text().endswith("ZeroDivisionError: division by zero\n")


def test_it_has_the_environment_that_it_is_given_and_no_other(start: Start, log: Path) -> None:
    assert start("import os; print(sorted(os.environ.items()))", RB_PORT="1").wait(20) == 0
    assert log.read_text() == "[('RB_PORT', '1')]\n"


def test_two_do_not_draw_the_same_lots(start: Start, log: Path) -> None:
    for _ in range(2):
        assert start("import random; print(random.random())").wait(20) == 0
    assert len(set(log.read_text().splitlines())) == 2


def test_nothing_of_the_nursery_is_left_open_in_it(start: Start, log: Path) -> None:
    other = start(LONG)
    assert start("import os, psutil; print(len(psutil.Process().net_connections('unix')))").wait(20) == 0
    other.kill()
    assert (log.read_text(), other.wait(20)) == ("0\n", -signal.SIGKILL)


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_it_hears_signals(start: Start, log: Path, name: signal.Signals) -> None:
    listens = f"import signal; signal.signal({name:d}, lambda *_: exit(7)); print('listens', flush=True)"
    child = start(f"{listens}; {LONG}")
    wait_until(lambda: log.read_text() == "listens\n", 20)
    child.send_signal(name)
    assert child.wait(20) == 7


def test_it_is_killed_with_its_own_children(start: Start) -> None:
    child = start("import subprocess; subprocess.run(['sleep', '60'])")
    wait_until(lambda: bool(psutil.Process(child.pid).children()), 20)
    [grandchild] = psutil.Process(child.pid).children()
    assert child.poll() is None
    os.killpg(child.pid, signal.SIGKILL)
    assert child.wait(20) == -signal.SIGKILL
    wait_until(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE, 20)


def test_nothing_outlives_its_nursery(log: Path) -> None:
    with nursery() as found:
        child = found.start(LONG, {}, log)
        process = psutil.Process(child.pid)
    wait_until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE, 20)
    child.line.close()
