"""Finds values in lists: for pickers, with patterns and counts, and for forms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from reportbuilder.parameters.definitions import Definition
from reportbuilder.valuelists.kinds import KINDS, OF_TYPE
from reportbuilder.valuelists.models import OPEN, TAKEN, InstanceValue, ValueRefresh

OFFERED = 200  # values that come with a form; a picker asks for more
VALUES_FROM, PREFILL = "values_from", "prefill"  # in the ui hints of a definition


@dataclass(frozen=True)
class Standing:
    """How fresh an instance's lists are; ``problem``: why a list's last refresh failed, if it did."""

    refreshed_at: datetime | None
    is_refreshing: bool
    problem: str | None


def search(
    session: Session,
    instance_id: UUID,
    kind: str,
    *,
    words: str = "",
    pattern: str = "",
    page: int = 1,
    limit: int = 20,
) -> tuple[list[InstanceValue], int]:
    """Return one page of a list, the heaviest first, and how many values fit.

    :param words: all occur in value or label, in whatever case.
    :param pattern: the whole value, ``*`` for any characters, case and all, as AMC's LIKE has it.
    """
    fits = [InstanceValue.instance_id == instance_id, InstanceValue.kind == kind]
    fits += [_contains(word) for word in words.split()]
    if pattern:
        fits.append(_like(session, pattern))
    total = session.scalar(select(func.count(InstanceValue.id)).where(*fits)) or 0
    ordered = select(InstanceValue).where(*fits).order_by(InstanceValue.weight.desc(), InstanceValue.value)
    return list(session.scalars(ordered.offset((page - 1) * limit).limit(limit))), total


def standing(session: Session, instance_id: UUID) -> Standing:
    """Say how fresh the lists of an instance are."""
    newest: dict[str, ValueRefresh] = {}
    for refresh in session.scalars(
        select(ValueRefresh)
        .where(ValueRefresh.instance_id == instance_id)
        .order_by(ValueRefresh.created_at.desc())
        .limit(50)
    ):
        newest.setdefault(refresh.source, refresh)
    taken = select(func.max(ValueRefresh.ended_at)).where(
        ValueRefresh.instance_id == instance_id, ValueRefresh.state == TAKEN
    )
    return Standing(
        refreshed_at=session.scalar(taken),
        is_refreshing=any(one.state == OPEN for one in newest.values()),
        problem=next((one.reason for one in newest.values() if one.reason), None),
    )


def count_values(session: Session, instance_id: UUID) -> dict[str, int]:
    """Return how many values each list of an instance has, by kind, be it 0."""
    rows = session.execute(
        select(InstanceValue.kind, func.count())
        .where(InstanceValue.instance_id == instance_id)
        .group_by(InstanceValue.kind)
    )
    return dict.fromkeys(KINDS, 0) | {row[0]: row[1] for row in rows}


def choices_of(
    session: Session, instance_id: UUID, definitions: Sequence[Definition]
) -> dict[str, list[dict[str, Any]]]:
    """Return what a form offers, by parameter: the heaviest values of the list that each picks from."""
    lists: dict[str, list[dict[str, Any]]] = {}
    offered = {}
    for definition in definitions:
        kind = kind_of(definition)
        if kind is not None:
            if kind not in lists:
                lists[kind] = [as_choice(row) for row in search(session, instance_id, kind, limit=OFFERED)[0]]
            offered[definition.name] = lists[kind]
    return offered


def prefilled(
    definitions: Sequence[Definition], offered: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, list[str]]:
    """Return what fields begin with: one with the hint ``prefill: n`` with the n heaviest values."""
    return {
        definition.name: [choice["value"] for choice in offered[definition.name][: _count(definition)]]
        for definition in definitions
        if definition.name in offered and _count(definition)
    }


def kind_of(definition: Definition) -> str | None:
    """Return which list a parameter picks from: by its hint ``values_from``, or by its type."""
    hinted = definition.ui.get(VALUES_FROM)
    return hinted if hinted in KINDS else OF_TYPE.get(definition.type)


def as_choice(row: InstanceValue) -> dict[str, Any]:
    """Return a value as a form offers it."""
    return {"value": row.value, "label": row.label or row.value}


def _count(definition: Definition) -> int:
    wanted = definition.ui.get(PREFILL)
    return wanted if isinstance(wanted, int) and not isinstance(wanted, bool) and wanted > 0 else 0


def _contains(word: str) -> ColumnElement[bool]:
    texts = (InstanceValue.value, InstanceValue.label)
    return or_(*(text.icontains(word, autoescape=True) for text in texts))


def _like(session: Session, pattern: str) -> ColumnElement[bool]:
    if session.get_bind().dialect.name == "sqlite":  # whose LIKE does not know capitals
        return InstanceValue.value.op("GLOB")(
            "".join(f"[{sign}]" if sign in "[?" else sign for sign in pattern)
        )
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("*", "%")
    return InstanceValue.value.like(escaped, escape="\\")
