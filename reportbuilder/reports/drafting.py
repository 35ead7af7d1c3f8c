"""Drafts: what somebody typed of a report before it is made, step by step; nobody else sees them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.accounts.permissions import missing
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.errors import Invalid
from reportbuilder.reports.models import ReportDraft

PARAMETERS, WHEN, DETAILS = STEPS = ("parameters", "when", "details")
KEPT_FOR: Final = timedelta(days=7)
MOST: Final = 50  # of one user; the oldest go


def start(
    session: Session,
    user_id: UUID,
    template: QueryTemplate,
    instance: AmcInstance,
    fields: Mapping[str, Any],
) -> ReportDraft:
    """Begin a draft with the fields of its first step, in the shape of a body of ``POST /reports``.

    These are ``parameters``, and if given ``time_window``, ``name``, ``description``, ``timezone``.
    """
    draft = ReportDraft(
        user_id=user_id,
        template_id=template.id,
        instance_id=instance.id,
        steps={PARAMETERS: dict(fields)},
    )
    draft.template, draft.instance = template, instance
    session.add(draft)
    session.flush()
    _drop_beyond(session, user_id)
    return draft


def read(session: Session, user_id: UUID, draft_id: str, *, locked: bool = False) -> ReportDraft:
    """Return a draft of a user; ``locked`` lets no other transaction make a report of it.

    Whether its template and instance may still be used is for the caller to ask.

    :raises NotFound: if there is none, or it is somebody else's, or too old.
    """
    wanted = select(ReportDraft).where(
        ReportDraft.draft_id == draft_id,
        ReportDraft.user_id == user_id,
        ReportDraft.updated_at > clock.now() - KEPT_FOR,
    )
    draft = session.scalar(wanted.with_for_update(of=ReportDraft) if locked else wanted)
    if draft is None:
        raise missing("draft")
    return draft


def unfinished(session: Session, user_id: UUID, most: int = MOST) -> list[ReportDraft]:
    """Return the drafts of a user, the one that was touched last first."""
    wanted = select(ReportDraft).where(
        ReportDraft.user_id == user_id, ReportDraft.updated_at > clock.now() - KEPT_FOR
    )
    newest = wanted.order_by(ReportDraft.updated_at.desc(), ReportDraft.id).limit(most)
    return list(session.scalars(newest))


def keep(
    session: Session,
    draft: ReportDraft,
    step: str,
    fields: Mapping[str, Any],
    *,
    instance: AmcInstance | None = None,
) -> ReportDraft:
    """Write the fields of one step into a draft, in place of what that step had; other steps stay.

    :raises Invalid: if there is no such step.
    """
    if step not in STEPS:
        raise Invalid.field("step", f"{step!r} is not one of {', '.join(STEPS)}")
    if instance is not None:
        draft.instance, draft.instance_id = instance, instance.id
    draft.steps = {**draft.steps, step: dict(fields)}
    draft.updated_at = clock.now()
    session.flush()
    return draft


def discard(session: Session, draft: ReportDraft) -> None:
    """Drop a draft, such as one that has become a report."""
    session.delete(draft)
    session.flush()


def forget(session: Session, before: datetime) -> int:
    """Drop the drafts that nobody has touched since an instant; return how many."""
    statement = delete(ReportDraft).where(ReportDraft.updated_at < before)
    return session.connection().execute(statement).rowcount


def _drop_beyond(session: Session, user_id: UUID) -> None:
    newest = (
        select(ReportDraft.id)
        .where(ReportDraft.user_id == user_id)
        .order_by(ReportDraft.updated_at.desc(), ReportDraft.id)
        .limit(MOST)
    )
    kept = list(session.scalars(newest))
    if len(kept) == MOST:
        mine = delete(ReportDraft).where(ReportDraft.user_id == user_id, ReportDraft.id.not_in(kept))
        session.connection().execute(mine)
