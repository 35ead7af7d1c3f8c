"""The functions that a query calls: whether AMC has them, and whether it is called rightly."""

import re
from collections.abc import Iterator
from typing import Final

from reportbuilder.catalog.datasources import functions, undocumented_functions, ways_out
from reportbuilder.catalog.lint.findings import Fault
from reportbuilder.catalog.outlines import Outline
from reportbuilder.parameters.tokens import STRINGS, Kinds, Layout

# words that may stand before a bracket without being a function
_SYNTAX: Final = frozenset((
    "ALL", "AND", "ANY", "ARRAY", "AS", "BETWEEN", "BIGINT", "BINARY", "BY", "CASE", "CHAR", "CROSS",
    "CUBE", "DECIMAL", "DISTINCT", "DOUBLE", "ELSE", "END", "EXCEPT", "EXISTS", "FILTER", "FLOAT", "FROM",
    "FULL", "GROUP", "HAVING", "IN", "INNER", "INTERSECT", "INTO", "IS", "JOIN", "LATERAL", "LIKE", "MAP",
    "NOT", "NUMERIC", "ON", "OR", "ORDER", "OUTER", "OVER", "PARTITION", "PIVOT", "QUALIFY", "ROLLUP",
    "ROWS", "SELECT", "SETS", "SIMILAR", "SOME", "TABLE", "THEN", "TO", "TOP", "UNION", "USING", "UNPIVOT",
    "VALUES", "VARBINARY", "VARCHAR", "WHEN", "WHERE", "WINDOW", "WITH", "WITHIN", "LIMIT", "OFFSET",
    "FETCH", "FIRST", "NEXT", "RECURSIVE", "MATERIALIZED", "INTERVAL", "BOTH", "LEADING", "TRAILING", "OF",
    "ILIKE", "DIV",
))  # fmt: skip
_HANDLED: Final = ("GETDATE",)  # has a rule of its own
_MOMENTS: Final = ("DATE_ADD", "DATE_SUB", "DATEADD", "TIMESTAMP_ADD", "TIMESTAMP_SUB")
_WINDOW_ENDS: Final = ("TIME_WINDOW_START", "TIME_WINDOW_END")
_DURATION: Final = re.compile(r"P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?")
_PLACEHOLDER: Final = re.compile(r"\{\{[^{}]*\}\}")
_NAME: Final = re.compile(r"[A-Za-z_][\w$]*")


def find_calls(outline: Outline, sql: str) -> Iterator[Fault]:
    """Yield every fault of a call; ``sql`` is the text with its placeholders."""
    layout = outline.layout
    queries = _query_names(layout)
    for index in range(len(layout.tokens) - 1):
        if layout.kind(index + 1) is not Kinds.L_PAREN or not _is_call(layout, index, queries):
            continue
        name, span = layout.word(index), (layout.tokens[index].start, layout.tokens[index].end + 1)
        if name in _SPECIAL:
            yield from _SPECIAL[name](layout, index, sql)
        else:
            yield from _judge(layout, index, name, span)


def _query_names(layout: Layout) -> set[int]:
    """Return the words that have columns in brackets: names of WITH queries, aliases of tables."""
    names = set()
    for opener, closer in layout.closer.items():
        before = layout.word(opener - 2)
        if before in ("WITH", "RECURSIVE", ",") and layout.word(closer + 1) == "AS":
            if layout.kind(closer + 2) is Kinds.L_PAREN:
                names.add(opener - 1)
        elif before in ("AS", ")") and layout.clause[opener] in ("FROM", "JOIN"):
            names.add(opener - 1)
    return names


def _is_call(layout: Layout, index: int, queries: set[int]) -> bool:
    word = layout.word(index)
    if index in queries or not _NAME.fullmatch(word) or layout.kind(index) in STRINGS:
        return False
    if word in _SYNTAX or layout.kind(index - 1) is Kinds.DOT:
        return False
    type_of_cast = layout.word(index - 1) in ("AS", "::")
    return not type_of_cast


