"""Pauses and dead letters on the command line."""

from dataclasses import replace

import pytest

from actors.broker import make_broker
from actors.wakeups import over
from reportbuilder import deadletters, wakeups
from reportbuilder.settings import Settings
from reportbuilder.wakeups import WakeUp
from tests.cast import Cast
from tests.cli.conftest import Command

WHO = ("--user", "ada@example.test")


@pytest.mark.parametrize("target", [("--instance", "amcnorthwind01"), ("--everything",)])
def test_pause_and_resume(command: Command, cast: Cast, target: tuple[str, ...]) -> None:
    assert command("pause", *target, "--reason", "audit", *WHO).exit_code == 0
    told = command("pauses").stdout
    assert "audit" in told
    assert "ada@example.test" in told
    again = command("pause", *target, "--reason", "audit", *WHO)
    assert (again.exit_code, "is paused already by ada@example.test: audit" in again.stderr) == (2, True)
    assert command("resume", *target, *WHO).exit_code == 0
    assert "audit" not in command("pauses").stdout


def test_a_pause_says_of_what(command: Command, cast: Cast) -> None:
    assert "or --everything" in command("pause", "--reason", "audit", *WHO).stderr
    both = command("resume", "--everything", "--instance", "amcnorthwind01", *WHO)
    assert "or --everything" in both.stderr
    denied = command("pause", "--everything", "--reason", "x", "--user", "ben@example.test")
    assert "everything:pause takes the role admin" in denied.stderr


@pytest.fixture
def on_redis(chosen: Settings, redis_url: str) -> Settings:
    return replace(chosen, redis_url=f"{redis_url}/0")


@pytest.fixture
def letter(on_redis: Settings) -> str:
    """A message that was taken and given up."""
    broker = make_broker(on_redis.redis_url)
    over(broker)(WakeUp("look_at_instance", "amcnorthwind01"))
    consumer = broker.consume("calls")
    message = next(consumer)
    assert message is not None
    consumer.nack(message)
    name = str(message.options["redis_message_id"])
    deadletters.note(broker.client, name, "RuntimeError: no")
    return name


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_dead_letters(command: Command, cast: Cast, on_redis: Settings, letter: str) -> None:
    before = wakeups.deliver_with(lambda _: None)
    try:
        told = command("dead-letters", "list", chosen=on_redis).stdout
        assert letter in told
        assert "RuntimeError: no" in told
        assert "amcnorthwind01" in command("dead-letters", "show", letter, chosen=on_redis).stdout
        assert "give the ids" in command("dead-letters", "drop", chosen=on_redis).stderr
        assert "There is no dead letter x" in command("dead-letters", "show", "x", chosen=on_redis).stderr
        assert command("dead-letters", "requeue", letter, chosen=on_redis).stdout == "1 sent again\n"
        assert deadletters.count(on_redis.redis_url) == 0
        again = next(make_broker(on_redis.redis_url).consume("calls"))
        assert again is not None
        assert (again.actor_name, again.args) == ("look_at_instance", ("amcnorthwind01",))
        assert command("dead-letters", "drop", "--all", chosen=on_redis).stdout == "0 thrown away\n"
    finally:
        wakeups.deliver_with(before)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_dead_letters_without_redis(command: Command, chosen: Settings) -> None:
    told = command("dead-letters", "list", chosen=replace(chosen, redis_url="redis://127.0.0.1:1/0"))
    assert "Redis does not answer (ConnectionError)" in told.stderr
