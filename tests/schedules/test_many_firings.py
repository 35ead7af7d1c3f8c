"""Many schedules due in one minute: each fires once, in few statements however many they are."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import event, func, insert, select

from reportbuilder import clock
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import db, reading, transaction
from reportbuilder.executions.models import ExecutionEvent, ReportExecution
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules import firing
from reportbuilder.schedules.firing import fire_due
from reportbuilder.schedules.models import ReportSchedule, ScheduleFiring
from tests.conftest import thread_context
from tests.schedules.diary import Diary

MANY = 300


def copy_rows(diary: Diary, count: int) -> None:
    """Add reports with schedules as alike as two rows can be, without a statement for each."""
    model = diary.read(diary.schedule())
    with transaction() as session:
        report = session.get_one(ReportDefinition, model.report_id)
        reports = [_copy(report, id=uuid4(), report_id=f"rpt_{n}", name=f"Copy {n}") for n in range(count)]
        rows = [
            _copy(model, id=uuid4(), schedule_id=f"sch_{n}", report_id=row["id"])
            for n, row in enumerate(reports)
        ]
        session.execute(insert(ReportDefinition), reports)
        session.execute(insert(ReportSchedule), rows)


def _copy(row: Any, **changes: Any) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in row.__table__.columns} | changes


@contextmanager
def counted() -> Iterator[list[str]]:
    """Give the list in which statements gather; many sets of values for one statement are one."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def counts() -> dict[str, int]:
    with reading() as session:

        def count(column: Any) -> int:
            return session.scalar(select(func.count(column.distinct()))) or 0

        return {
            "firings": count(ScheduleFiring.schedule_id),
            "executions": count(ReportExecution.id),
            "of firings": count(ReportExecution.firing_id),
            "events": count(ExecutionEvent.execution_id),
            "template": session.scalar(select(QueryTemplate.execution_count)) or 0,
            "reports": session.scalar(select(func.sum(ReportDefinition.execution_count))) or 0,
            "latest": count(ReportDefinition.last_execution_id),
        }


def test_many_due_at_once_take_few_statements(diary: Diary) -> None:
    copy_rows(diary, MANY - 1)
    diary.advance(60)
    with counted() as seen:
        assert fire_due(diary.settings) == MANY
    assert len(seen) <= 40, seen
    assert set(counts().values()) == {MANY}
    with reading() as session:
        assert session.scalars(select(ReportSchedule.next_run_at).distinct()).all() == [diary.at("12:02")]


def test_two_schedulers_share_many_and_fire_each_once(
    diary: Diary, database: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firing, "BATCH", 20)
    copy_rows(diary, MANY - 1)
    diary.advance(60)

    def tick() -> int:
        with thread_context(database):
            return fire_due(diary.settings)

    with ThreadPoolExecutor(2) as pool:
        made = [each.result() for each in [pool.submit(tick) for _ in range(2)]]
    assert sum(made) == MANY
    fire_due(diary.settings)  # what one had locked while the other passed by
    assert set(counts().values()) == {MANY}
    assert clock.now() == diary.at("12:01")
