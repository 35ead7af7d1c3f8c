"""How a value is written at each place; the quotes themselves come from the literals."""

import re
from datetime import date
from decimal import Decimal

from reportbuilder.parameters import literals
from reportbuilder.parameters.definitions import Definition
from reportbuilder.parameters.kinds import SqlForm
from reportbuilder.parameters.literals import Literal
from reportbuilder.parameters.messages import show
from reportbuilder.parameters.placeholders import Placeholder, Template
from reportbuilder.parameters.places import Place
from reportbuilder.parameters.tokens import Kinds, is_reserved
from reportbuilder.parameters.values import Refused, Scalar, TypedValue

_LISTS = {
    Place.LIST: lambda items: literals.in_brackets(literals.write_items(items)),
    Place.ITEMS: literals.write_items,
    Place.ROWS: lambda items: literals.in_brackets(literals.write_row_items(items)),
    Place.ROW_ITEMS: literals.write_row_items,
}


def write(
    value: TypedValue, found: Placeholder, template: Template, definition: Definition | None
) -> Literal:
    """Return the literal of a value at its place.

    :raises Refused: when a value of that kind cannot stand there.
    """
    place = found.place
    if place in _LISTS:
        items = value if isinstance(value, tuple) else (_scalar(value, place),)
        return _LISTS[place](items)
    scalar = _scalar(value, place)
    if definition and definition.form is SqlForm.FILTER and isinstance(scalar, str):
        scalar = scalar.replace("*", "%")
    return _write_scalar(scalar, found, template)


def _scalar(value: TypedValue, place: Place) -> Scalar:
    if isinstance(value, str | int | Decimal | date):
        return value
    kind, way_out = (
        ("a list", "IN ({{xs}})")
        if isinstance(value, tuple)
        else ("a range of dates", "{{x.start}} or {{x.end}}")
    )
    raise Refused(f"{kind} cannot stand as {place.value}; write {way_out}")


def _write_scalar(value: Scalar, found: Placeholder, template: Template) -> Literal:
    place = found.place
    if place is Place.LIKE:
        return literals.write_pattern(literals.plain_text(value))
    if place is Place.QUOTED:
        return Literal(literals.escape(literals.plain_text(value)), ())
    if place in (Place.COUNT, Place.QUOTED_COUNT):
        return _write_count(value, found)
    if place is Place.NAME:
        return _write_name(value, found, template)
    return literals.write_scalar(value)


def _write_count(value: Scalar, found: Placeholder) -> Literal:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        shown = value if isinstance(value, Decimal) else show(value)
        raise Refused(f"{shown} is not a whole number from 0 on, as this place needs; give digits such as 30")
    return Literal(literals.write_digits(value), () if found.place is Place.QUOTED_COUNT else (Kinds.NUMBER,))


def _write_name(value: Scalar, found: Placeholder, template: Template) -> Literal:
    """Write a name or a part of one: letters, digits and underscores."""
    text = literals.plain_text(value)
    if isinstance(value, bool) or not re.fullmatch(name_pattern(found, template), text):
        reason = "cannot be a name here; use letters, digits and _, and no digit first"
        raise Refused(f"{show(text)} {reason}")
    return Literal(text, ())


def name_pattern(found: Placeholder, template: Template) -> str:
    """Return the regular expression of what may stand in a name: at its start no digit."""
    is_start = template.layout.tokens[found.token].start == found.start
    return "[A-Za-z_][A-Za-z0-9_]*" if is_start else "[A-Za-z0-9_]+"


_WORD = re.compile(r"[\w$]+")


def refuse_word(found: Placeholder, template: Template, sql: str, start: int) -> None:
    """Refuse a value at ``sql[start:]`` that gives a reserved word together with what is around it.

    :raises Refused: naming the whole word.
    """
    if found.place is not Place.NAME or template.layout.kind(found.token) is Kinds.IDENTIFIER:
        return
    while start and _WORD.match(sql[start - 1]):
        start -= 1
    if (word := _WORD.match(sql, start)) and is_reserved(word[0]):
        raise Refused(f"{show(word[0])} is a reserved word of SQL; choose another name")
