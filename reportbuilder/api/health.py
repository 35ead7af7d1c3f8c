"""Health: whether this process lives, and whether all that it needs is there, told in bounded time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Lock, Thread
from typing import Any

import redis
from flask import Flask, Response, jsonify
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from reportbuilder import clock, heartbeats, schema
from reportbuilder.database import db
from reportbuilder.settings import Settings

PATIENCE = 2.0  # seconds for all checks together, which run side by side

Check = Callable[[], str]


@dataclass
class _Run:
    check: Check
    begun: float = field(default_factory=clock.monotonic)
    done: Event = field(default_factory=Event)
    is_ok: bool = False
    why: str = ""

    def work(self) -> None:
        try:
            self.why = self.check()
            self.is_ok = True
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a part is what we are to tell
            self.why = _reason(error)
        finally:
            self.done.set()


class Readiness:
    """Runs checks side by side; one that hangs is left alone, and not started again while it hangs."""

    def __init__(self, checks: dict[str, Check], patience: float) -> None:
        self._checks, self._patience = checks, patience
        self._running: dict[str, _Run] = {}
        self._lock = Lock()

    def parts(self) -> dict[str, dict[str, Any]]:
        """Return for each part whether it is ``ok`` and ``why``, within the patience."""
        runs = {name: self._start(name, check) for name, check in self._checks.items()}
        deadline = clock.monotonic() + self._patience
        return {name: self._outcome(run, deadline) for name, run in runs.items()}

    def _start(self, name: str, check: Check) -> _Run:
        with self._lock:
            hanging = self._running.get(name)
            if hanging is not None and not hanging.done.is_set():
                return hanging
            run = self._running[name] = _Run(check)
        # daemon threads: one that hangs for ever must not keep the process from ending
        Thread(target=run.work, name=f"readiness-{name}", daemon=True).start()
        return run

    def _outcome(self, run: _Run, deadline: float) -> dict[str, Any]:
        if not run.done.wait(max(0.0, deadline - clock.monotonic())):
            return {"ok": False, "why": f"no answer for {clock.monotonic() - run.begun:.1f} s"}
        return {"ok": run.is_ok, "why": run.why}


def register(app: Flask, settings: Settings) -> None:
    """Add ``/healthz`` and ``/readyz``."""
    with app.app_context():
        engine = db.engine
    readiness = Readiness(
        {
            "database": partial(_database, engine),
            "redis": partial(_redis, settings.redis_url),
            "worker": partial(_process, engine, "worker"),
            "scheduler": partial(_process, engine, "scheduler"),
        },
        PATIENCE,
    )
    app.add_url_rule("/healthz", view_func=alive, endpoint="healthz")
    app.add_url_rule("/readyz", view_func=lambda: ready(readiness), endpoint="readyz")


def alive() -> Response:
    """Say that this process answers; asks nobody else."""
    return jsonify({"status": "ok"})


def ready(readiness: Readiness) -> tuple[Response, int]:
    """Say whether every part that work needs is there, and of each that is not, why."""
    parts = readiness.parts()
    is_ready = all(part["ok"] for part in parts.values())
    return jsonify({"status": "ok" if is_ready else "unavailable", "parts": parts}), 200 if is_ready else 503


def _database(engine: Engine) -> str:
    at, newest = schema.current(engine), schema.newest()
    if at != newest:
        raise RuntimeError(f"schema is at {at or 'nothing'}, needs {newest}: run `reportbuilder db upgrade`")
    return f"schema {at}"


def _redis(url: str) -> str:
    with redis.Redis.from_url(url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE) as client:
        client.ping()
    return "answers"


def _process(engine: Engine, kind: str) -> str:
    with Session(engine.execution_options(writes=False)) as session:
        count = heartbeats.alive(session).get(kind, 0)
    if not count:
        raise RuntimeError(f"no {kind} seen for {heartbeats.ALIVE_FOR.seconds} s: start one")
    return f"{count} seen"


def _reason(error: Exception) -> str:
    # driver errors may repeat addresses with passwords; only what we say ourselves is told
    return str(error) if isinstance(error, RuntimeError) else f"does not answer ({type(error).__name__})"
