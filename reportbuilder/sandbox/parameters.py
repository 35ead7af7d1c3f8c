"""The values of a run in its query: its window, and the parameters that its workflow declares."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlglot import exp

from reportbuilder.sandbox.dialect import RefusedError, span
from reportbuilder.sandbox.durations import parts_of
from reportbuilder.sandbox.functions.writing import timestamp_literal
from reportbuilder.sandbox.instants import Window
from reportbuilder.sandbox.refusals import personal
from reportbuilder.sandbox.vocabulary import words

LONGEST_VALUE = 1024
_ARRAY_FUNCTIONS = words(
    """
    ARRAY_CAT ARRAY_COMPLEMENT ARRAY_CONTAINS ARRAY_DISTINCT ARRAY_INTERSECT ARRAY_REMOVE ARRAY_SORT
    ARRAY_TO_STRING ARRAY_UNION CARDINALITY EXPLODE FLATTEN
    """
)
_BOTH_ARRAYS = frozenset({"ARRAY_CAT", "ARRAY_COMPLEMENT", "ARRAY_INTERSECT", "ARRAY_UNION"})


def fill_parameters(tree: exp.Expr, body: Mapping[str, Any], window: Window) -> exp.Expr:
    """Return ``tree`` with BUILT_IN_PARAMETER and CUSTOM_PARAMETER replaced by their values.

    :raises RefusedError: for a parameter that is not declared or has no value.
    """
    declared = {one["name"]: one for one in body["workflow"].get("inputParameters") or []}
    values = body.get("parameterValues") or {}
    for name, declaration in declared.items():
        _short(name, values.get(name, declaration.get("defaultValue")))

    def one(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Anonymous):
            return node
        word = str(node.this).upper()
        if word == "BUILT_IN_PARAMETER":
            return _built_in(literals(node, 1)[0], window)
        if word == "CUSTOM_PARAMETER":
            return _custom(node, declared, values)
        return node

    return tree.transform(one)


def literals(node: exp.Anonymous, count: int) -> list[str]:
    """Return the arguments of a function that takes so many texts.

    :raises RefusedError: for anything but string literals.
    """
    args = node.expressions
    if len(args) != count or not all(isinstance(arg, exp.Literal) and arg.is_string for arg in args):
        word = str(node.this).upper()
        raise RefusedError(f"{span(node)}{word} takes {count} string literal{'s' * (count > 1)}.")
    return [str(arg.name) for arg in args]


def _built_in(name: str, window: Window) -> exp.Expr:
    ends = {"TIME_WINDOW_START": window.start, "TIME_WINDOW_END": window.end}
    if name not in ends:
        raise RefusedError(f"Referenced an unknown built-in parameter {name}")
    return timestamp_literal(ends[name])


def _custom(node: exp.Anonymous, declared: Mapping[str, Any], values: Mapping[str, Any]) -> exp.Expr:
    (name,) = literals(node, 1)
    if name not in declared:
        raise RefusedError(f"Filter operation {name} referenced an undeclared parameter {name}")
    value = values.get(name, declared[name].get("defaultValue"))
    if value is None:
        raise RefusedError(f"Parameter {name} has neither a value nor a default value.")
    kind = declared[name].get("dataType", "STRING")
    if isinstance(kind, dict):
        if isinstance(node.parent, exp.In):
            raise RefusedError(f"{span(node)}Values passed to IN operator must have compatible types")
        return _array(name, value, str(kind.get("elementDataType", "STRING")))
    if _array_is_wanted(node):
        raise RefusedError(f"{span(node)}Array expression is not an array data type")
    return _scalar(name, value, str(kind))


def _array_is_wanted(node: exp.Anonymous) -> bool:
    call = node.parent
    if not isinstance(call, exp.Anonymous):
        return False
    word = str(call.this).upper()
    return word in _BOTH_ARRAYS or (word in _ARRAY_FUNCTIONS and call.expressions[0] is node)


def _array(name: str, value: object, kind: str) -> exp.Expr:
    try:
        items = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        items = None
    if not isinstance(items, list):
        raise RefusedError(f"The value of array parameter {name} is not a JSON array.")
    array = exp.Array(expressions=[_scalar(name, item, kind) for item in items])
    return exp.cast(array, f"{_kind(name, kind)[0]}[]", dialect="duckdb")


def _scalar(name: str, value: object, kind: str) -> exp.Expr:
    type_, rule = _kind(name, kind)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    _short(name, text)
    try:
        text = rule(text)
    except (ValueError, InvalidOperation, OverflowError):
        raise RefusedError(f"Value '{text}' of parameter {name} is not a valid {kind}.") from None
    if kind == "BINARY":
        return exp.Anonymous(this="from_base64", expressions=[exp.Literal.string(text)])
    return exp.cast(exp.Literal.string(text), type_, dialect="duckdb")


def _kind(name: str, kind: str) -> tuple[str, Callable[[str], str]]:
    if kind not in _KINDS:
        raise RefusedError(f"Parameters of type {kind} are not supported ({name}).")
    return _KINDS[kind]


def _short(name: str, value: object) -> None:
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        raise RefusedError(
            f"Value of parameter {name} exceeded maximum allowed length of {LONGEST_VALUE} ({len(value)})."
        )


def _whole(bits: int) -> Callable[[str], str]:
    def rule(text: str) -> str:
        number = int(text)
        if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
            raise ValueError(text)
        return str(number)

    return rule


def _text(text: str) -> str:
    if personal(text):
        raise RefusedError("A parameter holds personal information: an e-mail address or a telephone number.")
    return text


def _boolean(text: str) -> str:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower()


def _decimal(text: str) -> str:
    number = Decimal(text)
    if not number.is_finite() or abs(number) >= Decimal(10) ** 34:
        raise ValueError(text)
    return f"{number:f}"


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).replace(tzinfo=None).isoformat(" ")


def _base64(text: str) -> str:
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode()
    except binascii.Error:
        raise ValueError(text) from None


def _interval(text: str) -> str:
    try:
        return " ".join(f"{amount} {unit}" for unit, amount in parts_of(text).items())
    except RefusedError as error:
        raise ValueError(text) from error


_KINDS: dict[str, tuple[str, Callable[[str], str]]] = {
    "BINARY": ("BLOB", _base64),
    "BOOLEAN": ("BOOLEAN", _boolean),
    "BYTE": ("TINYINT", _whole(8)),
    "CALENDAR_INTERVAL": ("INTERVAL", _interval),
    "DATE": ("DATE", lambda text: date.fromisoformat(text).isoformat()),
    "DECIMAL": ("DECIMAL(38,4)", _decimal),
    "DOUBLE": ("DOUBLE", lambda text: repr(float(text))),
    "FLOAT": ("FLOAT", lambda text: repr(float(text))),
    "INTEGER": ("INTEGER", _whole(32)),
    "LONG": ("BIGINT", _whole(64)),
    "SHORT": ("SMALLINT", _whole(16)),
    "STRING": ("VARCHAR", _text),
    "TIMESTAMP": ("TIMESTAMP", _moment),
}
