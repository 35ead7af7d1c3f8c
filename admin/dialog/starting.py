"""The start: makes the report and what it is to do, or one run alone, wholly or not at all, and once."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin import tour
from admin.answers import done
from admin.blueprint import pages
from admin.dialog import meaning, steps
from admin.dialog.judging import problems_of
from admin.dialog.opening import led, opened
from admin.dialog.reviewing import fingerprint, reviewed
from reportbuilder.accounts import idempotency
from reportbuilder.api import context, limits, ordering, report_runs
from reportbuilder.api.failures import of_room
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid, NotFound, NotPermitted, ReportBuilderError, TooMany
from reportbuilder.reports import drafting
from reportbuilder.reports.models import ReportDraft

SEE_OTHER: Final = 303
SAID: Final = {
    steps.ONCE: "The report is made, and its first run has been asked for.",
    steps.RECURRING: "The report is made, and runs by itself from now on.",
    steps.BACKFILL: "The report is made, and its past is being fetched.",
}
ALONE: Final = "The run has been asked for."


@pages.get(f"{steps.BELOW}/start")
def reopen_start(template_id: str) -> ResponseReturnValue:
    """Lead to the review: a start that was refused shows that at this address, which people load again."""
    with reading() as session:
        return led(opened(session, template_id), steps.REVIEW)


@pages.post(f"{steps.BELOW}/start")
def start_draft(template_id: str) -> ResponseReturnValue:
    """Start what the draft says; a refusal shows the review again, and nothing is lost."""
    draft_id = request.form.get("draft", "")
    try:
        _count(draft_id)
        with transaction() as session:
            made = _once(session, template_id, draft_id)
    except (Invalid, Conflict, TooMany, NotPermitted) as error:
        return _refused(template_id, error)
    return done(made["target"], made["said"])


def _count(draft_id: str) -> None:
    """Count against the same limits as the API does; what repeats a start that has been made counts nothing.

    :raises TooMany: at a limit.
    """
    try:
        with reading() as session:
            draft = drafting.read(session, context.principal().user_id, draft_id)
    except NotFound:
        return
    if not steps.is_single(draft):
        limits.take_report()
    limits.take_execution()


def _once(session: Session, template_id: str, draft_id: str) -> Mapping[str, Any]:
    """Start a draft, or return what came of it before: where to go, and what to say there."""
    user_id = context.principal().user_id
    key = f"draft-{hashlib.sha256(draft_id.encode('utf-8', 'replace')).hexdigest()[:40]}"
    print_ = idempotency.fingerprint(request.method, request.path, key.encode())

    def work() -> tuple[int, dict[str, Any]]:
        return SEE_OTHER, _begin(session, opened(session, template_id, locked=True))

    return idempotency.once(session, user_id, key, print_, work).body


def _begin(session: Session, draft: ReportDraft) -> dict[str, Any]:
    if request.form.get("seen") != fingerprint(draft):
        raise Conflict(
            "The draft or its template has changed since this page was shown; look again, then start"
        )
    left = [key for key in steps.steps_of(draft)[:-1] if not steps.is_done(draft, key)]
    if left:
        raise Invalid.field(left[0], "has not been filled in yet; do that first")
    made = _start_alone(session, draft) if steps.is_single(draft) else _start_report(session, draft)
    tour.did(tour.STARTED[steps.type_of(draft)])
    drafting.discard(session, draft)
    return made


def _start_alone(session: Session, draft: ReportDraft) -> dict[str, Any]:
    what = ordering.prepared(draft.template, meaning.body_of(draft))
    run = ordering.start(session, draft.template, draft.instance, what)
    return {"target": url_for("admin.single_run", execution_id=run["execution_id"]), "said": ALONE}


def _start_report(session: Session, draft: ReportDraft) -> dict[str, Any]:
    run = meaning.run_of(draft)
    made = report_runs.create(session, meaning.body_of(draft), run, draft.template, draft.instance)
    return {"target": url_for("admin.report", report_id=made["report_id"]), "said": SAID[run["type"]]}


def _refused(template_id: str, error: ReportBuilderError) -> Response:
    problem = of_room(error)
    with reading() as session:
        draft = opened(session, template_id, permission="instance:view")
        answer = reviewed(session, draft, problems_of(error), problem.status)
    answer.headers.update(problem.headers)
    return answer
