"""Notifications as JSON: where one is reached, what one is told, and what became of each message."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from reportbuilder.accounts import permissions
from reportbuilder.api import context, limits
from reportbuilder.api.doors import BASE, Door, Key, once
from reportbuilder.api.reports import visible
from reportbuilder.api.shapes import Body, Flag, Instant, Page, Text, list_of, one_of, order, page_of, pick
from reportbuilder.database import reading, transaction
from reportbuilder.notifications import channels, choosing, overview
from reportbuilder.notifications.choosing import Choice
from reportbuilder.notifications.kinds import CHANNELS, DIGEST, HELD, KINDS, OWN_EMAIL, PACES, STATES, TEST
from reportbuilder.notifications.models import Notification, NotificationChannel
from reportbuilder.notifications.rules import WANTS_MOST
from reportbuilder.notifications.targets import TARGET_MOST

door = Door("Notifications", f"{BASE}/notifications", "Who is told what of a report, and by which channel.")
reports_door = Door("Notifications of a report", f"{BASE}/reports", "What you are told of one report.")

MESSAGE_KINDS = (*KINDS, TEST, DIGEST)


class ChannelSchema(Schema):
    """Where you are reached. Everybody has the channel `email`, the own address."""

    channel_id = fields.String(required=True)
    kind = fields.String(required=True, validate=one_of(CHANNELS))
    name = fields.String(required=True)
    shown = fields.String(
        required=True, metadata={"description": "The target, shortened: it may be a secret"}
    )
    problem = fields.String(
        required=True, allow_none=True, metadata={"description": "Why nothing can be sent by it, if so"}
    )


class ChannelWithSecret(ChannelSchema):
    """A channel, and what a webhook's messages are signed with, when that is new."""

    signing_secret = fields.String(
        required=True, allow_none=True, metadata={"description": "Of a webhook; it is not shown again"}
    )


class ChannelList(Schema):
    """All of your channels."""

    items = fields.List(fields.Nested(ChannelSchema), required=True)


class ChannelChange(Body):
    """What can be changed of a channel."""

    name = Text(most=100)
    target = Text(most=TARGET_MOST)
    new_secret = Flag(metadata={"description": "Sign with a new secret from now on"})


class ChannelBody(Body):
    """A new channel."""

    kind = fields.String(required=True, validate=one_of(CHANNELS))
    name = Text(most=100, required=True)
    target = Text(
        most=TARGET_MOST,
        required=True,
        metadata={
            "description": "An e-mail address, an incoming webhook of Slack, or your own https address"
        },
    )


class WantSchema(Schema):
    """Some kinds by one channel."""

    channel_id = Text(most=64, required=True)
    kinds = fields.List(
        fields.String(validate=one_of(KINDS)), required=True, validate=validate.Length(1, len(KINDS))
    )
    pace = fields.String(load_default="at_once", validate=one_of(PACES))


class RulesBody(Body):
    """What you want to be told; it replaces what there was."""

    is_muted = Flag(load_default=False)
    wants = fields.List(fields.Nested(WantSchema), required=True, validate=validate.Length(max=WANTS_MOST))


class RulesSchema(Schema):
    """What you are told."""

    source = fields.String(
        required=True,
        validate=one_of(("report", "default", "usual")),
        metadata={"description": "`report`: a rule of this report; `default`: your own; `usual`: ours"},
    )
    is_muted = fields.Boolean(required=True)
    wants = fields.List(fields.Nested(WantSchema), required=True)


class NotificationSchema(Schema):
    """One message."""

    notification_id = fields.String(required=True)
    kind = fields.String(required=True, validate=one_of(MESSAGE_KINDS))
    state = fields.String(required=True, validate=one_of(STATES))
    pace = fields.String(required=True, validate=one_of((*PACES, HELD)))
    channel_id = fields.String(required=True)
    user = fields.String(required=True, metadata={"description": "E-mail address of whom it is for"})
    report_id = fields.String(required=True, allow_none=True)
    report_name = fields.String(required=True, allow_none=True)
    execution_id = fields.String(required=True, allow_none=True)
    digest_id = fields.String(required=True, allow_none=True, metadata={"description": "It goes with that"})
    attempts = fields.Integer(required=True)
    error = fields.String(required=True, allow_none=True)
    created_at = Instant(required=True)
    not_before = Instant(required=True)
    sent_at = Instant(required=True, allow_none=True)


