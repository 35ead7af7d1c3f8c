"""What one may do with reports from their table, one by one or several at once; each has its own outcome."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import request
from sqlalchemy.orm import Session

from admin import tour
from admin.already import AlreadySo
from reportbuilder.accounts import idempotency, permissions
from reportbuilder.api import context, deleting, limits, report_runs
from reportbuilder.database import transaction
from reportbuilder.errors import Conflict, Invalid, ReportBuilderError
from reportbuilder.reports import favorites, searching
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules import defining as scheduling
from reportbuilder.schedules import following
from reportbuilder.schedules.models import ReportSchedule

MOST_NAMED: Final = 3
NO_REASON: Final = "no reason was given in the table of reports"
Work = Callable[[Session, ReportDefinition, str], None]


@dataclass(frozen=True)
class Action:
    """Something to do with a report, allowed by ``permission``.

    ``work`` gets the reason that was typed. ``done``: in words, for one and for several.
    ``is_deleted``: it is done to reports that have been deleted, too.
    """

    permission: str
    work: Work
    done: tuple[str, str]
    is_deleted: bool = False

    @property
    def is_locked(self) -> bool:
        """Say whether no other transaction may change, run or delete the report meanwhile."""
        return self.permission != "report:view"


@dataclass(frozen=True)
class Outcome:
    """What came of an action on one report; no ``refusal`` if it worked. ``already``: how it was before."""

    report_id: str
    name: str
    refusal: str = ""
    already: str = ""


def _run(session: Session, report: ReportDefinition, _: str) -> None:
    limits.take_execution()
    report_runs.start(session, report, {})
    tour.did("run")


def _pause(session: Session, report: ReportDefinition, reason: str) -> None:
    schedule = _schedule(session, report)
    if schedule.is_paused:
        raise AlreadySo("it is paused already")
    by = context.principal().email
    scheduling.pause(session, schedule, report, by=by, reason=reason or NO_REASON)


def _resume(session: Session, report: ReportDefinition, _: str) -> None:
    schedule = _schedule(session, report)
    if not schedule.is_paused:
        raise AlreadySo("it is not paused any more")
    scheduling.resume(session, schedule, report)


def _schedule(session: Session, report: ReportDefinition) -> ReportSchedule:
    there = scheduling.find_active(session, report)
    if there is None:
        raise Conflict("it has no schedule")
    return following.lock(session, there.id)


def _delete(session: Session, report: ReportDefinition, _: str) -> None:
    if report.deleted_at is not None:
        raise AlreadySo("it is deleted already")
    deleting.delete(session, report)


def _restore(session: Session, report: ReportDefinition, _: str) -> None:
    deleting.restore(session, report)


def _mark(session: Session, report: ReportDefinition, _: str) -> None:
    favorites.mark(session, context.principal().user_id, report)


def _unmark(session: Session, report: ReportDefinition, _: str) -> None:
    favorites.unmark(session, context.principal().user_id, report)


ACTIONS: Final[dict[str, Action]] = {
    "run": Action("report:run", _run, ("run asked for", "runs asked for")),
    "pause": Action("schedule:change", _pause, ("schedule paused", "schedules paused")),
    "resume": Action("schedule:change", _resume, ("schedule resumed", "schedules resumed")),
    "delete": Action("report:delete", _delete, ("report deleted", "reports deleted"), is_deleted=True),
    "restore": Action("report:delete", _restore, ("report is back", "reports are back"), is_deleted=True),
    "mark": Action("report:view", _mark, ("favorite more", "favorites more")),
    "unmark": Action("report:view", _unmark, ("favorite less", "favorites less")),
}


def act(name: str, report_ids: Sequence[str], *, key: str, reason: str = "") -> list[Outcome]:
    """Do something to each of these reports, each in a transaction of its own.

    :param key: of the form that was sent; what it has done already is not done again.
    :raises Invalid: if there is no such action.
    """
    if name not in ACTIONS:
        raise Invalid.field("do", f"{name!r} is none of {', '.join(ACTIONS)}")
    return [_try(name, report_id, key, reason) for report_id in dict.fromkeys(report_ids)]


def _try(name: str, report_id: str, key: str, reason: str) -> Outcome:
    action, told, principal = ACTIONS[name], report_id, context.principal()
    try:
        with transaction() as session:
            report = searching.find(
                session, principal, report_id, locked=action.is_locked, deleted=action.is_deleted
            )
            told = report.name
            permissions.ensure(principal, action.permission, searching.subject_of(report), "report")
            _once(session, name, report, key, reason)
    except AlreadySo as so:
        return Outcome(report_id, told, already=so.text)
    except ReportBuilderError as error:
        return Outcome(report_id, told, refusal=error.message.removeprefix(f"{told!r} "))
    return Outcome(report_id, told)


def _once(session: Session, name: str, report: ReportDefinition, key: str, reason: str) -> None:
    def work() -> tuple[int, dict[str, Any]]:
        ACTIONS[name].work(session, report, reason)
        return 200, {}

    if not key:
        work()
        return
    print_ = idempotency.fingerprint("POST", request.path, f"{name} {report.report_id}".encode())
    whole = f"{key}:{name}:{report.report_id}"
    idempotency.once(session, context.principal().user_id, whole, print_, work)


def told(name: str, outcomes: Sequence[Outcome]) -> tuple[str, str]:
    """Return what came of an action in words, and of which kind that is: as `kit.note` takes it."""
    done = [each.name for each in outcomes if not each.refusal and not each.already]
    refused = _by_words((each.refusal.rstrip("."), each.name) for each in outcomes)
    already = _by_words((each.already, each.name) for each in outcomes)
    one, several = ACTIONS[name].done
    said = [f"{_listed(done)}: {one}."] if len(done) == 1 else [f"{len(done)} {several}."] if done else []
    said += [f"{_listed(names)}: {how}." for how, names in already.items()]
    said += [f"Not {_listed(names)}: {why}." for why, names in refused.items()]
    if refused:
        return " ".join(said), "warning" if done else "danger"
    return " ".join(said), "success" if done else ""


def _by_words(told: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for words, name in told:
        if words:
            found.setdefault(words, []).append(name)
    return found


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
