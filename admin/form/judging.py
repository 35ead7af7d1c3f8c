"""What is typed into a form, read and judged: what is wrong by its control, or the SQL as it will be sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from admin.form import controls, fields
from admin.form.controls import Typed
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.preparing import Prepared, prepare
from reportbuilder.catalog.valuesets import NAME as SET_NAME
from reportbuilder.errors import Invalid
from reportbuilder.parameters.dates import find_zone
from reportbuilder.parameters.definitions import RESERVED
from reportbuilder.parameters.forms import Form
from reportbuilder.parameters.windows import WORDS, Window, parse_window
from reportbuilder.reports.defining import Terms
from reportbuilder.reports.wishes import read_fields

NAME, DESCRIPTION, ZONE = "name", "description", "timezone"
FORM = "form"  # where errors go that no control has
_WINDOW_PARTS = {"": "preset", "lookback_days": "days"}  # by the key of a wish


@dataclass(frozen=True)
class Filled:
    """What was typed, read: the values still raw, the window still a wish."""

    name: str
    description: str
    zone: str
    values: Mapping[str, Any]
    window: Mapping[str, Any] | None

    def body(self) -> dict[str, Any]:
        """Return it as a body of ``POST /reports`` has it; what was left empty is left out."""
        said = {NAME: self.name, DESCRIPTION: self.description, "time_window": self.window}
        return {"parameters": dict(self.values), ZONE: self.zone} | {
            key: value for key, value in said.items() if value
        }


@dataclass(frozen=True)
class Verdict:
    """What came of it. ``errors``: by control. ``prepared`` is there only if nothing is wrong."""

    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    window: Window | None = None
    prepared: Prepared | None = None


def read(form: Form, typed: Typed, zone: str) -> Filled:
    """Read what was typed.

    :param zone: the one that counts if none was typed.
    """
    return Filled(
        (controls.text_of(typed, NAME) or "").strip(),
        (controls.text_of(typed, DESCRIPTION) or "").strip(),
        (controls.text_of(typed, ZONE) or "").strip() or zone,
        fields.raw_values(form, typed),
        controls.read_window(typed),
    )


def judge(template: QueryTemplate, form: Form, filled: Filled, terms: Terms) -> Verdict:
    """Judge the zone, the window and the values at once; render the SQL if all are right."""
    errors: dict[str, list[str]] = {}
    window = _judge_window(filled, terms, errors)
    prepared = None
    try:
        if window is None:
            form.load(filled.values)
        else:
            prepared = prepare(
                template,
                filled.values,
                window=window,
                as_of=terms.as_of,
                limits=terms.limits,
                lag_days=terms.lag_days,
            )
    except Invalid as error:
        errors |= by_control(form, error.details)
    return Verdict(errors, window, prepared)


def wrong_texts(filled: Filled, *, needs_name: bool = False) -> dict[str, list[str]]:
    """Return what is wrong with the name and the description by themselves."""
    said = {NAME: filled.name, DESCRIPTION: filled.description}
    given = {name: text for name, text in said.items() if text or (needs_name and name == NAME)}
    try:
        read_fields(given, (NAME, DESCRIPTION), ())
    except Invalid as error:
        return error.details
    return {}


def window_of(wish: Mapping[str, Any] | None, zone: str, terms: Terms) -> Window:
    """Return the window that was typed; who asks for two days has to give them.

    :raises Invalid: as ``windows.parse_window``.
    """
    if wish and "start" in wish and not wish["start"]:
        raise Invalid.field(f"{RESERVED}.start", WORDS["missing"])
    return parse_window(wish, as_of=terms.as_of, default_zone=zone, lag_days=terms.lag_days)


def _judge_window(filled: Filled, terms: Terms, errors: dict[str, list[str]]) -> Window | None:
    try:
        find_zone(filled.zone, field=ZONE)
        return window_of(filled.window, filled.zone, terms)
    except Invalid as error:
        for key, reasons in error.details.items():
            errors[key if key == ZONE else window_control(key)] = reasons
        return None


def by_control(form: Form, details: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return reasons by the control of the field that they are about; under `FORM` those of no field."""
    names = {each.name for each in form.definitions}
    found: dict[str, list[str]] = {}
    for key, reasons in details.items():
        if key in names:
            found[controls.VALUE + key] = list(reasons)
        elif key == SET_NAME:
            found[key] = list(reasons)
        elif key.startswith(RESERVED):
            found[window_control(key)] = list(reasons)
        else:
            found.setdefault(FORM, []).extend(f"{key}: {reason}" for reason in reasons)
    return found


def window_control(key: str) -> str:
    """Return the control of a part of the window, such as ``time_window.end``.

    >>> window_control("time_window.end"), window_control("time_window.lookback_days")
    ('w.end', 'w.days')
    """
    part = key.removeprefix(RESERVED).removeprefix(".")
    return controls.WINDOW + _WINDOW_PARTS.get(part, part)
