"""Accounts and the doctor from the command line, with a real sandbox and a real Redis."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from reportbuilder import heartbeats
from reportbuilder.database import transaction
from reportbuilder.sandbox import REFRESH_TOKEN, Options, Sandbox
from reportbuilder.settings import Settings
from tests.cast import Cast
from tests.cli.conftest import Command


@pytest.fixture(scope="module")
def amc() -> Iterator[Sandbox]:
    with Sandbox(Options(users=500, days=30)).serving() as box:
        yield box


@pytest.fixture
def whole(chosen: Settings, amc: Sandbox, redis_url: str) -> Settings:
    """Settings with which nothing is missing."""
    return replace(chosen, amc_api_url=amc.url, amc_token_url=amc.token_url, redis_url=f"{redis_url}/0")


def test_an_account_is_connected_with_a_token_that_is_not_shown(
    command: Command, whole: Settings, database: Flask
) -> None:
    command("user", "add", "ada@example.test", "--role", "admin", "--password", "none")
    done = command("account", "connect", "--token-stdin", given=f"{REFRESH_TOKEN}\n", chosen=whole)
    assert done.exit_code == 0
    assert "amcnorthwind02" in done.stdout
    asked = command("account", "connect", given=f"{REFRESH_TOKEN}\n", chosen=whole)
    assert REFRESH_TOKEN not in done.output + asked.output
    assert "Northwind Brands" in command("account", "list").stdout
    assert "amcnorthwind01" in command("account", "instances").stdout


def test_connecting_says_what_is_wrong(command: Command, whole: Settings, cast: Cast) -> None:
    arguments = ("account", "connect", "--token-stdin", "--user", "ada@example.test")
    refused = command(*arguments, given="Atzr|of-somebody-else\n", chosen=whole)
    assert (refused.exit_code, "Amazon refuses" in refused.stderr) == (2, True)
    missing = command(*arguments, given=f"{REFRESH_TOKEN}\n", chosen=replace(whole, amc_client_id=""))
    assert "RB_AMC_CLIENT_ID" in missing.stderr


def test_the_doctor_finds_nothing_wrong(command: Command, whole: Settings, cast: Cast) -> None:
    with transaction() as session:
        heartbeats.beat(session, "worker")
    with transaction() as session:  # one process has one name a kind
        heartbeats.beat(session, "scheduler")
    told = command("doctor", chosen=whole)
    assert (told.exit_code, "BAD" in told.stdout) == (0, False), told.stdout
    assert "1 signed in, AMC answers" in told.stdout


def test_the_doctor_says_what_is_wrong_and_how_to_mend_it(command: Command, whole: Settings) -> None:
    ill = replace(
        whole,
        database_url="postgresql://ada:opensesame@127.0.0.1:1/away",
        redis_url="redis://:opensesame@127.0.0.1:1/0",
        results_url="ftp://opensesame/",
        secret_key="opensesame",
        vault_keys=("opensesame",),
    )
    told = command("doctor", chosen=ill)
    assert told.exit_code == 1
    for name in ("secret key", "vault keys", "database", "redis", "results"):
        line = next(line for line in told.stdout.splitlines() if f" {name} " in line)
        assert line.startswith("  BAD"), line
    assert "  ?    schema" in told.stdout
    assert told.stdout.count("to mend it: ") == 5
    assert "opensesame" not in told.stdout.replace("'ftp://opensesame/'", "")


def test_the_doctor_sees_who_is_missing(command: Command, whole: Settings, cast: Cast, amc: Sandbox) -> None:
    amc.fault(revoked=True)
    told = command("doctor", chosen=whole).stdout
    amc.fault(revoked=False)
    assert "BAD  amc accounts" in told
    assert "`reportbuilder account connect` again" in told
    assert "start one with `reportbuilder worker`" in told
    assert "start one with `reportbuilder scheduler`" in told
