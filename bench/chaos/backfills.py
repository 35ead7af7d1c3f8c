"""Backfills by day of reports of their own, started over HTTP, paused and resumed; and their books."""

import random
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread
from uuid import UUID

import requests
from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.chaos.books import Faults, Line
from bench.chaos.people import People
from reportbuilder.backfills.models import ReportDataCollection, ReportDataWeek
from reportbuilder.backfills.states import ENDED, ENDS
from reportbuilder.executions.models import ReportExecution
from reportbuilder.settings import Settings

PAUSED_FOR = (1.0, 4.0)  # seconds


@dataclass
class Backfill:
    """What the API has promised: so many segments to run; ``id`` is empty until it is answered."""

    report_id: str
    id: str = ""
    to_run: int = 0


def start(people: People, reports: Sequence[str], segments: int) -> tuple[list[Backfill], list[Thread]]:
    """Start a backfill of each report, one after the other, from a thread of its own."""
    found = [Backfill(report) for report in reports]
    chances = [random.Random(people.chance.random()) for _ in found]
    threads = [
        Thread(target=_play, args=(people, backfill, segments, chance), name="backfill")
        for backfill, chance in zip(found, chances, strict=True)
    ]
    for thread in threads:
        thread.start()
    return found, threads


def _play(people: People, backfill: Backfill, segments: int, chance: random.Random) -> None:
    """Start it as who gets no answer does, and later pause and resume it."""
    body = {"segment": "day", "lookback_days": segments + Settings.settle_days}
    with requests.Session() as session:
        people.stop.wait(chance.uniform(0, 10))
        path = f"/reports/{backfill.report_id}/backfill"
        answer = people.call(session, path, body, str(uuid.uuid4()))
        if not answer.ok:
            people.odd.append(f"{answer.status_code} from {path}: {answer.text[:200]}")
            return
        backfill.id, backfill.to_run = answer.json()["backfill_id"], answer.json()["to_run"]
        people.stop.wait(chance.uniform(0, 10))
        people.call(session, f"/backfills/{backfill.id}/pause", {"reason": "chaos"})
        people.stop.wait(chance.uniform(*PAUSED_FOR))
        people.call(session, f"/backfills/{backfill.id}/resume", None)


@dataclass(frozen=True)
class Rows:
    """Our rows of backfills, as they are at the end."""

    collections: Sequence[ReportDataCollection]
    segments: Sequence[ReportDataWeek]
    executions: Sequence[ReportExecution]

    @classmethod
    def read(cls, session: Session) -> "Rows":
        """Read all."""
        executions = select(ReportExecution).where(ReportExecution.collection_id.is_not(None))
        return cls(
            session.scalars(select(ReportDataCollection)).all(),
            session.scalars(select(ReportDataWeek)).all(),
            session.scalars(executions).all(),
        )


def hold(rows: Rows, backfills: Sequence[Backfill], faults: Faults) -> Line:
    """Hold each backfill that was promised against its segments, and these against their executions."""
    line = Line("segments of backfills")
    by_id = {row.collection_id: row for row in rows.collections}
    for backfill in backfills:
        row = by_id.pop(backfill.id, None)
        line.due += backfill.to_run
        if row is None:
            faults.lost.append(
                f"the backfill of {backfill.report_id} ({backfill.id or 'no answer'}) is no row"
            )
        else:
            _hold_one(rows, row, backfill, line, faults)
    faults.doubled += [f"the backfill {name} was started by no answered request" for name in by_id]
    return line


def _hold_one(rows: Rows, row: ReportDataCollection, backfill: Backfill, line: Line, faults: Faults) -> None:
    segments = [one for one in rows.segments if one.collection_id == row.id]
    runs = _runs_of(rows, row.id)
    line.fired += sum(one.execution_id is not None for one in segments)
    line.otherwise.update(one.status for one in segments)
    if len(segments) != backfill.to_run:
        faults.lost.append(f"{backfill.id} has {len(segments)} segments of {backfill.to_run}")
    if row.status not in ENDS:
        faults.stuck.append(f"{backfill.id} is {row.status}")
    for segment in segments:
        told = f"{backfill.id}, {segment.week_start_date}: {segment.status}, {segment.execution_id}"
        if segment.status not in ENDED:
            faults.stuck.append(told)
        if runs[segment.window_start] > segment.attempts:
            faults.doubled.append(f"{told}, {runs[segment.window_start]} runs in {segment.attempts} attempts")


def _runs_of(rows: Rows, collection: UUID) -> "Counter[object]":
    return Counter(one.time_window_start for one in rows.executions if one.collection_id == collection)
