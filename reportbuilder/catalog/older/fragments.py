"""Placeholders that stood for a piece of SQL: a whole condition, also one that was commented out."""

import re
from dataclasses import dataclass
from typing import Any, Final

from reportbuilder.catalog.older.notes import Notes
from reportbuilder.catalog.older.rewriting import FIELD, edit, layout_of, place
from reportbuilder.errors import Invalid
from reportbuilder.parameters.conditions import condition_span
from reportbuilder.parameters.placeholders import Placeholder, read_template
from reportbuilder.parameters.places import Misplaced, Place
from reportbuilder.parameters.tokens import STRINGS, Kinds, Layout, is_reserved

_NAMED: Final = re.compile(r"\{\{[ \t]*(\w+)[ \t]*\}\}")
_OPERANDS = (
    Kinds.IDENTIFIER,
    Kinds.NUMBER,
    Kinds.R_PAREN,
    Kinds.TRUE,
    Kinds.FALSE,
    Kinds.NULL,
    Kinds.END,
    *STRINGS,
)
_JOINS = (Kinds.WHERE, Kinds.AND, Kinds.OR, Kinds.NOT, Kinds.HAVING, Kinds.ON)
_ENDS = (
    None,
    Kinds.AND,
    Kinds.OR,
    Kinds.R_PAREN,
    Kinds.GROUP_BY,
    Kinds.ORDER_BY,
    Kinds.HAVING,
    Kinds.SEMICOLON,
    Kinds.UNION,
)
_COMPARISONS: Final = {
    Kinds.EQ: "=",
    Kinds.NEQ: "<>",
    Kinds.GT: ">",
    Kinds.GTE: ">=",
    Kinds.LT: "<",
    Kinds.LTE: "<=",
    Kinds.LIKE: "LIKE",
}


@dataclass(frozen=True)
class Condition:
    """A condition with one value or one list: the SQL ``before`` and ``after`` it, and the value itself.

    ``joined``: it begins with AND. ``commented``: it was switched off.
    """

    before: str
    after: str
    value: Any
    column: str
    joined: bool
    commented: bool
    is_pattern: bool = False


def find_fragments(sql: str) -> dict[str, list[tuple[int, bool]]]:
    """Return the placeholders that stand where a piece of SQL must stand: name to offsets.

    Each with True where a whole condition is wanted (``WHERE {{x}}``), False where it hangs on what stands
    before it (``WHERE a = 1 {{x}}``).
    """
    layout = layout_of(sql)
    found: dict[str, list[tuple[int, bool]]] = {}
    for index, token in enumerate(layout.tokens):
        named = _NAMED.fullmatch(sql[token.start : token.end + 1])
        if named and token.token_type is Kinds.VAR and (whole := _stands_alone(layout, index)) is not None:
            found.setdefault(named[1], []).append((token.start, whole))
    return found


def _stands_alone(layout: Layout, index: int) -> bool | None:
    before, after = layout.kind(index - 1), layout.kind(index + 1)
    in_conditions = layout.clause[index] in ("WHERE", "HAVING", "ON")
    if in_conditions and before in _JOINS and (after in _ENDS or layout.word(index + 1) == "LIMIT"):
        return None if before is Kinds.AND and _closes_between(layout, index - 1) else True
    is_name = before is Kinds.VAR and not is_reserved(layout.raw(index - 1))
    return False if is_name or before in _OPERANDS else None


def _closes_between(layout: Layout, index: int) -> bool:
    """Say whether the AND at a token belongs to a BETWEEN before it."""
    home = layout.opener[index]
    for other in range(index - 1, -1, -1):
        if layout.opener[other] == home:
            if layout.kind(other) is Kinds.BETWEEN:
                return True
            if layout.kind(other) in _JOINS:
                return False
    return False


