"""Which value each placeholder gets: given, default or window; and whether it may stand there at all."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from reportbuilder.errors import Invalid
from reportbuilder.parameters.conditions import condition_span
from reportbuilder.parameters.dates import DateRange, today_in
from reportbuilder.parameters.days import resolve
from reportbuilder.parameters.definitions import Definition
from reportbuilder.parameters.kinds import SqlForm
from reportbuilder.parameters.messages import shorten
from reportbuilder.parameters.naming import END, fits, window_part
from reportbuilder.parameters.placeholders import Placeholder, Template, read_template
from reportbuilder.parameters.places import Misplaced, Place
from reportbuilder.parameters.values import JsonValue, Refused, TypedValue
from reportbuilder.parameters.windows import Window
from reportbuilder.parameters.writing import name_pattern

LONGEST_FIELD = 100  # characters that a message shows of a field's name; those of parameters have at most 63
NEUTRAL, NULL = "neutral", "null"
Declared = Mapping[str, Definition]


def declare(definitions: Iterable[Definition]) -> dict[str, Definition]:
    """Return the definitions by name."""
    return {definition.name: definition for definition in definitions}


def find_source(found: Placeholder, declared: Declared) -> tuple[Definition | None, str]:
    """Return the parameter that fills a placeholder, and which end of its days is meant (or nothing).

    ``{{period.start}}`` and, unless there is a parameter of that name, ``{{period_start}}`` are the first
    day of the range ``period``.
    """
    if found.name in declared:
        return declared[found.name], found.part
    stem, _, part = found.name.rpartition("_")
    if part in ("start", "end") and stem in declared and declared[stem].form in (SqlForm.RANGE, SqlForm.ANY):
        return declared[stem], part
    return None, found.part


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a template cannot be published: where, which parameter, and the way out."""

    line: int
    column: int
    parameter: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {{{{{self.parameter}}}}}: {self.reason}"


def check_template(sql: str, definitions: Iterable[Definition]) -> list[Problem]:
    """Return what makes a template impossible to render, whatever the values.

    :raises Invalid: when the template cannot even be read (see `read_template`).
    """
    template, declared = read_template(sql), declare(definitions)
    return [
        Problem(found.line, found.column, found.name, reason)
        for found in template.placeholders
        if (reason := _find_fault(template, found, declared))
    ]


def _find_fault(template: Template, found: Placeholder, declared: Declared) -> str:
    if found.place is Place.COMMENT:
        return ""
    if window_part(found.name, declared):
        return (
            "" if found.place in _DATE_PLACES else f"a date of the window cannot stand as {found.place.value}"
        )
    definition, part = find_source(found, declared)
    if definition is None:
        names = ", ".join(declared) or "nothing"
        return f"it is not declared; declare it, or use what is: {names}"
    if not _may_stand(definition, found, part):
        return f"{definition.form.value} cannot stand as {found.place.value}; {_WAYS_OUT[definition.form]}"
    if fault := _find_name_fault(template, found, definition):
        return fault
    if definition.rules.get("empty") == NULL and found.place is not Place.EXPRESSION:
        return f"NULL cannot stand as {found.place.value}; drop the rule empty: null"
    if definition.rules.get("empty") == NEUTRAL:
        try:
            condition_span(template.layout, found.token)
        except Misplaced as error:
            return f"the rule empty: neutral cannot hold here: {error}"
    return ""


_DATE_PLACES = (Place.EXPRESSION, Place.QUOTED, Place.ITEMS, Place.LIST, Place.LIKE)
_WAYS_OUT = {
    SqlForm.TEXT: "write = {{x}} or IN ({{x}})",
    SqlForm.FILTER: "write LIKE {{x}}",
    SqlForm.NUMBER: "write = {{n}}",
    SqlForm.BOOLEAN: "write = {{flag}}",
    SqlForm.DAY: "write = {{day}}",
    SqlForm.RANGE: "write BETWEEN {{x.start}} AND {{x.end}}",
    SqlForm.LIST: "write IN ({{xs}}) without quotes, or VALUES {{xs}}",
    SqlForm.ANY: "",
}


