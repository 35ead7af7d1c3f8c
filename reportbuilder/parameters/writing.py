"""How a value is written at each place; the quotes themselves come from the literals."""

import re
from datetime import date
from decimal import Decimal

from reportbuilder.parameters import literals
from reportbuilder.parameters.definitions import Definition
from reportbuilder.parameters.kinds import SqlForm
from reportbuilder.parameters.literals import Literal
from reportbuilder.parameters.placeholders import Placeholder, Template
from reportbuilder.parameters.places import Place
from reportbuilder.parameters.tokens import Kinds, tokenize
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
        raise Refused(f"{value} is not a whole number from 0 on, as this place needs; give digits such as 30")
    return Literal(literals.write_digits(value), () if found.place is Place.QUOTED_COUNT else (Kinds.NUMBER,))


def _write_name(value: Scalar, found: Placeholder, template: Template) -> Literal:
    """Write a name or a part of one: letters, digits and underscores, and no reserved word."""
    text = literals.plain_text(value)
    token = template.layout.tokens[found.token]
    is_start, is_end = token.start == found.start, token.end + 1 == found.end
    wanted = "[A-Za-z_][A-Za-z0-9_]*" if is_start else "[A-Za-z0-9_]+"
    if isinstance(value, bool) or not re.fullmatch(wanted, text):
        raise Refused(f"{text!r} cannot be a name here; use letters, digits and _, and no digit first")
    if is_start and is_end and tokenize(text)[0].token_type is not Kinds.VAR:
        raise Refused(f"{text!r} is a reserved word of SQL; choose another name")
    return Literal(text, ())
