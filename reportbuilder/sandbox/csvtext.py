"""Result rows as AMC's CSV: made inside DuckDB, one text a row."""

from reportbuilder.sandbox.compiling import Kind, Plan

_ANY_TEXT = ("varchar", "blob", "list", "struct", "array", "map", "json")
# what numbers, moments and truth values are written with
_IN_PLAIN = frozenset("0123456789+-.: abcdefghijklmnopqrstuvwxyzINT")


def header(plan: Plan) -> str:
    """Return the header line."""
    return plan.separator.join(_quoted_name(column.name, plan) for column in plan.columns) + "\n"


def rows_sql(plan: Plan) -> str:
    """Return SQL with one row per result row: its line without the end of line."""
    names = [f"c{place}" for place in range(len(plan.columns))]
    cells = [_cell(name, kind, plan) for name, kind in zip(names, plan.types, strict=True)]
    line = f" || {_text(plan.separator)} || ".join(cells)
    return f"SELECT {line} FROM ({plan.sql}) AS result({', '.join(names)})"  # noqa: S608 - a compiled plan


def _cell(name: str, kind: Kind, plan: Plan) -> str:
    value = value_text(name, kind)
    quote, escape, separator = plan.quote, plan.escape, plan.separator
    if kind.word not in _ANY_TEXT and not {quote, escape, separator} & _IN_PLAIN:
        return f"coalesce({value}, '')"
    special = " OR ".join(
        f"contains({value}, {_text(sign)})" for sign in dict.fromkeys((separator, quote, escape, "\n", "\r"))
    )
    escaped = value
    for sign in dict.fromkeys((escape, quote)):
        escaped = f"replace({escaped}, {_text(sign)}, {_text(escape + sign)})"
    wrapped = f"{_text(quote)} || {escaped} || {_text(quote)}"
    return f"coalesce(CASE WHEN {special} THEN {wrapped} ELSE {value} END, '')"


def value_text(value: str, kind: "Kind | int") -> str:
    """Return SQL for the text of a value, NULL for NULL; arrays and structs as ``[a, b]``."""
    if isinstance(kind, int):
        raise TypeError("a size has no text")
    word = kind.word
    if word == "varchar":
        return value
    if word.startswith("timestamp"):
        return f"strftime(CAST({value} AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%g')"
    if word == "list":
        item = value_text("item", dict(kind.children)["child"])
        items = f"list_transform({value}, lambda item: coalesce({item}, 'null'))"
        return f"'[' || array_to_string({items}, ', ') || ']'"
    if word == "struct":
        parts = [value_text(f"struct_extract({value}, {_text(name)})", part) for name, part in kind.children]
        text = "'[' || " + " || ', ' || ".join(f"coalesce({part}, 'null')" for part in parts) + " || ']'"
        return f"CASE WHEN {value} IS NOT NULL THEN {text} END"
    if word in ("double", "float"):
        infinite = f"CASE WHEN {value} > 0 THEN 'Infinity' ELSE '-Infinity' END"
        text = f"CASE WHEN isinf({value}) THEN {infinite} ELSE CAST({value} AS VARCHAR) END"
        return f"CASE WHEN isnan({value}) THEN 'NaN' ELSE {text} END"
    return f"CAST({value} AS VARCHAR)"


def _quoted_name(name: str, plan: Plan) -> str:
    if not any(sign in name for sign in (plan.separator, plan.quote, plan.escape, "\n", "\r")):
        return name
    for sign in dict.fromkeys((plan.escape, plan.quote)):
        name = name.replace(sign, plan.escape + sign)
    return plan.quote + name + plan.quote


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
