"""Sends messages: claimed before the network is called, tried again while that makes sense, then given up.

At least once: a worker that dies between the other side's yes and our row leaves a message that is sent
again, under the same Message-ID and Idempotency-Key, by which the reader can tell.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, CursorResult, and_, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from reportbuilder import clock, logs
from reportbuilder.accounts.models import User
from reportbuilder.amc.vault import SealedElsewhere, Secret, Vault
from reportbuilder.database import transaction
from reportbuilder.errors import Invalid
from reportbuilder.executions.cadence import backoff
from reportbuilder.notifications import channels, readers, webhooks
from reportbuilder.notifications.channels import Target
from reportbuilder.notifications.digests import known_zone
from reportbuilder.notifications.facts import Facts
from reportbuilder.notifications.gathering import items_of
from reportbuilder.notifications.kinds import DIGEST, OWN_EMAIL
from reportbuilder.notifications.models import Notification, NotificationChannel
from reportbuilder.notifications.outcomes import Undelivered
from reportbuilder.notifications.payloads import payload_of, payload_of_digest
from reportbuilder.notifications.waking import ask_send
from reportbuilder.notifications.wording import Message, Reader, write, write_digest
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.settings import Settings

log = logs.get_logger(__name__)

FIRST_PAUSE: Final = 15.0  # seconds; then doubling
LONGEST_PAUSE: Final = 3600.0
_HIDDEN_FAULT: Final = "a fault of ours; the logs say more"


@dataclass(frozen=True)
class Job:
    """A message that this worker has claimed, with all that sending takes; made inside of the transaction."""

    row: Notification
    target: Target
    items: tuple[Facts, ...]
    reader: Reader

    @property
    def key(self) -> str:
        """What is the same at each try; asking for it again by hand makes another one."""
        return f"{self.row.notification_id}.{self.row.resends}"


def send(settings: Settings, notification_id: str) -> None:
    """Send a message if it is due and nobody is at it; does nothing else."""
    with transaction() as session:
        job = _claim(session, settings, notification_id)
    if job is None:
        return
    failure = _try(job, settings)
    with transaction() as session:
        _record(session, settings, job.row, failure)


def is_due() -> ColumnElement[bool]:
    """Hold for messages that are to be sent now: those that wait, and those of which nothing is heard."""
    now = clock.now()
    waiting = and_(Notification.state == "waiting", Notification.not_before <= now)
    lost = and_(Notification.state == "sending", Notification.lease_until <= now)
    return and_(Notification.pace == "at_once", or_(waiting, lost))


def _claim(session: Session, settings: Settings, notification_id: str) -> Job | None:
    row = session.scalar(
        select(Notification).where(Notification.notification_id == notification_id, is_due())
    )
    if row is None:
        return None
    lease = clock.in_seconds(settings.notification_lease)
    seen = (Notification.attempts == row.attempts, is_due())
    if not _update(session, row, seen, state="sending", lease_until=lease, attempts=row.attempts + 1):
        return None
    session.refresh(row)
    try:
        return _job(session, settings, row)
    except Undelivered as failure:
        _record(session, settings, row, failure)
    except _NotWanted as reason:
        _end(session, row, "dropped", str(reason))
    except Invalid as error:  # of a setting, which a person will mend
        _record(session, settings, row, Undelivered(error.message))
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - else it would be claimed for ever and count no attempt
        _record(session, settings, row, _fault(row, error))
    return None


class _NotWanted(Exception):
    """Nobody is to be told any more; says why."""


def _job(session: Session, settings: Settings, row: Notification) -> Job:
    """Collect what sending takes.

    :raises _NotWanted: if the user may not be told any more.
    :raises Undelivered: if the channel cannot be used.
    """
    of_digest = session.scalars(items_of(row.id)).all() if row.kind == DIGEST else []
    told = _still_told(session, row, list(of_digest) or [row])
    if not told:
        raise _NotWanted("nothing of it is to be told any more: rights were withdrawn since")
    user = session.get_one(User, row.user_id)
    if row.attempts > settings.notification_attempts:
        raise Undelivered(f"no word of {row.attempts - 1} attempts", is_permanent=True)
    reader = Reader(known_zone(user.time_zone), settings.public_url)
    return Job(row, _target(session, settings, row, user), told, reader)


def _still_told(session: Session, row: Notification, items: list[Notification]) -> tuple[Facts, ...]:
    """Return what the user may still be told; what is dropped of a digest says so."""
    ids = {item.report_id for item in items if item.report_id}
    found = session.scalars(select(ReportDefinition).where(ReportDefinition.id.in_(ids)))
    reports = {report.id: report for report in found}
    allowed = readers.load(session, [row.user_id], {report.instance_id for report in reports.values()})
    told = []
    for item in items:
        report = reports.get(item.report_id) if item.report_id else None
        reason = allowed.why_not(row.user_id, report)
        if reason is None and item.state != "dropped":
            told.append(Facts.from_json(item.facts))
        elif reason is not None and item is row:
            raise _NotWanted(reason)
        elif reason is not None:
            item.state, item.error = "dropped", reason
    return tuple(told)


def _target(session: Session, settings: Settings, row: Notification, user: User) -> Target:
    if row.channel == OWN_EMAIL:
        return Target("email", Secret(user.email))
    channel = session.scalar(
        select(NotificationChannel).where(
            NotificationChannel.channel_id == row.channel, NotificationChannel.user_id == row.user_id
        )
    )
    if channel is None:
        raise _NotWanted("the channel has been removed")
    try:
        return channels.opened(channel, Vault(settings.vault_keys))
    except SealedElsewhere as error:
        raise Undelivered(error.message) from None


def _try(job: Job, settings: Settings) -> Undelivered | None:
    try:
        _deliver(job, settings)
    except Undelivered as failure:
        return failure
    except Invalid as error:  # of a setting, which a person will mend
        return Undelivered(error.message)
    except Exception as error:  # noqa: BLE001 - whatever it is, the row has to say it and go on
        return _fault(job.row, error)
    return None


def _fault(row: Notification, error: Exception) -> Undelivered:
    """Log a fault of ours without its text and frames, which may hold addresses."""
    log.error("message not sent", notification_id=row.notification_id, failure=type(error).__name__)
    return Undelivered(_HIDDEN_FAULT)


def _deliver(job: Job, settings: Settings) -> None:
    from reportbuilder.notifications import mail, slack  # Apprise is large, and only workers need it

    message, target = _message(job), job.target
    if target.kind == "email":
        mail.send(mail.Mail(target.address.reveal(), job.key, message), settings)
    elif target.kind == "slack":
        slack.send(target.address, message, settings)
    else:
        signing = target.signing or Secret("")
        webhooks.send(target.address, signing, job.key, _payload(job, message), settings)


def _message(job: Job) -> Message:
    if job.row.kind != DIGEST:
        return write(job.items[0], job.reader)
    is_over_cap = bool(job.row.facts.get("is_over_cap"))
    return write_digest(job.items, len(job.items), is_over_cap, job.reader)


def _payload(job: Job, message: Message) -> dict[str, object]:
    url = job.reader.public_url
    if job.row.kind != DIGEST:
        return payload_of(job.key, job.items[0], message, url)
    return payload_of_digest(job.key, job.items, len(job.items), message, url)


def _record(session: Session, settings: Settings, row: Notification, failure: Undelivered | None) -> None:
    if failure is None:
        _end(session, row, "sent", None, sent_at=clock.now())
    elif failure.is_permanent:
        _end(session, row, "failed", failure.reason)
    elif row.attempts >= settings.notification_attempts:
        _end(session, row, "failed", f"given up after {row.attempts} attempts: {failure.reason}")
    else:
        pause = backoff(row.attempts, first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        if failure.retry_after is not None:
            pause = max(pause, failure.retry_after)
        if _end(session, row, "waiting", failure.reason, not_before=clock.in_seconds(pause)):
            ask_send(session, row, pause)


def _end(session: Session, row: Notification, state: str, error: str | None, **changes: object) -> bool:
    """Leave the claim for another state, unless somebody has taken it over; say whether it was still ours."""
    ours = (Notification.state == "sending", Notification.attempts == row.attempts)
    won = _update(session, row, ours, state=state, error=error, lease_until=None, **changes)
    if won:
        log.info(
            "message settled",
            notification_id=row.notification_id,
            state=state,
            attempts=row.attempts,
            reason=error,
        )
    return won


def _update(
    session: Session, row: Notification, guard: tuple[ColumnElement[bool], ...], **values: object
) -> bool:
    result = session.execute(
        update(Notification)
        .where(Notification.id == row.id, *guard)
        .values(updated_at=clock.now(), **values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker what an UPDATE gives
    return result.rowcount == 1
