"""AMC's refusals that mean more than their words: too many runs over the same data in overlapping windows."""

import re
from typing import Final

ADVICE: Final = (
    "Too many queries have read the same data in this window or in ones that overlap it, and AMC refuses "
    "more for good. Use the rows that are there already, or take a window that does not overlap earlier "
    "runs; run again as it is, it will be refused again."
)
OVERLAP_WORDS: Final = "too many workflows have already been run against the same"  # in any case
_REFUSAL: Final = re.compile(re.escape(OVERLAP_WORDS), re.IGNORECASE)


def is_overlap_refusal(reason: str | None) -> bool:
    """Say whether AMC's words are its refusal for overlapping windows, which is permanent.

    A message that ``with_advice`` has made is recognised, too.

    >>> is_overlap_refusal("Too many workflows have already been run against the same input data sources")
    True
    """
    return bool(reason and _REFUSAL.search(reason))


def with_advice(reason: str) -> str:
    """Return AMC's reason for ending a run with what to do about it, as far as its words do not say that."""
    if not is_overlap_refusal(reason) or ADVICE in reason:
        return reason
    return f"{reason.rstrip('. ')}. {ADVICE}"
