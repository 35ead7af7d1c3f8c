"""Children that die are started again, ever later; all end when they are to, the stubborn ones as well."""

import os
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.processes import supervision
from reportbuilder.processes.children import Child, command, start, stop
from reportbuilder.processes.supervision import BACKOFF_LAST, Hopeless, Post, Supervisor, backoff
from tests.deployment import wait_until

DOCILE = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {DOCILE}"
SICK = "import sys; print('no luck'); sys.exit(3)"


def python(program: str, log: Path) -> Child:
    return start("child", [sys.executable, "-c", program], log=log)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "child.log"


@given(st.integers(1, 10**6))
def test_the_pause_grows_and_is_bounded(deaths: int) -> None:
    assert 0 < backoff(deaths) <= backoff(deaths + 1) <= BACKOFF_LAST


def test_a_child_tells_how_it_ended_and_its_last_words(log: Path) -> None:
    child = python(SICK, log)
    child.process.wait(10)
    assert (child.ending(), child.last_lines()) == ("ended with exit code 3", ["no luck"])
    killed = python(DOCILE, log)
    killed.process.kill()
    killed.process.wait(10)
    assert killed.ending() == "was ended by SIGKILL"


def is_vacant(post: Post) -> bool:
    return post.child is None


def test_a_dead_child_is_started_again_after_a_pause(log: Path) -> None:
    post = Post(lambda: python(SICK, log))
    post.tend(now := time.monotonic())
    for deaths in (1, 2, 3):
        assert post.child
        post.child.process.wait(10)
        post.tend(now)
        assert (is_vacant(post), post.deaths) == (True, deaths)
        post.tend(now + backoff(deaths) - 0.01)
        assert is_vacant(post)
        now += backoff(deaths)
        post.tend(now)
    assert post.child
    post.child.process.wait(10)
    post.child.started = now - supervision.IS_WELL_AFTER - 1
    post.tend(now)
    assert post.deaths == 1


def test_all_are_stopped_at_once_and_the_stubborn_killed(log: Path) -> None:
    children = [python(program, log.with_suffix(f".{n}")) for n, program in enumerate((DOCILE, STUBBORN))]
    wait_until(lambda: all(child.last_lines() == ["up"] for child in children), 10)
    assert stop(children, within=0.3) == ["child"]
    assert [child.ending() for child in children] == ["was ended by SIGTERM", "was ended by SIGKILL"]


def test_a_supervisor_fills_its_posts_until_it_is_told_to_stop(log: Path) -> None:
    posts = [Post(lambda: python(DOCILE, log)) for _ in range(2)]
    supervisor = Supervisor(posts)

    def act() -> None:
        wait_until(lambda: all(post.child for post in posts), 10)
        first = posts[0].child
        assert first
        first.process.kill()
        wait_until(lambda: posts[0].child not in {None, first}, 10)
        supervisor.stopping.set()

    acting = threading.Thread(target=act)
    acting.start()
    supervisor.fill()
    acting.join()
    assert not any(post.child and post.child.is_alive for post in posts)


def test_a_child_that_can_never_live_ends_the_others(log: Path) -> None:
    docile, hopeless = Post(lambda: python(DOCILE, log)), Post(lambda: python("raise SystemExit(2)", log))
    with pytest.raises(Hopeless):
        Supervisor([docile, hopeless]).fill()
    assert docile.child
    assert not docile.child.is_alive


def test_a_command_of_ours_is_tied_to_this_process() -> None:
    assert command("worker", "--single")[1:] == [
        "-m",
        "reportbuilder",
        "--parent",
        str(os.getpid()),
        "worker",
        "--single",
    ]
