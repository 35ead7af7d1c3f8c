"""The rows of a packed run become those of its segments: executions of their own with result sets."""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from reportbuilder import clock, logs, wakeups
from reportbuilder.backfills.advancing import lock
from reportbuilder.backfills.columns import Column
from reportbuilder.backfills.differences import find_differences
from reportbuilder.backfills.following import count_segments
from reportbuilder.backfills.models import ReportDataCollection, ReportDataWeek
from reportbuilder.backfills.packing import end_packing, is_unproven, packing_of, probe_of, prove
from reportbuilder.backfills.packs import Pack, find_date_column, spans_of
from reportbuilder.backfills.planning import columns_of
from reportbuilder.backfills.segments import Segment
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.crashpoints import reached
from reportbuilder.database import transaction
from reportbuilder.errors import Unavailable
from reportbuilder.executions.leases import kept
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.moving import claim, record
from reportbuilder.executions.ports import Ports
from reportbuilder.executions.waking import ADVANCE_BACKFILL
from reportbuilder.parameters.dates import DateRange
from reportbuilder.parameters.finality import finality
from reportbuilder.parameters.windows import Window
from reportbuilder.results.failures import DamagedResult
from reportbuilder.results.models import ResultSet
from reportbuilder.results.parting import Part, Parted, first_rows, have_same_rows, part_rows

log = logs.get_logger(__name__)

MOST_COMPARED = 100_000  # rows that are held in memory to tell which differ
TRIES = 5  # beyond those of its collection


@dataclass(frozen=True)
class Work:
    """A packed run whose rows are here. ``segments`` are to get theirs; ``probe`` is to be compared first."""

    pack: ReportExecution
    result: ResultSet
    segments: Sequence[ReportDataWeek]
    columns: tuple[Column, ...]
    probe: ReportDataWeek | None
    probe_result: ResultSet | None

    @property
    def all(self) -> list[ReportDataWeek]:
        """The segments with the probe among them, the oldest first."""
        return sorted(
            [*self.segments, *([self.probe] if self.probe else [])], key=lambda one: one.week_start_date
        )


@dataclass(frozen=True)
class Stored:
    """The rows of one segment in the store."""

    segment: ReportDataWeek
    part: Part
    key: str


def split_pack(ports: Ports, execution_id: str) -> None:
    """Part the rows of a packed run that has come; may run any number of times.

    What can be read is parted, or packing ends with the reason. An outage is raised and met again later.
    """
    with logs.bound(execution_id=execution_id):
        with transaction() as session:
            work = _claim(ports, session, execution_id)
        if work is None:
            return
        counted = 1
        try:
            with kept(partial(_extend, ports, work.pack), ports.settings.collect_lease / 3):
                _split(ports, work)
        except (Unavailable, OperationalError):
            counted = 0  # that something we stand on is away says nothing of the rows
            raise
        finally:
            _let_go(work.pack, counted)


def _let_go(pack: ReportExecution, counted: int) -> None:
    with transaction() as session:
        attempts = pack.attempts - 1 + counted
        claim(session, pack, guard=_still_ours(pack), lease_until=None, attempts=attempts)


def _claim(ports: Ports, session: Session, execution_id: str) -> Work | None:
    pack, result = session.execute(
        select(ReportExecution, ResultSet)
        .join(ResultSet, ResultSet.execution_id == ReportExecution.id)
        .where(ReportExecution.execution_id == execution_id, ReportExecution.state == "completed")
    ).one_or_none() or (None, None)
    if pack is None or result is None or pack.collection_id is None:
        return None
    segments = _segments(session, pack)
    nobody = or_(ReportExecution.lease_until.is_(None), ReportExecution.lease_until <= clock.now())
    lease = clock.in_seconds(ports.settings.collect_lease)
    if not segments or not claim(
        session, pack, guard=(nobody,), lease_until=lease, attempts=pack.attempts + 1
    ):
        return None
    backfill = session.get_one(ReportDataCollection, pack.collection_id)
    probe = _probe(session, backfill, segments)
    columns = columns_of(session.get_one(QueryTemplate, pack.template_id))
    return Work(pack, result, segments, columns, probe, _result_of(session, probe))


