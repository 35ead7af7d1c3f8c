"""What AMC refuses although it is SQL: found in a template's tokens, with place and way out."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from reportbuilder.catalog.outlines import Outline
from reportbuilder.parameters.placeholders import read_template
from reportbuilder.parameters.tokens import CLOSERS, OPENERS, Kinds

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


Find = Callable[[Outline], Iterator[int]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: ``find`` yields the offsets (in the text) at which it is broken."""

    name: str
    severity: str
    message: str
    find: Find


@lru_cache(maxsize=256)
def lint(sql: str) -> tuple[Finding, ...]:
    """Return what is wrong with a template, in the order of the text; placeholders count as plain words.

    :raises Invalid: when the template cannot be cut into tokens (see ``read_template``).
    """
    outline = Outline(read_template(sql).layout)
    starts = [0, *(end.end() for end in re.finditer(r"\r\n|\r|\n", sql))]
    findings = []
    for rule in RULES:
        for offset in rule.find(outline):
            line = bisect_right(starts, offset)
            column = offset - starts[line - 1] + 1
            findings.append(Finding(rule.name, rule.severity, line, column, rule.message))
    return tuple(sorted(findings, key=lambda finding: (finding.line, finding.column)))


def _token(*kinds: Kinds) -> Find:
    """Find every token of these kinds."""

    def find(outline: Outline) -> Iterator[int]:
        for token in outline.tokens:
            if token.token_type in kinds:
                yield token.start

    return find


def _calls(name: str) -> Find:
    """Find calls of a function."""

    def find(outline: Outline) -> Iterator[int]:
        layout = outline.layout
        for index, token in enumerate(outline.tokens):
            if layout.word(index) == name and layout.kind(index + 1) is Kinds.L_PAREN:
                yield token.start

    return find


def _limits(outline: Outline) -> Iterator[int]:
    # a column may have such a name; then no number and no placeholder follows, or a dot stands before
    layout = outline.layout
    for index, token in enumerate(outline.tokens):
        follows = layout.kind(index + 1)
        if token.token_type in (Kinds.LIMIT, Kinds.OFFSET) and layout.kind(index - 1) is not Kinds.DOT:
            if follows in (Kinds.NUMBER, Kinds.VAR, Kinds.ALL, Kinds.L_PAREN):
                yield token.start
        elif token.token_type is Kinds.FETCH and follows in (Kinds.FIRST, Kinds.NEXT):
            yield token.start


def _orders(outline: Outline) -> Iterator[int]:
    layout = outline.layout
    for index, token in enumerate(outline.tokens):
        parted = layout.word(index) == "ORDER" and layout.word(index + 1) == "BY"  # by a comment
        if (parted or token.token_type is Kinds.ORDER_BY) and not outline.is_in_window(index):
            yield token.start


def _right_joins(outline: Outline) -> Iterator[int]:
    layout = outline.layout
    for index, token in enumerate(outline.tokens):
        if layout.word(index) == "RIGHT" and layout.word(index + 1) in ("JOIN", "OUTER"):
            yield token.start


_BEFORE_STAR = ("SELECT", "DISTINCT", "ALL", ",", ".")


def _stars(outline: Outline) -> Iterator[int]:
    layout = outline.layout
    for index, token in enumerate(outline.tokens):
        if token.token_type is not Kinds.STAR or layout.word(index - 1) not in _BEFORE_STAR:
            continue
        if outline.clause[index] == "SELECT" and outline.gives_output[layout.opener[index]]:
            yield token.start


def _starts(outline: Outline) -> Iterator[int]:
    layout = outline.layout
    first = next((i for i in range(len(layout.tokens)) if layout.kind(i) is not Kinds.L_PAREN), None)
    if first is None or layout.word(first) not in ("SELECT", "WITH"):
        yield layout.tokens[first].start if first is not None else 0


def _seconds(outline: Outline) -> Iterator[int]:
    for index, token in enumerate(outline.tokens[:-1]):
        if token.token_type is Kinds.SEMICOLON:
            yield outline.tokens[index + 1].start


def _brackets(outline: Outline) -> Iterator[int]:
    closer = outline.layout.closer
    paired = {*closer, *closer.values()}
    for index, token in enumerate(outline.tokens):
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
        _calls("GETDATE"),
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
