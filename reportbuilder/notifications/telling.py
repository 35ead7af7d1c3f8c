"""Turns notices into messages, each notice once: who is told of it, as what, by which channel, when."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from reportbuilder import clock, logs
from reportbuilder.database import new_id, transaction
from reportbuilder.executions.models import ReportExecution
from reportbuilder.notices import Notice
from reportbuilder.notifications import readers
from reportbuilder.notifications.caps import Caps
from reportbuilder.notifications.choosing import choice_of
from reportbuilder.notifications.digests import known_zone, next_digest
from reportbuilder.notifications.facts import Facts
from reportbuilder.notifications.kinds import OWN_EMAIL
from reportbuilder.notifications.locking import ours_to_write
from reportbuilder.notifications.models import Notification, NotificationChannel, NotificationRule
from reportbuilder.notifications.readers import Readers
from reportbuilder.notifications.reporting import facts_of
from reportbuilder.notifications.rules import Want, told_as
from reportbuilder.notifications.waking import ask_send
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.settings import Settings

log = logs.get_logger(__name__)

BATCH: Final = 200
_RUNS: Final = ("run_completed", "run_failed")


def tell(settings: Settings) -> int:
    """Handle all notices that nobody has handled; return how many. Opens transactions of its own."""
    handled = 0
    while True:
        with transaction() as session:
            count = _tell_some(session, settings)
        handled += count
        if count < BATCH:
            return handled


def _tell_some(session: Session, settings: Settings) -> int:
    if not ours_to_write(session):
        return 0
    unhandled = select(Notice).where(Notice.handled_at.is_(None))
    notices = session.scalars(unhandled.order_by(Notice.created_at, Notice.id).limit(BATCH)).all()
    if not notices:
        return 0
    ground = _load(session, notices)
    caps = Caps(session, settings.notifications_per_hour)
    for notice in notices:
        for message in _safely(notice, ground, settings):
            _add(session, message, caps)
    _mark_handled(session, notices)
    log.info("notices handled", count=len(notices))
    return len(notices)


def _mark_handled(session: Session, notices: Sequence[Notice]) -> None:
    session.execute(
        update(Notice)
        .where(Notice.id.in_([notice.id for notice in notices]))
        .values(handled_at=clock.now(), updated_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _add(session: Session, message: Notification, caps: Caps) -> None:
    if message.pace == "at_once":
        caps.apply(message)
    session.add(message)
    if message.pace == "at_once":
        ask_send(session, message)


@dataclass(frozen=True)
class _Ground:
    """All that is asked of the database for a batch, so that a thousand notices cost few statements."""

    reports: dict[UUID, ReportDefinition]
    executions: dict[str, ReportExecution]
    rules: dict[UUID, dict[UUID | None, NotificationRule]]
    channels: frozenset[tuple[UUID, str]]
    readers: Readers
    last_run: dict[UUID, tuple[datetime, str]] = field(default_factory=dict)  # as of the notice in hand

    def users_of(self, report: ReportDefinition) -> list[UUID]:
        """Return whom a notice of the report may concern: its owner, and who has a rule for it."""
        others = sorted(user for user, rules in self.rules.items() if report.id in rules)
        return [report.owner_id, *(user for user in others if user != report.owner_id)]


def _load(session: Session, notices: Sequence[Notice]) -> _Ground:
    ids = {notice.report_id for notice in notices}
    reports = {
        report.id: report
        for report in session.scalars(select(ReportDefinition).where(ReportDefinition.id.in_(ids)))
    }
    owners = {report.owner_id for report in reports.values()}
    rules: dict[UUID, dict[UUID | None, NotificationRule]] = defaultdict(dict)
    default = NotificationRule.report_id.is_(None) & NotificationRule.user_id.in_(owners)
    for rule in session.scalars(
        select(NotificationRule).where(or_(NotificationRule.report_id.in_(ids), default))
    ):
        rules[rule.user_id][rule.report_id] = rule
    people = {*owners, *rules}
    return _Ground(
        reports=reports,
        executions=_executions(session, notices),
        rules=rules,
        channels=_channels(session, people),
        readers=readers.load(session, people, {report.instance_id for report in reports.values()}),
        last_run=_last_runs(session, ids),
    )


def _executions(session: Session, notices: Sequence[Notice]) -> dict[str, ReportExecution]:
    names = {name for notice in notices if (name := notice.about.get("execution_id"))}
    found = session.scalars(select(ReportExecution).where(ReportExecution.execution_id.in_(names)))
    return {row.execution_id: row for row in found}


def _channels(session: Session, people: set[UUID]) -> frozenset[tuple[UUID, str]]:
    found = session.execute(
        select(NotificationChannel.user_id, NotificationChannel.channel_id).where(
            NotificationChannel.user_id.in_(people)
        )
    )
    return frozenset((row[0], row[1]) for row in found)


def _last_runs(session: Session, report_ids: set[UUID]) -> dict[UUID, tuple[datetime, str]]:
    """Return for each report when its last handled run ended, and how; reruns do not count."""
    found = session.execute(
        select(Notice.report_id, Notice.kind, func.max(Notice.created_at))
        .where(Notice.report_id.in_(report_ids), Notice.kind.in_(_RUNS), Notice.handled_at.is_not(None))
        .where(Notice.about["is_rerun"].as_boolean().is_not(True))
        .group_by(Notice.report_id, Notice.kind)
    )
    last: dict[UUID, tuple[datetime, str]] = {}
    for report_id, kind, at in found:
        last[report_id] = max(last.get(report_id, (at, kind)), (at, kind))
    return last


def _safely(notice: Notice, ground: _Ground, settings: Settings) -> list[Notification]:
    try:
        return list(_messages(notice, ground, settings))
    except Exception:
        log.exception("notice not told", notice=notice.key)  # it must not keep all others waiting
        return []


def _messages(notice: Notice, ground: _Ground, settings: Settings) -> Iterator[Notification]:
    report = ground.reports[notice.report_id]
    execution = ground.executions.get(notice.about.get("execution_id", ""))
    is_rerun = execution is not None and execution.is_rerun
    kind = notice.kind if is_rerun else _kind(notice, ground)
    facts = replace(_facts(notice, report, execution), kind=kind)
    if facts.kind == "run_completed" and is_rerun:
        return  # of an earlier window that settles, for two weeks; its first run was told of
    for user_id in ground.users_of(report):
        if ground.readers.why_not(user_id, report) is not None:
            continue
        told = choice_of(report, user_id, ground.rules.get(user_id, {})).told
        for channel, (kind, pace) in _wanted(told, facts.kind).items():
            if _is_usable(channel, user_id, ground, settings):
                yield Notification(
                    notification_id=new_id("ntf"),
                    user_id=user_id,
                    channel=channel,
                    notice_id=notice.id,
                    report_id=report.id,
                    kind=kind,
                    facts=replace(facts, kind=kind).to_json(),
                    pace=pace,
                    not_before=_due(pace, ground.readers.users[user_id].time_zone),
                )


def _facts(notice: Notice, report: ReportDefinition, execution: ReportExecution | None) -> Facts:
    try:
        return facts_of(notice, report, execution)
    except Exception:
        # one notice that cannot be read must not keep all others waiting; people are told what is sure
        log.exception("notice not understood", notice=notice.key)
        return Facts(notice.kind, notice.created_at.isoformat(), report.report_id, report.name)


def _wanted(wants: Sequence[Want], kind: str) -> dict[str, tuple[str, str]]:
    """Return by channel as what and at which pace a notice is wanted; who names its kind goes first."""
    found: dict[str, tuple[str, str]] = {}
    for want in sorted(wants, key=lambda want: kind not in want.kinds):
        as_what = told_as(want, kind)
        if as_what is not None:
            found.setdefault(want.channel_id, (as_what, want.pace))
    return found


def _due(pace: str, zone: str) -> datetime:
    return clock.now() if pace == "at_once" else next_digest(pace, clock.now(), known_zone(zone))


def _kind(notice: Notice, ground: _Ground) -> str:
    """Return the notice's kind: a run that completed after one that failed is a recovery.

    Reruns have no part in it: a window that fails for days would make each day's own run one.
    """
    if notice.kind not in _RUNS:
        return notice.kind
    before = ground.last_run.get(notice.report_id)
    if before is not None and before[0] > notice.created_at:
        return notice.kind  # it was committed late: others have been judged since
    ground.last_run[notice.report_id] = (notice.created_at, notice.kind)
    was_failed = before is not None and before[1] == "run_failed"
    return "run_recovered" if was_failed and notice.kind == "run_completed" else notice.kind


def _is_usable(channel_id: str, user_id: UUID, ground: _Ground, settings: Settings) -> bool:
    """Say whether a message by this channel could be sent at all."""
    if channel_id == OWN_EMAIL:
        return bool(settings.smtp_url)
    return (user_id, channel_id) in ground.channels
