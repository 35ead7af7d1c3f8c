"""Request ids on every answer and log line, one line per request, and the headers that keep browsers safe."""

import re
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from reportbuilder import clock, logs
from reportbuilder.api import context
from reportbuilder.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logs.get_logger("reportbuilder.access")

SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
QUIET = {"/healthz", "/readyz"}  # asked every few seconds by machines

SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; "
        "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
HSTS = "max-age=31536000"


class RequestIds:
    """WSGI middleware that binds a request's id to all that is logged while it is answered."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        given = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = given if SANE_ID.fullmatch(given) else secrets.token_hex(12)
        environ[context.REQUEST_ID] = request_id
        with logs.bound(request_id=request_id):
            return self._app(environ, start_response)


def register(app: Flask, settings: Settings) -> None:
    """Put ids, log lines and security headers on all answers of this app."""
    hops = settings.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # as Flask's manual has it
    app.wsgi_app = RequestIds(app.wsgi_app)  # type: ignore[method-assign]  # as Flask's manual has it
    app.before_request(_start)
    app.after_request(_finish)


def _start() -> None:
    g.started = clock.monotonic()


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = context.request_id()
    for name, value in SECURITY.items():
        response.headers.setdefault(name, value)
    if request.is_secure or context.settings().public_url.startswith("https:"):
        response.headers["Strict-Transport-Security"] = HSTS
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    _log(response)
    return response


def _log(response: Response) -> None:
    # the route and not the path: paths may carry what people type, routes never do
    route = request.url_rule.rule if request.url_rule else "-"
    write = log.debug if route in QUIET else log.info
    spent = (clock.monotonic() - g.get("started", clock.monotonic())) * 1000
    write("request", method=request.method, route=route, status=response.status_code, ms=round(spent, 1))
