"""``schedule``: when reports run by themselves."""

from collections.abc import Callable, Sequence
from typing import Any

import click
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.accounts.permissions import Principal, ensure
from reportbuilder.api.schedule_shapes import (
    FiringSchema,
    OutlookSchema,
    ScheduleSchema,
    foreseen,
    shown,
    told,
)
from reportbuilder.cli.options import json_option, user_option
from reportbuilder.cli.orders import find_instance
from reportbuilder.cli.rooms import principal_of, rooms
from reportbuilder.cli.schedule_options import definition_options, read_definition
from reportbuilder.cli.showing import show, show_json, show_pairs
from reportbuilder.database import reading, transaction
from reportbuilder.parameters.rendering import Limits
from reportbuilder.reports import searching
from reportbuilder.reports.defining import Terms
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules import defining, following, overview
from reportbuilder.schedules.models import FIRING_STATES, ReportSchedule
from reportbuilder.schedules.preview import MOST, USUAL
from reportbuilder.settings import Settings

CHANGE = "schedule:change"


@click.group()
def schedule() -> None:
    """When reports run by themselves: list, show, add, change, pause, resume, remove, preview, firings."""


@schedule.command("list")
@click.option("--instance", metavar="ID")
@click.option("--removed", is_flag=True, help="Those that have been removed, too.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@user_option
@json_option
def list_(instance: str | None, limit: int, user: str | None, *, removed: bool, as_json: bool) -> None:
    """List schedules, those that run next first."""
    with rooms(), reading() as session:
        _, principal = principal_of(session, user)
        on = find_instance(session, principal, instance).id if instance else None
        rows, total = overview.search(session, principal, instance_id=on, removed=removed, limit=limit)
        found = [shown(*row) for row in rows]
    if as_json:
        show_json({"items": [ScheduleSchema().dump(row) for row in found], "total": total})
        return
    columns = ("schedule", "report", "instance", "when", "next run", "last run", "state")
    show(columns, [_line(row) for row in found], title=f"{len(found)} of {total}")


@schedule.command("show")
@click.argument("id")
@user_option
@json_option
def show_(id: str, user: str | None, *, as_json: bool) -> None:
    """Show a schedule with its policies."""
    with rooms(), reading() as session:
        _, principal = principal_of(session, user)
        found = shown(*overview.find(session, principal, id))
    _show(found, as_json=as_json)


@schedule.command()
@click.argument("report")
@definition_options
@user_option
@json_option
def add(report: str, user: str | None, *, as_json: bool, **given: Any) -> None:
    """Let a report (its id) run by itself."""
    with rooms() as chosen, transaction() as session:
        _, principal = principal_of(session, user)
        row = searching.find(session, principal, report, locked=True)
        ensure(principal, CHANGE, searching.subject_of(row), "report")
        made = defining.create(session, row, read_definition(given), terms=terms(chosen), by=principal.email)
        found = shown(made, row)
    _show(found, as_json=as_json)


@schedule.command()
@click.argument("id")
@definition_options
@user_option
@json_option
def change(id: str, user: str | None, *, as_json: bool, **given: Any) -> None:
    """Change a schedule: what says when it is due as a whole, everything else one by one."""
    with rooms() as chosen, transaction() as session:
        asker, principal = principal_of(session, user)
        row, report = locked(session, principal, id)
        wish = read_definition(given)
        defining.change(session, row, report, wish, terms=terms(chosen), by=asker.email)
        found = shown(row, report)
    _show(found, as_json=as_json)


@schedule.command()
@click.argument("id")
@click.option("--reason", required=True, help="Why, so that others know.")
@user_option
def pause(id: str, reason: str, user: str | None) -> None:
    """Skip the due times of a schedule until it is resumed; what runs goes on."""
    with rooms(), transaction() as session:
        asker, principal = principal_of(session, user)
        defining.pause(session, *locked(session, principal, id), by=asker.email, reason=reason)
    click.echo(f"{id}: paused")


@schedule.command()
@click.argument("id")
@user_option
def resume(id: str, user: str | None) -> None:
    """Let a schedule go on with its next due time."""
    _act(id, user, defining.resume)
    click.echo(f"{id}: resumed")


@schedule.command()
@click.argument("id")
@user_option
def remove(id: str, user: str | None) -> None:
    """End a schedule; its history stays, and what runs goes on."""
    _act(id, user, defining.remove)
    click.echo(f"{id}: removed")


@schedule.command()
@click.argument("id")
@click.option("-n", "count", type=click.IntRange(1, MOST), default=USUAL, show_default=True)
@user_option
@json_option
def preview(id: str, count: int, user: str | None, *, as_json: bool) -> None:
    """Show the next times of a schedule, with those that changes of clocks move or double."""
    with rooms() as chosen, reading() as session:
        _, principal = principal_of(session, user)
        row, report = overview.find(session, principal, id)
        lag = chosen.settle_days
        found = overview.outlook(row, report, after=clock.now(), lag_days=lag, count=count)
        seen = OutlookSchema().dump(foreseen(row, found))
    if as_json:
        show_json(seen)
        return
    columns = ("due", "by its clocks", "window", "remark")
    show(columns, [_upcoming(each) for each in seen["times"]], title=seen["words"])


@schedule.command()
@click.argument("id")
@click.option("--state", type=click.Choice(sorted(FIRING_STATES)))
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@user_option
@json_option
def firings(id: str, state: str | None, limit: int, user: str | None, *, as_json: bool) -> None:
    """Tell what became of a schedule's due times, the latest first; of what was not run, why."""
    with rooms(), reading() as session:
        _, principal = principal_of(session, user)
        row, _ = overview.find(session, principal, id)
        rows, total = overview.firings(session, row, state=state, limit=limit)
        found = [told(each) for each in rows]
    if as_json:
        show_json({"items": [FiringSchema().dump(each) for each in found], "total": total})
        return
    names = ("due_at", "state", "reason", "execution_id", "execution_status", "ended_at")
    columns = ("due", "state", "reason", "execution", "status", "ended")
    show(columns, [[each[name] for name in names] for each in found], title=f"{len(found)} of {total}")


def _act(id: str, user: str | None, act: Callable[[Session, ReportSchedule, ReportDefinition], None]) -> None:
    with rooms(), transaction() as session:
        act(session, *locked(session, principal_of(session, user)[1], id))


def locked(
    session: Session, principal: Principal, schedule_id: str
) -> tuple[ReportSchedule, ReportDefinition]:
    """Return a schedule that one may change, with its report, and keep others from changing them.

    :raises NotFound: if there is none that one may see. :raises NotPermitted: if one may not change it.
    """
    row, report = overview.find(session, principal, schedule_id)
    ensure(principal, CHANGE, searching.subject_of(report), "schedule")
    following.lock(session, row.id)
    return row, report


def terms(chosen: Settings) -> Terms:
    """Return by what a command is judged."""
    return Terms(clock.now(), Limits(chosen.max_list_items, chosen.max_sql_bytes), chosen.settle_days)


def _line(row: dict[str, Any]) -> tuple[object, ...]:
    names = ("schedule_id", "report_name", "instance_id", "words", "next_run_at", "last_run_status")
    return (*(row[name] for name in names), _state(row))


def _state(row: dict[str, Any]) -> str:
    if not row["is_active"]:
        return "removed"
    return f"paused by {row['paused']['by']}" if row["paused"] else "active"


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(ScheduleSchema().dump(found))
        return
    names = ("schedule_id", "report_id", "report_name", "instance_id", "words", "next_run_at", "last_run_at")
    pairs = {name: found[name] for name in names} | {"state": _state(found)}
    if found["paused"]:
        pairs["paused because"] = found["paused"]["reason"]
    pairs |= {"runs": found["run_count"], "failed": found["failure_count"]}
    show_pairs({name: value for name, value in pairs.items() if value is not None})
    show(("policy",), [[words] for words in found["policies_in_words"]])


def _upcoming(each: dict[str, Any]) -> Sequence[object]:
    window = each["time_window"]
    return (
        each["due_at"],
        each["local"],
        f"{window['start']} to {window['end']} ({window['time_zone']})",
        ", ".join(each["marks"]),
    )
