"""Changes to the SQL of older templates that keep its meaning; each is found in tokens, never in text."""

import re
from collections.abc import Container, Mapping
from typing import Final

from sqlglot.tokenizer_core import Token

from reportbuilder.catalog.older.notes import Notes
from reportbuilder.catalog.outlines import Outline
from reportbuilder.parameters.messages import show
from reportbuilder.parameters.tokens import OPENERS, STRINGS, Kinds, Layout, locate

FIELD: Final = "sql_template"
_MARK: Final = re.compile(r"\{\{[^{}\n]*\}\}")
_NAMED: Final = re.compile(r"\{\{[ \t]*(\w+)(\.(?:start|end))?[ \t]*\}\}")
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_DOLLAR: Final = re.compile(r"\$\w+")
_BRACED: Final = re.compile(r"\$\{\w+\}")
_BEFORE_PATH = (Kinds.VAR, Kinds.NUMBER, Kinds.IDENTIFIER, Kinds.R_PAREN, Kinds.R_BRACKET, *STRINGS)
_CUTTING = (Kinds.LIMIT, Kinds.OFFSET, Kinds.FETCH, Kinds.UNION, Kinds.INTERSECT, Kinds.EXCEPT)

Edit = tuple[int, int, str]


def layout_of(sql: str) -> Layout:
    """Cut a template into tokens, each placeholder as one word; unlike `read_template` it judges nothing.

    :raises Invalid: when a quote or a comment is never closed.
    """
    return Layout(_MARK.sub(lambda mark: "q" * len(mark[0]), sql))


def edit(sql: str, edits: list[Edit]) -> str:
    """Return the text with its pieces ``[start, end)`` replaced."""
    for start, end, text in sorted(edits, reverse=True):
        sql = sql[:start] + text + sql[end:]
    return sql


def place(sql: str, offset: int) -> str:
    """Return a place in words."""
    line, column = locate(sql, offset)
    return f"line {line}, column {column}"


def rename(sql: str, names: Mapping[str, str]) -> str:
    """Give placeholders other names."""

    def renamed(found: re.Match[str]) -> str:
        return f"{{{{{names[found[1]]}{found[2] or ''}}}}}" if found[1] in names else found[0]

    return _NAMED.sub(renamed, sql)


def rewrite_marks(sql: str, declared: Container[str], notes: Notes) -> str:
    """Write ``:name``, ``$name``, ``${name}`` as ``{{name}}`` where a parameter of that name is declared.

    Only what SQL itself would read as such a mark is one: not what stands in texts and comments, not ``::``,
    not the path in ``column:field``, not the ends of ``list[1:n]``.
    """
    layout = layout_of(sql)
    edits: list[Edit] = []
    for index in range(len(layout.tokens)):
        if (span := _mark_at(layout, index)) is None:
            continue
        start, end = span
        name = sql[start + 1 : end].strip("{}")
        if name in declared:
            edits.append((start, end, f"{{{{{name}}}}}"))
        else:
            reason = f"{sql[start:end]} is declared nowhere; declare it, or write {{{{{name}}}}}"
            notes.refuse(FIELD, f"{place(sql, start)}: {reason}")
    if edits:
        written = ", ".join(dict.fromkeys(sql[start:end] for start, end, _ in edits))
        notes.warn(FIELD, f"{written} was rewritten to {{{{…}}}}")
    return edit(sql, edits)


def _mark_at(layout: Layout, index: int) -> tuple[int, int] | None:
    token = layout.tokens[index]
    if token.token_type is Kinds.VAR and layout.raw(index).startswith("$"):
        if (braced := _BRACED.match(layout.sql, token.start)) and layout.raw(index) == "$":
            return braced.span()
        is_mark = _DOLLAR.fullmatch(layout.raw(index)) and layout.kind(index - 1) is not Kinds.DOT
        return (token.start, token.end + 1) if is_mark else None
    if token.token_type is not Kinds.COLON or index + 1 == len(layout.tokens):
        return None
    follows = layout.touches(index + 1) and _WORD.fullmatch(layout.raw(index + 1))
    is_path = layout.touches(index) and layout.kind(index - 1) in _BEFORE_PATH
    opener = layout.opener[index]
    in_list = opener >= 0 and layout.kind(opener) is not Kinds.L_PAREN
    if not follows or is_path or in_list:
        return None
    return token.start, layout.tokens[index + 1].end + 1


