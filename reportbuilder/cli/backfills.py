"""``backfill``: the past of a report, in segments."""

import sys
from collections.abc import Callable
from typing import Any

import click
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.api.backfill_shapes import (
    BackfillDetail,
    BackfillPlan,
    BackfillSchema,
    planned,
    shown,
    whole,
)
from reportbuilder.backfills import changing, overview
from reportbuilder.backfills.models import ReportDataCollection
from reportbuilder.backfills.planning import Draft, draft_backfill
from reportbuilder.backfills.segments import FROM_START, KINDS, WEEKDAYS
from reportbuilder.backfills.starting import left_today, refuse_second, refuse_too_many, start_backfill
from reportbuilder.backfills.states import STATES
from reportbuilder.backfills.wishes import MOST_DAYS, MOST_IN_ONE_RUN, ON_FAILURE, ORDERS, REPROCESS
from reportbuilder.cli.backfill_following import follow
from reportbuilder.cli.options import json_option, user_option
from reportbuilder.cli.report_finding import find_report
from reportbuilder.cli.rooms import principal_of, rooms
from reportbuilder.cli.showing import make_console, show, show_json, show_pairs
from reportbuilder.cli.waking import wake_workers
from reportbuilder.database import reading, transaction
from reportbuilder.parameters.rendering import Limits
from reportbuilder.reports.defining import Terms
from reportbuilder.settings import Settings

FAILED = 1
LEFT_RUNNING = 130


@click.group()
def backfill() -> None:
    """The past of a report in segments: start, list, show, wait, pause, resume, cancel, retry-failed, …"""


@backfill.command()
@click.argument("report")
@click.option("--segment", type=click.Choice(list(KINDS)), required=True)
@click.option("--days", "lookback_days", type=click.IntRange(1, MOST_DAYS), help="Days back from today.")
@click.option("--from", "start", metavar="DAY", help="First day, YYYY-MM-DD, instead of --days.")
@click.option("--to", "end", metavar="DAY", help="Last day; it belongs to the backfill.")
@click.option("--week-start", type=click.Choice([*WEEKDAYS, FROM_START]))
@click.option("--order", type=click.Choice(ORDERS))
@click.option("--reprocess", type=click.Choice(list(REPROCESS)), help="What is run again of what was run.")
@click.option("--on-failure", type=click.Choice(ON_FAILURE))
@click.option("--concurrency", type=click.IntRange(1), help="Runs at once; the instance's limit by default.")
@click.option("--segments-per-run", type=click.IntRange(1, MOST_IN_ONE_RUN), help="Pack several in one run.")
@click.option("--dry-run", is_flag=True, help="Tell what would be done, and start nothing.")
@click.option("--no-wait", is_flag=True, help="Start it, print its id, and do not wait.")
@user_option
@json_option
def start(report: str, user: str | None, *, dry_run: bool, no_wait: bool, as_json: bool, **wish: Any) -> None:
    """Start a backfill of REPORT (its id or its name), and watch it.

    Exit code 0: all segments have come; 1: some have not; 2: the input is wrong.
    """
    with rooms() as chosen:
        if dry_run:
            with reading() as session:
                _, principal = principal_of(session, user)
                found = find_report(session, principal, report, "backfill:start")
                draft = draft_backfill(session, found, wish, _terms(chosen), chosen)
            _tell_plan(draft, as_json=as_json)
            return
        wake_workers(chosen)
        draft, backfill_id, email = _start(chosen, report, wish, user)
        if as_json:
            show_json(BackfillPlan().dump(planned(draft, backfill_id)))
        elif no_wait:
            click.echo(backfill_id)
        if not (no_wait or as_json):
            for remark in draft.remarks:
                click.echo(f"note: {remark}", err=True)
            _finish(chosen, backfill_id, email)


def _terms(chosen: Settings) -> Terms:
    limits = Limits(chosen.max_list_items, chosen.max_sql_bytes)
    return Terms(as_of=clock.now(), limits=limits, lag_days=chosen.settle_days)


def _start(chosen: Settings, report: str, wish: dict[str, Any], email: str | None) -> tuple[Draft, str, str]:
    with transaction() as session:
        user, principal = principal_of(session, email)
        found = find_report(session, principal, report, "backfill:start")
        refuse_second(session, found)
        draft = draft_backfill(session, found, wish, _terms(chosen), chosen)
        most = chosen.backfills_per_day
        refuse_too_many(found.instance, *left_today(session, found.instance, most), most)
        return draft, start_backfill(session, found, draft, user).collection_id, user.email


def _tell_plan(draft: Draft, as_json: bool) -> None:
    if as_json:
        show_json(BackfillPlan().dump(planned(draft)))
        return
    lines = [
        (
            f"{one.days.start} to {one.days.end}",
            one.window.local_start,
            one.window.local_end,
            one.window.zone,
            standing,
            "run" if one in draft.chosen else "",
        )
        for one, standing in zip(draft.plan.segments, draft.standings, strict=True)
    ]
    show(("days", "from", "up to", "zone", "there", "will"), lines)
    counts = ", ".join(f"{count} {word}" for word, count in draft.counts.items() if count)
    forecast = draft.forecast
    show_pairs(
        {
            "segments": f"{len(draft.plan.segments)} ({counts})",
            "to run": f"{len(draft.chosen)} in {draft.runs} runs",
            "finish": f"{forecast.expected:%Y-%m-%d %H:%M} UTC, between {forecast.earliest:%H:%M} "
            f"and {forecast.latest:%Y-%m-%d %H:%M}, if started now",
        }
    )
    for remark in draft.remarks:
        click.echo(f"note: {remark}", err=True)


