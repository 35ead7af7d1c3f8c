"""A report that somebody else has changed while its form was open: which fields, theirs beside one's own."""

from collections.abc import Mapping
from typing import Any, Final

from flask import request

from admin.form import controls, judging
from admin.form.controls import Typed
from admin.form.ground import Ground, plain, write_body
from admin.outdated import FIELD, Difference, News, Outdated, changed_since, seal
from admin.value_words import in_words, own_items, text_of, titled, wish_words
from reportbuilder.api import ordering
from reportbuilder.reports.models import ReportDefinition

LABELS: Final = {
    "name": "Name",
    "description": "Description",
    "timezone": "Time zone",
    "time_window": "Time window",
    "is_active": "Active",
}
_TEXTS: Final = ("name", "description", "timezone", "parameters", "time_window")


def body_of(row: ReportDefinition) -> dict[str, Any]:
    """Return what a report asks for, as a body of the API."""
    return {name: getattr(row, name) for name in _TEXTS}


def seal_of(row: ReportDefinition) -> str:
    """Return what the form of a report carries, to know later what it was made from."""
    return seal(_stored(row))


def check(row: ReportDefinition, ground: Ground, typed: Typed) -> None:
    """Do nothing if what is typed takes nothing back that somebody else has changed meanwhile.

    :raises Outdated: if it does.
    """
    changed = changed_since(request.form.get(FIELD, ""), _stored(row))
    if not changed:
        return
    theirs = _meant(ground, write_body(ground, body_of(row)), row.timezone, is_active=row.is_active)
    mine = _meant(ground, typed, row.timezone, is_active="is_active" in typed)
    differing = [name for name in changed if theirs.get(name) != mine.get(name)]
    if differing:
        left, right = _words(row, theirs), _words(row, mine)
        told = [Difference(_label(row, name), *apart(name, theirs, mine, left, right)) for name in differing]
        raise Outdated(News(row.changed_by, row.changed_at, told))


def _stored(row: ReportDefinition) -> dict[str, Any]:
    own = {name: getattr(row, name) for name in LABELS}
    return own | {controls.VALUE + name: value for name, value in row.parameters.items()}


def _meant(ground: Ground, typed: Typed, zone: str, *, is_active: bool) -> dict[str, Any]:
    """Return what a form means by field, each in its one spelling."""
    filled = judging.read(ground.form, typed, zone)
    values = {
        controls.VALUE + each.name: plain(each, filled.values[each.name])
        for each in ground.form.definitions
        if each.name in filled.values
    }
    texts = {"name": filled.name, "description": filled.description, "timezone": filled.zone}
    return {**texts, "time_window": filled.window, "is_active": is_active, **values}


def _words(row: ReportDefinition, meant: Mapping[str, Any]) -> dict[str, str]:
    start, lag = controls.VALUE, ordering.terms().lag_days
    values = {name.removeprefix(start): value for name, value in meant.items() if name.startswith(start)}
    worded = {
        start + one.name: f"{one.text} and {one.more} more" if one.more else one.text
        for one in in_words(row.template, values)
    }
    own = {name: text_of(meant[name]) for name in LABELS}
    window = wish_words(meant["time_window"], zone=meant["timezone"], lag_days=lag)
    return worded | own | {"time_window": window}


def apart(
    name: str,
    theirs: Mapping[str, Any],
    mine: Mapping[str, Any],
    left: Mapping[str, str],
    right: Mapping[str, str],
) -> tuple[str, str]:
    """Return both values in words, and what each has alone where these are cut before they differ."""
    told = left.get(name, "not set"), right.get(name, "not set")
    one, other = theirs.get(name), mine.get(name)
    if told[0] == told[1] and isinstance(one, list) and isinstance(other, list):
        return own_items(one, other), own_items(other, one)
    return told


def _label(row: ReportDefinition, name: str) -> str:
    known = {one.parameter_name: one.display_name for one in row.template.parameters}
    bare = name.removeprefix(controls.VALUE)
    return LABELS.get(name) or known.get(bare) or titled(bare)
