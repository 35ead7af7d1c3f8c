"""When a fault strikes, and what the answer of a struck call looks like."""

import json
import math
import random
import threading
from datetime import datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any, Literal

from flask import Response

from reportbuilder.sandbox.endings import Ending, next_ending
from reportbuilder.sandbox.executions import LONGEST_RUN, Course
from reportbuilder.sandbox.options import DownloadStyle, Faults

_LONGEST = 1e9  # seconds; beyond, the calendar ends
_WIDEST = 10.0  # sigma; more than that is no distribution of run times
_HTML = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n<hr>\
<center>openresty</center>\r\n</body>\r\n</html>\r\n"
_TITLES = {
    429: "429 Too Many Requests",
    500: "500 Internal Server Error",
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
}
Counter = Literal[
    "throttle_next",
    "error_next",
    "lost_next",
    "failure_next",
    "token_error_next",
    "token_refused_next",
    "repeat_next",
    "stale_next",
    "broken_next",
    "cut_next",
]


class Troubles:
    """The faults of a running sandbox; they may be replaced at any time from any thread."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self._faults = faults
        self._lock = threading.Lock()
        self._random = random.Random(seed)  # noqa: S311 - chance for tests, not for secrets

    @property
    def faults(self) -> Faults:
        """The faults as they are now; counters go down as they strike."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        with self._lock:
            self._faults = faults

    def change(self, changes: dict[str, Any]) -> None:
        """Change some faults.

        :raises ValueError: naming the fault that does not exist or cannot be so.
        """
        with self._lock:
            self._faults = self._faults.changed(changes)

    def strikes(self, counter: Counter, rate: float = 0.0) -> bool:
        """Say whether this fault hits the present call: the counter first, then chance."""
        with self._lock:
            left = int(getattr(self._faults, counter))
            if left > 0:
                self._faults = self._faults.changed({counter: left - 1})
                return True
            return rate > 0 and self._random.random() < rate

    def answer(self, kind: str, now: datetime) -> Response | None:
        """Return the 429 or 5xx that hits a call of this kind, or None."""
        faults = self._faults
        if faults.only and kind not in faults.only.split(","):
            return None
        if self.strikes("throttle_next", faults.throttle_rate):
            return throttled(faults, now)
        if self.strikes("error_next", faults.error_rate):
            return self.failing(faults)
        return None

    def failing(self, faults: Faults) -> Response:
        """Return a 5xx as the faults want it."""
        status = faults.error_status or self._random.choice((500, 502, 503, 504))
        body = faults.error_body
        if body == "mix":
            body = self._random.choice(("message", "html", "empty"))
        return broken(status, body)

    def course(self) -> Course:
        """Return how the next run goes."""
        with self._lock:
            ending, rest = next_ending(self._faults.script)
            if self._faults.script:
                self._faults = self._faults.changed({"script": rest})
        faults = self._faults
        seconds = self._run_seconds(faults) if ending is None else ending.seconds
        if ending is None and self.strikes("failure_next", faults.failure_rate):
            ending = Ending(seconds, "FAILED", "Internal error while running the query.")
        factor = faults.time_factor
        return Course(
            min(faults.validation_seconds * factor, _LONGEST),
            min(seconds * factor, _LONGEST),
            min(faults.publishing_seconds * factor, _LONGEST),
            ending,
            faults.overlap_limit,
        )

    def _run_seconds(self, faults: Faults) -> float:
        """Return how long the next run takes, evenly or with a long tail."""
        shortest, longest = faults.run_seconds, faults.run_seconds_max
        with self._lock:
            if not faults.run_seconds_median:
                return self._random.uniform(shortest, max(shortest, longest))
            drawn = faults.run_seconds_median * math.exp(
                self._random.gauss(0.0, min(faults.run_seconds_spread, _WIDEST))
            )
        return max(shortest, min(drawn, longest or LONGEST_RUN))

    def latency(self, kind: str) -> float:
        """Return the real seconds before the answer to a call of this kind."""
        faults = self._faults
        if faults.only and kind not in faults.only.split(","):
            return 0.0
        with self._lock:
            return self._random.uniform(faults.latency, max(faults.latency, faults.latency_max))

    def download(self) -> DownloadStyle | None:
        """Return how the present download goes wrong, or None."""
        faults = self._faults
        return faults.broken_style if self.strikes("broken_next", faults.broken_rate) else None

    def denies(self, instance: str | None) -> str | None:
        """Return why no call on this instance is let through, or None."""
        faults = self._faults
        denied = faults.denied.split(",")
        if faults.denied == "all" or (instance is not None and instance in denied):
            return "Unauthorized request."
        if instance is not None and faults.terms_open:
            return "Terms and conditions must be accepted to continue"
        return None


def broken(status: int, body: str) -> Response:
    """Return a 5xx with a JSON ``message``, an HTML page, or nothing in it."""
    if body == "html":
        return Response(_HTML.format(_TITLES[status]), status, content_type="text/html")
    if body == "empty":
        return Response("", status)
    message = "Endpoint request timed out" if status == HTTPStatus.GATEWAY_TIMEOUT else _TITLES[status][4:]
    return Response(json.dumps({"message": message}), status, content_type="application/json")


def throttled(faults: Faults, now: datetime) -> Response:
    """Return a 429 that tells Retry-After in the style of the faults."""
    if faults.throttle_style == "html":
        return Response(_HTML.format(_TITLES[429]), 429, content_type="text/html")
    body = json.dumps({"code": "429", "details": "Too Many Requests"})
    response = Response(body, 429, content_type="application/json")
    if faults.throttle_style == "seconds":
        response.headers["Retry-After"] = str(faults.retry_after)
    elif faults.throttle_style == "date":
        at = now + timedelta(seconds=faults.retry_after)
        response.headers["Retry-After"] = format_datetime(at, usegmt=True)
    return response
