"""Conditions that an optional parameter without a value switches off: found from tokens, never by text."""

from reportbuilder.parameters.places import Misplaced
from reportbuilder.parameters.tokens import Kinds, Layout

_ROOTS = frozenset(("WHERE", "HAVING", "ON"))
_JOINS = ("JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL", "SEMI", "ANTI", "ASOF")
_SETS = ("UNION", "INTERSECT", "EXCEPT", "MINUS")
_ENDS = {"WHERE", "HAVING", "WINDOW", "QUALIFY", "LIMIT", "OFFSET", "FETCH", ";", ",", *_JOINS, *_SETS}
_STRANGE = frozenset(("SELECT", "ON", "USING", "TABLESAMPLE", "LATERAL", "VALUES"))
_MIXERS = frozenset(("OR", "XOR", "CASE"))
_WAY_OUT = "write it as an AND condition of its own in WHERE, HAVING or ON"


def condition_span(layout: Layout, index: int) -> tuple[int, int]:
    """Return ``(start, end)`` of the whole condition around a token.

    Only a condition that is joined by AND, straight under WHERE, HAVING or ON, may become TRUE without
    changing what the others mean: not one beside OR, under CASE, or inside brackets with others.

    :raises Misplaced: for any other.
    """
    while (opener := layout.opener[index]) >= 0 and not _is_clause(layout, index):
        if opener not in layout.closer:
            raise Misplaced("it stands in a bracket that is never closed; close it")
        around = layout.siblings_before(index) + layout.siblings_after(index)
        if _words(layout, around) & (_MIXERS | {"AND", "NOT"}):
            raise Misplaced(f"its condition stands in brackets with others; {_WAY_OUT}")
        index = opener
    left, right = _clause_around(layout, index)
    if mixer := sorted(_words(layout, left + right) & _MIXERS):
        raise Misplaced(f"{mixer[0]} stands beside it; {_WAY_OUT}")
    first = _until_and(layout, index, left)
    last = _until_and(layout, index, right)
    return layout.tokens[first].start, layout.tokens[last].end + 1


def _clause_around(layout: Layout, index: int) -> tuple[list[int], list[int]]:
    """Return the tokens of the clause to the left and to the right, the nearest first."""
    left, right = [], []
    for other in layout.siblings_before(index):
        if _word(layout, other) in _ROOTS:
            break
        left.append(other)
    else:
        raise Misplaced(f"it is no condition of a WHERE, HAVING or ON; {_WAY_OUT}")
    if any(_ends_clause(layout, other) for other in left) or "SELECT" in _words(layout, left):
        raise Misplaced(f"it is no condition of a WHERE, HAVING or ON; {_WAY_OUT}")
    for other in layout.siblings_after(index):
        if _ends_clause(layout, other):
            break
        right.append(other)
    if strange := sorted(_words(layout, right) & _STRANGE):
        raise Misplaced(f"{strange[0]} follows it, and where it ends is not clear; {_WAY_OUT}")
    return left, right


def _ends_clause(layout: Layout, index: int) -> bool:
    word = _word(layout, index)
    parted = word in ("GROUP", "ORDER") and _word(layout, index + 1) == "BY"  # by a comment
    return word in _ENDS or parted or layout.kind(index) in (Kinds.GROUP_BY, Kinds.ORDER_BY)


def _until_and(layout: Layout, index: int, others: list[int]) -> int:
    """Return the last token, away from ``index``, that belongs to its own condition."""
    for other in others:
        if _word(layout, other) == "AND" and not _belongs_to_between(layout, other):
            break
        index = other
    return index


def _belongs_to_between(layout: Layout, index: int) -> bool:
    """Say whether this AND joins the two ends of a BETWEEN."""
    for other in layout.siblings_before(index):
        if _word(layout, other) == "BETWEEN":
            return True
        if _word(layout, other) in ("AND", *_MIXERS, *_ROOTS):
            return False
    return False


def _is_clause(layout: Layout, index: int) -> bool:
    """Say whether the bracket around a token has clauses of its own: a sub-query, or FILTER (WHERE …)."""
    return bool(_words(layout, layout.siblings_before(index)) & {"SELECT", "WHERE"})


def _words(layout: Layout, indices: list[int]) -> set[str]:
    return {_word(layout, index) for index in indices}


def _word(layout: Layout, index: int) -> str:
    """Return a token as upper-case text; empty for the name of a column, as in ``t.on``."""
    return "" if layout.kind(index - 1) is Kinds.DOT else layout.word(index)
