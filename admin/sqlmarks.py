"""SQL cut into lines and pieces, so that a page can mark placeholders and the places of findings in it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from reportbuilder.catalog.judging import Judgement
from reportbuilder.catalog.lint import ERROR, WARNING, Finding
from reportbuilder.errors import Invalid
from reportbuilder.parameters.placeholders import find_placeholders

_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_WEIGHT: Final = {ERROR: 0, WARNING: 1}


@dataclass(frozen=True)
class Mark:
    """A span of the text, by offsets; the end is behind the last character."""

    start: int
    end: int
    kind: str
    title: str


@dataclass(frozen=True)
class Piece:
    """A part of a line under the same marks: their kinds, and what they say."""

    text: str
    kinds: tuple[str, ...] = ()
    title: str = ""


def cut(sql: str, marks: Sequence[Mark] = ()) -> list[list[Piece]]:
    """Return the lines of a text, each as its pieces; line ends are left out.

    >>> [piece.text for piece in cut("SELECT 1", [Mark(7, 8, "placeholder", "")])[0]]
    ['SELECT ', '1']
    """
    spans = _spans(sql)
    if len(spans) > 1 and spans[-1][0] == len(sql):
        spans.pop()  # what ends with a line end has no further line
    return [
        _cut_line(sql, start, end, [mark for mark in marks if mark.start < end and mark.end > start])
        for start, end in spans
    ]


def _spans(sql: str) -> list[tuple[int, int]]:
    starts = [0, *(match.end() for match in _LINE_END.finditer(sql))]
    ends = [*(match.start() for match in _LINE_END.finditer(sql)), len(sql)]
    return list(zip(starts, ends, strict=True))


def _cut_line(sql: str, start: int, end: int, marks: Sequence[Mark]) -> list[Piece]:
    edges = {start, end}
    for mark in marks:
        edges |= {max(mark.start, start), min(mark.end, end)}
    return [_piece(sql, first, last, marks) for first, last in pairwise(sorted(edges))]


def _piece(sql: str, first: int, last: int, marks: Sequence[Mark]) -> Piece:
    over = [mark for mark in marks if mark.start <= first and mark.end >= last]
    kinds = tuple(dict.fromkeys(mark.kind for mark in over))
    return Piece(sql[first:last], kinds, "\n".join(mark.title for mark in over))


def placeholder_marks(sql: str, titles: dict[str, str] | None = None) -> list[Mark]:
    """Return the marks of a template's placeholders; none if they cannot be told from the rest.

    :param titles: what to say of each parameter, by name.
    """
    try:
        found = find_placeholders(sql)
    except Invalid:
        return []
    said = titles or {}
    return [Mark(each.start, each.end, "placeholder", said.get(each.name, each.name)) for each in found]


def finding_marks(sql: str, findings: Sequence[Finding]) -> list[Mark]:
    """Return the marks of what the lint found at a place of the text."""
    starts = [start for start, _ in _spans(sql)]
    marks = []
    for finding in findings:
        if finding.line:
            start = starts[min(finding.line, len(starts)) - 1] + finding.column - 1
            end = max(start + finding.length, start + 1)
            marks.append(Mark(start, end, f"finding-{finding.severity}", finding.message))
    return marks


def marked(
    sql: str, titles: dict[str, str] | None = None, judgement: Judgement | None = None
) -> list[list[Piece]]:
    """Return the lines of a template's SQL with its placeholders, and what was found, marked."""
    found = finding_marks(sql, judgement.findings) if judgement else []
    return cut(sql, [*placeholder_marks(sql, titles), *found])


def by_weight(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings with errors first, then warnings, in the order of the text inside of each."""
    return sorted(findings, key=lambda each: _WEIGHT.get(each.severity, len(_WEIGHT)))
