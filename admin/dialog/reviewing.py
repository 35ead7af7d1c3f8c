"""The step that shows everything in words before it is started."""

import hashlib
import json
from http import HTTPStatus

from flask import Response
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin import backfill_forms
from admin.blueprint import pages
from admin.dialog import meaning, steps
from admin.dialog.allowances import allowances
from admin.dialog.judging import Judged, Problem, judge
from admin.dialog.opening import opened, show
from admin.form.marking import mark
from admin.value_words import in_words, wish_words
from reportbuilder.api import ordering
from reportbuilder.backfills.wishes import read_wish
from reportbuilder.database import reading
from reportbuilder.executions import overview
from reportbuilder.reports.drafting import PARAMETERS
from reportbuilder.reports.models import ReportDraft


@pages.get(f"{steps.BELOW}/review")
def review(template_id: str) -> ResponseReturnValue:
    """Show what would be started."""
    with reading() as session:
        return reviewed(session, opened(session, template_id))


def reviewed(
    session: Session, draft: ReportDraft, refused: list[Problem] | None = None, status: int = HTTPStatus.OK
) -> Response:
    """Return the review of a draft.

    :param refused: why a start was refused just now.
    """
    judged = judge(session, draft)
    shown = {} if judged.prepared is None else _told(session, draft, judged)
    return show(
        draft,
        steps.REVIEW,
        status,
        kind=steps.type_of(draft),
        is_single=steps.is_single(draft),
        name=meaning.name_of(draft),
        judged=judged,
        problems=judged.problems or refused,  # what stands against it now is told with its place
        may_start=not judged.problems,
        seen=fingerprint(draft),
        limits=allowances(session, draft),
        **shown,
    )


def fingerprint(draft: ReportDraft) -> str:
    """Return what changes with whatever a review shows of a draft and its template."""
    said = [draft.steps, str(draft.instance_id), draft.template.version]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:20]


def _told(session: Session, draft: ReportDraft, judged: Judged) -> dict[str, object]:
    assert judged.prepared is not None  # noqa: S101 - the caller has looked
    fields = draft.steps[PARAMETERS]
    return {
        "values": in_words(draft.template, judged.prepared.values),
        "window": wish_words(
            fields.get("time_window"), zone=judged.prepared.window.zone, lag_days=ordering.terms().lag_days
        ),
        "days": judged.prepared.window.days,
        "zone": judged.prepared.window.zone,
        "pieces": mark(judged.prepared.sql, judged.prepared.places),
        "warnings": judged.prepared.warnings,
        "chosen": _chosen(draft),
        "typical": overview.typical_duration(session, draft.template_id, draft.instance_id),
    }


def _chosen(draft: ReportDraft) -> list[str]:
    run = meaning.run_of(draft)
    return backfill_forms.in_words(read_wish(run["backfill"])) if "backfill" in run else []
