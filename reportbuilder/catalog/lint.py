"""What AMC refuses although it is SQL: found in a template's tokens, with place and way out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from reportbuilder.parameters.placeholders import read_template
from reportbuilder.parameters.tokens import CLOSERS, OPENERS, Kinds, Layout, locate

ERROR: Final = "error"  # AMC refuses it
WARNING: Final = "warning"  # AMC's documents do not promise it


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: ``rule`` is its stable name, ``severity`` ``error`` or ``warning``; places count from 1."""

    rule: str
    severity: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: ``find`` yields the offsets (in the text) at which it is broken."""

    name: str
    severity: str
    message: str
    find: Callable[[Layout], Iterator[int]]


@lru_cache(maxsize=256)
def lint(sql: str) -> tuple[Finding, ...]:
    """Return what is wrong with a template, in the order of the text; placeholders count as plain words.

    :raises Invalid: when the template cannot be cut into tokens (see ``read_template``).
    """
    layout = read_template(sql).layout
    findings = [
        Finding(rule.name, rule.severity, *locate(sql, offset), rule.message)
        for rule in RULES
        for offset in rule.find(layout)
    ]
    return tuple(sorted(findings, key=lambda finding: (finding.line, finding.column)))


def _token(*kinds: Kinds) -> Callable[[Layout], Iterator[int]]:
    """Find every token of these kinds."""

    def find(layout: Layout) -> Iterator[int]:
        for token in layout.tokens:
            if token.token_type in kinds:
                yield token.start

    return find


def _word(*words: str, before_bracket: bool = False) -> Callable[[Layout], Iterator[int]]:
    """Find bare words, if wanted only where a bracket follows (a call)."""

    def find(layout: Layout) -> Iterator[int]:
        for index, token in enumerate(layout.tokens):
            is_bare = layout.word(index) in words and layout.kind(index - 1) is not Kinds.DOT
            if is_bare and (not before_bracket or layout.kind(index + 1) is Kinds.L_PAREN):
                yield token.start

    return find


def _limits(layout: Layout) -> Iterator[int]:
    # a column may have such a name; then no number and no placeholder follows, or a dot stands before
    for index, token in enumerate(layout.tokens):
        follows = layout.kind(index + 1)
        if token.token_type in (Kinds.LIMIT, Kinds.OFFSET) and layout.kind(index - 1) is not Kinds.DOT:
            if follows in (Kinds.NUMBER, Kinds.VAR, Kinds.ALL, Kinds.L_PAREN):
                yield token.start
        elif token.token_type is Kinds.FETCH and follows in (Kinds.FIRST, Kinds.NEXT):
            yield token.start


def _orders(layout: Layout) -> Iterator[int]:
    for index, token in enumerate(layout.tokens):
        if token.token_type is Kinds.ORDER_BY and not _is_in_window(layout, index):
            yield token.start


def _is_in_window(layout: Layout, index: int) -> bool:
    """Say whether a token stands in ``OVER (…)`` or in ``WINDOW name AS (…)``."""
    opener = layout.opener[index]
    if opener < 0:
        return False
    if layout.kind(opener - 1) is Kinds.OVER:
        return True
    before = layout.siblings_before(opener)
    is_named = layout.kind(opener - 1) is Kinds.ALIAS
    return is_named and any(layout.kind(other) is Kinds.WINDOW for other in before)


def _right_joins(layout: Layout) -> Iterator[int]:
    for index, token in enumerate(layout.tokens):
        if layout.word(index) == "RIGHT" and layout.word(index + 1) in ("JOIN", "OUTER"):
            yield token.start


_BEFORE_STAR = ("SELECT", "DISTINCT", "ALL", ",", ".")


def _stars(layout: Layout) -> Iterator[int]:
    for index, token in enumerate(layout.tokens):
        if token.token_type is not Kinds.STAR or layout.word(index - 1) not in _BEFORE_STAR:
            continue
        if _is_final(layout, index) and _clause(layout, index) == "SELECT":
            yield token.start


# what may stand before the bracket around an output select: a UNION, another bracket, the end of WITH
_BEFORE_FINAL = (None, Kinds.UNION, Kinds.ALL, Kinds.DISTINCT, Kinds.L_PAREN, Kinds.R_PAREN)


def _is_final(layout: Layout, index: int) -> bool:
    """Say whether a token belongs to a select whose rows are the output, not to one inside it."""
    opener = layout.opener[index]
    while opener >= 0:
        if layout.kind(opener - 1) not in _BEFORE_FINAL:
            return False
        opener = layout.opener[opener]
    return True


def _clause(layout: Layout, index: int) -> str:
    for other in layout.siblings_before(index):
        if layout.word(other) in ("SELECT", "FROM", "WHERE", "HAVING"):
            return layout.word(other)
    return ""


def _starts(layout: Layout) -> Iterator[int]:
    first = next((i for i in range(len(layout.tokens)) if layout.kind(i) is not Kinds.L_PAREN), None)
    if first is None or layout.word(first) not in ("SELECT", "WITH"):
        yield layout.tokens[first].start if first is not None else 0


def _seconds(layout: Layout) -> Iterator[int]:
    for index, token in enumerate(layout.tokens[:-1]):
        if token.token_type is Kinds.SEMICOLON:
            yield layout.tokens[index + 1].start


def _brackets(layout: Layout) -> Iterator[int]:
    paired = {*layout.closer, *layout.closer.values()}
    for index, token in enumerate(layout.tokens):
        if token.token_type in (*OPENERS, *CLOSERS) and index not in paired:
            yield token.start


RULES: Final = (
    Rule("query-only", ERROR, "AMC runs queries only; begin with SELECT or WITH", _starts),
    Rule("one-query", ERROR, "AMC runs one query at a time; remove what follows the semicolon", _seconds),
    Rule("brackets", ERROR, "this bracket has no counterpart; add or remove one", _brackets),
    Rule(
        "order-by",
        ERROR,
        "AMC refuses ORDER BY outside of OVER (…); drop it, and sort the rows where they are shown",
        _orders,
    ),
    Rule(
        "limit",
        ERROR,
        "AMC refuses LIMIT, OFFSET and FETCH; rank with ROW_NUMBER() OVER (…) and filter on the rank",
        _limits,
    ),
    Rule("select-star", ERROR, "AMC refuses * in the final SELECT; name the columns", _stars),
    Rule("right-join", ERROR, "AMC refuses RIGHT JOIN; swap the tables and write LEFT JOIN", _right_joins),
    Rule("double-pipe", ERROR, "AMC refuses ||; write CONCAT(a, b)", _token(Kinds.DPIPE)),
    Rule(
        "getdate",
        ERROR,
        "AMC has no GETDATE(); write CURRENT_TIMESTAMP, or CAST('today' AS DATE)",
        _word("GETDATE", before_bracket=True),
    ),
    Rule("double-colon", WARNING, "AMC's documents have no ::; write CAST(x AS type)", _token(Kinds.DCOLON)),
    Rule(
        "qualify",
        WARNING,
        "AMC's documents have no QUALIFY; rank in a sub-query and filter outside",
        _token(Kinds.QUALIFY),
    ),
    Rule(
        "interval",
        WARNING,
        "AMC's documents have no INTERVAL arithmetic; compare SECONDS_BETWEEN(a, b) instead",
        _token(Kinds.INTERVAL),
    ),
)