def _judge(layout: Layout, index: int, name: str, span: tuple[int, int]) -> Iterator[Fault]:
    known = functions().get(name)
    if known is None:
        yield from _refuse(name, span)
    elif known.least >= 0:
        found = len(_arguments(layout, index + 1))
        if found < known.least or (known.most is not None and found > known.most):
            wanted = _count(known.least, known.most)
            yield Fault("argument-count", span, {"name": name, "wanted": wanted, "found": str(found)})


def _refuse(name: str, span: tuple[int, int]) -> Iterator[Fault]:
    if name in _HANDLED:
        return
    if name in undocumented_functions():
        yield Fault("undocumented-function", span, {"name": name})
    elif name in _MOMENTS:
        yield Fault(
            "date-add", span, {"name": name, "way_out": ways_out().get(name, "use SECONDS_BETWEEN(a, b)")}
        )
    elif way_out := ways_out().get(name):
        yield Fault("unknown-function", span, {"name": name, "way_out": way_out})
    else:
        yield Fault("unknown-function", span, {"name": name}, near=(name, functions()))


def _count(least: int, most: int | None) -> str:
    if most is None:
        return f"{least} or more arguments"
    noun = "argument" if most == 1 else "arguments"
    return f"{least} {noun}" if least == most else f"{least} to {most} {noun}"


def _arguments(layout: Layout, opener: int) -> list[tuple[int, int]]:
    """Return the first and last word of each argument in a bracket; none if it is never closed."""
    closer = layout.closer.get(opener, opener + 1)
    if closer == opener + 1:
        return []
    found, first, index = [], opener + 1, opener + 1
    while index < closer:
        if layout.kind(index) is Kinds.COMMA:
            found.append((first, index - 1))
            first = index + 1
        index = layout.closer.get(index, index) + 1
    return [*found, (first, closer - 1)]


def _texts(layout: Layout, index: int, sql: str) -> list[str] | None:
    """Return the arguments of a call if all of them are quoted texts, with their placeholders."""
    texts = []
    for first, last in _arguments(layout, index + 1):
        token = layout.tokens[first]
        if first != last or layout.kind(first) not in STRINGS:
            return None
        texts.append(sql[token.start + 1 : token.end])
    return texts


def _span(layout: Layout, index: int) -> tuple[int, int]:
    last = layout.closer.get(index + 1, index)
    return layout.tokens[index].start, layout.tokens[last].end + 1


def _custom(layout: Layout, index: int, sql: str) -> Iterator[Fault]:
    texts = _texts(layout, index, sql)
    name = texts[0] if texts and _NAME.fullmatch(texts[0]) else "name"
    yield Fault("custom-parameter", _span(layout, index), {"name": name})


def _built_in(layout: Layout, index: int, sql: str) -> Iterator[Fault]:
    texts = _texts(layout, index, sql)
    if not texts or len(texts) != 1 or texts[0] not in _WINDOW_ENDS:
        yield Fault("built-in-parameter", _span(layout, index))


def _extend(layout: Layout, index: int, sql: str) -> Iterator[Fault]:
    texts = _texts(layout, index, sql)
    reason = ""
    if layout.word(index - 1) != "(" or layout.word(index - 2) != "TABLE":
        reason = "EXTEND_TIME_WINDOW stands in TABLE( ) after FROM or JOIN"
    elif texts is None or len(texts) != 3:  # noqa: PLR2004 - table, before, after
        reason = "EXTEND_TIME_WINDOW takes three quoted texts: a table, a duration before, a duration after"
    else:
        odd = next((text for text in texts[1:] if not _DURATION.fullmatch(_PLACEHOLDER.sub("1", text))), None)
        reason = f"{odd[:40]!r} is no duration of ISO 8601" if odd is not None else ""
    if reason:
        yield Fault("extend-time-window", _span(layout, index), {"reason": reason})


_SPECIAL: Final = {
    "CUSTOM_PARAMETER": _custom,
    "BUILT_IN_PARAMETER": _built_in,
    "EXTEND_TIME_WINDOW": _extend,
}