class NotificationQuery(Page):
    """Which messages."""

    state = fields.String(validate=one_of(STATES))
    kind = fields.String(validate=one_of(MESSAGE_KINDS))
    whose = fields.String(
        load_default="own",
        validate=one_of(("own", "all")),
        metadata={"description": "`all`: for admins, what failed, whoever it was for"},
    )


def _may_change() -> None:
    permissions.ensure(context.principal(), "notification:change")


def _own_email() -> dict[str, Any]:
    is_set = bool(context.settings().smtp_url)
    return {
        "channel_id": OWN_EMAIL,
        "kind": "email",
        "name": "Your own address",
        "shown": context.principal().email,
        "problem": None if is_set else "no mail server is set up here (RB_SMTP_URL)",
    }


def _channel(row: NotificationChannel) -> dict[str, Any]:
    has_mail = row.kind != "email" or bool(context.settings().smtp_url)
    return {name: getattr(row, name) for name in ("channel_id", "kind", "name", "shown")} | {
        "problem": None if has_mail else "no mail server is set up here (RB_SMTP_URL)"
    }


def channels_of(session: Session, user_id: UUID) -> list[dict[str, Any]]:
    """Return the asker's channels in the words of ChannelSchema; the own address is always the first."""
    return [_own_email(), *map(_channel, channels.of_user(session, user_id))]


def _rules(choice: Choice) -> dict[str, Any]:
    return {
        "source": choice.source,
        "is_muted": choice.is_muted,
        "wants": [want.to_json() for want in choice.wants],
    }


def shown(session: Session, rows: Sequence[Notification]) -> list[dict[str, Any]]:
    """Return messages in the words of NotificationSchema."""
    emails, digests = overview.emails(session, rows), overview.digests(session, rows)
    names = ("notification_id", "kind", "state", "pace", "attempts", "error")
    times = ("created_at", "not_before", "sent_at")
    return [
        {name: getattr(row, name) for name in (*names, *times)}
        | {name: row.facts.get(name) or None for name in ("report_id", "report_name", "execution_id")}
        | {
            "channel_id": row.channel,
            "user": emails[row.user_id],
            "digest_id": digests.get(row.digest_id) if row.digest_id else None,
        }
        for row in rows
    ]


@door.route("")
@door.arguments(NotificationQuery, location="query")
@door.response(200, list_of(NotificationSchema))
@door.refuses(403)
def list_notifications(query: dict[str, Any]) -> dict[str, Any]:
    """List the messages to you, the latest first; admins may list all that failed."""
    own = query["whose"] == "own"
    permissions.ensure(context.principal(), "notification:view" if own else "notification:oversee")
    wanted = overview.Criteria(
        user_id=context.principal().user_id if own else None,
        **pick(query, "state", "kind") | ({} if own else {"state": "failed"}),
    )
    ordering = order({"created_at": Notification.created_at}, "-created_at", Notification.id)
    with reading() as session:
        page = page_of(session, overview.search(wanted), ordering, query)
        return page | {"items": shown(session, page["items"])}


@door.route("/<ident:notification_id>/resend", methods=["POST"])
@door.arguments(Key, location="headers")
@door.response(202, NotificationSchema)
@door.refuses(400, 403, 404, 409, 429)
@limits.messages
def resend_notification(headers: dict[str, str], notification_id: str) -> Response:
    """Send a message to you again that failed, was dropped, or was sent and did not arrive."""

    def allowed(session: Session) -> Notification:
        row = overview.find(session, context.principal().user_id, notification_id)
        _may_change()
        return row

    def work(session: Session, row: Notification) -> dict[str, Any]:
        overview.resend(session, row)
        return shown(session, [row])[0]

    return once(headers, allowed, work, NotificationSchema(), 202)


@door.route("/channels")
@door.response(200, ChannelList)
@door.refuses()
def list_channels() -> dict[str, Any]:
    """List your channels; the own e-mail address is always the first."""
    with reading() as session:
        return {"items": channels_of(session, context.principal().user_id)}


