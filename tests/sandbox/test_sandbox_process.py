"""The sandbox as a process of its own: its flags, its first lines, its end."""

import signal
import subprocess
import sys
import time
from dataclasses import fields

import pytest
import requests
from click.testing import CliRunner

from reportbuilder.sandbox import Faults, Options
from reportbuilder.sandbox.command import sandbox


def test_every_option_and_fault_has_a_flag_with_help() -> None:
    shown = CliRunner().invoke(sandbox, ["--help"]).output
    names = {item.name for item in (*fields(Options), *fields(Faults))} - {"faults"}
    assert {name for name in names if f"--{name.replace('_', '-')}" not in shown} == set()


def test_wrong_flags_are_refused() -> None:
    for wrong in (["--throttle-style", "soon"], ["--users", "many"], ["--end", "soon"], ["--port", "70000"]):
        assert CliRunner().invoke(sandbox, wrong).exit_code == 2


@pytest.mark.system
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_tells_its_address_and_ends_when_asked(number: int) -> None:
    command = [sys.executable, "-m", "reportbuilder.sandbox", "--users", "50", "--control"]
    begin = time.monotonic()
    with subprocess.Popen(
        [*command, "--throttle-next", "1", "--end", "2026-03-04"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        word, url = process.stdout.readline().split()
        assert (word, url[:17]) == ("url:", "http://127.0.0.1:")
        assert time.monotonic() - begin < 10
        state = requests.get(f"{url}/_sandbox/state", timeout=10).json()
        assert state["faults"]["throttle_next"] == 1
        process.send_signal(number)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
