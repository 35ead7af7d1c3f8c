"""DuckDB's complaints about a query in AMC's words, with the place in the query as it was sent."""

import re
from collections.abc import Callable, Iterator

from sqlglot import exp

from reportbuilder.sandbox.dialect import span
from reportbuilder.sandbox.vocabulary import AGGREGATES_BY_NAME

_AMC_NAMES = {
    "+": ("GREATEST", "LEAST"),
    "list": ("COLLECT",),
    "quantile_cont": ("PERCENTILE",),
    "unnest": ("EXPLODE",),
    "len": ("CARDINALITY",),
    "strpos": ("CHARINDEX", "LOCATE", "INSTR", "STRPOS", "POSITION"),
}
_SIGNS = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul, "/": exp.Div}


def reason(message: str, tree: exp.Expr) -> str:
    """Return AMC's words for what DuckDB says of a query, as far as they are known."""
    for pattern, words in _RULES:
        match = pattern.search(message)
        if match:
            return words(match, tree)
    return re.sub(r"^[\w ]+ Error: ", "", message.splitlines()[0])


def _ungrouped(match: re.Match[str], tree: exp.Expr) -> str:
    name = match[1].lower()
    at = next((column for column in _outside_aggregates(tree) if column.name.lower() == name), None)
    return f"{span(at) if at is not None else ''}Expression '{match[1]}' is not being grouped"


def _outside_aggregates(tree: exp.Expr) -> Iterator[exp.Column]:
    """Yield the columns of aggregating selects that no aggregate takes in, in the order of the text."""
    for select in tree.find_all(exp.Select):
        for part in [*select.expressions, select.args.get("having")]:
            for column in part.find_all(exp.Column) if part is not None else []:
                if column.parent_select is select and not any(map(_is_aggregate, _around(column, select))):
                    yield column


def _around(node: exp.Expr, until: exp.Expr) -> Iterator[exp.Expr]:
    while node.parent is not None and node.parent is not until:
        node = node.parent
        yield node


def _is_aggregate(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        return str(node.this).upper() in AGGREGATES_BY_NAME
    return isinstance(node, exp.AggFunc)


def _misapplied(match: re.Match[str], tree: exp.Expr) -> str:
    kinds = [f"<{kind.strip().removesuffix('_LITERAL')}>" for kind in match[2].split(",") if kind.strip()]
    if match[1] in _SIGNS and len(kinds) == 2:  # noqa: PLR2004 - what stands left and right of it
        at = next((span(node) for node in tree.find_all(_SIGNS[match[1]])), "")
        return f"{at}Cannot apply '{match[1]}' to arguments of type '{f' {match[1]} '.join(kinds)}'"
    names = _AMC_NAMES.get(match[1], (match[1].upper(),))
    found = next((node for node in tree.find_all(exp.Func) if _called(node) in names), None)
    name = _called(found) if found is not None else names[0]
    at = span(found) if found is not None else ""
    return f"{at}Cannot apply '{name}' to arguments of type '{name}({', '.join(kinds)})'"


def _called(node: exp.Func) -> str:
    return str(node.this).upper() if isinstance(node, exp.Anonymous) else node.sql_name()


def _said(text: str) -> Callable[[re.Match[str], exp.Expr], str]:
    return lambda match, _: text.format(*match.groups())


_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], exp.Expr], str]], ...] = (
    (re.compile(r'column "([^"]+)" must appear in the GROUP BY'), _ungrouped),
    (re.compile(r"No function matches the given name and argument types '([-\w+*/]+)\((.*)\)'"), _misapplied),
    (
        re.compile(
            r"Could not choose a best candidate function for the function call \"([-\w+*/]+)\((.*)\)\""
        ),
        _misapplied,
    ),
    (
        re.compile(r"WHERE clause cannot contain aggregates"),
        _said("Aggregate expression is illegal in WHERE clause"),
    ),
    (
        re.compile(r"WHERE clause cannot contain window functions"),
        _said("Windowed aggregate expression is illegal in WHERE clause"),
    ),
    (
        re.compile(r"aggregate function calls cannot be nested"),
        _said("Aggregate expressions cannot be nested"),
    ),
    (re.compile(r"GROUP BY term out of range"), _said("Ordinal out of range")),
    (
        re.compile(r"Cannot compare values of type (\w+) and (?:values of )?type (\w+)"),
        _said("Cannot apply '=' to arguments of type '<{0}> = <{1}>'"),
    ),
)
