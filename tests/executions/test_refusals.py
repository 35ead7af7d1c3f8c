"""AMC's refusal for overlapping windows is known by its words, and told with the way out."""

from reportbuilder.executions.refusals import ADVICE, is_overlap_refusal, with_advice

WORDS = (
    'Execution "X" of workflow "Y" could not be run because too many workflows have already been run against '
    "the same input data sources in the same or overlapping time windows."
)


def test_the_refusal_is_known_by_its_words() -> None:
    assert is_overlap_refusal(WORDS)
    assert not is_overlap_refusal("Unauthorized request.")
    assert not is_overlap_refusal(None)
    assert "will be refused again" in ADVICE


def test_amcs_words_are_kept_and_the_way_out_is_said_once() -> None:
    told = with_advice(WORDS)
    assert told == f"{WORDS} {ADVICE}"
    assert with_advice(told) == told
    assert is_overlap_refusal(told)


def test_other_reasons_stay_as_they_are() -> None:
    assert with_advice("Unauthorized request.") == "Unauthorized request."
