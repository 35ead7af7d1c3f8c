"""The pages of a form put together: everything that their templates show."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from admin.form import controls, fields
from admin.form.controls import Typed
from admin.form.fields import Section
from admin.form.ground import Ground, may_run
from admin.form.judging import FORM, Verdict
from admin.form.marking import mark
from reportbuilder.api import context, ordering
from reportbuilder.parameters.dates import offered_zones, today_in
from reportbuilder.parameters.days import SUGGESTED
from reportbuilder.parameters.forms import Form
from reportbuilder.parameters.windows import FULL_PERIODS, LOOKBACK_DAYS

WINDOW_PRESETS = (*FULL_PERIODS, *(word for word in SUGGESTED if not word.endswith("_days")))
_TITLES = {"name": "Name", "description": "Description", "timezone": "Time zone"}


def form_page(ground: Ground, typed: Typed, verdict: Verdict, *, told: bool) -> dict[str, Any]:
    """Return what the form's fields and the SQL beside them need.

    :param told: whether what is wrong is told at the fields; a form that was only opened does not shout.
    """
    terms = ordering.terms()
    today = today_in(terms.as_of, ground.zone)
    errors = verdict.errors if told else {}
    sections = fields.sections(ground.form, ground.hints, typed, errors, today)
    return {
        "ground": ground,
        "template": ground.template,
        "typed": typed,
        "sections": sections,
        "window": window_field(typed, errors, verdict),
        "errors": errors,
        "summary": summary(sections, errors),
        "zones": offered_zones(),
        "instances": choices(ground),
        "settings": json.dumps(script_settings(ground.form) | _where(ground)),
    } | sql_pane(ground, verdict)


def choices(ground: Ground) -> list[tuple[str, str]]:
    """Return the instances to choose from."""
    chosen = ground.on.instance_id if ground.on else ""
    return [
        (one.instance_id, f"{one.instance_name} ({one.instance_id})")
        for one in ground.instances
        if one.instance_id == chosen or may_run(one)
    ]


def window_field(typed: Typed, errors: fields.Errors, verdict: Verdict) -> dict[str, Any]:
    """Return what the controls of the time window need."""
    parts = ("preset", "days", "start", "end", "lag_days", "time_zone")
    texts = {part: controls.text_of(typed, controls.WINDOW + part) or "" for part in parts}
    own = sorted(name for name in errors if name.startswith(controls.WINDOW))
    return texts | {
        "presets": [fields.Choice(word, fields.PRESETS[word]) for word in WINDOW_PRESETS],
        "errors": [reason for name in own for reason in errors[name]],
        "wrong": own,
        "note": fields.say_days(verdict.window.days) if verdict.window else "",
        "lag": context.settings().settle_days,
        "usual": LOOKBACK_DAYS,
        "has_times": "T" in texts["start"] + texts["end"],
    }


def sql_pane(ground: Ground, verdict: Verdict) -> dict[str, Any]:
    """Return what the pane needs: the SQL with its values marked, or the fields that are wrong."""
    titles = {each.name: each.title for each in ground.form.definitions}
    prepared = verdict.prepared
    return {
        "pieces": mark(prepared.sql, prepared.places) if prepared else [],
        "titles": titles,
        "wrong": [] if prepared else _named(titles, verdict.errors),
        "warnings": prepared.warnings if prepared else (),
        "sql_window": prepared.window if prepared else None,
    }


def _named(titles: Mapping[str, str], errors: fields.Errors) -> list[tuple[str, str, str]]:
    return [
        (control, _title_of(titles, control), reason)
        for control, reasons in errors.items()
        for reason in reasons
    ]


def _title_of(titles: Mapping[str, str], control: str) -> str:
    if control.startswith(controls.WINDOW):
        return "Time window"
    return titles.get(control.removeprefix(controls.VALUE)) or _TITLES.get(control, "")


def summary(sections: Sequence[Section], errors: fields.Errors) -> list[tuple[str, str, str]]:
    """Return, for each reason, the id of the control to go to, the title of its field, and the reason."""
    shown = {one.id: one for section in sections for one in section.fields}
    titles = {one.name: one.title for one in shown.values()}
    return [
        (f"{shown[control].id}" if control in shown else "" if control == FORM else control, title, reason)
        for control, title, reason in _named(titles, errors)
    ]


def script_settings(form: Form) -> dict[str, Any]:
    """Return what the browser checks fields by, as the server does: schema, conditions, and the instant."""
    return {
        "schema": form.json_schema(),
        "conditions": fields.conditions_of(form),
        "widgets": {name: str(widget) for name, widget in fields.widgets_of(form).items()},
        "asOf": form.as_of.isoformat(),
        "lagDays": form.lag_days,
    }


def _where(ground: Ground) -> dict[str, str]:
    return {"instance": ground.on.instance_id if ground.on else ""}


def typical(seconds: timedelta | None) -> str:
    """Return how long such a run usually takes, in words; empty while nobody knows."""
    if seconds is None:
        return ""
    minutes = max(1, round(seconds.total_seconds() / 60))
    return f"about {minutes} min"
