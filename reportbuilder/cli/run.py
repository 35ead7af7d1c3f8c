"""``run``: a template, now, and its rows."""

import sys
from pathlib import Path
from typing import Any

import click

from reportbuilder.cli import orders, rows
from reportbuilder.cli.following import follow
from reportbuilder.cli.rooms import principal_of, rooms
from reportbuilder.cli.shapes import brief
from reportbuilder.cli.showing import make_console, show_json
from reportbuilder.cli.waking import wake_workers
from reportbuilder.database import reading, transaction
from reportbuilder.executions import lifecycle, overview, quotas
from reportbuilder.executions.models import ReportExecution
from reportbuilder.settings import Settings

FAILED = 1
LEFT_RUNNING = 130


@click.command()
@click.argument("template")
@click.option("--instance", metavar="ID", help="AMC's id of the instance; not needed if there is only one.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A value; may be repeated.")
@click.option("--window", metavar="EXPRESSION", help="Such as last_30_days or last_month.")
@click.option("--from", "first", metavar="DAY", help="First day, YYYY-MM-DD, instead of --window.")
@click.option("--to", "last", metavar="DAY", help="Last day; it belongs to the window.")
@click.option("--zone", help="Whose days they are, such as Europe/Vienna; the user's by default.")
@rows.options
@click.option("--user", metavar="EMAIL", help="Who runs it; not needed if there is only one user.")
@click.option("--json", "as_json", is_flag=True, help="Print the execution as JSON instead of rows.")
@click.option("--no-wait", is_flag=True, help="Ask for it, print its id, and do not wait.")
def run(
    *,
    template: str,
    instance: str | None,
    params: tuple[str, ...],
    window: str | None,
    first: str | None,
    last: str | None,
    zone: str | None,
    csv: Path | None,
    count: int,
    user: str | None,
    as_json: bool,
    no_wait: bool,
) -> None:
    """Run TEMPLATE (its id, its key or its name), wait for it, and print its first rows.

    Exit code 0: the rows are here; 1: the run failed or was cancelled; 2: the input is wrong.
    """
    wish, values = orders.read_wish(window, first, last, zone), orders.read_values(params)
    with rooms() as chosen:
        wake_workers(chosen)
        execution, warnings = _request(chosen, template, instance, values, wish, user)
        for warning in warnings:
            click.echo(f"note: {warning}", err=True)
        if no_wait:
            _announce(execution, as_json=as_json)
            return
        finish(chosen, execution, csv, count, by=execution.user.email, as_json=as_json)


def finish(
    chosen: Settings, execution: ReportExecution, csv: Path | None, count: int, *, by: str, as_json: bool
) -> None:
    """Wait for an execution in sight, and show what came of it; exits with the code that says so."""
    ended = follow(execution.execution_id, chosen, make_console(sys.stderr), by=by)
    if ended is None:
        raise SystemExit(LEFT_RUNNING)
    if as_json:
        show_json(brief(ended))
    if ended.state != "completed":
        click.echo(f"{ended.execution_id} {ended.state}: {ended.error_message or 'as asked'}", err=True)
        raise SystemExit(FAILED)
    if csv is not None or not as_json:
        with reading() as session:
            result = overview.result_of(session, ended)
        rows.deliver(chosen, result, csv, count)


def _request(
    chosen: Settings,
    template: str,
    instance: str | None,
    values: dict[str, Any],
    wish: dict[str, str | None],
    email: str | None,
) -> tuple[ReportExecution, tuple[str, ...]]:
    with transaction() as session:
        user, principal = principal_of(session, email)
        order, prepared = orders.make_order(
            chosen,
            user,
            principal,
            template=orders.find_template(session, principal, template),
            instance=orders.find_instance(session, principal, instance),
            values=values,
            wish=wish,
        )
        quotas.ensure_runs_left(session, order.instance, chosen)
        asked = lifecycle.request(session, order)
        return overview.find(session, asked.execution_id), prepared.warnings


def _announce(execution: ReportExecution, *, as_json: bool) -> None:
    if as_json:
        show_json(brief(execution))
    else:
        click.echo(execution.execution_id)
