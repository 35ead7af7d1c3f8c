"""Conditions that an optional parameter without a value switches off: found from tokens, never by text."""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache

from reportbuilder.parameters.places import Misplaced
from reportbuilder.parameters.tokens import OPENERS, Kinds, Layout

_ROOTS = frozenset(("WHERE", "HAVING", "ON"))
_JOINS = ("JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL", "SEMI", "ANTI", "ASOF")
_SETS = ("UNION", "INTERSECT", "EXCEPT", "MINUS")
_ENDS = frozenset(("WINDOW", "QUALIFY", "LIMIT", "OFFSET", "FETCH", ";", ",", *_JOINS, *_SETS))
_STRANGE = frozenset(("SELECT", "ON", "USING", "TABLESAMPLE", "LATERAL", "VALUES"))
_MIXERS = frozenset(("OR", "XOR", "CASE"))
_IN_BRACKETS = _MIXERS | {"AND", "NOT"}
_WAY_OUT = "write it as an AND condition of its own in WHERE, HAVING or ON"
_UNCLOSED = "its condition has a bracket that is never closed; close it"
MOST_BRACKETS = 100  # around one condition


@dataclass(slots=True)
class _Clause:
    """A WHERE, HAVING or ON: the words in it that may make a part of it depend on another."""

    words: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Condition:
    """One of the conditions that AND joins: its clause, and its first and last token."""

    clause: _Clause
    first: int
    last: int


class _Bracket:
    """What is straight in one bracket (or outside of all), read token by token."""

    def __init__(self) -> None:
        self.words: set[str] = set()
        self.has_clauses = False
        self.clause: _Clause | None = None
        self.condition: _Condition | None = None
        self.between = False  # the next AND joins the two ends of a BETWEEN

    def add(self, index: int, word: str, *, ends: bool) -> _Condition | None:
        """Read one more token; return the condition that it belongs to, if any."""
        if self.clause and word in _STRANGE:
            self.clause.words.add(word)
        self.words.add(word)
        self.has_clauses |= word in ("SELECT", "WHERE")
        if word in _ROOTS or ends:
            self.clause = _Clause() if word in _ROOTS else None
            self.condition, self.between = None, False
        elif word == "AND" and not self.between:
            self.condition = None
        elif self.clause:
            return self._extend(self.clause, index, word)
        return None

    def _extend(self, clause: _Clause, index: int, word: str) -> _Condition:
        self.between = word == "BETWEEN" or (self.between and word not in ("AND", *_MIXERS))
        if word in _MIXERS:
            clause.words.add(word)
        if not self.condition:
            self.condition = _Condition(clause, index, index)
        self.condition.last = index
        return self.condition


class _Conditions:
    """All conditions of a text, found in one pass."""

    def __init__(self, layout: Layout) -> None:
        self.brackets: defaultdict[int, _Bracket] = defaultdict(_Bracket)
        self.of: list[_Condition | None] = []
        self.has_clauses: list[bool] = []  # whether a SELECT or WHERE stands before, in the same bracket
        for index, opener in enumerate(layout.opener):
            bracket = self.brackets[opener]
            self.has_clauses.append(bracket.has_clauses)
            self.of.append(bracket.add(index, _word(layout, index), ends=_ends_clause(layout, index)))


@lru_cache(maxsize=256)
def _conditions(layout: Layout) -> _Conditions:
    return _Conditions(layout)


def condition_span(layout: Layout, index: int) -> tuple[int, int]:
    """Return ``(start, end)`` of the whole condition around a token.

    Only a condition that is joined by AND, straight under WHERE, HAVING or ON, may become TRUE without
    changing what the others mean: not one beside OR, under CASE, or inside brackets with others.

    :raises Misplaced: for any other.
    """
    found = _conditions(layout)
    condition = found.of[_leave_brackets(layout, found, index)]
    if condition is None:
        raise Misplaced(f"it is no condition of a WHERE, HAVING or ON; {_WAY_OUT}")
    if mixer := sorted(condition.clause.words & _MIXERS):
        raise Misplaced(f"{mixer[0]} stands beside it; {_WAY_OUT}")
    if strange := sorted(condition.clause.words):
        raise Misplaced(f"{strange[0]} stands in its clause, whose end is not clear; {_WAY_OUT}")
    if layout.kind(condition.last) in OPENERS and condition.last not in layout.closer:
        raise Misplaced(_UNCLOSED)
    return layout.tokens[condition.first].start, layout.tokens[condition.last].end + 1


def _leave_brackets(layout: Layout, found: _Conditions, index: int) -> int:
    """Return the token itself, or the outermost bracket around it that is still in the same clause."""
    for _ in range(MOST_BRACKETS):
        opener = layout.opener[index]
        if opener < 0 or found.has_clauses[index]:
            return index
        if opener not in layout.closer:
            raise Misplaced(_UNCLOSED)
        if found.brackets[opener].words & _IN_BRACKETS:
            raise Misplaced(f"its condition stands in brackets with others; {_WAY_OUT}")
        index = opener
    raise Misplaced(f"it stands in more than {MOST_BRACKETS} brackets; write it with fewer")


def _ends_clause(layout: Layout, index: int) -> bool:
    word = _word(layout, index)
    parted = word in ("GROUP", "ORDER") and _word(layout, index + 1) == "BY"  # by a comment
    return word in _ENDS or parted or layout.kind(index) in (Kinds.GROUP_BY, Kinds.ORDER_BY)


def _word(layout: Layout, index: int) -> str:
    """Return a token as upper-case text; empty for the name of a column, as in ``t.on``."""
    return "" if layout.kind(index - 1) is Kinds.DOT else layout.word(index)
