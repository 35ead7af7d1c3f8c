"""How often a user may ask for costly things; counted in Redis, and in memory while Redis is away."""

import math
from collections.abc import Callable
from typing import Any, cast

from flask import Flask, Response, g
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits import parse
from redis.exceptions import RedisError

from reportbuilder import clock, logs
from reportbuilder.api import context
from reportbuilder.errors import TooMany
from reportbuilder.settings import Settings

log = logs.get_logger(__name__)

REDIS_PATIENCE = 1.0  # seconds
TOO_MANY = 429
MESSAGES_PER_HOUR = 20
KEY_PREFIX = "limit"

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _asker() -> str:
    return f"user:{context.principal().user_id}"


limiter = Limiter(
    key_func=_asker,
    in_memory_fallback_enabled=True,
    # of requests that find Redis away at once only the first falls back; the others would answer 500
    swallow_errors=True,
    strategy="moving-window",
    key_prefix=KEY_PREFIX,
)


def register(app: Flask, settings: Settings) -> None:
    """Count on the Redis of these settings, shared by all web processes."""
    app.config["RATELIMIT_STORAGE_URI"] = settings.redis_url
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {
        "socket_connect_timeout": REDIS_PATIENCE,
        "socket_timeout": REDIS_PATIENCE,
    }
    limiter.init_app(app)
    app.after_request(_say_how_many_are_left)


def _shared(name: str, text: Callable[[Settings], str]) -> Decorator:
    return cast("Decorator", limiter.shared_limit(lambda: text(context.settings()), scope=name))


def _executions(chosen: Settings) -> str:
    return f"{chosen.executions_per_minute} per minute"


def _reports(chosen: Settings) -> str:
    return f"{chosen.reports_per_hour} per hour"


executions, reports = _shared("executions", _executions), _shared("reports", _reports)
exports = _shared("exports", lambda chosen: f"{chosen.exports_per_hour} per hour")
# of a user, whatever caps say: else anybody could fill a stranger's mailbox from here
messages = _shared("messages", lambda _chosen: f"{MESSAGES_PER_HOUR} per hour")
sign_ins = limiter.limit("10 per minute", key_func=get_remote_address, methods=["POST"])


def take_execution() -> None:
    """Count one of several executions that a request asks for; the decorator counts one a request.

    :raises TooMany: if it is one more than the asker may ask for.
    """
    _take("executions", _executions(context.settings()), "runs")


def take_report() -> None:
    """Count one of several reports that a request makes, as :func:`take_execution` does."""
    _take("reports", _reports(context.settings()), "new reports")


def _take(scope: str, text: str, what: str) -> None:
    limit = parse(text)
    try:
        is_left = limiter.limiter.hit(limit, KEY_PREFIX, _asker(), scope)
    except RedisError as error:
        log.warning("a limit is not counted", error=type(error).__name__)
        return
    if not is_left:
        raise TooMany(
            f"only {text.replace(' per ', f' {what} per ')} are allowed; ask for it again later",
            retry_after=limit.get_expiry(),
        )


def tell_own(most: int, left: int, seconds: float) -> None:
    """Say with this answer how a limit stands that is counted in rows: what was refused counts nothing there.

    :param seconds: until one more is allowed.
    """
    g.own_limit = (most, left, seconds)


def _say_how_many_are_left(response: Response) -> Response:
    # The extension's own headers put Retry-After on answers that were not refused, too.
    applied = limiter.current_limits
    if "own_limit" in g and (response.status_code != TOO_MANY or g.own_limit[1] <= 0):
        most, left, seconds = g.own_limit
        response.headers["X-RateLimit-Limit"] = str(most)
        response.headers["X-RateLimit-Remaining"] = str(left)
        response.headers["X-RateLimit-Reset"] = str(math.ceil(clock.now().timestamp() + seconds))
        return response
    if not applied:
        return response
    wait = float(applied[0].limit.get_expiry())
    try:
        tightest = min(applied, key=lambda limit: (not limit.breached, limit.remaining))
        response.headers["X-RateLimit-Limit"] = str(tightest.limit.amount)
        response.headers["X-RateLimit-Remaining"] = str(tightest.remaining)
        response.headers["X-RateLimit-Reset"] = str(tightest.reset_at)
        wait = tightest.reset_at - clock.now().timestamp()
    except RedisError as error:
        log.warning("limits cannot be shown", error=type(error).__name__)
    if response.status_code == TOO_MANY:
        response.headers.setdefault("Retry-After", str(max(1, math.ceil(wait))))
    return response
