"""The limits that a start counts against, in words, as they stand now."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from admin.dialog import steps
from reportbuilder.api import context
from reportbuilder.backfills.forecasting import limit_of
from reportbuilder.backfills.starting import count_left
from reportbuilder.executions import overview, quotas
from reportbuilder.executions.pausing import pause_of
from reportbuilder.reports.models import ReportDraft


@dataclass(frozen=True)
class Allowance:
    """One limit; ``is_used_up``: it would refuse or hold back what is started now."""

    text: str
    is_used_up: bool = False


def allowances(session: Session, draft: ReportDraft) -> list[Allowance]:
    """Return what limits the start of a draft."""
    found = [_pause(session, draft), _slots(session, draft), _budget(session, draft)]
    if steps.type_of(draft) == steps.BACKFILL:
        found.append(_backfills(session, draft))
    found.append(Allowance(_own(is_single=steps.is_single(draft))))
    return [each for each in found if each is not None]


def _pause(session: Session, draft: ReportDraft) -> Allowance | None:
    pause = pause_of(session, draft.instance_id)
    if pause is None:
        return None
    what = "Everything" if pause.is_whole else draft.instance.instance_name
    text = f"{what} is paused by {pause.paused_by}: {pause.reason}. Runs wait until that ends."
    return Allowance(text, is_used_up=True)


def _slots(session: Session, draft: ReportDraft) -> Allowance:
    most = limit_of(draft.instance, context.settings().instance_slots)
    used = overview.slots_in_use(session, [draft.instance_id]).get(draft.instance_id, 0)
    used += quotas.foreign_on(draft.instance)
    text = f"{draft.instance.instance_name} runs {most} at once; {used} run now"
    is_full = used >= most
    return Allowance(f"{text}, so this waits in line." if is_full else f"{text}.", is_full)


def _budget(session: Session, draft: ReportDraft) -> Allowance | None:
    default = context.settings().instance_daily_runs
    left = quotas.runs_left(session, draft.instance, default)
    if left is None:
        return None
    most = quotas.daily_runs(draft.instance, default)
    text = f"{left} of the {most} runs a day (UTC) that it may have are left"
    return Allowance(f"{text}; more wait for tomorrow or are refused." if not left else f"{text}.", left == 0)


def _backfills(session: Session, draft: ReportDraft) -> Allowance:
    most = context.settings().backfills_per_day
    left, _ = count_left(session, draft.instance, most)
    return Allowance(f"{left} of {most} backfills a day may still be started on it.", left == 0)


def _own(*, is_single: bool) -> str:
    chosen = context.settings()
    runs = f"You may ask for {chosen.executions_per_minute} runs a minute"
    return f"{runs}." if is_single else f"{runs} and make {chosen.reports_per_hour} reports an hour."
