"""``execution``: what runs and has run."""

from pathlib import Path
from typing import Any

import click

from reportbuilder import clock
from reportbuilder.cli import rows
from reportbuilder.cli.options import json_option, user_option
from reportbuilder.cli.orders import find_instance
from reportbuilder.cli.rooms import principal_of, rooms
from reportbuilder.cli.run import finish
from reportbuilder.cli.shapes import brief, whole
from reportbuilder.cli.showing import show, show_json, show_pairs
from reportbuilder.cli.stopping import stop
from reportbuilder.cli.waking import wake_workers
from reportbuilder.database import reading, transaction
from reportbuilder.executions import lifecycle, overview, quotas
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.states import STATUS


@click.group()
def execution() -> None:
    """What runs and has run: list, show, wait, rows, cancel, retry."""


@execution.command("list")
@click.option("--instance", metavar="ID")
@click.option("--status", type=click.Choice(sorted(set(STATUS.values()))))
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@user_option
@json_option
def list_(instance: str | None, status: str | None, limit: int, user: str | None, *, as_json: bool) -> None:
    """List executions, newest first."""
    with rooms(), reading() as session:
        _, principal = principal_of(session, user)
        chosen = find_instance(session, principal, instance) if instance else None
        criteria = overview.Criteria(
            instances=None if principal.sees_all else list(principal.grants),
            instance_id=chosen.id if chosen else None,
            status=status,
        )
        found, total = overview.search(session, criteria, limit=limit)
    if as_json:
        show_json({"items": [brief(row) for row in found], "total": total})
        return
    columns = ("execution", "status", "template", "instance", "by", "asked for", "took", "rows")
    show(columns, [_line(row) for row in found], title=f"{len(found)} of {total}")


@execution.command("show")
@click.argument("id")
@click.option("--sql", is_flag=True, help="Print the SQL alone.")
@user_option
@json_option
def show_(id: str, user: str | None, *, sql: bool, as_json: bool) -> None:
    """Show an execution with its events."""
    with rooms() as chosen, reading() as session:
        _, principal = principal_of(session, user)
        detail = whole(session, overview.find_allowed(session, principal, id), chosen)
    if sql:
        click.echo(detail["sql"])
    elif as_json:
        show_json(detail)
    else:
        _show_detail(detail)


@execution.command()
@click.argument("id")
@rows.options
@user_option
@json_option
def wait(id: str, csv: Path | None, count: int, user: str | None, *, as_json: bool) -> None:
    """Wait for an execution and print its rows, as `run` does."""
    with rooms() as chosen:
        wake_workers(chosen)  # Ctrl-C may ask for a cancel
        with reading() as session:
            asker, principal = principal_of(session, user)
            found = overview.find_allowed(session, principal, id)
        finish(chosen, found, csv, count, by=asker.email, as_json=as_json)


@execution.command("rows")
@click.argument("id")
@rows.options
@user_option
def rows_(id: str, csv: Path | None, count: int, user: str | None) -> None:
    """Print the first rows of a completed execution, or write all of them with --csv."""
    with rooms() as chosen:
        with reading() as session:
            _, principal = principal_of(session, user)
            found = overview.find_allowed(session, principal, id)
            result = overview.result_of(session, found)
        rows.deliver(chosen, result, csv, count)


@execution.command()
@click.argument("id")
@user_option
def cancel(id: str, user: str | None) -> None:
    """Stop an execution; one that AMC runs ends when AMC confirms it."""
    with rooms() as chosen:
        wake_workers(chosen)
        ended = stop(id, user)
    click.echo(f"{id}: {'cancelled' if ended else 'AMC is asked to stop it'}")


@execution.command()
@click.argument("id")
@user_option
def retry(id: str, user: str | None) -> None:
    """Run what failed or was cancelled once more: the same SQL for the same window. Prints the new id."""
    with rooms() as chosen:
        wake_workers(chosen)
        with transaction() as session:
            asker, principal = principal_of(session, user)
            found = overview.find_allowed(session, principal, id, "execution:retry")
            quotas.ensure_runs_left(session, found.instance, chosen)
            again = lifecycle.retry(session, found, asker, settle_days=chosen.settle_days)
            click.echo(again.execution_id)


def _line(row: ReportExecution) -> tuple[object, ...]:
    ended = row.completed_at or clock.now()
    return (
        row.execution_id,
        row.state,
        row.template.name,
        row.instance.instance_id,
        row.user.email,
        row.created_at,
        f"{(ended - row.created_at).total_seconds():.0f} s",
        row.row_count,
    )


def _show_detail(detail: dict[str, Any]) -> None:
    window = detail["time_window"]
    pairs = {name: detail[name] for name in ("execution_id", "phase", "template_name", "instance_id", "user")}
    pairs["window"] = f"{window['start']} to {window['end']} ({window['time_zone']})"
    pairs["parameters"] = ", ".join(f"{name}={value}" for name, value in detail["parameters"].items())
    pairs["rows"] = detail["row_count"]
    if detail["error"]:
        pairs["error"] = detail["error"]["message"]
    if detail["queue"]:
        pairs["place"] = detail["queue"]["number"]
        pairs["starts about"] = detail["queue"]["expected_start"]
        pairs["held by"] = (detail["queue"]["held_by"] or {}).get("reason")
    show_pairs({name: value for name, value in pairs.items() if value not in (None, "")})
    events = [(event["at"], event["to_phase"], event["reason"]) for event in detail["events"]]
    show(("at", "phase", "what"), events)