def _segments(session: Session, pack: ReportExecution) -> list[ReportDataWeek]:
    found = select(ReportDataWeek).where(
        ReportDataWeek.collection_id == pack.collection_id,
        ReportDataWeek.execution_id == pack.execution_id,
        ReportDataWeek.status == "collecting",
    )
    ordered = found.order_by(ReportDataWeek.week_start_date).execution_options(populate_existing=True)
    return list(session.scalars(ordered))


def _probe(
    session: Session, backfill: ReportDataCollection, segments: Sequence[ReportDataWeek]
) -> ReportDataWeek | None:
    """Return the probe if this pack is the one that is checked against it."""
    is_checked = is_unproven(backfill) and segments[0].pack == packing_of(backfill)["pack"]
    return probe_of(session, backfill) if is_checked else None


def _result_of(session: Session, probe: ReportDataWeek | None) -> ResultSet | None:
    if probe is None:
        return None
    return session.scalars(
        select(ResultSet)
        .join(ReportExecution, ReportExecution.id == ResultSet.execution_id)
        .where(ReportExecution.execution_id == probe.execution_id)
    ).one_or_none()


def _still_ours(pack: ReportExecution) -> tuple[Any, ...]:
    return (ReportExecution.attempts == pack.attempts,)


def _extend(ports: Ports, pack: ReportExecution) -> None:
    with transaction() as session:
        session.execute(
            update(ReportExecution)
            .where(ReportExecution.id == pack.id, *_still_ours(pack))
            .values(lease_until=clock.in_seconds(ports.settings.collect_lease))
        )


def _split(ports: Ports, work: Work) -> None:
    ports.settings.scratch_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".part-", dir=ports.settings.scratch_dir) as folder:
        reason, parted = _part(ports, work, Path(folder))
        stored = [] if reason else list(_store(ports, work, parted))
    reached("pack_parted")
    with transaction() as session:
        backfill = lock(session, work.pack.collection_id) if work.pack.collection_id else None
        if backfill is None:
            return
        if reason:
            end_packing(session, backfill, reason, work.pack.execution_id, count_segments(session, backfill))
        else:
            _record(session, backfill, work, stored, parted)
        wakeups.ask(session, ADVANCE_BACKFILL, str(backfill.id))


NOTHING = Parted((), 0, 0)


def _part(ports: Ports, work: Work, folder: Path) -> tuple[str, Parted]:
    """Part the rows; or say why their segments have to run alone."""
    column = find_date_column(work.columns)
    if column is None:
        return "the template no longer says which column has the date", NOTHING
    if work.pack.attempts > ports.settings.collect_attempts + TRIES:
        return f"{work.pack.execution_id} could not be parted in {TRIES} attempts", NOTHING
    try:
        with ports.store.local(work.result.key, work.result.sha256) as source:
            spans = [(span.start, span.end) for span in spans_of(_pack(work), column.grain or "day")]
            parted = part_rows(source, column.name, spans, folder)
        if parted.hidden:
            return f"{parted.hidden} rows of {work.pack.execution_id} do not show their {column.name}", parted
        return _compare(ports, work, parted), parted
    except (duckdb.Error, DamagedResult) as error:
        log.warning("pack not parted", error=type(error).__name__, exc_info=True)
        return f"the rows of {work.pack.execution_id} cannot be parted ({type(error).__name__})", NOTHING


def _pack(work: Work) -> Pack:
    """Return the pack in the words of the rules."""
    segments = []
    for one in work.all:
        days = DateRange(one.week_start_date, one.week_end_date)
        segments.append(Segment(days, _window(one, work.pack.time_zone), days))
    return Pack(tuple(segments))


def _window(segment: ReportDataWeek, zone: str) -> Window:
    if segment.window_start is None or segment.window_end is None:
        raise ValueError(f"segment {segment.id} has no window")
    return Window(segment.window_start, segment.window_end, zone)


