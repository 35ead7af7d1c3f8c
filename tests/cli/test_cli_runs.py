"""Templates, runs and executions from the command line; what runs stays pending, there is no worker here."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from reportbuilder.cli import following
from reportbuilder.cli.orders import read_values
from reportbuilder.cli.showing import plain
from reportbuilder.database import reading
from reportbuilder.errors import Invalid
from reportbuilder.executions import overview
from reportbuilder.settings import Settings
from tests.cast import Cast
from tests.cli.conftest import Command

ADA = ("--user", "ada@example.test")
BEN = ("--user", "ben@example.test")
ASK = ("run", "weekly_roas", "--instance", "amcnorthwind01", "--no-wait", *ADA)


@pytest.fixture
def library(command: Command, cast: Cast) -> dict[str, Any]:
    """The templates by key."""
    assert command("template", "sync").exit_code == 0
    return {row["key"]: row for row in json.loads(command("template", "list", "--json", *ADA).stdout)}


def test_templates_are_synced_listed_and_shown(command: Command, library: dict[str, Any]) -> None:
    assert f"0 changed, {len(library)} as before" in command("template", "sync").stdout
    shown = json.loads(command("template", "show", "Weekly ROAS tracker", "--json", *ADA).stdout)
    assert shown["template_id"] == library["weekly_roas"]["template_id"]
    assert "time_window" in shown["form"]["schema"]["properties"]
    sql = command("template", "show", "weekly_roas", "--sql", *ADA).stdout
    assert sql == shown["sql_template"] + "\n"
    assert "target_roas" in command("template", "show", shown["template_id"], *ADA).stdout
    assert "weekly_roas" not in command("template", "list", "--search", "no such words", *ADA).stdout


def test_a_run_is_asked_for_as_the_api_would(command: Command, library: dict[str, Any]) -> None:
    asked = command(
        *ASK,
        "--from",
        "2026-01-05",
        "--to",
        "2026-02-01",
        "--zone",
        "Europe/Vienna",
        "--param",
        "target_roas=3.5",
        "--param",
        "ad_products=sponsored_products",
        "--param",
        "ad_products=amazon_dsp",
        "--json",
    )  # fmt: skip - a command line reads best in lines
    execution = json.loads(asked.stdout)
    assert execution["status"] == "pending"
    assert execution["time_window"] == {
        "start": "2026-01-04T23:00:00.000Z",
        "end": "2026-02-01T23:00:00.000Z",
        "time_zone": "Europe/Vienna",
    }
    assert execution["parameters"]["target_roas"] == 3.5
    assert execution["parameters"]["ad_products"] == ["sponsored_products", "amazon_dsp"]
    with reading() as session:
        assert "3.5" in overview.find(session, execution["execution_id"]).sql_text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--param", "target_roas=lots"), "target_roas: "),
        (("--param", "nonsense"), "--param: 'nonsense' is not name=value"),
        (("--param", "ad_products=[1,"), "begins like JSON"),
        (("--param", "target_raos=3"), "did you mean target_roas?"),
        (("--window", "last_moon"), "time_window.preset: "),
        (("--from", "2026-01-05"), "time_window.end: "),
        (("--zone", "Europe/Atlantis"), "time_window.time_zone: "),
        (("--instance", "amcnowhere"), "no instance 'amcnowhere'"),
        (BEN, "no instance 'amcnorthwind01'"),
    ],
)
def test_wrong_input_names_its_field_and_starts_nothing(
    command: Command, library: dict[str, Any], arguments: tuple[str, ...], told: str
) -> None:
    asked = command(*ASK, *arguments)
    assert (asked.exit_code, asked.stdout) == (2, "")
    assert told in asked.stderr
    assert json.loads(command("execution", "list", "--json", *ADA).stdout)["total"] == 0


def test_a_viewer_may_not_run(command: Command, library: dict[str, Any]) -> None:
    command("user", "grant", "cleo@example.test", "amcnorthwind01", "view")
    refused = command(*ASK, "--user", "cleo@example.test")
    assert (refused.exit_code, "takes the role analyst" in refused.stderr) == (2, True)


def test_executions_are_shown_cancelled_and_retried(command: Command, library: dict[str, Any]) -> None:
    run_id = command(*ASK).stdout.strip()
    assert run_id in command("execution", "list", *ADA).stdout
    assert run_id not in command("execution", "list", *BEN).stdout
    hidden = command("execution", "cancel", run_id, *BEN)
    assert (hidden.exit_code, f"no execution {run_id} that you may see" in hidden.stderr) == (2, True)
    assert "asked for (manual)" in command("execution", "show", run_id, *ADA).stdout
    assert command("execution", "rows", run_id, *ADA).exit_code == 2
    assert command("execution", "cancel", run_id, *ADA).stdout == f"{run_id}: cancelled\n"
    waited = command("execution", "wait", run_id, *ADA)
    assert (waited.exit_code, f"{run_id} cancelled" in waited.stderr) == (1, True)
    again = command("execution", "retry", run_id, *ADA).stdout.strip()
    detail = json.loads(command("execution", "show", again, "--json", *ADA).stdout)
    assert (detail["phase"], detail["queue"]["number"]) == ("pending", 1)
    assert command("execution", "show", again, "--sql", *ADA).stdout == detail["sql"] + "\n"


def interrupt_once() -> Callable[[], None]:
    """Return what raises as Ctrl-C does, the first time that it is called."""
    pending = [KeyboardInterrupt]

    def each() -> None:
        if pending:
            raise pending.pop()

    return each


@pytest.mark.parametrize(
    ("is_terminal", "answer", "state"),
    [(True, "cancel", "cancelled"), (True, "leave", None), (False, "cancel", None)],
)
def test_ctrl_c_asks_on_a_terminal_and_leaves_it_running_elsewhere(
    *,
    command: Command,
    library: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    is_terminal: bool,
    answer: str,
    state: str | None,
) -> None:
    run_id = command(*ASK).stdout.strip()
    (tmp_path / "typed").write_text(f"{answer}\n")
    with (tmp_path / "typed").open() as typed, (tmp_path / "shown").open("w") as shown:
        monkeypatch.setattr(sys, "stdin", typed)
        console = Console(file=shown, force_terminal=is_terminal)
        ended = following.follow(run_id, Settings(), console, by="ada@example.test", each=interrupt_once())
    assert (ended.state if ended else None) == state
    assert "waits for a free slot, place 1" in (tmp_path / "shown").read_text()
    says_how_to_stop_it = f"`reportbuilder execution cancel {run_id}`" in capsys.readouterr().err
    assert says_how_to_stop_it is (ended is None)


def test_ctrl_c_cancels_only_for_those_who_may(
    command: Command,
    library: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run_id = command(*ASK).stdout.strip()
    command("user", "grant", "cleo@example.test", "amcnorthwind01", "view")
    pending = [KeyboardInterrupt, KeyboardInterrupt]

    def each() -> None:
        if pending:
            raise pending.pop()

    (tmp_path / "typed").write_text("cancel\nleave\n")
    with (tmp_path / "typed").open() as typed, (tmp_path / "shown").open("w") as shown:
        monkeypatch.setattr(sys, "stdin", typed)
        console = Console(file=shown, force_terminal=True)
        assert following.follow(run_id, Settings(), console, by="cleo@example.test", each=each) is None
    assert "execution:cancel takes the role" in capsys.readouterr().err


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), st.text(), max_size=4))
def test_values_are_read_as_they_were_typed(values: dict[str, str]) -> None:
    typed = {name: text for name, text in values.items() if not text.startswith(("[", "{", '"'))}
    assert read_values(f"{name}={text}" for name, text in typed.items()) == typed
    quoted = [f"{name}={json.dumps(text)}" for name, text in values.items()]
    assert read_values(quoted) == values


@given(st.text())
def test_nothing_printed_can_act_on_a_terminal(text: str) -> None:
    assert plain(text).isprintable()


def test_a_value_without_a_name_is_refused() -> None:
    with pytest.raises(Invalid, match="--param"):
        read_values(["=3"])
