"""SQL that ran, in numbered lines: keywords, texts and comments told apart, and the place that AMC means."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from reportbuilder.executions.advice import Spot

COLOURED_MOST: Final = 60_000  # characters; longer SQL is mostly lists of values
_WORDS: Final = (
    "ALL|AND|ANY|ARRAY|AS|ASC|BETWEEN|BY|CASE|CAST|CROSS|DESC|DISTINCT|ELSE|END|EXISTS|EXTRACT|FALSE|FILTER|FROM"
    "|FULL|GROUP|HAVING|IN|INNER|IS|JOIN|LEFT|LIKE|NOT|NULL|ON|OR|ORDER|OUTER|OVER|PARTITION|RIGHT|ROWS|SELECT"
    "|SIMILAR|TABLE|THEN|TO|TRUE|UNION|USING|VALUES|WHEN|WHERE|WINDOW|WITH"
)
_TOKEN: Final = re.compile(
    r"(?P<comment>--[^\r\n]*|/\*.*?(?:\*/|\Z))|(?P<text>'(?:[^']|'')*(?:'|\Z))|(?P<name>\"[^\"]*(?:\"|\Z))"
    rf"|(?P<word>(?<![\w.])(?:{_WORDS})(?!\w))",
    re.DOTALL | re.IGNORECASE,
)
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Piece:
    """A part of a line: ``kind`` is comment, text, word, name or nothing; ``is_meant``: AMC means it."""

    text: str
    kind: str = ""
    is_meant: bool = False


@dataclass(frozen=True)
class Line:
    """A line of SQL with its number from 1; ``is_meant``: AMC means something on it."""

    number: int
    pieces: tuple[Piece, ...]
    is_meant: bool = False


def lines_of(sql: str, spot: Spot | None = None) -> list[Line]:
    """Return the lines of a text in pieces.

    >>> [(piece.text, piece.kind) for piece in lines_of("SELECT 1")[0].pieces]
    [('SELECT', 'word'), (' 1', '')]
    """
    lines: list[list[Piece]] = [[]]
    for kind, text in _tokens(sql) if len(sql) <= COLOURED_MOST else [("", sql)]:
        first, *rest = _LINE_END.split(text)
        lines[-1].append(Piece(first, kind))
        lines += [[Piece(part, kind)] for part in rest]
    return [_line(number, pieces, spot) for number, pieces in enumerate(lines, start=1)]


def count_lines(sql: str) -> int:
    """Return how many lines a text has, as AMC and `lines_of` count them.

    >>> count_lines("SELECT 1"), count_lines("SELECT\\r\\n1\\r")
    (1, 3)
    """
    return len(_LINE_END.findall(sql)) + 1


def _tokens(sql: str) -> Iterator[tuple[str, str]]:
    at = 0
    for found in _TOKEN.finditer(sql):
        yield "", sql[at : found.start()]
        yield found.lastgroup or "", found[0]
        at = found.end()
    yield "", sql[at:]


def _line(number: int, pieces: Sequence[Piece], spot: Spot | None) -> Line:
    is_meant = spot is not None and spot.line <= number <= (spot.last_line or spot.line)
    if spot is not None and is_meant and spot.column is not None:
        pieces = list(_meant(pieces, *_edges(number, spot)))
    return Line(number, tuple(piece for piece in pieces if piece.text), is_meant)


def _edges(number: int, spot: Spot) -> tuple[int, float]:
    """Return the offsets in a line between which AMC means it; to its end, if it goes on in the next line."""
    first = (spot.column or 1) - 1 if number == spot.line else 0
    if number < (spot.last_line or spot.line):
        return first, float("inf")
    return first, spot.last_column or first + 1


def _meant(pieces: Sequence[Piece], first: int, last: float) -> Iterator[Piece]:
    at = 0
    for piece in pieces:
        length = len(piece.text)
        inner = {round(min(max(edge - at, 0), length)) for edge in (first, last)}
        for start, end in pairwise(sorted({0, length} | inner)):
            is_inside = first <= at + start and at + end <= last
            yield Piece(piece.text[start:end], piece.kind, is_inside)
        at += length
