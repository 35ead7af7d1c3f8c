"""From a template and values to the SQL that is shown and sent: one function for both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

from reportbuilder.errors import Invalid
from reportbuilder.parameters.binding import NEUTRAL, NULL, Bound, bind, find_source, refuse
from reportbuilder.parameters.conditions import condition_span
from reportbuilder.parameters.definitions import Definition
from reportbuilder.parameters.literals import NULL as NULL_LITERAL
from reportbuilder.parameters.literals import TRUE, Literal
from reportbuilder.parameters.placeholders import Placeholder, Template, read_template
from reportbuilder.parameters.places import Misplaced, Place
from reportbuilder.parameters.quantities import EXACT
from reportbuilder.parameters.shapes import Edit, apply, check_shape
from reportbuilder.parameters.values import JsonValue, Refused
from reportbuilder.parameters.windows import Window
from reportbuilder.parameters.writing import refuse_word, write


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a query may become."""

    max_list_items: int = 1000
    max_sql_bytes: int = 100_000


@dataclass(frozen=True, slots=True)
class Substitution:
    """Where a value went: the placeholder of the template, and ``[start, end)`` in the SQL."""

    name: str
    place: Place | None  # None: a condition that was switched off
    line: int  # of the template
    column: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """The SQL, and what it was made of.

    ``values`` are JSON, with rolling dates resolved and defaults filled in: rendered again, with the same
    window, they give the same SQL. ``window`` is what `parse_window` reads back.
    """

    sql: str
    values: dict[str, JsonValue]
    window: dict[str, str] | None
    places: tuple[Substitution, ...] = field(repr=False, default=())


def render(
    sql: str,
    definitions: Iterable[Definition],
    values: Mapping[str, Any],
    *,
    window: Window | None,
    as_of: datetime,
    zone: str = "UTC",
    limits: Limits = Limits(),
) -> Rendered:
    """Put the values into the template, each once and as a literal of its place.

    :param values: raw or typed values by parameter name; the window's names among them are ignored.
    :param window: fills ``start_date``, ``end_date`` and their other spellings.
    :param as_of: the instant, and ``zone`` the calendar, by which rolling dates are resolved.
    :raises Invalid: with ``details`` by parameter, or under ``sql_template`` with line and column.
    :raises ShapeBroken: if the SQL is not the template with other literals; a fault of ours, never sent.
    """
    template = read_template(sql)
    bound = bind(definitions, values, window=window, as_of=as_of, zone=zone)
    _check_lists(bound, limits)
    pairs = _merge(_edit_all(template, bound))
    edits = [edit for edit, _ in pairs]
    text, spans = apply(sql, edits)
    _check_names(template, pairs, text, spans)
    check_shape(template.layout, edits, text, spans)
    size = len(text.encode())
    if size > limits.max_sql_bytes:
        reason = f"the query has {size:,} bytes, {limits.max_sql_bytes:,} are allowed; shorten the lists"
        raise Invalid.field("parameters", reason)
    places = tuple(
        Substitution(found.name, edit.place, found.line, found.column, start, end, edit.literal.text)
        for (edit, found), (start, end) in zip(pairs, spans, strict=True)
    )
    return Rendered(text, bound.to_json(), window.to_json() if window else None, places)


def _check_lists(bound: Bound, limits: Limits) -> None:
    refuse(
        {
            name: [
                f"it has {len(value)} values, {limits.max_list_items} are allowed in one query; remove some"
            ]
            for name, value in bound.values.items()
            if isinstance(value, tuple) and len(value) > limits.max_list_items
        }
    )


def _check_names(
    template: Template, pairs: list[tuple[Edit, Placeholder]], sql: str, spans: list[tuple[int, int]]
) -> None:
    wrong: dict[str, list[str]] = {}
    for (edit, found), (start, _) in zip(pairs, spans, strict=True):
        try:
            if edit.place is not None:
                refuse_word(found, template, sql, start)
        except Refused as error:
            wrong.setdefault(found.name, []).append(_at(error, found))
    refuse(wrong)


def _at(error: Exception, found: Placeholder) -> str:
    return f"{error} (line {found.line}, column {found.column} of the template)"


def _edit_all(template: Template, bound: Bound) -> list[tuple[Edit, Placeholder]]:
    edits: list[tuple[Edit, Placeholder]] = []
    wrong: dict[str, list[str]] = {}
    for found in template.placeholders:
        try:
            edits.append((_edit(template, found, bound), found))
        except (Refused, Misplaced) as error:
            wrong.setdefault(found.name, []).append(_at(error, found))
    refuse(wrong)
    return edits


def _edit(template: Template, found: Placeholder, bound: Bound) -> Edit:
    if found.place is Place.COMMENT:
        return Edit(found.start, found.end, Literal(found.name, ()), Place.COMMENT)
    value = bound.value_at(found)
    definition, _ = find_source(found, bound.declared)
    if value is None:
        return _edit_missing(template, found, definition)
    if definition and definition.rule("as_decimal") and isinstance(value, int | Decimal):
        with localcontext(prec=EXACT):
            value = Decimal(value) / 100
    return Edit(found.start, found.end, write(value, found, template, definition), found.place)


def _edit_missing(template: Template, found: Placeholder, definition: Definition | None) -> Edit:
    rule = definition.rules.get("empty") if definition else None
    if rule == NULL and found.place is Place.EXPRESSION:
        return Edit(found.start, found.end, NULL_LITERAL, found.place)
    if rule == NEUTRAL:
        start, end = condition_span(template.layout, found.token)
        return Edit(start, end, TRUE, None)
    raise Refused("it has no value, but the template uses it; give a value")


def _merge(pairs: list[tuple[Edit, Placeholder]]) -> list[tuple[Edit, Placeholder]]:
    """Drop what lies inside a condition that is switched off, and all but one of the same condition."""
    gone = {(edit.start, edit.end) for edit, _ in pairs if edit.place is None}
    kept: list[tuple[Edit, Placeholder]] = []
    for edit, found in sorted(pairs, key=lambda pair: (pair[0].start, pair[0].place is not None)):
        inside = any(start <= edit.start and edit.end <= end for start, end in gone)
        if not inside or (edit.place is None and not any(edit == other for other, _ in kept)):
            kept.append((edit, found))
    return kept