def find_quoted_mark(layout: Layout, name: str) -> Token | None:
    """Return a text that is nothing but a mark for a name, as in ``':name'`` and ``'%$name%'``."""
    marks = {f":{name}", f"${name}", f"${{{name}}}", f"{{{name}}}"}
    return next(
        (each for each in layout.tokens if each.token_type in STRINGS and each.text.strip("% ") in marks),
        None,
    )


def drop_orders(sql: str, notes: Notes) -> str:
    """Drop each ORDER BY of a query that cuts nothing off: without LIMIT the order is for the eye only."""
    outline = Outline(layout_of(sql))
    edits: list[Edit] = []
    for index, token in enumerate(outline.tokens):
        if token.token_type is not Kinds.ORDER_BY or outline.is_in_window(index):
            continue
        end = _end_of_order(outline.layout, index)
        if end is None or any(start <= token.start < stop for start, stop, _ in edits):
            continue
        before = sql[: token.start].rstrip() if index else ""
        start = max(len(before), outline.tokens[index - 1].end + 1) if index else token.start
        start = token.start if "--" in sql[outline.tokens[index - 1].end + 1 : token.start] else start
        edits.append((start, end, ""))
        reason = "ORDER BY was dropped, as AMC refuses it; the rows are sorted where they are shown"
        notes.warn(FIELD, f"{place(sql, token.start)}: {reason}")
    return edit(sql, edits)


def _end_of_order(layout: Layout, index: int) -> int | None:
    """Return where the ORDER BY at a token ends; None if it may not be dropped."""
    home = layout.opener[index]
    if home >= 0 and (layout.word(home + 1) not in ("SELECT", "WITH") or home not in layout.closer):
        return None
    last = index
    for other in range(index + 1, len(layout.tokens)):
        if other == layout.closer.get(home) or layout.kind(other) is Kinds.SEMICOLON:
            break
        if layout.opener[other] == home and layout.kind(other) in _CUTTING:
            return None
        last = other
    return layout.tokens[last].end + 1


def replace_getdate(sql: str, notes: Notes) -> str:
    """Write ``GETDATE()``, which AMC has not, as ``CURRENT_TIMESTAMP``, which is the same."""
    layout = layout_of(sql)
    edits: list[Edit] = []
    for index in range(len(layout.tokens)):
        if layout.word(index) == "GETDATE" and layout.closer.get(index + 1) == index + 2:
            start = layout.tokens[index].start
            edits.append((start, layout.tokens[index + 2].end + 1, "CURRENT_TIMESTAMP"))
            notes.warn(FIELD, f"{place(sql, start)}: GETDATE() was rewritten to CURRENT_TIMESTAMP")
    return edit(sql, edits)


def unquote(sql: str, names: Container[str], notes: Notes) -> str:
    """Take the quotes off ``'{{xs}}'`` where ``xs`` is a list, whose items bring their own."""
    layout = layout_of(sql)
    edits: list[Edit] = []
    for token in layout.tokens:
        inner = _NAMED.fullmatch(sql[token.start + 1 : token.end].strip(" "))
        if token.token_type in STRINGS and inner and inner[1] in names:
            edits.append((token.start, token.end + 1, inner[0]))
            notes.warn(FIELD, f"{place(sql, token.start)}: {show(inner[0])} lost the quotes around a list")
    return edit(sql, edits)


def open_brackets(sql: str, name: str) -> str:
    """Write ``({{xs}})``, where a query must stand, as ``(VALUES {{xs}})``."""
    layout = layout_of(sql)
    edits: list[Edit] = []
    for index, token in enumerate(layout.tokens):
        named = _NAMED.fullmatch(sql[token.start : token.end + 1])
        alone = layout.kind(index - 1) in OPENERS and layout.kind(index + 1) is Kinds.R_PAREN
        if named and named[1] == name and alone and layout.word(index - 2) in ("AS", "FROM", "JOIN", ","):
            edits.append((token.start, token.start, "VALUES "))
    return edit(sql, edits)
