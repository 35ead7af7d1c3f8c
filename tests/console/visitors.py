"""People at the console without a browser: they sign in, read pages and send forms."""

import re
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from admin.blueprint import HOME
from tests.api.conftest import PASSWORD

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
HTMX = {"HX-Request": "true", "Accept": "*/*"}


def csrf(client: FlaskClient, path: str = "/sign-in") -> str:
    """Return the token that the forms of a page carry."""
    found = TOKEN.search(client.get(path).text)
    assert found
    return found[1]


def sign_in(client: FlaskClient, **changes: str) -> TestResponse:
    """Send the sign-in, as Ben if nobody else is named."""
    form = {"email": "ben@example.test", "password": PASSWORD, "csrf_token": csrf(client), "next": HOME}
    return client.post("/sign-in", data=form | changes)


@dataclass
class Visitor:
    """Somebody who is signed in."""

    client: FlaskClient
    token: str

    def get(self, path: str, **options: Any) -> TestResponse:
        """Ask for a page."""
        return self.client.get(path, **options)

    def post(self, path: str, fields: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """Send a form with its token."""
        return self.client.post(path, data={"csrf_token": self.token, **(fields or {})}, **options)

    def fragment(self, path: str, **headers: str) -> TestResponse:
        """Ask as a script of the console does."""
        return self.client.get(path, headers=HTMX | headers)

    def send(self, path: str, fields: dict[str, Any] | None = None) -> TestResponse:
        """Send a form as a script of the console does."""
        return self.client.post(path, data=fields, headers=HTMX | {"X-CSRF-Token": self.token})


def visitor(client: FlaskClient, email: str) -> Visitor:
    """Sign somebody in."""
    sign_in(client, email=email)
    return Visitor(client, csrf(client, HOME))
