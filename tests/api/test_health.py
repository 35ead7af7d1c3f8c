"""Health: what is told when a part is missing or hangs."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event
from time import monotonic
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from reportbuilder import heartbeats, schema, settings
from reportbuilder.api import health
from reportbuilder.api.health import Readiness
from reportbuilder.database import db, transaction
from tests.api.conftest import Make


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.5)


@contextmanager
def hanging() -> Iterator[int]:
    """A server that accepts and never answers; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def parts(app: Flask, status: int) -> dict[str, Any]:
    response = app.test_client().get("/readyz")
    body: dict[str, Any] = response.get_json()
    assert (response.status_code, body["status"]) == (status, "ok" if status == 200 else "unavailable"), body
    found: dict[str, Any] = body["parts"]
    return found


def test_ready_when_all_is_there(web: Flask) -> None:
    missing = parts(web, 503)
    assert {name for name, part in missing.items() if not part["ok"]} == {"worker", "scheduler"}
    assert missing["worker"]["why"] == "no worker seen for 35 s: start one"
    with web.app_context(), transaction() as session:
        heartbeats.beat(session, "worker")
        session.flush()
        session.execute(text("UPDATE process_heartbeats SET name = 'another'"))
        heartbeats.beat(session, "scheduler")
    assert parts(web, 200)["worker"] == {"ok": True, "why": "1 seen"}


def test_an_outdated_schema_is_told(web: Flask) -> None:
    with web.app_context():
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        try:
            assert "schema is at 0001" in parts(web, 503)["database"]["why"]
        finally:
            with db.engine.begin() as connection:
                connection.execute(
                    text("UPDATE alembic_version SET version_num = :newest"),
                    {"newest": schema.newest()},
                )


def test_failure_40_alive_asks_nobody(configured: settings.Settings, make_web: Make) -> None:
    app = make_web(replace(configured, redis_url="redis://127.0.0.1:1/0"))
    assert app.test_client().get("/healthz").get_json() == {"status": "ok"}
    assert parts(app, 503)["redis"]["why"] == "does not answer (ConnectionError)"


def test_a_redis_that_hangs(configured: settings.Settings, make_web: Make) -> None:
    with hanging() as port:
        app = make_web(replace(configured, redis_url=f"redis://:hunter2@127.0.0.1:{port}/0"))
        start = monotonic()
        told = parts(app, 503)
        assert monotonic() - start < health.PATIENCE + 1
    assert not told["redis"]["ok"]
    assert "hunter2" not in str(told)


def test_a_database_that_hangs(configured: settings.Settings, make_web: Make) -> None:
    with hanging() as port:
        app = make_web(replace(configured, database_url=f"postgresql://u:hunter2@127.0.0.1:{port}/d"))
        start = monotonic()
        told = parts(app, 503)
        again = parts(app, 503)
        assert monotonic() - start < 2 * health.PATIENCE + 1
    assert [told[name]["ok"] for name in ("database", "worker", "scheduler", "redis")] == [False] * 3 + [True]
    assert again["database"]["why"].startswith("no answer for")
    assert "hunter2" not in str(told)


def test_what_hangs_is_not_started_twice() -> None:
    release, started = Event(), []

    def hang() -> str:
        started.append(1)
        release.wait()
        return "at last"

    readiness = Readiness({"slow": hang, "fast": lambda: "here"}, patience=0.05)
    for _ in range(3):
        assert readiness.parts()["fast"] == {"ok": True, "why": "here"}
    assert started == [1]
    release.set()
    readiness._running["slow"].done.wait(5)
    assert readiness.parts()["slow"]["ok"]
