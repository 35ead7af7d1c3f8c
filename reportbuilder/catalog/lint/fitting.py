"""Whether the values of a parameter can be what their place compares them with."""

from collections.abc import Iterator, Mapping
from typing import Final

from sqlglot import exp

from reportbuilder.catalog.lint.facts import Fact
from reportbuilder.catalog.lint.findings import Fault
from reportbuilder.parameters.definitions import Definition
from reportbuilder.parameters.kinds import SqlForm
from reportbuilder.parameters.naming import window_part
from reportbuilder.parameters.placeholders import Placeholder

NUMBER, TEXT, DAY, TRUTH = "a number", "a text", "a day", "true or false"
_KINDS: Final = {"STRING": TEXT, "BOOLEAN": TRUTH, "DATE": DAY, "TIMESTAMP": DAY}
_NEVER: Final = frozenset((
    (DAY, NUMBER), (DAY, TRUTH), (TRUTH, NUMBER), (TRUTH, TEXT), (TRUTH, DAY), (NUMBER, DAY), (NUMBER, TRUTH),
    (TEXT, TRUTH),
))  # fmt: skip
_WAYS_OUT: Final = {
    (TEXT, NUMBER): "take the column that holds it as text, or a parameter of numbers",
    (NUMBER, TEXT): "take a parameter of texts, or CAST the column",
    (DAY, TEXT): "write CAST(column AS DATE)",
}
_NUMERIC_ITEMS: Final = ("number", "integer", "numeric", "int", "long")


def judge_fit(
    at: exp.Expr, slot: Placeholder, definition: Definition | None, other: Fact, *, declared: object
) -> Iterator[Fault]:
    """Yield what is wrong with comparing a parameter with a column."""
    wanted = NUMBER if other.is_number else _KINDS.get(other.type, "")
    given = _given(slot, definition, declared)
    if not wanted or not given or wanted == given or not other.column:
        return
    values = {"name": slot.name, "given": _say(definition, given), "column": other.column, "type": other.type}
    never = (given, wanted) in _NEVER or (definition is not None and _has_letters(definition, wanted))
    if never:
        yield Fault("wrong-type", at, values)
    elif way_out := _WAYS_OUT.get((given, wanted)):
        yield Fault("doubtful-type", at, values | {"way_out": way_out})


def _given(slot: Placeholder, definition: Definition | None, declared: object) -> str:
    known = declared if isinstance(declared, Mapping) else {}
    if window_part(slot.name, known):
        return DAY
    if definition is None:
        return ""
    if definition.form in (SqlForm.TEXT, SqlForm.LIST) and _is_numeric(definition):
        return NUMBER
    return _FORMS.get(definition.form, "")


_FORMS: Final = {
    SqlForm.TEXT: TEXT,
    SqlForm.FILTER: TEXT,
    SqlForm.LIST: TEXT,
    SqlForm.NUMBER: NUMBER,
    SqlForm.BOOLEAN: TRUTH,
    SqlForm.DAY: DAY,
    SqlForm.RANGE: DAY,
}


def _is_numeric(definition: Definition) -> bool:
    options = definition.rule("options")
    if options:
        return all(isinstance(option.value, int | float) for option in options)
    return str(definition.rule("item_type") or "").lower() in _NUMERIC_ITEMS


def _has_letters(definition: Definition, wanted: str) -> bool:
    """Say whether no value of a list of texts can be a number: ASINs, and closed lists of words."""
    if wanted != NUMBER:
        return False
    options = definition.rule("options")
    closed = bool(options) and not any(str(option.value).strip("-").isdecimal() for option in options)
    return definition.type == "asin_list" or closed


def _say(definition: Definition | None, given: str) -> str:
    return f"{given} ({definition.type})" if definition else given
