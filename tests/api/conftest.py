"""The web application on a real database and a real Redis, and callers who have tokens."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app import create_app
from reportbuilder import settings, wakeups
from reportbuilder.accounts import grants, tokens, users
from reportbuilder.accounts.models import User
from reportbuilder.api import limits
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import db, transaction
from reportbuilder.executions.lifecycle import Order, request
from reportbuilder.parameters.windows import Window
from tests.caches import share_templates
from tests.cast import Cast

BASE = "/api/report-builder"
PASSWORD = "correct horse battery"
Make = Callable[[settings.Settings], Flask]


@pytest.fixture
def configured(chosen: settings.Settings, redis_url: str) -> settings.Settings:
    """Settings with a Redis that is there."""
    return replace(chosen, redis_url=redis_url)


@pytest.fixture
def make_web() -> Iterator[Make]:
    """Make the web application as it is served, except that wake-ups go nowhere."""
    made: list[Flask] = []

    def make(chosen: settings.Settings) -> Flask:
        made.append(create_app(chosen))
        share_templates(made[-1])
        wakeups.deliver_with(lambda _: None)
        return made[-1]

    before, handlers = wakeups.deliver_with(lambda _: None), logging.getLogger().handlers[:]
    yield make
    wakeups.deliver_with(before)
    logging.getLogger().handlers[:] = handlers
    limits.limiter._storage_dead = False  # what a test did to Redis; the extension is one for the process
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def web(configured: settings.Settings, make_web: Make) -> Flask:
    """The web application on a Redis that is there."""
    return make_web(configured)


@dataclass
class Caller:
    """Somebody with an API token."""

    app: Flask
    text: str

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        """Send a request below the base path of the API, or to an absolute one that begins with //."""
        headers = {"Authorization": f"Bearer {self.text}"} | options.pop("headers", {})
        target = path[1:] if path.startswith("//") else BASE + path
        return self.app.test_client().open(target, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        """Read."""
        return self.ask("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        """Write."""
        return self.ask("POST", path, **options)


@dataclass
class Callers:
    """The cast at the API: ada sees all, ben may run on the first instance, cleo may view it."""

    app: Flask
    cast: Cast
    ada: Caller
    ben: Caller
    cleo: Caller

    def with_token(self, user: User, scope: str) -> Caller:
        """Return a user with another token."""
        with transaction() as session:
            return Caller(self.app, tokens.issue(session, user, "tests", scope).text)


@pytest.fixture
def callers(web: Flask, cast: Cast) -> Callers:
    """The cast with tokens, passwords and grants."""
    with transaction() as session:
        grants.grant(session, cast.ben.id, cast.first.id, "run")
        grants.grant(session, cast.cleo.id, cast.first.id, "view")
        made = [
            Caller(web, tokens.issue(session, user, "tests", "admin").text)
            for user in (cast.ada, cast.ben, cast.cleo)
        ]
    return Callers(web, cast, *made)


@pytest.fixture
def editor(callers: Callers) -> Caller:
    """Cleo, after she has become an editor."""
    with transaction() as session:
        users.set_role(session.get_one(User, callers.cast.cleo.id), "editor")
    return callers.cleo


@pytest.fixture
def passwords(cast: Cast) -> None:
    """Give the cast passwords."""
    with transaction() as session:
        for user in (cast.ada, cast.ben, cast.cleo):
            users.set_password(session.merge(user), PASSWORD)


START = datetime(2026, 1, 1, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=30), "UTC")

Run = Callable[..., str]


@pytest.fixture
def run(callers: Callers) -> Run:
    """Ask for an execution; returns its id."""
    cast = callers.cast
    with transaction() as session:
        template = QueryTemplate(
            template_id="tpl_0123456789ab",
            name="Reach",
            category="reach",
            sql_template="SELECT 1",
            is_public=True,
        )
        session.add(template)

    def make(user: str = "ben", instance: str = "first", **changes: Any) -> str:
        with transaction() as session:
            order = Order(
                template=session.merge(template),
                instance=session.merge(getattr(cast, instance)),
                user=session.merge(getattr(cast, user)),
                sql="SELECT 1",
                window=WINDOW,
                values={"brand": "Northwind"},
                triggered_by="manual",
            )
            row = request(session, order)
            for name, value in changes.items():
                setattr(row, name, value)
            return row.execution_id

    return make
