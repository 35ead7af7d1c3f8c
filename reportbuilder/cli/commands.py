"""All commands in one table, the options that they share, and how errors are told."""

from typing import Any

import click

from reportbuilder.cli.lazy import LazyGroup
from reportbuilder.errors import ReportBuilderError
from reportbuilder.processes.ties import tie

BAD_INPUT = 2

COMMANDS = {
    "demo": (
        "reportbuilder.cli.demo.command:demo",
        "Start everything here and run a report in sight.",
    ),
    "doctor": ("reportbuilder.cli.doctor:doctor", "Check each part, and say how to mend what is wrong."),
    "run": ("reportbuilder.cli.run:run", "Run a template and wait for its rows."),
    "execution": (
        "reportbuilder.cli.executions:execution",
        "What runs and has run: list, show, rows, …",
    ),
    "backfill": (
        "reportbuilder.cli.backfills:backfill",
        "The past of a report in segments: start, show, wait, pause, cancel, …",
    ),
    "schedule": (
        "reportbuilder.cli.schedules:schedule",
        "When reports run by themselves: list, add, preview, pause, firings, …",
    ),
    "template": (
        "reportbuilder.cli.templates:template",
        "The templates: list, show, lint, sync, import, export, …",
    ),
    "values": (
        "reportbuilder.cli.values:values",
        "An instance's own brands, campaigns and ASINs, to pick from.",
    ),
    "notify": (
        "reportbuilder.cli.notify:notify",
        "Who is told what of a report, and by which channel.",
    ),
    "account": ("reportbuilder.cli.accounts:account", "AMC accounts and their instances: connect, list."),
    "pause": ("reportbuilder.cli.pauses:pause", "Submit nothing more on an instance, or on any."),
    "resume": ("reportbuilder.cli.pauses:resume", "Let an instance, or everything, go on."),
    "pauses": ("reportbuilder.cli.pauses:pauses", "What is paused, by whom and why."),
    "user": ("reportbuilder.cli.users:user", "Users and what they may do on which instance."),
    "token": ("reportbuilder.cli.tokens:token", "API tokens: add, list, revoke."),
    "keys": ("reportbuilder.cli.keys:keys", "Fresh keys for the environment, and sealing with a new one."),
    "db": ("reportbuilder.cli.db:db", "The database's schema: upgrade, downgrade, current, check."),
    "web": ("reportbuilder.cli.web:web", "Serve the API and the console."),
    "worker": ("reportbuilder.cli.worker:worker", "Run worker processes."),
    "scheduler": ("reportbuilder.cli.scheduler:scheduler", "Run the scheduler; several share the work."),
    "dead-letters": (
        "reportbuilder.cli.deadletters:dead_letters",
        "Messages to the workers that were given up: list, show, requeue, drop.",
    ),
    "sandbox": ("reportbuilder.sandbox.command:sandbox", "Run a local AMC over synthetic data."),
    "keyvalue": ("reportbuilder.cli.keyvalue:keyvalue", "Run the embedded server of the Redis protocol."),
}


class Commands(LazyGroup):
    """The root: tells errors that are meant for people without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except ReportBuilderError as error:
            if ctx.params["debug"]:
                raise
            tell(error)
            ctx.exit(BAD_INPUT)
        except ModuleNotFoundError as error:
            if ctx.params["debug"] or (error.name or "").split(".")[0] in {"reportbuilder", "app", "actors"}:
                raise
            click.echo(
                f"The package {error.name} is missing here: install requirements/runtime.lock", err=True
            )
            ctx.exit(BAD_INPUT)


def tell(error: ReportBuilderError) -> None:
    """Write an error's message and what it says of each field to standard error."""
    click.echo(f"error: {error.message}", err=True)
    for field, reasons in error.details.items():
        for reason in reasons:
            if f"{field}: {reason}" not in error.message:
                click.echo(f"  {field}: {reason}", err=True)


def _tie(_context: click.Context, _parameter: click.Parameter, parent: int | None) -> int | None:
    if parent is not None:
        tie(parent)
    return parent


@click.group(cls=Commands, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, envvar="RB_DEBUG", help="Show tracebacks of errors.  [RB_DEBUG]")
@click.option("--parent", type=int, is_eager=True, callback=_tie, hidden=True)
def reportbuilder(**_shared: Any) -> None:
    """Ad-hoc SQL reports on Amazon Marketing Cloud.

    Settings come from environment variables (RB_…, DATABASE_URL, REDIS_URL, PORT) and from nowhere else;
    .env files are not read.
    """
