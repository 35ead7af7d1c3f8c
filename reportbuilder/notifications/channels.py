"""A user's channels: added, changed, removed; what they point at is sealed and shown shortened only."""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reportbuilder.accounts.permissions import missing
from reportbuilder.amc.vault import SealedElsewhere, Secret, Vault
from reportbuilder.errors import Conflict, Invalid
from reportbuilder.notifications.kinds import CHANNELS, OWN_EMAIL
from reportbuilder.notifications.models import NotificationChannel, NotificationRule
from reportbuilder.notifications.targets import mask, read_target
from reportbuilder.settings import Settings

MOST: Final = 20  # a user
_SECRET_BYTES: Final = 32


@dataclass(frozen=True)
class Target:
    """Where a channel leads, opened: for the moment in which it is used. ``signing``: a webhook's key."""

    kind: str
    address: Secret
    signing: Secret | None = None


def add(
    session: Session, user_id: UUID, values: Mapping[str, Any], settings: Settings
) -> tuple[NotificationChannel, str | None]:
    """Add a channel of ``kind`` to ``target`` under ``name``; return it, and a webhook's signing secret.

    The secret is shown this once.

    :raises Invalid: for a target that does not fit its kind, without repeating it.
    :raises Conflict: if the user has as many as one may have.
    """
    kind = _kind(values["kind"])
    address = read_target(kind, values["target"], settings.webhook_hosts)
    count = session.scalar(select(func.count()).where(NotificationChannel.user_id == user_id)) or 0
    if count >= MOST:
        raise Conflict(f"You have {count} channels, the most one may have; remove one first")
    signing = _new_secret(kind)
    row = NotificationChannel(user_id=user_id, kind=kind, name=values["name"])
    _seal(row, address, signing, settings)
    session.add(row)
    session.flush()
    return row, signing


def change(
    session: Session, row: NotificationChannel, values: Mapping[str, Any], settings: Settings
) -> str | None:
    """Change name and target, and with ``new_secret`` a webhook's signing secret, which is then returned."""
    row.name = values.get("name", row.name)
    wants_secret = bool(values.get("new_secret"))
    if wants_secret and row.kind != "webhook":
        raise Invalid.field("new_secret", f"a channel of kind {row.kind} has none; leave it out")
    if not wants_secret and "target" not in values:
        return None
    now = opened(row, Vault(settings.vault_keys))
    address = now.address.reveal()
    if "target" in values:
        address = read_target(row.kind, values["target"], settings.webhook_hosts)
    kept = now.signing.reveal() if now.signing else None
    signing = _new_secret(row.kind) if wants_secret else kept
    _seal(row, address, signing, settings)
    session.flush()
    return signing if wants_secret else None


def remove(session: Session, row: NotificationChannel) -> None:
    """Remove a channel, and the wishes that name it from the user's rules."""
    for rule in session.scalars(select(NotificationRule).where(NotificationRule.user_id == row.user_id)):
        rule.wants = [want for want in rule.wants if want.get("channel_id") != row.channel_id]
    session.delete(row)
    session.flush()


def of_user(session: Session, user_id: UUID) -> Sequence[NotificationChannel]:
    """Return a user's channels, the oldest first; the own e-mail address is not among them."""
    mine = select(NotificationChannel).where(NotificationChannel.user_id == user_id)
    return session.scalars(mine.order_by(NotificationChannel.created_at, NotificationChannel.id)).all()


def known(session: Session, user_id: UUID, channel_id: str) -> NotificationChannel:
    """Return one of a user's channels, only to look at it.

    :raises NotFound: as `find`.
    """
    row = next((one for one in of_user(session, user_id) if one.channel_id == channel_id), None)
    if row is None:
        raise missing("channel")
    return row


def find(session: Session, user_id: UUID, channel_id: str) -> NotificationChannel:
    """Return one of a user's channels, which no other transaction changes meanwhile.

    :raises NotFound: if there is none; another user's is not there.
    """
    row = session.scalar(
        select(NotificationChannel)
        .where(NotificationChannel.channel_id == channel_id, NotificationChannel.user_id == user_id)
        .with_for_update()
    )
    if row is None:
        raise missing("channel")
    return row


def ensure_known(session: Session, user_id: UUID, channel_ids: Iterable[str]) -> None:
    """Do nothing if all of these are the user's.

    :raises Invalid: naming the first that is not.
    """
    known = {OWN_EMAIL, *(row.channel_id for row in of_user(session, user_id))}
    for place, channel_id in enumerate(channel_ids):
        if channel_id not in known:
            reason = f"{channel_id[:64]!r} is no channel of yours; there are {', '.join(sorted(known))}"
            raise Invalid.field(f"wants.{place}.channel_id", reason)


def opened(row: NotificationChannel, vault: Vault) -> Target:
    """Open where a channel leads.

    :raises SealedElsewhere: if the key that sealed it is not here.
    """
    inside = json.loads(vault.open(row.sealed_target).reveal())
    signing = inside.get("signing")
    return Target(row.kind, Secret(inside["address"]), Secret(signing) if signing else None)


def reseal(session: Session, vault: Vault) -> tuple[int, int]:
    """Seal all channels with the newest key; return how many were, and how many could not."""
    done = failed = 0
    for row in session.scalars(select(NotificationChannel).with_for_update()):
        try:
            row.sealed_target = vault.rotate(row.sealed_target)
            done += 1
        except SealedElsewhere:
            failed += 1
    return done, failed


def _seal(row: NotificationChannel, address: str, signing: str | None, settings: Settings) -> None:
    inside = {"address": address, "signing": signing}
    row.sealed_target = Vault(settings.vault_keys).seal(json.dumps(inside))
    row.shown = mask(row.kind, address)


def _new_secret(kind: str) -> str | None:
    return f"whs_{secrets.token_urlsafe(_SECRET_BYTES)}" if kind == "webhook" else None


def _kind(kind: str) -> str:
    if kind not in CHANNELS:
        raise Invalid.field("kind", f"{kind!r} is not one of {', '.join(CHANNELS)}")
    return kind
