"""What a webhook is sent: the same as people read, as JSON; docs/notifications.md describes it."""

from collections.abc import Sequence
from typing import Any

from reportbuilder.notifications.facts import Facts
from reportbuilder.notifications.kinds import DIGEST
from reportbuilder.notifications.wording import SHOWN_MOST, Message, headline_of, link_of


def payload_of(key: str, facts: Facts, message: Message, public_url: str) -> dict[str, Any]:
    """Return the body for one notice."""
    return {
        "id": key,
        "kind": facts.kind,
        "happened_at": facts.happened_at,
        "subject": message.subject,
        "text": message.text,
        "link": link_of(facts, public_url) or None,
        **_about(facts),
    }


def payload_of_digest(
    key: str, items: Sequence[Facts], count: int, message: Message, public_url: str
) -> dict[str, Any]:
    """Return the body for a digest; it holds SHOWN_MOST ``items`` at most, ``count`` says of how many."""
    return {
        "id": key,
        "kind": DIGEST,
        "count": count,
        "subject": message.subject,
        "text": message.text,
        "items": [
            {
                "kind": facts.kind,
                "happened_at": facts.happened_at,
                "subject": headline_of(facts),
                "link": link_of(facts, public_url) or None,
                **_about(facts),
            }
            for facts in items[:SHOWN_MOST]
        ],
    }


def _about(facts: Facts) -> dict[str, Any]:
    report = {"report_id": facts.report_id, "name": facts.report_name}
    instance = {"instance_id": facts.instance_id, "name": facts.instance_name}
    window = {"start": facts.window_start, "end": facts.window_end, "time_zone": facts.zone}
    return {
        "report": report if facts.report_id else None,
        "instance": instance if facts.instance_id else None,
        "execution_id": facts.execution_id or None,
        "schedule_id": facts.schedule_id or None,
        "backfill_id": facts.backfill_id or None,
        "window": window if facts.window_start else None,
        "due_at": facts.due_at or None,
        "rows": facts.rows,
        "finality": facts.finality or None,
        "status": facts.status or None,
        "reason": facts.reason or None,
        "counts": dict(facts.counts),
    }