def _finish(chosen: Settings, backfill_id: str, by: str) -> None:
    """Wait for a backfill in sight; exits with the code that says how it ended."""
    ended = follow(backfill_id, chosen, make_console(sys.stderr), by=by)
    if ended is None:
        raise SystemExit(LEFT_RUNNING)
    click.echo(f"{backfill_id} {ended.words}")
    if ended.status != "completed":
        raise SystemExit(FAILED)


@backfill.command("list")
@click.option("--report", metavar="REPORT")
@click.option("--status", type=click.Choice(list(STATES)))
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@user_option
@json_option
def list_(report: str | None, status: str | None, limit: int, user: str | None, *, as_json: bool) -> None:
    """List backfills, newest first."""
    with rooms(), reading() as session:
        _, principal = principal_of(session, user)
        criteria = overview.Criteria(
            instances=None if principal.sees_all else list(principal.grants),
            report_id=find_report(session, principal, report, "report:view").id if report else None,
            status=status,
        )
        found, total = overview.search(session, criteria, limit=limit)
        rows = [shown(row) for row in found]
    if as_json:
        show_json({"items": [BackfillSchema().dump(row) for row in rows], "total": total})
        return
    names = ("backfill_id", "status", "report_name", "segment", "start_date", "end_date", "created_at")
    lines = [
        (*(row[name] for name in names), f"{row['completed_segments']} of {row['total_segments']}")
        for row in rows
    ]
    columns = ("backfill", "status", "report", "segment", "from", "to", "started", "segments")
    show(columns, lines, title=f"{len(rows)} of {total}")


@backfill.command("show")
@click.argument("id")
@user_option
@json_option
def show_(id: str, user: str | None, *, as_json: bool) -> None:
    """Show a backfill with each of its segments."""
    with rooms() as chosen, reading() as session:
        _, principal = principal_of(session, user)
        row = overview.find_allowed(session, principal, id)
        segments = overview.segments_of(session, row)
        detail = whole(row, segments, overview.foresee(session, row, segments, chosen))
    if as_json:
        show_json(BackfillDetail().dump(detail))
        return
    names = ("backfill_id", "status", "report_name", "user", "segment", "concurrency", "paused_reason")
    pairs = {name: detail[name] for name in (*names, "words", "expected_finish")}
    show_pairs({name: value for name, value in pairs.items() if value not in (None, "")})
    for remark in detail["remarks"]:
        click.echo(f"note: {remark}", err=True)
    keys = ("first_day", "last_day", "state", "attempts", "row_count", "execution_id", "reason")
    columns = ("from", "to", "state", "attempts", "rows", "execution", "reason")
    show(columns, [tuple(segment[key] for key in keys) for segment in detail["segments"]])


@backfill.command()
@click.argument("id")
@user_option
def wait(id: str, user: str | None) -> None:
    """Watch a backfill until it ends, as `start` does."""
    with rooms() as chosen:
        wake_workers(chosen)  # Ctrl-C may ask for a cancel
        with reading() as session:
            asker, principal = principal_of(session, user)
            overview.find_allowed(session, principal, id)
        _finish(chosen, id, asker.email)


@backfill.command()
@click.argument("id")
@click.option("--reason", help="Why, for others to read.")
@user_option
def pause(id: str, reason: str | None, user: str | None) -> None:
    """Ask for nothing more until it is resumed; what is in flight goes on."""
    _change(id, user, lambda session, row, _chosen, _by: changing.pause(session, row, reason))


@backfill.command()
@click.argument("id")
@user_option
def resume(id: str, user: str | None) -> None:
    """Let a paused one go on."""
    _change(id, user, lambda session, row, _chosen, _by: changing.resume(session, row))


@backfill.command()
@click.argument("id")
@user_option
def cancel(id: str, user: str | None) -> None:
    """Give up what waits and stop what is in flight."""

    def do(session: Session, row: ReportDataCollection, chosen: Settings, by: str) -> None:
        changing.cancel(session, row, by, chosen.instance_slots)

    _change(id, user, do)


@backfill.command("retry-failed")
@click.argument("id")
@user_option
def retry_failed(id: str, user: str | None) -> None:
    """Ask again for the segments that failed, and for those not asked for because of that."""
    _change(id, user, lambda session, row, _chosen, _by: changing.retry_failed(session, row))


@backfill.command()
@click.argument("id")
@click.argument("count", metavar="COUNT|max")
@user_option
def concurrency(id: str, count: str, user: str | None) -> None:
    """Let COUNT of its runs be in flight from now on; max is as many as the instance runs at once."""
    if count != "max" and not count.isdecimal():
        raise click.BadParameter(f"{count!r} is neither a whole number nor max")
    wanted = None if count == "max" else int(count)

    def do(session: Session, row: ReportDataCollection, chosen: Settings, _by: str) -> None:
        changing.set_concurrency(session, row, wanted, chosen.instance_slots)

    _change(id, user, do)


Change = Callable[[Session, ReportDataCollection, Settings, str], object]


def _change(id: str, email: str | None, do: Change) -> None:
    with rooms() as chosen:
        wake_workers(chosen)
        with transaction() as session:
            user, principal = principal_of(session, email)
            row = overview.find_allowed(session, principal, id, "backfill:change")
            do(session, row, chosen, user.email)
            session.flush()
            after = row.status
    click.echo(f"{id}: {after}")
