"""From a wish to a draft: exact windows with their SQL, what is there, what to say, and when it ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from reportbuilder.backfills.columns import Column, read_columns
from reportbuilder.backfills.finding import SAME, find_done, find_past, find_runs, reach_of
from reportbuilder.backfills.forecasting import Forecast, forecast, limit_of
from reportbuilder.backfills.overlaps import find_crowds
from reportbuilder.backfills.packs import Pack, find_hindrances, pack_segments
from reportbuilder.backfills.plans import Plan, plan_backfill
from reportbuilder.backfills.presence import choose_segments, count_standings, find_standings
from reportbuilder.backfills.segments import Segment
from reportbuilder.backfills.wishes import BackfillWish, check_concurrency, read_wish
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.needs import tables_needed
from reportbuilder.catalog.older.files import read_object
from reportbuilder.catalog.preparing import Prepared
from reportbuilder.errors import Invalid
from reportbuilder.parameters.windows import Window
from reportbuilder.reports.defining import Terms, prepare_runs
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.settings import Settings


@dataclass(frozen=True)
class Draft:
    """A backfill as it would be started now.

    ``standings``: one word of ``presence.STANDINGS`` for each segment of the plan. ``chosen``: those to run.
    ``done``: the execution whose rows are there, by window. ``packs``: of the chosen ones, in their order;
    one each if it is not packed. ``remarks``: what people should know, warnings included.
    """

    wish: BackfillWish
    plan: Plan
    prepared: Mapping[Window, Prepared]
    standings: tuple[str, ...]
    chosen: tuple[Segment, ...]
    done: Mapping[Window, str]
    packs: tuple[Pack, ...]
    remarks: tuple[str, ...]
    forecast: Forecast
    settle_days: int

    @property
    def counts(self) -> dict[str, int]:
        """How many segments stand how."""
        return count_standings(self.standings)

    @property
    def kept(self) -> tuple[Segment, ...]:
        """The segments that the backfill records: those to run, that run already, and that are there."""
        chosen = set(self.chosen)
        pairs = zip(self.plan.segments, self.standings, strict=True)
        return tuple(one for one, how in pairs if one in chosen or how in {"running", "done"})

    @property
    def runs(self) -> int:
        """How many runs at AMC it takes; the first pack is compared with one more."""
        return len(self.packs) + any(len(pack.segments) > 1 for pack in self.packs)

    @property
    def has_work(self) -> bool:
        """Whether there is anything to run or to wait for."""
        return bool(self.chosen) or "running" in self.standings

    @property
    def specimen(self) -> Prepared:
        """The first segment's query, for what is the same in all."""
        return self.prepared[self.plan.segments[0].window]


def draft_backfill(
    session: Session, report: ReportDefinition, data: Mapping[str, Any], terms: Terms, settings: Settings
) -> Draft:
    """Work out what a request means now, and write nothing.

    :param data: the fields of `BackfillWish`.
    :raises Invalid: naming every field that is wrong, and why segments cannot share runs.
    """
    wish = read_wish(data)
    limit = max(1, limit_of(report.instance, settings.instance_slots))
    if wish.concurrency is not None:
        check_concurrency(wish.concurrency, limit)
    plan = plan_backfill(wish, as_of=terms.as_of, zone=report.timezone, lag_days=terms.lag_days)
    windows = [segment.window for segment in plan.segments]
    prepared = dict(zip(windows, prepare_runs(report, terms, windows), strict=True))
    _refuse_packs(report.template, wish, plan, prepared)
    found = find_runs(session, report, {window: one.sql for window, one in prepared.items()})
    known = (one.known for one in found)
    standings = find_standings(plan.segments, known, report=str(report.id), digest=SAME)
    chosen = choose_segments(plan.segments, standings, wish.reprocess)
    packs = pack_segments(chosen, wish.segments_per_run)
    return Draft(
        wish=wish,
        plan=plan,
        prepared=prepared,
        standings=standings,
        chosen=chosen,
        done=find_done(found),
        packs=packs,
        settle_days=terms.lag_days,
        remarks=(*plan.remarks, *_warn(session, report, chosen, prepared), *_tell_left(standings, chosen)),
        forecast=forecast(
            session,
            report.template,
            report.instance,
            waiting=len(packs) + any(len(pack.segments) > 1 for pack in packs),
            concurrency=wish.concurrency,
            settings=settings,
        ),
    )


def columns_of(template: QueryTemplate) -> tuple[Column, ...]:
    """Return what a template says of its output columns; nothing if it does not.

    :raises Invalid: naming a word that is none of ours.
    """
    about = read_object(template.report_config).get("about")
    rows = about.get("columns") if isinstance(about, Mapping) else None
    if not isinstance(rows, list):
        return ()
    return read_columns([row for row in rows if isinstance(row, Mapping) and "name" in row])


def _refuse_packs(
    template: QueryTemplate, wish: BackfillWish, plan: Plan, prepared: Mapping[Window, Prepared]
) -> None:
    if wish.segments_per_run == 1:
        return
    first = next(iter(prepared.values()))
    reasons = find_hindrances(columns_of(template), template.sql_template, plan.segments, first.values)
    if not reasons and (first.needs_window or len({one.sql for one in prepared.values()}) > 1):
        reasons = ["the query is another one for each window"]
    if reasons:
        way_out = "leave segments_per_run out: each segment runs by itself then"
        message = f"segments_per_run: {'; '.join(reasons)}; {way_out}"
        raise Invalid(message, details={"segments_per_run": [*reasons, way_out]})


def _warn(
    session: Session,
    report: ReportDefinition,
    chosen: Sequence[Segment],
    prepared: Mapping[Window, Prepared],
) -> list[str]:
    """Say what AMC may refuse: the query's own doubts, and crowds over the same data."""
    if not chosen:
        return []
    first = prepared[chosen[0].window]
    past = find_past(session, report.instance_id, chosen)
    crowds = find_crowds(chosen, tables_needed(report.template), past, reach_of(first.sql))
    return [*first.warnings, *crowds]


def _tell_left(standings: Sequence[str], chosen: Sequence[Segment]) -> list[str]:
    count = count_standings(standings)
    said = []
    if count["running"]:
        said.append(f"{_segments(count['running'])} being run already; the backfill waits for their end.")
    left = sum(count.values()) - len(chosen) - count["running"] - count["done"]
    if left:
        said.append(f"{_segments(left)} left out: run before without bringing rows, and not asked for again.")
    return said


def _segments(count: int) -> str:
    return f"{count} segment is" if count == 1 else f"{count} segments are"
