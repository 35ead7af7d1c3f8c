"""The step that asks for the schedule or the backfill, with what it would do beside it."""

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin import backfill_forms, schedule_forms
from admin.backfill_starting import limits_of, rehearsed
from admin.blueprint import pages
from admin.dialog import meaning, steps
from admin.dialog.opening import WRONG, led, opened, show
from admin.dialog.steps import BACKFILL, ONCE, RECURRING
from admin.schedule_editing import foreseen
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Invalid
from reportbuilder.reports import drafting
from reportbuilder.reports.drafting import DETAILS, WHEN
from reportbuilder.reports.models import ReportDefinition, ReportDraft


@pages.get(f"{steps.BELOW}/details")
def details(template_id: str) -> ResponseReturnValue:
    """Ask for the schedule or the backfill."""
    with reading() as session:
        draft = opened(session, template_id)
        if steps.type_of(draft) not in (RECURRING, BACKFILL):
            return led(draft, steps.REVIEW if steps.type_of(draft) == ONCE else WHEN)
        return show(draft, DETAILS, **_shown(session, draft))


@pages.post(f"{steps.BELOW}/details")
def fill_details(template_id: str) -> ResponseReturnValue:
    """Keep what was typed; go on, back, or stay where something is wrong."""
    draft = _kept(template_id)
    do = request.form.get("do", "")
    if do in steps.steps_of(draft) or steps.type_of(draft) not in (RECURRING, BACKFILL):
        return led(draft, do if do in steps.steps_of(draft) else WHEN)
    with reading() as session:
        shown = _shown(session, draft)
    if do == "preview":
        return show(draft, DETAILS, **shown)
    if shown["problem"]:
        return show(draft, DETAILS, WRONG, **shown, refused=True)
    return led(draft, steps.REVIEW)


@pages.post(f"{steps.BELOW}/details/preview")
def preview_details(template_id: str) -> ResponseReturnValue:
    """Keep what has been typed so far, and answer what it would do."""
    draft = _kept(template_id)
    with reading() as session:
        shown = _shown(session, draft)
    return render_template("dialog/_preview.html", **shown)


def _kept(template_id: str) -> ReportDraft:
    """Keep what was typed for the kind that the page showed, right or wrong; return the draft."""
    with transaction() as session:
        draft = opened(session, template_id, locked=True)
        kind = request.form.get("kind", "")
        if kind in (RECURRING, BACKFILL):
            forms = schedule_forms if kind == RECURRING else backfill_forms
            kept = {**draft.steps.get(DETAILS, {}), kind: forms.read(request.form)}
            drafting.keep(session, draft, DETAILS, kept)
    return draft


def _shown(session: Session, draft: ReportDraft) -> dict[str, Any]:
    """Return the form with what is wrong in it, and what it would do."""
    kind, typed = steps.type_of(draft), meaning.typed_of(draft)
    outcome, problem = _told(session, draft)
    errors = problem.details if problem else {}
    if kind == RECURRING:
        return {
            "kind": kind,
            "form": schedule_forms.fields(typed, errors),
            "outlook": outcome,
            "problem": problem,
        }
    form = backfill_forms.fields(typed, errors, **limits_of(draft))
    return {"kind": kind, "form": form, "plan": outcome, "problem": problem}


def _told(session: Session, draft: ReportDraft) -> tuple[dict[str, Any] | None, Invalid | None]:
    try:
        report = meaning.report_of(session, draft, is_named=False)
    except Invalid as error:
        return None, error
    return _foretold(session, draft, report)


def _foretold(
    session: Session, draft: ReportDraft, report: ReportDefinition
) -> tuple[dict[str, Any] | None, Invalid | None]:
    run = meaning.run_of(draft)
    if steps.type_of(draft) == RECURRING:
        return foreseen(report, run["schedule"])
    return rehearsed(session, report, run["backfill"])
