"""What a demo shows: a template is picked and run, and its rows are printed."""

from collections.abc import Callable

from reportbuilder.cli import orders, rows
from reportbuilder.cli.demo import seeding
from reportbuilder.cli.demo.telling import Teller
from reportbuilder.cli.following import watch
from reportbuilder.cli.rooms import principal_of
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Unavailable
from reportbuilder.executions import lifecycle, overview
from reportbuilder.executions.models import ReportExecution
from reportbuilder.settings import Settings

TEMPLATE = "weekly_roas"  # library key
ROWS = 8


def show_run(chosen: Settings, execution: ReportExecution, teller: Teller, check: Callable[[], None]) -> None:
    """Wait for an execution in sight and print its first rows; ``check`` is called while waiting.

    :raises Unavailable: if the run does not end well, in AMC's words.
    """
    ended = watch(execution.execution_id, chosen, teller.console, began=teller.began, each=check)
    if ended.state != "completed":
        raise Unavailable(f"{ended.execution_id} {ended.state}: {ended.error_message}")
    teller.done(f"{ended.execution_id}: {ended.row_count} rows")
    with reading() as session:
        result = overview.result_of(session, ended)
    rows.deliver(chosen, result, None, ROWS)


def request_run(chosen: Settings, instance: str, teller: Teller) -> ReportExecution:
    """Ask for a run of the demo's template with its default form, and say so."""
    with transaction() as session:
        user, principal = principal_of(session, seeding.EMAIL)
        order, _ = orders.make_order(
            chosen,
            user,
            principal,
            template=orders.find_template(session, principal, TEMPLATE),
            instance=orders.find_instance(session, principal, instance),
            values={},
            wish={},
        )
        execution = overview.find(session, lifecycle.request(session, order).execution_id)
    days = order.window.days
    teller.done(f'runs "{execution.template.name}" on {instance}, {days.start} to {days.end}')
    return execution
