"""Transactions: two kinds, no nesting, instants that keep their zone, and no lost updates on SQLite."""

import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from time import monotonic
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.dashboards.models import Dashboard
from reportbuilder.database import (
    PATIENCE,
    after_commit,
    for_thread,
    in_transaction,
    install,
    reading,
    transaction,
)
from reportbuilder.settings import Settings


def add_user(name: str = "Ada") -> None:
    with transaction() as session:
        session.add(User(email=f"{name}@example.test", name=name))


def test_transactions_do_not_nest(database: Flask) -> None:
    with transaction(), pytest.raises(RuntimeError, match="open already"), reading():
        pass
    assert not in_transaction()


def test_an_error_rolls_back(database: Flask) -> None:
    called: list[str] = []

    def fail() -> None:
        with transaction() as session:
            session.add(User(email="ada@example.test"))
            after_commit(session, lambda: called.append("no"))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with reading() as session:
        assert session.scalars(select(User)).all() == []
    assert called == []


def test_reading_changes_nothing(database: Flask) -> None:
    add_user()
    with reading() as session:
        session.scalars(select(User)).one().name = "Eve"
        session.flush()
    with reading() as session:
        assert session.scalars(select(User)).one().name == "Ada"


def test_instants_keep_their_moment(database: Flask, noon: Callable[[float], None]) -> None:
    add_user()
    with reading() as session:
        user = session.scalars(select(User)).one()
    assert (user.created_at, user.created_at.tzinfo) == (clock.now(), UTC)
    there = timezone(timedelta(hours=-7))
    with reading() as session:
        found = select(User).where(User.created_at == clock.now().astimezone(there))
        assert session.scalars(found).one().name == "Ada"


def test_naive_datetimes_are_refused(database: Flask) -> None:
    with reading() as session, pytest.raises(StatementError, match="no zone"):
        session.scalars(select(User).where(User.created_at == datetime(2026, 1, 1))).all()  # noqa: DTZ001 - the fault under test


def test_writers_that_read_first_wait_for_each_other(database: Flask) -> None:
    add_user("0")
    errors: list[BaseException] = []

    def count_up() -> None:
        try:
            for _ in range(10):
                with transaction() as session:
                    user = session.scalars(select(User).with_for_update()).one()
                    user.name = str(int(user.name) + 1)
        except BaseException as error:  # noqa: BLE001 - told to the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=for_thread(count_up)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading() as session:
        assert (errors, session.scalars(select(User)).one().name) == ([], "40")


def test_foreign_keys_are_minded(database: Flask) -> None:
    with reading() as session:
        session.add(Dashboard(dashboard_id="d", name="d", user_id=uuid4()))
        with pytest.raises(IntegrityError):
            session.flush()


def test_errors_do_not_repeat_what_was_to_be_stored(database: Flask) -> None:
    with pytest.raises(DBAPIError) as caught, transaction() as session:
        session.execute(text("SELECT nothing FROM users WHERE password_hash = :hash"), {"hash": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_a_database_that_hangs_is_given_up(chosen: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"postgres://u@127.0.0.1:{server.getsockname()[1]}/d?connect_timeout=2"
        app = Flask("rooms")
        install(app, replace(chosen, database_url=url))
        began = monotonic()
        with app.app_context(), pytest.raises(OperationalError), reading() as session:
            session.connection()
        assert monotonic() - began < PATIENCE["connect_timeout"]
