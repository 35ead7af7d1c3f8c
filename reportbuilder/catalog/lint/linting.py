"""Judges a template: every rule over its words, its tree, its parameters and what it says of itself."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final

from sqlglot import exp

from reportbuilder.catalog.datasources import nearest
from reportbuilder.catalog.lint.calls import find_calls
from reportbuilder.catalog.lint.declaring import find_in_declarations
from reportbuilder.catalog.lint.findings import ERROR, SQL, Fault, Finding, Span, span_of
from reportbuilder.catalog.lint.outputs import find_in_output, find_in_tables
from reportbuilder.catalog.lint.parsing import Complaint, parse
from reportbuilder.catalog.lint.reading import Reading
from reportbuilder.catalog.lint.rules import BY_CODE
from reportbuilder.catalog.lint.standins import stand_in
from reportbuilder.catalog.lint.words import find_foreign, find_words
from reportbuilder.catalog.outlines import Outline
from reportbuilder.errors import Invalid
from reportbuilder.parameters.binding import declare
from reportbuilder.parameters.definitions import Definition
from reportbuilder.parameters.placeholders import Template, read_template

MOST_OF_A_RULE: Final = 20  # findings
MOST_WORDS: Final = 30_000  # with more nothing is judged: no query is that long
LONGEST: Final = 400  # characters of a message


def lint(
    sql: str, definitions: Sequence[Definition] | None = None, *, tables: Iterable[str] | None = None
) -> tuple[Finding, ...]:
    """Return what is wrong with a template, in the order of the text; any text has an answer.

    :param definitions: its parameters; None leaves out what needs them, and takes names to be any.
    :param tables: what ``report_config.about.tables`` declares, own uploads included; None: nothing is said.
    """
    if definitions is None and tables is None:
        return _lint_sql(sql)
    return _lint(sql, definitions, None if tables is None else frozenset(name.lower() for name in tables))


@lru_cache(maxsize=256)
def _lint_sql(sql: str) -> tuple[Finding, ...]:
    return _lint(sql, None, None)


def _lint(
    sql: str, definitions: Sequence[Definition] | None, tables: frozenset[str] | None
) -> tuple[Finding, ...]:
    writer = _Writer(sql)
    if sum(1 for _ in islice(_WORD.finditer(sql), MOST_WORDS + 1)) > MOST_WORDS:
        return (writer.write(Fault("too-large", (0, 0), {"most": f"{MOST_WORDS:,}"})),)
    try:
        template = read_template(sql)
    except Invalid as error:
        return (writer.unreadable(error),)
    faults = [*_find(template, definitions, tables)]
    count: Counter[str] = Counter()
    findings = []
    for fault in faults:
        count[fault.code] += 1
        if count[fault.code] <= MOST_OF_A_RULE:
            findings.append(writer.write(fault))
        elif count[fault.code] == MOST_OF_A_RULE + 1:
            rest = sum(each.code == fault.code for each in faults) - MOST_OF_A_RULE
            findings.append(writer.write(fault, f"and {rest} more like it; correct these first"))
    return tuple(sorted(dict.fromkeys(findings), key=lambda each: (each.line == 0, each.line, each.column)))


def _find(
    template: Template, definitions: Sequence[Definition] | None, tables: frozenset[str] | None
) -> Iterator[Fault]:
    outline = Outline(template.layout)
    words = [*find_words(outline), *find_foreign(outline), *find_calls(outline, template.sql)]
    yield from words
    if definitions is not None:
        yield from find_in_declarations(template, definitions)
    standins = stand_in(template, declare(definitions) if definitions is not None else None)
    tree = parse(standins.text)
    if isinstance(tree, Complaint):
        if tree.at is None:
            yield Fault("unchecked", (0, 0), {"reason": tree.text})
        elif not any(BY_CODE[fault.code].severity == ERROR for fault in words):
            yield Fault("syntax", tree.at, {"reason": tree.text})
    elif tree is not None:
        yield from _find_in_tree(tree, Reading(standins, tables or frozenset()), tables)


_CLAUSES: Final = ((exp.Pivot, "PIVOT"), (exp.Into, "INTO"), (exp.Lock, "FOR UPDATE"))


def _find_in_tree(tree: exp.Query, reading: Reading, tables: frozenset[str] | None) -> Iterator[Fault]:
    try:
        reading.query(tree, {}, is_final=True)
        yield from reading.faults
        yield from find_in_output(tree, reading)
        yield from find_in_tables(reading, tables)
    except RecursionError:
        yield Fault("unchecked", (0, 0), {"reason": "it is nested too deep"})
        return
    for node in tree.walk():
        for kind, word in _CLAUSES:
            if isinstance(node, kind):
                yield Fault("clause", node.parent if node.parent is not None else node, {"word": word})
        if isinstance(node, exp.With) and node.args.get("recursive"):
            yield Fault("clause", node.expressions[0].args["alias"], {"word": "WITH RECURSIVE"})
        if isinstance(node, _AGGREGATES) and (around := _misplaced(node)):
            yield Fault("aggregate-place", node, {"where": around})
        if isinstance(node, exp.Intersect | exp.Except):
            second = node.args["expression"].find(exp.Select)
            yield Fault("set-operation", second or node, {"word": node.key.upper()})


_AGGREGATES: Final = (
    exp.Sum, exp.Count, exp.Avg, exp.Min, exp.Max, exp.Median, exp.ArrayAgg, exp.ApproxDistinct, exp.CountIf,
)  # fmt: skip


def _misplaced(node: exp.Expr) -> str:
    """Return in what an aggregate stands where none can; empty if it may stand there."""
    if isinstance(node.parent, exp.Window) and node.parent.this is node:
        return ""
    below, above = node, node.parent
    while above is not None and not isinstance(above, exp.Query):
        if isinstance(above, exp.Where):
            return "WHERE"
        if isinstance(above, exp.Join):
            return "ON"
        if isinstance(above, _AGGREGATES) and not isinstance(above.parent, exp.Window):
            return "another aggregate"
        below, above = above, above.parent
    is_group = isinstance(below, exp.Group)
    return "GROUP BY" if is_group else ""


_WORD: Final = re.compile(r"\w+|[^\w\s]")
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_PLACE: Final = re.compile(r"line (\d+), column (\d+): (.*)", re.DOTALL)
_CLOSED: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\r\n]*|/\*.*?\*/", re.DOTALL)


class _Writer:
    """Puts faults of one text into words, with their lines and columns."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self.starts = [0, *(end.end() for end in _LINE_END.finditer(sql))]

    def write(self, fault: Fault, message: str = "") -> Finding:
        """Return the finding for a fault, in the words of its rule or in others."""
        rule = BY_CODE[fault.code]
        values = dict(fault.values)
        if fault.near is not None:
            values["way_out"] = self._guess(*fault.near) or values.get("way_out") or "correct its name"
        at = span_of(fault.at) if isinstance(fault.at, exp.Expr) else fault.at
        if at is None and fault.field == SQL:
            at = (0, 0)
        message = message or rule.message.format(**{name: _shorten(value) for name, value in values.items()})
        return self._place(rule.code, rule.severity, message, at, fault.field)

    def unreadable(self, error: Invalid) -> Finding:
        """Return the finding for a text that cannot be cut into words."""
        reason = (
            "; ".join(reason for reasons in error.details.values() for reason in reasons) or error.message
        )
        rule = BY_CODE["unreadable"]
        if told := _PLACE.fullmatch(reason):
            start = self.starts[int(told[1]) - 1] + int(told[2]) - 1
            return self._place(rule.code, rule.severity, told[3], (start, start + 1), SQL)
        start = _find_open(self.sql)
        return self._place(rule.code, rule.severity, reason, (start, start + 1), SQL)

    @staticmethod
    def _guess(word: str, choices: Iterable[str]) -> str:
        found = nearest(word, choices)
        return f"did you mean {found}?" if found else ""

    def _place(self, code: str, severity: str, message: str, at: Span | None, field: str) -> Finding:
        if at is None:
            return Finding(code, severity, message, field=field)
        start, end = (min(max(offset, 0), len(self.sql)) for offset in at)
        (line, column), (end_line, end_column) = self._locate(start), self._locate(max(start, end))
        return Finding(
            code, severity, message, line, column, end_line, end_column, max(end - start, 0), field
        )

    def _locate(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1


def _shorten(value: str) -> str:
    return value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"


def _find_open(sql: str) -> int:
    """Return where a quote or a comment begins that is never closed."""
    at = 0
    for match in _CLOSED.finditer(sql):
        if opened := re.search(r"['\"]|/\*", sql[at : match.start()]):
            return at + opened.start()
        at = match.end()
    opened = re.search(r"['\"]|/\*", sql[at:])
    return at + opened.start() if opened else 0
