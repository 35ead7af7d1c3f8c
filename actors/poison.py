"""Messages that kill whoever takes them, and the word on all that are given up."""

from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware, SkipMessage

from reportbuilder import deadletters, logs

log = logs.get_logger(__name__)

MOST_DEATHS: Final = 3
COUNTED_FOR: Final = timedelta(days=1)


class Deaths(Middleware):
    """Gives up a message at which worker processes have died ``MOST_DEATHS`` times.

    Dramatiq delivers a message again when its worker is no more, for ever. So each beginning is counted in
    Redis and each end, good or bad, ends the count: what is left were deaths. What a message of ours is about
    is a row, which counts its own attempts, so that nothing is lost with it.
    """

    def before_process_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        """Count a beginning.

        :raises SkipMessage: if as many have ended in a death as may.
        """
        begun = 0
        with suppress(redis.RedisError, OSError):  # without Redis nothing is delivered twice either
            begun = _begin(broker, message)
        if begun > MOST_DEATHS:
            message.options["why"] = f"worker processes died {begun - 1} times while they were at it"
            message.fail()
            raise SkipMessage

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: dramatiq.MessageProxy,
        *,
        result: Any = None,  # noqa: ARG002 - Dramatiq's signature
        exception: BaseException | None = None,
    ) -> None:
        """End the count."""
        if exception is not None:
            message.options["why"] = f"{type(exception).__name__}: {exception}"
        self.after_skip_message(broker, message)

    def after_skip_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        """End the count."""
        with suppress(redis.RedisError, OSError):
            _redis(broker).delete(_key(message))

    def after_nack(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        """Say that a message has been given up, and why."""
        why = str(message.options.get("why", ""))
        log.error("dead letter", actor=message.actor_name, args=list(message.args), why=why)
        with suppress(redis.RedisError, OSError):
            deadletters.note(_redis(broker), message.options["redis_message_id"], why)


def _begin(broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> int:
    with _redis(broker).pipeline(transaction=False) as pipeline:
        pipeline.incr(_key(message))
        pipeline.expire(_key(message), COUNTED_FOR)
        return int(pipeline.execute()[0])


def _redis(broker: dramatiq.Broker) -> "redis.Redis":
    if not isinstance(broker, RedisBroker):
        raise TypeError("deaths are counted in Redis")
    return broker.client


def _key(message: dramatiq.MessageProxy) -> str:
    return f"begun:{message.message_id}"
