"""What is typed into the controls of a form, as raw values and back: one spelling for posts and addresses.

The controls of parameter ``x`` are named ``p.x``, and if it has several ``p.x.preset``, ``p.x.start`` and so
on; those of the window ``w.preset``, ``w.start`` and so on.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from admin.form.widgets import Widget
from reportbuilder.parameters.definitions import Definition
from reportbuilder.parameters.lists import List

Typed = Mapping[str, Sequence[str]]  # the texts of each control

VALUE, WINDOW = "p.", "w."
FIXED, LAST, AGO, DAY = "dates", "last", "ago", "day"  # of a control that asks which kind of days
_LAST_DAYS = re.compile(r"last_([0-9]{1,3})_days")
_AGO = re.compile(r"today-([0-9]{1,3})")
LISTS: Final = (Widget.TAGS, Widget.PICKER)
SEVERAL: Final = (Widget.CHECKBOXES, Widget.MULTISELECT)


def text_of(typed: Typed, control: str) -> str | None:
    """Return the last text of a control; None if there is no such control."""
    texts = typed.get(control)
    return texts[-1] if texts else None


def read_value(definition: Definition, widget: Widget, typed: Typed) -> Any:
    """Return the raw value of one parameter; None if nothing was typed."""
    name = VALUE + definition.name
    if widget is Widget.DATES:
        return _read_days(typed, name)
    if widget is Widget.DATE:
        return _read_day(typed, name)
    if widget in SEVERAL:
        return [text for text in typed.get(name, ()) if text] or None
    if widget in LISTS:
        return _read_list(definition, typed, name)
    return text_of(typed, name) or None


def _read_list(definition: Definition, typed: Typed, name: str) -> Any:
    items, pasted = [text for text in typed.get(name, ()) if text], text_of(typed, f"{name}.text") or None
    if not items or pasted is None:
        return items or pasted
    assert isinstance(definition.kind, List)  # noqa: S101 - only lists have these widgets
    return items + definition.kind.split(pasted)


def _read_days(typed: Typed, name: str) -> Any:
    mode, start, end, days = (text_of(typed, f"{name}.{part}") for part in ("preset", "start", "end", "days"))
    if mode == FIXED or (not mode and (start or end)):
        return {"start": start or "", "end": end or ""}
    if mode == LAST or (not mode and days):
        return {"preset": f"last_{days or 0}_days"}
    return {"preset": mode} if mode else text_of(typed, name) or None


def _read_day(typed: Typed, name: str) -> Any:
    mode, day, days = (text_of(typed, f"{name}.{part}") for part in ("preset", "day", "days"))
    if mode == DAY or (not mode and day):
        return day or ""
    if mode == AGO or (not mode and days):
        return f"today-{days or ''}"
    return mode or text_of(typed, name) or None


def read_window(typed: Typed) -> dict[str, Any] | None:
    """Return the wish for a window as it was typed; None if nothing was."""
    parts = {part: text_of(typed, WINDOW + part) for part in ("preset", "days", "start", "end", "lag_days")}
    zone = text_of(typed, f"{WINDOW}time_zone")
    kept = {"time_zone": zone} if zone else {}
    lag = kept | ({"lag_days": parts["lag_days"]} if parts["lag_days"] else {})
    if parts["preset"] == FIXED or (not parts["preset"] and (parts["start"] or parts["end"])):
        return {"start": parts["start"] or "", "end": parts["end"] or ""} | kept
    if parts["preset"] == LAST or (not parts["preset"] and parts["days"]):
        return {"lookback_days": parts["days"] or "0", **lag}
    return {"preset": parts["preset"], **lag} if parts["preset"] else lag or None


def write_value(definition: Definition, widget: Widget, value: Any) -> dict[str, list[str]]:
    """Return the texts of the controls that `read_value` reads as that value, which is JSON."""
    name = VALUE + definition.name
    if value is None:
        return {}
    if widget is Widget.DATES:
        return _write_days(name, value)
    if widget is Widget.DATE:
        return _write_day(name, str(value))
    if isinstance(value, list) and widget not in (*LISTS, *SEVERAL):
        return {name: ["\n".join(map(spell, value))]}
    return {name: [spell(one) for one in (value if isinstance(value, list) else [value])]}


def _write_days(name: str, value: Any) -> dict[str, list[str]]:
    word = value.get("preset") if isinstance(value, Mapping) else value
    if word is None:
        return {f"{name}.preset": [FIXED], f"{name}.start": [value["start"]], f"{name}.end": [value["end"]]}
    if days := _LAST_DAYS.fullmatch(word):
        return {f"{name}.preset": [LAST], f"{name}.days": [days[1]]}
    return {f"{name}.preset": [word]}


def _write_day(name: str, value: str) -> dict[str, list[str]]:
    if ago := _AGO.fullmatch(value):
        return {f"{name}.preset": [AGO], f"{name}.days": [ago[1]]}
    return (
        {f"{name}.preset": [value]}
        if value in ("today", "yesterday")
        else {f"{name}.preset": [DAY], f"{name}.day": [value]}
    )


def write_window(wish: Mapping[str, Any] | None) -> dict[str, list[str]]:
    """Return the texts of the window's controls, of a wish in the spelling of ``windows.read_window``."""
    if not wish:
        return {}
    lag = {f"{WINDOW}{part}": [str(wish[part])] for part in ("lag_days", "time_zone") if part in wish}
    if "start" in wish:
        return {
            f"{WINDOW}preset": [FIXED],
            f"{WINDOW}start": [wish["start"]],
            f"{WINDOW}end": [wish["end"]],
        } | lag
    days = _LAST_DAYS.fullmatch(wish.get("preset", ""))
    if "lookback_days" in wish or days:
        count = str(wish["lookback_days"]) if "lookback_days" in wish else days[1] if days else ""
        return {f"{WINDOW}preset": [LAST], f"{WINDOW}days": [count]} | lag
    return ({f"{WINDOW}preset": [wish["preset"]]} if "preset" in wish else {}) | lag


def spell(value: object) -> str:
    """Return a scalar of JSON as a control holds it.

    >>> spell(True), spell(0.5), spell(1e-07), spell("a")
    ('true', '0.5', '0.0000001', 'a')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)