@door.route("/channels", methods=["POST"])
@door.arguments(ChannelBody)
@door.response(201, ChannelWithSecret)
@door.refuses(400, 403, 409)
def add_channel(body: dict[str, Any]) -> dict[str, Any]:
    """Add a channel. A webhook's signing secret is in this answer and nowhere else."""
    _may_change()
    with transaction() as session:
        row, secret = channels.add(session, context.principal().user_id, body, context.settings())
        return _channel(row) | {"signing_secret": secret}


@door.route("/channels/<ident:channel_id>", methods=["PATCH"])
@door.arguments(ChannelChange, required=False)
@door.response(200, ChannelWithSecret)
@door.refuses(400, 403, 404)
def change_channel(body: dict[str, Any], channel_id: str) -> dict[str, Any]:
    """Change a channel's name or target, or have a webhook signed with a new secret."""
    with transaction() as session:
        row = channels.find(session, context.principal().user_id, channel_id)
        _may_change()
        secret = channels.change(session, row, body, context.settings())
        return _channel(row) | {"signing_secret": secret}


@door.route("/channels/<ident:channel_id>", methods=["DELETE"])
@door.response(204)
@door.refuses(403, 404)
def remove_channel(channel_id: str) -> Response:
    """Remove a channel, and what your rules send by it."""
    with transaction() as session:
        row = channels.find(session, context.principal().user_id, channel_id)
        _may_change()
        channels.remove(session, row)
    return Response(status=204)


@door.route("/channels/<ident:channel_id>/test", methods=["POST"])
@door.arguments(Key, location="headers")
@door.response(202, NotificationSchema)
@door.refuses(400, 403, 404, 409, 429)
@limits.messages
def test_channel(headers: dict[str, str], channel_id: str) -> Response:
    """Send a test message by a channel; what became of it stands in the list of messages."""

    def allowed(session: Session) -> None:
        if channel_id != OWN_EMAIL:
            channels.find(session, context.principal().user_id, channel_id)
        _may_change()

    def work(session: Session, _: None) -> dict[str, Any]:
        return shown(session, [overview.send_test(session, context.principal().user_id, channel_id)])[0]

    return once(headers, allowed, work, NotificationSchema(), 202)


@door.route("/rules")
@door.response(200, RulesSchema)
@door.refuses()
def get_rules() -> dict[str, Any]:
    """Show what you are told of your own reports."""
    with reading() as session:
        return _rules(choosing.read(session, context.principal().user_id))


@door.route("/rules", methods=["PUT"])
@door.arguments(RulesBody)
@door.response(200, RulesSchema)
@door.refuses(400, 403)
def set_rules(body: dict[str, Any]) -> dict[str, Any]:
    """Say what you want to be told of your own reports."""
    _may_change()
    with transaction() as session:
        return _rules(choosing.choose(session, context.principal().user_id, body))


@door.route("/rules", methods=["DELETE"])
@door.response(200, RulesSchema)
@door.refuses(403)
def reset_rules() -> dict[str, Any]:
    """Go back to what is usual."""
    _may_change()
    with transaction() as session:
        choosing.forget(session, context.principal().user_id)
        return _rules(choosing.read(session, context.principal().user_id))


@reports_door.route("/<ident:report_id>/notifications")
@reports_door.response(200, RulesSchema)
@reports_door.refuses(404)
def get_report_rules(report_id: str) -> dict[str, Any]:
    """Show what you are told of a report."""
    with reading() as session:
        report = visible(session, report_id)
        return _rules(choosing.read(session, context.principal().user_id, report))


@reports_door.route("/<ident:report_id>/notifications", methods=["PUT"])
@reports_door.arguments(RulesBody)
@reports_door.response(200, RulesSchema)
@reports_door.refuses(400, 403, 404)
def set_report_rules(body: dict[str, Any], report_id: str) -> dict[str, Any]:
    """Say what you want to be told of a report, yours or not."""
    with transaction() as session:
        report = visible(session, report_id)
        _may_change()
        return _rules(choosing.choose(session, context.principal().user_id, body, report))


@reports_door.route("/<ident:report_id>/notifications", methods=["DELETE"])
@reports_door.response(200, RulesSchema)
@reports_door.refuses(403, 404)
def reset_report_rules(report_id: str) -> dict[str, Any]:
    """Let what holds for all your reports hold for this one again."""
    with transaction() as session:
        report = visible(session, report_id)
        _may_change()
        choosing.forget(session, context.principal().user_id, report)
        return _rules(choosing.read(session, context.principal().user_id, report))
