"""The whole product as one starts it on a fresh machine, and that nothing of it stays behind."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import redis
import requests
from sqlalchemy import create_engine, text

from reportbuilder.cli.demo import parts
from reportbuilder.cli.demo.folder import Folder, Kept
from reportbuilder.cli.demo.ports import any_free
from tests.deployment import ROOT, wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

COMMAND = [sys.executable, "-m", "reportbuilder"]
KEPT = ("user", "password", "api-token")
TOLD = ("url", *KEPT, "sandbox")


class Demo:
    """A demo in a process of its own; ``lines`` are what it has printed."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [*COMMAND, "demo", "--dir", str(folder), *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.seen: set[psutil.Process] = set()

    def read_until_up(self) -> dict[str, str]:
        """Read until all is told that one needs; return it."""
        assert self.process.stdout
        told: dict[str, str] = {}
        while len(told) < len(TOLD):
            line = self.process.stdout.readline()
            assert line, "".join(self.lines)
            self.lines.append(line)
            name, colon, value = line.partition(": ")
            if colon and name in TOLD:
                told[name] = value.strip()
        self.seen.update(psutil.Process(self.process.pid).children(recursive=True))
        return told

    def read_to_end(self) -> str:
        """Read all that is left and return everything."""
        assert self.process.stdout
        self.lines.extend(self.process.stdout)
        return "".join(self.lines)

    def family(self) -> list[psutil.Process]:
        """Return all children that live, and all that work on this folder, whoever their parents are."""
        found = {process for process in psutil.process_iter() if self._is_ours(process)}
        return [process for process in found | self.seen if _is_alive(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            return str(self.folder) in process.environ().get("RB_DATABASE_URL", "")
        return False


def _is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@pytest.fixture
def demos() -> Iterator[list[Demo]]:
    """Whatever a failed test leaves is killed."""
    started: list[Demo] = []
    yield started
    for demo in started:
        demo.process.kill()
        demo.process.wait(10)
        if demo.process.stdout:
            demo.process.stdout.close()
        for left in demo.family():
            left.kill()


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def test_it_ends_after_rows_or_at_ctrl_c_and_starts_again_on_what_is_there(
    tmp_path: Path, demos: list[Demo], taken: int
) -> None:
    folder = tmp_path / "Ada's folder"
    demos.append(once := Demo(folder, "--once", "--port", str(taken)))
    first = once.read_until_up()
    printed = once.read_to_end()
    assert once.process.wait(30) == 0, printed
    assert re.search(r"completed: (\d+) of \1 segments have come", printed)
    assert re.search("the schedule has fired .* completed, exec_[0-9a-f]+, [0-9]+ rows", printed)
    assert once.family() == []
    assert re.search(r"8 of \d\d rows", printed)
    assert re.search(r"│ 2\d\d\d-\d\d-\d\d │ .*│ +[1-9]\d+ │", printed)
    assert int(first["url"].rpartition(":")[2]) > taken
    private = (folder / "keys.json", folder / "env")
    assert [path.stat().st_mode & 0o777 for path in private] == [0o600, 0o600]

    demos.append(again := Demo(folder))
    told = again.read_until_up()
    assert {name: told[name] for name in KEPT} == {name: first[name] for name in KEPT}
    its_parts_answer(told, completed=2)
    it_refuses_a_second_beside_it(again)
    rows_come_and_refusals_are_told(again)
    again.process.send_signal(signal.SIGINT)
    assert again.process.wait(30) == 0, again.read_to_end()
    assert again.family() == []


def its_parts_answer(told: dict[str, str], *, completed: int) -> None:
    bearer = {"Authorization": f"Bearer {told['api-token']}"}
    asked = f"{told['url']}/api/report-builder/executions?triggered_by=manual"  # not the value lists
    listed = requests.get(asked, headers=bearer, timeout=10)
    assert [item["status"] for item in listed.json()["items"]] == ["completed"] * completed
    assert requests.get(f"{told['url']}/readyz", timeout=10).status_code == 200
    assert "AMC sandbox" in requests.get(told["sandbox"], timeout=10).text


def it_refuses_a_second_beside_it(demo: Demo) -> None:
    argv = [*COMMAND, "demo", "--dir", str(demo.folder)]
    second = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (second.returncode, f"A demo runs in {demo.folder} already" in second.stderr) == (2, True)


def rows_come_and_refusals_are_told(demo: Demo) -> None:
    """Walk ``run`` over the demo's own settings: all rows to a pipe, and a run that AMC refuses."""
    ask = ("run", "weekly_roas", "--instance", "amcnorthwind02")
    done = in_its_shell(demo, *ask, "--csv", "-")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("week_start,")
    assert "completed: the rows are here" in done.stderr
    spoil(demo.folder / "reportbuilder.sqlite", "search_terms")
    failed = in_its_shell(demo, "run", "search_terms", "--instance", "amcnorthwind02")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "failed: " in failed.stderr
    assert "nowhere" in failed.stderr


def spoil(database: Path, key: str) -> None:
    """Make a template one that AMC refuses."""
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        [template] = connection.execute(
            text("SELECT id FROM query_templates WHERE library_key = :key"), {"key": key}
        ).scalars()
        for statement in (
            "DELETE FROM query_template_parameters WHERE template_id = :id",
            "UPDATE query_templates SET sql_template = 'SELECT x FROM nowhere' WHERE id = :id",
        ):
            connection.execute(text(statement), {"id": template})
    engine.dispose()


def in_its_shell(demo: Demo, *arguments: str) -> "subprocess.CompletedProcess[str]":
    argv = ["sh", "-c", f'. "{demo.folder}/env" && exec "$@"', "sh", *COMMAND, *arguments]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)


def test_killed_without_warning_it_leaves_nothing(tmp_path: Path, demos: list[Demo]) -> None:
    demos.append(demo := Demo(tmp_path))
    demo.read_until_up()
    assert len(demo.family()) >= 8
    demo.process.kill()
    wait_until(lambda: demo.family() == [], 20)


def test_a_part_that_does_not_come_up_is_named(tmp_path: Path, demos: list[Demo]) -> None:
    (tmp_path / "amc").write_text("where the sandbox wants a folder")
    demos.append(demo := Demo(tmp_path))
    printed = demo.read_to_end()
    assert demo.process.wait(30) == 1
    assert "error: sandbox ended with exit code 2" in printed
    assert f"The last lines of {tmp_path}/logs/sandbox.log:" in printed
    assert "Directory" in printed
    assert demo.family() == []


def test_a_port_that_is_taken_after_it_was_chosen_is_given_up(
    tmp_path: Path, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = iter((taken, any_free()))
    monkeypatch.setattr(parts, "any_free", lambda: next(ports))
    folder = Folder(tmp_path)
    running, chosen = parts.Parts(folder), folder.settings(Kept.fresh())
    with folder.held():
        try:
            url = parts.await_redis(running, chosen, parts.start_redis(running, chosen))
            assert str(taken) not in url
            with redis.Redis.from_url(url) as client:
                assert client.ping()
        finally:
            running.stop()
