"""What an answer means: the failure that it stands for, by status and text, or none."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from reportbuilder.amc import failures
from reportbuilder.amc.failures import AmcFailure
from reportbuilder.amc.texts import error_text, json_object
from reportbuilder.amc.transport import Answer, NoAnswer

LONGEST_PAUSE = 3600.0  # seconds; what asks for more is a mistake, and one call an hour harms nobody

_SECONDS = re.compile(r"\d{1,9}(\.\d{1,6})?")
_TERMS = "terms and conditions"
_GATEWAY_TIMEOUT = "endpoint request timed out"
_TRY_AGAIN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})


def outcome(answer: Answer | NoAnswer, *, repeatable: bool, now: datetime) -> Answer | AmcFailure:
    """Return the answer if it is good, else the failure that it stands for.

    ``repeatable``: a second request does no harm, as for all but the POST that submits.
    """
    if isinstance(answer, NoAnswer):
        harmless = repeatable or not answer.left
        return (failures.Transient if harmless else failures.UnknownOutcome)(f"AMC: {answer.reason}")
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return answer
    return _refusal(answer, repeatable=repeatable, now=now)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Read a ``Retry-After`` header: seconds or an HTTP date; None if it is absent or neither.

    >>> retry_after("1.5", datetime(2026, 3, 1, tzinfo=UTC))
    1.5
    >>> retry_after("Sun, 01 Mar 2026 00:00:30 GMT", datetime(2026, 3, 1, tzinfo=UTC))
    30.0
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), LONGEST_PAUSE)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return min(max((date - now).total_seconds(), 0.0), LONGEST_PAUSE)


def unreadable(answer: Answer, reason: str, *, repeatable: bool) -> AmcFailure:
    """Return the failure of an answer that is good by its status and cannot be read."""
    kind = failures.Transient if repeatable else failures.UnknownOutcome
    return kind(f"AMC's answer cannot be read: {reason}", status=answer.status, request_id=answer.request_id)


def _refusal(answer: Answer, *, repeatable: bool, now: datetime) -> AmcFailure:
    status, text = answer.status, error_text(answer.body)
    message = text or f"AMC answered with status {status} and said nothing more"
    pause = retry_after(answer.headers.get("Retry-After"), now)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return failures.Throttled(
            f"AMC is throttling: {message}", retry_after=pause, status=status, request_id=answer.request_id
        )
    kind = _kind(status, text.lower(), readable=json_object(answer.body) is not None, repeatable=repeatable)
    if kind is failures.Unauthorized:
        message = f"AMC refuses the sign-in ({message}): connect the account again"
    return kind(
        message,
        status=status,
        request_id=answer.request_id,
        retry_after=pause if kind is failures.Transient else None,
    )


def _kind(status: int, text: str, *, readable: bool, repeatable: bool) -> type[AmcFailure]:
    if not _is_refusal(status) or _GATEWAY_TIMEOUT in text:
        return failures.Transient if repeatable else failures.UnknownOutcome
    if status == HTTPStatus.FORBIDDEN or _TERMS in text:
        return failures.NotGranted
    if status == HTTPStatus.UNAUTHORIZED:
        return failures.Unauthorized
    if "unavailable for download" in text:
        return failures.NotReady
    if status == HTTPStatus.NOT_FOUND and not readable:
        return failures.Transient  # a gateway's page, not AMC's word: AMC says what it does not know
    # A POST is refused with the same words when something that its SQL names does not exist.
    if repeatable and (status == HTTPStatus.NOT_FOUND or "does not exist" in text):
        return failures.NotFoundAtAmc
    return failures.Rejected


def _is_refusal(status: int) -> bool:
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _TRY_AGAIN
