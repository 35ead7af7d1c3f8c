"""What the scheduler does at each tick: sweeps, tokens kept fresh, things that are no longer needed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import or_, select

from actors.outbox import Outbox
from actors.worker import beat_once
from reportbuilder import clock, logs
from reportbuilder.accounts import idempotency, sign_ins
from reportbuilder.amc import sources
from reportbuilder.amc.connections import Connections
from reportbuilder.amc.models import AmcAccount
from reportbuilder.amc.tokens import Tokens
from reportbuilder.backfills.sweeping import sweep_backfills
from reportbuilder.database import reading, transaction
from reportbuilder.executions.ports import Ports
from reportbuilder.executions.sweeping import sweep
from reportbuilder.heartbeats import BEAT_EVERY
from reportbuilder.notifications import sweeping as notifications
from reportbuilder.reports import drafting
from reportbuilder.results.scratch import sweep_scratch
from reportbuilder.schedules.firing import fire_due
from reportbuilder.schedules.following import sweep_firings
from reportbuilder.valuelists import refreshing

log = logs.get_logger(__name__)

VALUES_EVERY = 10.0  # seconds
SCRATCH_KEPT_FOR = timedelta(days=1)
TOKENS_AHEAD = timedelta(minutes=10)


@dataclass(frozen=True)
class Tick:
    """Something to do every so many seconds."""

    name: str
    every: float
    run: Callable[[], object]


def ticks(ports: Ports, connections: Connections) -> list[Tick]:
    """Return the table of what is done how often."""
    settings = ports.settings
    return [
        Tick("sweep", settings.sweep_every, partial(sweep, settings, Outbox().send)),
        Tick("schedules", settings.fire_every, lambda: fire_due(settings)),
        Tick("firings", settings.sweep_every, partial(sweep_firings, settings, Outbox().send)),
        Tick("backfills", settings.sweep_every, partial(sweep_backfills, settings, Outbox().send)),
        Tick("pulse", BEAT_EVERY, lambda: beat_once("scheduler")),
        Tick("sources", 60.0, lambda: sources.read_due(connections)),
        Tick("values", VALUES_EVERY, lambda: refreshing.take_finished(ports.store)),
        Tick("refreshes", 60.0, lambda: refreshing.ask_due(settings.values_refresh_hours)),
        Tick("tokens", 60.0, lambda: keep_tokens_fresh(connections)),
        Tick("notifications", settings.sweep_every, partial(notifications.sweep, Outbox().send)),
        Tick("told", 3600.0, lambda: notifications.forget(settings.notifications_kept_days)),
        Tick("keys", 3600.0, forget_keys),
        Tick("drafts", 3600.0, forget_drafts),
        Tick("sign-ins", 3600.0, forget_sign_ins),
        Tick("scratch", 3600.0, lambda: sweep_scratch(settings.scratch_dir, SCRATCH_KEPT_FOR)),
    ]


def keep_tokens_fresh(connections: Connections) -> None:
    """Refresh access tokens before they end, so that no run has to wait for that."""
    soon = clock.now() + TOKENS_AHEAD
    ending = or_(AmcAccount.access_token_expires_at.is_(None), AmcAccount.access_token_expires_at < soon)
    with reading() as session:
        accounts = session.scalars(
            select(AmcAccount).where(
                ending, AmcAccount.sealed_refresh_token.is_not(None), AmcAccount.signed_out_reason.is_(None)
            )
        ).all()
    for account in accounts:
        try:
            Tokens(account.id, connections.vault, connections.login(account.region)).access_token()
        except Exception as failure:  # noqa: BLE001 - one account that is wrong must not keep the others waiting
            log.warning("token not refreshed", account=account.account_id, failure=type(failure).__name__)


def forget_keys() -> None:
    """Forget the answers given to idempotency keys long ago."""
    with transaction() as session:
        idempotency.forget(session, clock.now() - timedelta(days=idempotency.KEPT_DAYS))


def forget_drafts() -> None:
    """Forget the drafts of reports that nobody went on with."""
    with transaction() as session:
        drafting.forget(session, clock.now() - drafting.KEPT_FOR)


def forget_sign_ins() -> None:
    """Forget the sign-ins that have ended by themselves."""
    with transaction() as session:
        sign_ins.forget(session)
