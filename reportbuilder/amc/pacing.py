"""How many calls a second may leave for an instance, counted for all workers together in Redis.

When Redis does not answer, calls go out unpaced: Redis holds no truth here, and AMC's own 429 stands behind.
What a ``Retry-After`` asks for is kept in the instance's row, not here, so it holds even then.
"""

import math
from typing import Protocol

import redis
from dramatiq.rate_limits import BucketRateLimiter, RateLimiterBackend
from dramatiq.rate_limits.backends import RedisBackend

from reportbuilder import clock, logs
from reportbuilder.amc.failures import Throttled
from reportbuilder.errors import Invalid
from reportbuilder.settings import Settings

BUCKET = 1.0  # seconds
UNPACED_FOR = 5.0  # seconds without asking a Redis that has just failed, so that calls do not wait for it
REDIS_TIMEOUT = 0.5  # seconds

log = logs.get_logger(__name__)


class Pacing(Protocol):
    """What the client needs of a pace."""

    def take(self, key: str, share: float = 1.0) -> None:
        """Take one call, or raise :class:`Throttled`; never wait. ``share``: how much may be gone before."""


class Pace:
    """At most ``per_second`` calls a second for each key, for all that share the backend.

    The bucket is a calendar second, so twice as many may leave around its turn; AMC counts in token buckets
    of unknown size, against which this is no worse than any other figure.
    """

    def __init__(self, backend: RateLimiterBackend, per_second: int) -> None:
        if per_second < 1:
            raise Invalid.field("RB_AMC_CALLS_PER_SECOND", f"{per_second} is less than 1")
        self._backend = backend
        self._per_second = per_second
        self._unpaced_until = -math.inf

    @classmethod
    def of(cls, settings: Settings) -> "Pace":
        """Pace by the settings' Redis; connects at the first call."""
        client = redis.Redis.from_url(
            settings.redis_url, socket_timeout=REDIS_TIMEOUT, socket_connect_timeout=REDIS_TIMEOUT
        )
        return cls(RedisBackend(client=client), settings.amc_calls_per_second)

    def take(self, key: str, share: float = 1.0) -> None:
        """Take one call for ``key`` (AMC's instance or account id) without waiting.

        ``share``: what of a second's calls may be used up by this kind of call and those before it. So calls
        that may come later leave some to those that may not.

        :raises Throttled: with ``local`` set, and the seconds until the next bucket, if there is none left.
        """
        if clock.monotonic() >= self._unpaced_until and not self._acquired(key, share):
            raise Throttled("our own pace", retry_after=_until_next_bucket(), local=True)

    def _acquired(self, key: str, share: float) -> bool:
        limit = max(1, int(self._per_second * share))
        limiter = BucketRateLimiter(  # type: ignore[no-untyped-call] # dramatiq's limiters carry no types
            self._backend, f"amc-pace:{key}", limit=limit, bucket=int(BUCKET * 1000)
        )
        try:
            with limiter.acquire(raise_on_failure=False) as acquired:
                return bool(acquired)
        except (redis.RedisError, OSError) as error:
            self._unpaced_until = clock.monotonic() + UNPACED_FOR
            log.warning("calls to amc go out unpaced", error=type(error).__name__, seconds=UNPACED_FOR)
            return True


def _until_next_bucket() -> float:
    return BUCKET - clock.now().timestamp() % BUCKET