def _may_stand(definition: Definition, found: Placeholder, part: str) -> bool:
    if part and definition.form in (SqlForm.RANGE, SqlForm.ANY):
        return found.place in _DATE_PLACES
    return fits(definition.form, found)


def _find_name_fault(template: Template, found: Placeholder, definition: Definition) -> str:
    if found.place.is_bare and definition.rule("identifier"):
        return f'it would be text, not a name, as {found.place.value}; write "{{{{x}}}}" or t.{{{{x}}}}'
    if found.place is not Place.NAME or _is_closed(definition, name_pattern(found, template)):
        return ""
    way_out = "a closed list of identifiers, the rule identifier: true, or, not at its start, a whole number"
    return f"a name needs {way_out}"


def _is_closed(definition: Definition, pattern: str) -> bool:
    """Say whether every value can be a name or a part of one."""
    if definition.form is SqlForm.ANY or definition.rule("identifier"):
        return True
    if options := definition.rule("options"):
        return all(re.fullmatch(pattern, str(option.value)) for option in options)
    return definition.form is SqlForm.NUMBER and bool(re.fullmatch(pattern, "0"))


@dataclass(frozen=True, slots=True)
class Bound:
    """The typed values of one rendering, rolling ones resolved; a missing one is None."""

    declared: Declared
    values: Mapping[str, TypedValue | None]
    window: Window | None

    def value_at(self, found: Placeholder) -> TypedValue | None:
        """Return the value of a placeholder.

        :raises Invalid: when it is declared nowhere, or wants a window and there is none.
        """
        part = window_part(found.name, self.declared)
        if part and self.window:
            return _pick(self.window.days, part, found)
        definition, part = find_source(found, self.declared)
        if definition is None:
            missing = "the time window is missing" if window_part(found.name, {}) else "it is not declared"
            raise Invalid.field(found.name, f"{missing}, and line {found.line} of the template needs it")
        value = self.values.get(definition.name)
        return _pick(value, part, found) if part and isinstance(value, DateRange) else value

    def to_json(self) -> dict[str, JsonValue]:
        """Return the values that there are, as JSON that can be rendered again to the same SQL."""
        return {
            name: self.declared[name].to_json(value)
            for name, value in self.values.items()
            if value is not None
        }


def _pick(days: DateRange, part: str, found: Placeholder) -> date:
    """Return one end; the day after the last where the template asks for *less than* it."""
    if part != END:
        return days.start
    return days.end + timedelta(days=1) if found.is_open_end else days.end


def bind(
    definitions: Iterable[Definition],
    values: Mapping[str, Any],
    *,
    window: Window | None,
    as_of: datetime,
    zone: str,
) -> Bound:
    """Find the value of every parameter: the given one, else the default, else an error if it is required.

    The window's own names are filled from the window, whatever is given for them.

    :raises Invalid: with ``details`` for every parameter that is wrong, missing or unknown.
    """
    declared, today = declare(definitions), today_in(as_of, zone)
    wrong: dict[str, list[str]] = {}
    bound: dict[str, TypedValue | None] = {}
    for name, definition in declared.items():
        if window and window_part(name, declared):
            continue
        try:
            bound[name] = _bind_one(definition, values.get(name), today)
        except Refused as error:
            wrong[name] = error.reasons
    for name in values:
        if name not in declared and not window_part(name, declared):
            wrong[name] = [
                f"the template has no parameter of that name; it has {', '.join(declared) or 'none'}"
            ]
    refuse(wrong)
    return Bound(declared, bound, window)


def _bind_one(definition: Definition, raw: object, today: date) -> TypedValue | None:
    value = definition.read(raw, today)
    if value is None:
        value = definition.read(definition.default, today)
    if value is None and definition.required:
        raise Refused(MISSING)
    return None if value is None else resolve(value, today, definition.form)


MISSING = "a value is needed; give one"


def refuse(wrong: Mapping[str, list[str]]) -> None:
    """Raise one error for all the fields that are wrong, if any.

    :raises Invalid: whose message names each field with its reasons.
    """
    if wrong:
        shown = {shorten(str(name), LONGEST_FIELD): reasons for name, reasons in wrong.items()}
        message = "; ".join(f"{name}: {reason}" for name, reasons in shown.items() for reason in reasons)
        raise Invalid(message, details=shown)
