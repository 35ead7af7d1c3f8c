"""Access tokens: the Login-with-Amazon endpoint, and who an API call comes from."""

import secrets
import threading
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from reportbuilder.sandbox import world
from reportbuilder.sandbox.options import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, Faults

CODE_LIFE = timedelta(minutes=5)
_GRANTS = {"refresh_token": "refresh_token", "authorization_code": "code"}  # with what each one needs
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


class Tokens:
    """The access tokens given out, with the instant at which each stops to work."""

    def __init__(self) -> None:
        self._ends: dict[str, datetime] = {}
        self._codes: dict[str, tuple[str, datetime]] = {}
        self._lock = threading.Lock()

    def code(self, redirect_uri: str, now: datetime) -> str:
        """Return a fresh authorization code for a client that waits at this address."""
        code = "AN" + secrets.token_urlsafe(12)
        with self._lock:
            self._codes[code] = redirect_uri, now + CODE_LIFE
        return code

    def spend(self, code: str, redirect_uri: str, now: datetime) -> bool:
        """Use a code up; false if it is not good, or not good any more."""
        with self._lock:
            waiting_at, end = self._codes.pop(code, ("", now))
        return bool(redirect_uri) and waiting_at == redirect_uri and now < end

    def grant(self, faults: Faults, now: datetime) -> str:
        """Return a fresh access token."""
        token = "Atza|" + secrets.token_urlsafe(240)
        life = faults.token_dies_after or faults.token_life
        with self._lock:
            self._ends[token] = now + timedelta(seconds=life)
        return token

    def good(self, token: str, now: datetime) -> bool:
        """Say whether this token opens the API now."""
        ends = self._ends.get(token)
        return ends is not None and now < ends

    def expire_all(self) -> None:
        """Make every token given out so far stop to work."""
        with self._lock:
            self._ends.clear()


def token_answer(tokens: Tokens, faults: Faults, now: datetime) -> Response:
    """Answer POST /auth/o2/token for the current request."""
    form = request.form or request.get_json(silent=True) or {}
    missing = [name for name in ("grant_type", "client_id") if not form.get(name)]
    if missing:
        return _refused(400, "invalid_request", f"The request is missing a required parameter : {missing[0]}")
    wanted = _GRANTS.get(form["grant_type"])
    if wanted is None:
        return _refused(400, "unsupported_grant_type", "The authorization grant type is not supported")
    if form["client_id"] != CLIENT_ID or form.get("client_secret") != CLIENT_SECRET:
        return _refused(401, "invalid_client", "Client authentication failed")
    if not form.get(wanted):
        return _refused(400, "invalid_request", f"The request is missing a required parameter : {wanted}")
    if wanted == "code":
        is_good = tokens.spend(form["code"], form.get("redirect_uri", ""), now)
    else:
        is_good = not faults.revoked and form["refresh_token"] == REFRESH_TOKEN
    if not is_good:
        return _refused(400, "invalid_grant", f"The request has an invalid grant parameter : {wanted}")
    return jsonify(
        access_token=tokens.grant(faults, now),
        token_type="bearer",  # noqa: S106 - the name of a scheme
        expires_in=faults.token_life,
        refresh_token=REFRESH_TOKEN,
    )


def consent_answer(tokens: Tokens, now: datetime) -> AnyResponse:
    """Answer GET /ap/oa: agree in the user's name, and send the browser back with a code.

    Only to this machine, so that nothing here leads elsewhere.
    """
    asked = request.args
    back = urlsplit(asked.get("redirect_uri", ""))
    wrong = asked.get("client_id") != CLIENT_ID or asked.get("response_type") != "code"
    if wrong or back.scheme not in ("http", "https") or back.hostname not in _THIS_MACHINE:
        return _refused(400, "invalid_request", "client_id, response_type or redirect_uri is not right")
    answer = {"code": tokens.code(back.geturl(), now), "scope": asked.get("scope", "")}
    query = parse_qsl(back.query) + list(answer.items()) + [("state", asked["state"])] * ("state" in asked)
    return redirect(urlunsplit(back._replace(query=urlencode(query))), 302)


def _refused(status: int, error: str, description: str) -> Response:
    response = jsonify(error=error, error_description=description)
    response.status_code = status
    return response


def caller_error(tokens: Tokens, now: datetime, *, entity: bool) -> tuple[int, str] | None:
    """Return status and text of what is wrong with the caller of this request, or None.

    ``entity`` asks for the account's headers too, which every call needs but the list of accounts.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not tokens.good(token, now):
        return 401, "Unauthorized"
    client = request.headers.get("Amazon-Advertising-API-ClientId")
    if client is None:
        return 401, "Missing required header Amazon-Advertising-API-ClientId"
    if client != CLIENT_ID:
        return 403, "Unauthorized request."
    return _entity_error() if entity else None


def _entity_error() -> tuple[int, str] | None:
    wanted = {
        "Amazon-Advertising-API-AdvertiserId": world.ACCOUNT_ID,
        "Amazon-Advertising-API-MarketplaceId": world.MARKETPLACE_ID,
    }
    for name, value in wanted.items():
        given = request.headers.get(name)
        if given is None:
            return 400, f"Missing required header {name}"
        if given != value:
            return 403, "Unauthorized request."
    return None
