"""Every answer of AMC, and every missing one, has its class of failure."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from reportbuilder.amc import answers, failures
from reportbuilder.amc.failures import AmcFailure
from reportbuilder.amc.transport import Answer, NoAnswer

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
UNAUTHORIZED = b'{"code":"403","details":"Unauthorized request."}'
NO_EXECUTION = b'{"code":"400","details":"Workflow execution with ID 17 does not exist."}'
NOT_READY = b'{"code":"400","details":"Execution with ID 17 is unavailable for download."}'
COMPILE = (
    b'{"code":"400","details":"Was unable to compile workflow rb-1 because it was found to be invalid: x"}'
)
TERMS = b'{"message":"Terms and conditions must be accepted to continue"}'
GATEWAY = b'{"message":"Endpoint request timed out"}'
PAGE = b"<html><head><title>429 Too Many Requests</title></head><body>openresty</body></html>"


def judged(status: int, body: bytes = b"", *, post: bool = False, **headers: str) -> AmcFailure:
    given_headers = CaseInsensitiveDict({name.replace("_", "-"): value for name, value in headers.items()})
    outcome = answers.outcome(Answer(status, given_headers, body), repeatable=not post, now=NOW)
    assert isinstance(outcome, AmcFailure)
    return outcome


@pytest.mark.parametrize(
    ("status", "body", "for_get", "for_post"),
    [
        (400, COMPILE, "Rejected", "Rejected"),
        (400, b"", "Rejected", "Rejected"),
        (422, b'{"code":"422","details":"minCreationTime"}', "Rejected", "Rejected"),
        (413, PAGE, "Rejected", "Rejected"),
        (400, NO_EXECUTION, "NotFoundAtAmc", "Rejected"),
        (404, NO_EXECUTION, "NotFoundAtAmc", "Rejected"),
        (404, b"<html>nginx</html>", "Transient", "Transient"),
        (400, NOT_READY, "NotReady", "NotReady"),
        (404, NOT_READY, "NotReady", "NotReady"),
        (403, UNAUTHORIZED, "NotGranted", "NotGranted"),
        (403, b"", "NotGranted", "NotGranted"),
        (403, TERMS, "NotGranted", "NotGranted"),
        (401, TERMS, "NotGranted", "NotGranted"),
        (401, b"", "Unauthorized", "Unauthorized"),
        (429, b"", "Throttled", "Throttled"),
        (429, PAGE, "Throttled", "Throttled"),
        (500, b'{"code":"500","details":"Internal"}', "Transient", "UnknownOutcome"),
        (502, PAGE, "Transient", "UnknownOutcome"),
        (503, b"", "Transient", "UnknownOutcome"),
        (504, GATEWAY, "Transient", "UnknownOutcome"),
        (400, GATEWAY, "Transient", "UnknownOutcome"),
        (408, b"", "Transient", "UnknownOutcome"),
        (302, b"", "Transient", "UnknownOutcome"),
    ],
)
def test_each_refusal_has_its_class(status: int, body: bytes, for_get: str, for_post: str) -> None:
    assert type(judged(status, body)).__name__ == for_get
    assert type(judged(status, body, post=True)).__name__ == for_post


@pytest.mark.parametrize("status", [200, 202])
def test_a_good_answer_is_itself(status: int) -> None:
    answer = Answer(status, {}, b"{}")
    assert answers.outcome(answer, repeatable=False, now=NOW) is answer


@pytest.mark.parametrize(
    ("left", "repeatable", "kind"),
    [
        (False, False, failures.Transient),
        (False, True, failures.Transient),
        (True, True, failures.Transient),
        (True, False, failures.UnknownOutcome),
    ],
)
def test_without_an_answer_it_counts_whether_the_request_has_left(
    left: bool, repeatable: bool, kind: type[AmcFailure]
) -> None:
    outcome = answers.outcome(NoAnswer("the connection was lost", left), repeatable=repeatable, now=NOW)
    assert type(outcome) is kind


@given(st.integers(300, 599), st.binary(max_size=300), st.booleans())
def test_no_post_is_ever_called_harmless_after_a_server_error(status: int, body: bytes, post: bool) -> None:
    failure = judged(status, body, post=post)
    assert failure.message
    if post and status >= 500:
        assert isinstance(failure, failures.UnknownOutcome)
    if not post:
        assert not isinstance(failure, failures.UnknownOutcome)


def test_the_text_is_details_or_message_or_the_pages_title_or_says_that_there_is_none() -> None:
    assert judged(400, COMPILE).message.startswith("Was unable to compile workflow")
    assert judged(403, TERMS).message == "Terms and conditions must be accepted to continue"
    assert judged(502, PAGE).message == "429 Too Many Requests"
    assert judged(400, b'{"code":"400"}').message == "400"
    assert judged(400, b"plain words").message == "plain words"
    assert "said nothing more" in judged(500).message


def test_amcs_request_id_goes_along() -> None:
    failure = judged(400, COMPILE, x_amz_request_id="ABCDEFGHIJ0123456789")
    assert (failure.status, failure.request_id) == (400, "ABCDEFGHIJ0123456789")
    assert judged(400, COMPILE, X_Amz_Rid="OTHER").request_id == "OTHER"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("999999", answers.LONGEST_PAUSE),
        ("Wed, 04 Mar 2026 12:00:30 GMT", 30.0),
        ("Wednesday, 04-Mar-26 12:00:30 GMT", 30.0),
        ("Wed, 04 Mar 2026 11:00:00 GMT", 0.0),
        ("Wed, 04 Mar 2026 13:00:30 +0100", 30.0),
        ("Fri, 04 Mar 2033 12:00:30 GMT", answers.LONGEST_PAUSE),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("nan", None),
        ("inf", None),
        ("1e9", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(value: str | None, seconds: float | None) -> None:
    assert answers.retry_after(value, NOW) == seconds
    headers = {} if value is None else {"Retry-After": value}
    failure = answers.outcome(Answer(429, CaseInsensitiveDict(headers), PAGE), repeatable=False, now=NOW)
    assert isinstance(failure, failures.Throttled)
    assert failure.retry_after == seconds


@given(st.text(max_size=60))
def test_any_retry_after_at_all_is_read(value: str) -> None:
    pause = answers.retry_after(value, NOW)
    assert pause is None or 0 <= pause <= answers.LONGEST_PAUSE


def test_retry_after_of_a_server_error_is_kept_too() -> None:
    assert judged(503, Retry_After="3").retry_after == 3.0