def read_condition(text: str) -> Condition | None:
    """Read ``[-- ][AND] column IN ('a', 'b')`` and its kin: a column, an operator, literals."""
    text = text.strip()
    commented = text.startswith(("--", "/*"))
    text = text.removeprefix("--").removeprefix("/*").removesuffix("*/").strip()
    try:
        layout = layout_of(text)
    except Invalid:
        return None
    joined = layout.kind(0) is Kinds.AND
    index = int(joined)
    while layout.kind(index) in (Kinds.VAR, Kinds.IDENTIFIER) and layout.kind(index + 1) is Kinds.DOT:
        index += 2
    if layout.kind(index) not in (Kinds.VAR, Kinds.IDENTIFIER):
        return None
    column = layout.raw(index)
    index += 1
    is_negated = layout.kind(index) is Kinds.NOT and layout.kind(index + 1) in (Kinds.IN, Kinds.LIKE)
    index += is_negated
    if layout.kind(index) is Kinds.IN:
        items = _read_items(layout, index + 1)
        before, after = text[: layout.tokens[index].end + 1] + " (", ")"
    elif layout.kind(index) in _COMPARISONS:
        items = _read_literal(layout, index + 1, len(layout.tokens))
        before, after = text[: layout.tokens[index].end + 1] + " ", ""
    else:
        return None
    if items is None:
        return None
    is_pattern = layout.kind(index) is Kinds.LIKE
    value = items if after else items[0]
    return Condition(before, after, value, column, joined, commented, is_pattern)


def _read_items(layout: Layout, index: int) -> list[Any] | None:
    if layout.kind(index) is not Kinds.L_PAREN or layout.closer.get(index) != len(layout.tokens) - 1:
        return None
    items: list[Any] = []
    at = index + 1
    while at < len(layout.tokens) - 1:
        following = next(
            (n for n in range(at, len(layout.tokens)) if layout.kind(n) in (Kinds.COMMA, Kinds.R_PAREN)), at
        )
        item = _read_literal(layout, at, following)
        if item is None:
            return None
        items += item
        at = following + 1
    return items or None


def _read_literal(layout: Layout, first: int, end: int) -> list[Any] | None:
    """Return the one literal that stands in these tokens, in a list; None for anything else."""
    sign = "-" if layout.kind(first) is Kinds.DASH else ""
    first += bool(sign)
    if end - first != 1:
        return None
    if layout.kind(first) is Kinds.NUMBER and layout.raw(first).replace(".", "", 1).isdigit():
        text = sign + layout.raw(first)
        return [float(text) if "." in text else int(text)]
    if layout.kind(first) in STRINGS and not sign:
        return [layout.raw(first)[1:-1].replace("''", "'")]
    return None


def uncomment(sql: str, notes: Notes) -> tuple[str, set[str]]:
    """Switch on ``-- AND column IN ({{xs}})`` where it can be an optional condition.

    Returns the SQL and the names of the parameters that now fill such conditions; left empty, the query is
    what it was.
    """
    names: set[str] = set()
    while (made := _uncomment_one(sql, names)) is not None:
        sql, found, where = made
        names.add(found.name)
        reason = f"the commented-out condition on {{{{{found.name}}}}} became an optional one"
        notes.warn(FIELD, f"{where}: {reason}")
    return sql, names


def _uncomment_one(sql: str, done: set[str]) -> tuple[str, Placeholder, str] | None:
    placeholders = read_template(sql).placeholders
    elsewhere = {found.name for found in placeholders if found.place is not Place.COMMENT} - done
    layout = layout_of(sql)
    for found in placeholders:
        span = _comment_around(sql, layout, found) if found.place is Place.COMMENT else None
        if span is None or found.name in elsewhere:
            continue
        start, end = span
        body = sql[start:end].removeprefix("--").removeprefix("/*").removesuffix("*/").strip()
        written = edit(sql, [(start, end, body)])
        is_alone = len(_NAMED.findall(body)) == 1
        if body[:3].upper() == "AND" and is_alone and _is_condition(written, start, start + len(body)):
            return written, found, place(sql, start)
    return None


def _comment_around(sql: str, layout: Layout, found: Placeholder) -> tuple[int, int] | None:
    at = max((token.end + 1 for token in layout.tokens if token.end < found.start), default=0)
    for comment in re.finditer(r"--[^\r\n]*|/\*.*?\*/", sql[at:], re.DOTALL):
        if comment.start() + at <= found.start < comment.end() + at:
            return comment.start() + at, comment.end() + at
    return None


def _is_condition(sql: str, start: int, end: int) -> bool:
    """Say whether ``AND`` and one condition, filled by a placeholder, are all that stands between offsets."""
    try:
        template = read_template(sql)
        found = next(each for each in template.placeholders if each.start >= start)
        first, last = condition_span(template.layout, found.token)
    except (Invalid, Misplaced):
        return False
    rest = any(last <= token.start < end for token in template.layout.tokens)
    return start <= first <= found.start and not rest
