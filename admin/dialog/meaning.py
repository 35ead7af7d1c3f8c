"""What a draft means: the report and the run of it, as the API takes them."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import Session

from admin import backfill_forms, schedule_forms
from admin.dialog.steps import BACKFILL, RECURRING, details_of, type_of
from reportbuilder.accounts.models import User
from reportbuilder.api import context, ordering
from reportbuilder.reports import defining
from reportbuilder.reports.drafting import PARAMETERS
from reportbuilder.reports.models import ReportDefinition, ReportDraft

_FIELDS: Final = ("name", "description", "parameters", "time_window", "timezone")


def body_of(draft: ReportDraft) -> dict[str, Any]:
    """Return the fields of the report, of those that were filled."""
    fields = draft.steps[PARAMETERS]
    return {name: fields[name] for name in _FIELDS if fields.get(name) not in (None, "")}


def name_of(draft: ReportDraft) -> str:
    """Return the name of the report, empty if it has none yet."""
    return str(draft.steps[PARAMETERS].get("name") or "")


def run_of(draft: ReportDraft) -> dict[str, Any]:
    """Return what shall be started, in the shape of ``run`` of ``POST /reports``."""
    kind = type_of(draft)
    if kind == RECURRING:
        return {"type": kind, "schedule": schedule_forms.wish(typed_of(draft))}
    if kind == BACKFILL:
        return {"type": kind, "backfill": backfill_forms.wish(typed_of(draft))}
    return {"type": kind}


def typed_of(draft: ReportDraft) -> Mapping[str, Any]:
    """Return what was typed into the form of the details, and what a new form begins with for the rest."""
    zone = draft.steps[PARAMETERS].get("timezone") or context.principal().time_zone
    usual = schedule_forms.usual(zone) if type_of(draft) == RECURRING else backfill_forms.usual()
    return {**usual, **details_of(draft)}


def report_of(session: Session, draft: ReportDraft, *, is_named: bool = True) -> ReportDefinition:
    """Return the report that would be made now, judged and not stored.

    :param is_named: whether it needs a name; to preview its runs it does not.
    :raises Invalid: with everything that is wrong with its values, its window and its name.
    :raises Conflict: if the name is taken.
    """
    body = body_of(draft)
    body = {"name": None, **body} if is_named else {key: body[key] for key in body if key != "name"}
    owner = session.get_one(User, context.principal().user_id)
    terms = ordering.terms()
    return defining.draft(
        session, body, owner=owner, template=draft.template, instance=draft.instance, terms=terms
    )
