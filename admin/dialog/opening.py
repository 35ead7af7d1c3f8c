"""Opening a draft for a step of the dialog, and showing that step as a page or the part that is swapped."""

from typing import Any, Final

from flask import Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin.answers import wants_fragment
from admin.dialog import steps
from reportbuilder.accounts import permissions
from reportbuilder.accounts.permissions import missing
from reportbuilder.api import context, ordering
from reportbuilder.catalog import searching as templates
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.errors import NotFound
from reportbuilder.reports import drafting
from reportbuilder.reports.drafting import PARAMETERS
from reportbuilder.reports.models import ReportDraft

REGION: Final = "step"  # the id of what a step is swapped into
WRONG: Final = 422


def opened(
    session: Session, template_id: str, *, locked: bool = False, permission: str = "report:create"
) -> ReportDraft:
    """Return the draft that a request is about, of the reader's own.

    :param permission: what the reader must be allowed to do on its instance.
    :raises NotFound: if there is none of this template, or template or instance cannot be seen any more.
    :raises NotPermitted: if the reader may not do that on its instance.
    """
    principal = context.principal()
    draft_id = request.values.get("draft", "")
    draft = drafting.read(session, principal.user_id, draft_id, locked=locked)
    if draft.template.template_id != template_id:
        raise missing("draft")
    permissions.ensure(principal, "template:view", templates.subject_of(draft.template), "template")
    ordering.instance(session, draft.instance.instance_id, permission)
    return draft


def named(session: Session, template: QueryTemplate, *, locked: bool = False) -> ReportDraft | None:
    """Return the draft of the template that a request names; None if it names none, or one that has gone."""
    user_id, draft_id = context.principal().user_id, request.values.get("draft", "")
    try:
        draft = drafting.read(session, user_id, draft_id, locked=locked) if draft_id else None
    except NotFound:
        return None
    return draft if draft is not None and draft.template_id == template.id else None


def begun(session: Session, template: QueryTemplate) -> list[steps.Step]:
    """Return the steps as the form of the first one shows them: of the draft that is named, if any."""
    draft = named(session, template)
    return steps.unbegun() if draft is None else steps.progress(draft, PARAMETERS)


def show(draft: ReportDraft, here: str, status: int = 200, **shown: Any) -> Response:
    """Return a step as a page; only its inside, with the focus on its heading, to a script that swaps it."""
    is_part = wants_fragment() and request.headers.get("HX-Target") == REGION
    part = f"dialog/_{here}.html"
    answer = make_response(
        render_template(
            part if is_part else "dialog/page.html",
            part=part,
            is_part=is_part,
            draft=draft,
            here=here,
            heading=steps.text_of(draft, here),
            steps=steps.progress(draft, here),
            before=steps.before(draft, here),
            address=lambda key: steps.address(draft, key),
            **shown,
        ),
        status,
    )
    answer.headers["Vary"] = "HX-Request, HX-Target"
    return answer


def led(draft: ReportDraft, key: str) -> ResponseReturnValue:
    """Lead to a step; the first one is a page of its own, which a script cannot swap in."""
    target = steps.address(draft, key)
    if wants_fragment() and key == PARAMETERS:
        answer = make_response("", 204)
        answer.headers["HX-Redirect"] = target
        return answer
    return redirect(target, 303)
