"""The step that asks when a report shall run: once, by a schedule, or over its past; and its name."""

from typing import Any, Final

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin.blueprint import pages
from admin.dialog import meaning, steps
from admin.dialog.opening import WRONG, led, opened, show
from admin.dialog.steps import ONCE, TYPES
from admin.fields import Wrong
from reportbuilder.accounts.models import User
from reportbuilder.api import context
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict
from reportbuilder.reports import defining, drafting
from reportbuilder.reports.drafting import PARAMETERS, WHEN
from reportbuilder.reports.models import ReportDraft
from reportbuilder.reports.wishes import LONGEST_NAME

_FIELDS: Final = {"type": ("type-once", "When it runs"), "name": ("name", "Name of the report")}


@pages.get(f"{steps.BELOW}/when")
def when(template_id: str) -> ResponseReturnValue:
    """Ask when it shall run."""
    with reading() as session:
        draft = opened(session, template_id)
        return show(draft, WHEN, **_shown(draft, {}))


@pages.post(f"{steps.BELOW}/when")
def choose_when(template_id: str) -> ResponseReturnValue:
    """Keep what was chosen; go on, back, or stay where something is wrong."""
    do = request.form.get("do", "")
    with transaction() as session:
        draft = opened(session, template_id, locked=True)
        _keep(session, draft)
        wrong = _find_wrong(session, draft) if do == "next" else {}
    if do == "keep":
        return "", 204
    if do in steps.steps_of(draft):
        return led(draft, do)
    if wrong:
        return show(draft, WHEN, WRONG, **_shown(draft, wrong))
    return led(draft, steps.after(draft, WHEN))


def _keep(session: Session, draft: ReportDraft) -> None:
    """Keep what was typed, right or wrong; the name goes to the other fields of the report."""
    said = {"type": request.form.get("type", ""), "is_single": request.form.get("is_single") == "1"}
    drafting.keep(session, draft, WHEN, said)
    if "name" in request.form:
        name = request.form["name"].strip()
        drafting.keep(session, draft, PARAMETERS, {**draft.steps[PARAMETERS], "name": name})


def _find_wrong(session: Session, draft: ReportDraft) -> dict[str, list[str]]:
    wrong: dict[str, list[str]] = {}
    if steps.type_of(draft) not in TYPES:
        wrong["type"] = ["choose one of the three"]
    if reason := _wrong_name(session, draft):
        wrong["name"] = [reason]
    return wrong


def _wrong_name(session: Session, draft: ReportDraft) -> str:
    name = meaning.name_of(draft)
    if len(name) > LONGEST_NAME:
        return f"it has {len(name)} characters; {LONGEST_NAME} are allowed"
    if steps.is_single(draft):
        return ""
    if not name:
        return "give the report a name, by which you find it again"
    try:
        owner = session.get_one(User, context.principal().user_id)
        defining.refuse_taken(session, owner, draft.instance, name)
    except Conflict as taken:
        return taken.message
    return ""


def _shown(draft: ReportDraft, wrong: dict[str, list[str]]) -> dict[str, Any]:
    is_new = WHEN not in draft.steps
    return {
        "type": steps.type_of(draft) or (ONCE if is_new else ""),
        "is_single": steps.is_single(draft),
        "name": meaning.name_of(draft),
        "wrong": wrong,
        "told": [Wrong(*_FIELDS[field], reason) for field in wrong for reason in wrong[field]],
    }
