"""The reader's drafts: those that are unfinished, and dropping one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin.answers import done
from admin.blueprint import HOME, pages
from admin.dialog import meaning, steps
from reportbuilder.api import context
from reportbuilder.database import reading, transaction
from reportbuilder.reports import drafting
from reportbuilder.reports.models import ReportDraft

DRAFTS_SHOWN: Final = 3  # above the gallery


@dataclass(frozen=True)
class Unfinished:
    """A draft in the list. ``href``: the first step that is left."""

    draft_id: str
    name: str
    template: str
    instance: str
    left: str
    href: str
    touched_at: datetime


def unfinished(session: Session, most: int = drafting.MOST) -> list[Unfinished]:
    """Return the reader's drafts, the one that was touched last first."""
    return [_shown(row) for row in drafting.unfinished(session, context.principal().user_id, most)]


@pages.get(f"{HOME}/drafts")
def drafts() -> ResponseReturnValue:
    """Show the reader's unfinished reports."""
    with reading() as session:
        return render_template("dialog/drafts.html", drafts=unfinished(session))


@pages.post(f"{HOME}/drafts/drop")
def drop_draft() -> ResponseReturnValue:
    """Drop one of them."""
    with transaction() as session:
        draft = drafting.read(
            session, context.principal().user_id, request.form.get("draft", ""), locked=True
        )
        drafting.discard(session, draft)
    return done(url_for("admin.drafts"), "The draft is dropped.")


def _shown(draft: ReportDraft) -> Unfinished:
    keys = steps.steps_of(draft)
    left = next((key for key in keys if not steps.is_done(draft, key)), keys[-1])
    return Unfinished(
        draft.draft_id,
        meaning.name_of(draft) or draft.template.name,
        draft.template.name,
        draft.instance.instance_name,
        steps.text_of(draft, left),
        steps.address(draft, left),
        draft.updated_at,
    )
