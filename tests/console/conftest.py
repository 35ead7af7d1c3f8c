"""The cast at the console, on a real database and a real Redis."""

import pytest
from flask.testing import FlaskClient

from tests.api.conftest import Callers, callers, configured, editor, make_web, passwords, run, web
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
