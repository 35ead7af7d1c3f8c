"""A failure in plain words: what it means, what to do about it, and where in the SQL it is."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from reportbuilder.executions.explanations import EXPLANATIONS

_AGAIN: Final = "Run it again."
_TELL: Final = (
    "If it fails in the same way, tell whoever runs the Report Builder, with the id of the execution."
)

# by the beginning of our own messages, before AMC's words are looked at
_OWN: Final[tuple[tuple[str, str, str], ...]] = (
    (
        r"amc does not give the rows",
        "The query has run, but AMC refuses to hand out its rows.",
        "Run it again; AMC keeps results only for some days.",
    ),
    (
        r"its rows could not be fetched",
        "The query has run, but its rows could not be brought here.",
        f"Retry it: the rows are asked for anew. {_TELL}",
    ),
    (
        r"amazon refuses the sign-in|this (amc )?account (has not been signed in|is no longer here)",
        "The connection to the AMC account no longer holds.",
        "An admin connects the account again; then run it again.",
    ),
)
_OF_CLASS: Final[dict[str, tuple[str, str]]] = {
    "permanent": (
        "AMC refuses this query, and would refuse it again.",
        "Read AMC's words, correct the values or the template, and run it again.",
    ),
    "transient": ("AMC or the network did not answer as often as we tried.", f"Run it again later. {_TELL}"),
    "lost": ("AMC no longer knows this run; nobody can tell what became of it.", _AGAIN),
    "result": ("AMC's result could not be read as AMC had described it.", f"{_AGAIN} {_TELL}"),
    "internal": (
        "The fault is ours, not AMC's or the query's.",
        "Tell whoever runs the Report Builder, with the id of the execution; then run it again.",
    ),
}
_SPAN: Final = re.compile(
    r"from line (\d{1,6}), column (\d{1,6}) to line (\d{1,6}), column (\d{1,6})", re.IGNORECASE
)
_POINT: Final = re.compile(r"\bline (\d{1,6})\b(?:, column (\d{1,6}))?", re.IGNORECASE)
_FITTING: Final = tuple((re.compile(each.pattern, re.IGNORECASE), each) for each in EXPLANATIONS)
_NAME_MOST: Final = 80  # characters of what a message names


@dataclass(frozen=True)
class Spot:
    """A place in the SQL, lines and columns from 1; ``last_column`` belongs to it."""

    line: int
    column: int | None = None
    last_line: int | None = None
    last_column: int | None = None


@dataclass(frozen=True)
class Advice:
    """What a failure means and what to do, in plain words; ``spot`` if AMC says where."""

    meaning: str
    todo: str
    spot: Spot | None = None


@lru_cache(maxsize=1_000)  # lists tell the same failures again and again
def advise(error_class: str, message: str, *, before: int = 0) -> Advice:
    """Return what to tell of a failed execution.

    :param error_class: one of ``states.ERROR_CLASSES``.
    :param message: the stored one, with AMC's words in it.
    :param before: how many characters stood before the SQL on its first line when it was sent.
    """
    spot = _spot(message, before) if error_class == "permanent" else None
    meaning, todo = _told(error_class, message)
    return Advice(meaning, todo, spot)


def is_known(message: str) -> bool:
    """Say whether AMC's words in a message have words of their own here.

    >>> is_known("Object 'dsp_impresions' not found"), is_known("abracadabra")
    (True, False)
    """
    return any(pattern.search(message) for pattern, _ in _FITTING)


def _told(error_class: str, message: str) -> tuple[str, str]:
    for beginning, meaning, todo in _OWN:
        if re.match(beginning, message, re.IGNORECASE):
            return meaning, todo
    if error_class == "permanent":
        for pattern, words in _FITTING:
            if found := pattern.search(message):
                names = [(name or "")[:_NAME_MOST] for name in found.groups()]
                return words.meaning.format(*names), words.todo.format(*names)
    return _OF_CLASS.get(error_class, _OF_CLASS["permanent"])


def _spot(message: str, before: int) -> Spot | None:
    if found := _SPAN.search(message):
        line, column, last_line, last_column = map(int, found.groups())
        return Spot(line, _moved(line, column, before), last_line, _moved(last_line, last_column, before))
    if found := _POINT.search(message):
        line = int(found[1])
        return Spot(line, _moved(line, int(found[2]), before) if found[2] else None)
    return None


def _moved(line: int, column: int, before: int) -> int:
    """Return the column as the author of the SQL counts it."""
    return max(1, column - before) if line == 1 else column
