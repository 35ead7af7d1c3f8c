"""The database's schema, keys, help and failures from the command line."""

import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import text

from reportbuilder import schema
from reportbuilder.amc.models import AmcAccount
from reportbuilder.amc.vault import Vault
from reportbuilder.database import db, reading
from reportbuilder.settings import Settings
from tests.cast import Cast
from tests.cli.conftest import Command
from tests.deployment import environment


def test_help_imports_no_rooms() -> None:
    program = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from reportbuilder.cli.commands import COMMANDS, reportbuilder\n"
        "told = CliRunner().invoke(reportbuilder, ['--help']).output\n"
        "assert all(name in told for name in COMMANDS), told\n"
        "print(*({'sqlalchemy', 'flask', 'duckdb', 'redis'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_every_command_of_the_table_has_help(command: Command) -> None:
    from reportbuilder.cli.commands import COMMANDS

    for name in COMMANDS:
        told = command(name, "--help")
        assert (told.exit_code, "Usage: " in told.stdout) == (0, True), name


def test_the_schema_goes_up_is_checked_and_goes_down(
    chosen: Settings, command: Command, tmp_path: Path
) -> None:
    blank = replace(chosen, database_url=f"sqlite:///{tmp_path}/new/blank.sqlite")
    newest = schema.newest()
    assert command("db", "upgrade", chosen=blank).stdout == f"schema: {newest}\n"
    assert command("db", "check", chosen=blank).stdout == f"ok: {newest}\n"
    assert command("db", "downgrade", "base", "--yes", chosen=blank).stdout == "schema: none\n"
    check = command("db", "check", chosen=blank)
    assert (check.exit_code, "run `reportbuilder db upgrade`" in check.stdout) == (1, True)
    assert "no tables yet" in command("user", "list", chosen=blank).stderr
    wrong = command("db", "upgrade", "9999", chosen=blank)
    assert (wrong.exit_code, "'9999' is unknown here" in wrong.stderr) == (2, True)


def test_a_schema_changed_by_other_hands_is_seen(command: Command, chosen: Settings, tmp_path: Path) -> None:
    changed = replace(chosen, database_url=f"sqlite:///{tmp_path}/changed.sqlite")
    command("db", "upgrade", chosen=changed)
    app = Flask("changes")
    from reportbuilder.database import install

    install(app, changed)
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE users ADD COLUMN shoe_size INTEGER"))
        db.engine.dispose()
    check = command("db", "check", chosen=changed)
    assert (check.exit_code, "shoe_size" in check.stdout) == (1, True)


def test_fresh_keys_fit_and_differ(command: Command) -> None:
    first, second = (
        dict(line.split("=", 1) for line in command("keys", "new").stdout.splitlines()) for _ in range(2)
    )
    assert first.keys() == {"RB_SECRET_KEY", "RB_VAULT_KEYS"}
    assert first["RB_VAULT_KEYS"] != second["RB_VAULT_KEYS"]
    assert Vault((first["RB_VAULT_KEYS"],)).open(Vault((first["RB_VAULT_KEYS"],)).seal("a")).reveal() == "a"


def test_tokens_are_sealed_with_the_newest_key(command: Command, chosen: Settings, cast: Cast) -> None:
    newest = Fernet.generate_key().decode()
    rotated = command("keys", "rotate", chosen=replace(chosen, vault_keys=(newest, *chosen.vault_keys)))
    assert "1 of 1 accounts" in rotated.stdout
    with reading() as session:
        sealed = session.get_one(AmcAccount, cast.account.id).sealed_refresh_token
    assert Vault((newest,)).open(sealed or "").reveal() == "Atzr|sandbox"
    lost = command("keys", "rotate", chosen=replace(chosen, vault_keys=(Fernet.generate_key().decode(),)))
    assert (lost.exit_code, "0 of 1 accounts" in lost.stdout) == (1, True)


def test_a_database_that_is_not_there_is_told_without_its_password(
    command: Command, chosen: Settings
) -> None:
    away = replace(chosen, database_url="postgresql://ada:opensesame@127.0.0.1:1/away")
    told = command("user", "list", chosen=away)
    assert told.exit_code == 2
    assert "see `reportbuilder doctor`" in told.stderr
    assert "opensesame" not in told.output
    nonsense = command("user", "list", chosen=replace(chosen, database_url="opensesame"))
    assert "RB_DATABASE_URL" in nonsense.stderr
    assert "opensesame" not in nonsense.output


def test_the_web_says_that_its_port_is_taken(command: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        told = command("web", "--port", str(port))
    assert (told.exit_code, f"Cannot listen on 127.0.0.1:{port}" in told.stderr) == (2, True)


@pytest.mark.system
@pytest.mark.parametrize("process", ["web", "worker", "scheduler"])
def test_nothing_starts_without_keys(process: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reportbuilder", process],
        env=environment(Settings(secret_key="a-secret-for-tests")),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, "RB_VAULT_KEYS" in done.stderr) == (2, True), done.stderr
