"""The cast at the console, on a real database and a real Redis."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from reportbuilder import settings
from tests.api.conftest import Callers, callers, configured, editor, make_web, passwords, run, web
from tests.console.reported import Reported, make_report
from tests.console.visitors import Visitor, visitor

__all__ = ["callers", "configured", "editor", "make_web", "passwords", "run", "web"]


@pytest.fixture
def browser(callers: Callers, passwords: None) -> FlaskClient:
    """A browser in which nobody is signed in."""
    client = callers.app.test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html,*/*;q=0.8"
    return client


def _visitor(callers: Callers, email: str) -> Visitor:
    client = callers.app.test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html,*/*;q=0.8"
    return visitor(client, email)


@pytest.fixture
def ada(callers: Callers, passwords: None) -> Visitor:
    """An admin, signed in."""
    return _visitor(callers, "ada@example.test")


@pytest.fixture
def ben(callers: Callers, passwords: None) -> Visitor:
    """An analyst who may run on the first instance, signed in."""
    return _visitor(callers, "ben@example.test")


@pytest.fixture
def cleo(callers: Callers, passwords: None) -> Visitor:
    """A viewer of the first instance, signed in."""
    return _visitor(callers, "cleo@example.test")


@pytest.fixture
def reported(callers: Callers, configured: settings.Settings, tmp_path: Path) -> Reported:
    """A report of Ben's that has not run yet."""
    return make_report(callers, configured, tmp_path)
