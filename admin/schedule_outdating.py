"""A schedule that somebody else has changed while its form was open: what differs, theirs beside yours."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import request

from admin import schedule_forms as forms
from admin.outdated import FIELD, Difference, News, Outdated, changed_since, seal
from admin.value_words import text_of, wish_words
from reportbuilder.api import ordering
from reportbuilder.schedules.models import ReportSchedule

_CHOICES: Final = {
    "recurrence.type": "types",
    "policies.missed": "missed",
    "policies.overlap": "overlap",
}
OWN_WINDOW: Final = "the report's own window"


def seal_of(row: ReportSchedule | None) -> str:
    """Return what the form of a schedule, or of a new one, carries to know later what it was made from."""
    return seal(_said(forms.values_of(row)) if row else {})


def check(row: ReportSchedule, values: Mapping[str, Any]) -> None:
    """Do nothing if a form takes nothing back that somebody else has changed meanwhile.

    :raises Outdated: if it does.
    """
    if news := news_of(row, values):
        raise Outdated(news)


def news_of(row: ReportSchedule, values: Mapping[str, Any]) -> News | None:
    """Return what somebody else has made of a schedule since the form was made, as far as it differs."""
    theirs, mine = _said(forms.values_of(row)), _said(values)
    changed = changed_since(request.form.get(FIELD, ""), theirs)
    told = [
        Difference(forms.LABELS.get(path, path), _words(path, theirs, row), _words(path, mine, row))
        for path in changed
        if theirs.get(path) != mine.get(path)
    ]
    return News(row.changed_by, row.changed_at, told) if told else None


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form means by field; what does not count in it is left out."""
    wish = forms.wish(values)
    parts = {
        f"{part}.{name}": value for part in ("recurrence", "policies") for name, value in wish[part].items()
    }
    return parts | {name: wish[name] for name in ("time_window", "jitter_minutes", "is_settling")}


def _words(path: str, said: Mapping[str, Any], row: ReportSchedule) -> str:
    value = said.get(path)
    if path == "time_window":
        lag = ordering.terms().lag_days
        return wish_words(value, zone=row.timezone, lag_days=lag) if value else OWN_WINDOW
    if path in _CHOICES:
        return dict(_offered(path)).get(str(value), text_of(value))
    return ", ".join(map(text_of, value)) if isinstance(value, list) else text_of(value)


def _offered(path: str) -> Sequence[tuple[str, str]]:
    return forms.fields({}).choices[_CHOICES[path]]