def _compare(ports: Ports, work: Work, parted: Parted) -> str:
    """Say how the probe's part differs from its single run; nothing if it does not, or is not checked."""
    if work.probe is None or work.probe_result is None:
        return "" if work.probe is None else "the single run to check it against has lost its rows"
    part = parted.parts[work.all.index(work.probe)]
    with ExitStack() as stack:
        single = stack.enter_context(ports.store.local(work.probe_result.key, work.probe_result.sha256))
        if have_same_rows(part.path, single):
            return ""
        if max(part.rows, work.probe_result.row_count) > MOST_COMPARED:
            return f"the rows of {work.probe.week_start_date} differ from those of its single run"
        rows = [first_rows(path, MOST_COMPARED) for path in (part.path, single)]
    found = find_differences(rows[0], rows[1], work.columns)
    return f"for {work.probe.week_start_date} {'; '.join(found)}" if found else ""


def _store(ports: Ports, work: Work, parted: Parted) -> Iterator[Stored]:
    """Put the parts into the store, each under a key that tells its content: a repetition changes nothing."""
    for segment, part in zip(work.all, parted.parts, strict=True):
        if segment is not work.probe:
            key = f"{_id_of(work.pack, segment)}/{part.sha256[:20]}.parquet"
            ports.store.put(part.path, key)
            yield Stored(segment, part, key)


def _id_of(pack: ReportExecution, segment: ReportDataWeek) -> str:
    """Return the text id of a segment's own execution; the same at each repetition."""
    return f"exec_{hashlib.sha256(f'{pack.execution_id} {segment.id}'.encode()).hexdigest()[:20]}"


def _record(
    session: Session,
    backfill: ReportDataCollection,
    work: Work,
    stored: Sequence[Stored],
    parted: Parted,
) -> None:
    """Write the executions, result sets and segments, unless somebody has done so meanwhile."""
    if {one.id for one in _segments(session, work.pack)} != {one.segment.id for one in stored}:
        log.info("pack was parted by somebody else")
        return
    remarks = list(work.result.warnings)
    if parted.outside:
        remarks.append(f"{parted.outside} rows of {work.pack.execution_id} lie in none of its segments")
    for one in stored:
        execution = _execution(work.pack, one, backfill.configuration["settle_days"])
        session.add(execution)
        session.flush()
        record(session, execution.id, f"its rows came in {work.pack.execution_id}", None, "completed")
        session.add(
            ResultSet(
                execution_id=execution.id,
                key=one.key,
                sha256=one.part.sha256,
                size_bytes=one.part.size,
                row_count=one.part.rows,
                columns=work.result.columns,
                warnings=remarks,
            )
        )
    if work.probe is not None:
        prove(backfill)
    changes = [_change(work.pack, one) for one in stored]
    session.execute(update(ReportDataWeek), changes)


def _change(pack: ReportExecution, one: Stored) -> dict[str, Any]:
    return {
        "id": one.segment.id,
        "status": "completed",
        "execution_id": _id_of(pack, one.segment),
        "record_count": one.part.rows,
        "data_checksum": one.part.sha256,
        "updated_at": clock.now(),
    }


def _execution(pack: ReportExecution, one: Stored, settle_days: int) -> ReportExecution:
    """Return the execution of a segment that never ran by itself."""
    window, execution_id = _window(one.segment, pack.time_zone), _id_of(pack, one.segment)
    return ReportExecution(
        execution_id=execution_id,
        tag=f"rb-{execution_id}",
        report_id=pack.report_id,
        template_id=pack.template_id,
        template_version=pack.template_version,
        instance_id=pack.instance_id,
        user_id=pack.user_id,
        triggered_by=pack.triggered_by,
        collection_id=pack.collection_id,
        packed_in_id=pack.id,
        finality=finality(window, pack.created_at, settle_days=settle_days),
        state="completed",
        parameters_snapshot=pack.parameters_snapshot,
        sql_text=one.segment.sql_text or pack.sql_text,
        time_window_start=window.start,
        time_window_end=window.end,
        time_zone=window.zone,
        amc_status=pack.amc_status,
        output_columns=pack.output_columns,
        completed_at=clock.now(),
        output_location=one.key,
        row_count=one.part.rows,
        size_bytes=one.part.size,
    )
