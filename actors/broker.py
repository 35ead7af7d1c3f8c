"""The Dramatiq broker on Redis, its middleware, and the names of its queues."""

from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware, Retries
from flask import Flask
from flask.ctx import AppContext

CALLS = "calls"  # short: one or two calls of AMC
RESULTS = "results"  # long: a download and its conversion

CONNECT_SECONDS = 2.0  # a hint that cannot leave by then is given up; the sweeps find the row
KEEP_DEAD_MILLISECONDS = 7 * 24 * 3600 * 1000


def make_broker(redis_url: str) -> RedisBroker:
    """Return a broker with the middleware of all that send: retries with back-off, set by each actor.

    Those that work add ``poison.Deaths`` and ``InAppContext``.
    """
    return RedisBroker(  # type: ignore[no-untyped-call] # Dramatiq has not typed its brokers
        url=redis_url,
        middleware=[Retries()],
        dead_message_ttl=KEEP_DEAD_MILLISECONDS,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=CONNECT_SECONDS * 5,
    )


class InAppContext(Middleware):
    """Gives each message an app context of its own, so that actors can reach the database."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.contexts: dict[str, AppContext] = {}

    def before_process_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:  # noqa: ARG002 - Dramatiq's signature
        """Open the context."""
        context = self.app.app_context()
        context.push()
        self.contexts[message.message_id] = context

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: dramatiq.MessageProxy,
        *,
        result: Any = None,  # noqa: ARG002 - Dramatiq's signature
        exception: BaseException | None = None,  # noqa: ARG002 - Dramatiq's signature
    ) -> None:
        """Close it."""
        self.after_skip_message(broker, message)

    def after_skip_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:  # noqa: ARG002 - Dramatiq's signature
        """Close it."""
        context = self.contexts.pop(message.message_id, None)
        if context is not None:
            context.pop()
