"""``values``: an instance's own brands, campaigns and ASINs, to pick from."""

from pathlib import Path

import click
from sqlalchemy.orm import Session

from reportbuilder.accounts.permissions import Principal, Subject, ensure
from reportbuilder.amc.models import AmcInstance
from reportbuilder.cli.options import json_option, user_option
from reportbuilder.cli.orders import find_instance
from reportbuilder.cli.rooms import principal_of, rooms
from reportbuilder.cli.showing import show, show_json
from reportbuilder.cli.waking import wake_workers
from reportbuilder.database import reading, transaction
from reportbuilder.executions import quotas
from reportbuilder.valuelists import finding, refreshing, storing, uploading
from reportbuilder.valuelists.kinds import KINDS

instance_option = click.option(
    "--instance", metavar="ID", help="AMC's id of the instance; not needed if there is only one."
)
kind_argument = click.argument("kind", type=click.Choice(KINDS))


@click.group()
def values() -> None:
    """An instance's own brands, campaigns and ASINs: list, refresh, upload, forget."""


@values.command("list")
@kind_argument
@instance_option
@click.option("--search", default="", help="Words that all occur.")
@click.option("--pattern", default="", help="The whole value, * for any characters; capitals count.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option
@user_option
def list_(
    *, kind: str, instance: str | None, search: str, pattern: str, limit: int, as_json: bool, user: str | None
) -> None:
    """List the values of a KIND, the most frequent first."""
    with rooms(), reading() as session:
        on = _instance(session, user, instance, "value:view")[0]
        rows, total = finding.search(session, on.id, kind, words=search, pattern=pattern, limit=limit)
        fresh = finding.standing(session, on.id)
    if as_json:
        show_json({"items": [{"value": row.value, "label": row.label} for row in rows], "total": total})
        return
    titles = [(row.value, row.label or "", row.weight, "AMC" if row.seen_at else "a file") for row in rows]
    show(("value", "label", "weight", "from"), titles, title=f"{len(rows)} of {total}")
    if fresh.problem:
        click.echo(f"the last refresh failed: {fresh.problem}", err=True)


@values.command()
@instance_option
@user_option
def refresh(instance: str | None, user: str | None) -> None:
    """Ask AMC for the values of an instance; prints the ids of the executions that fetch them."""
    with rooms() as chosen:
        wake_workers(chosen)
        with transaction() as session:
            on, asker = _instance(session, user, instance, "value:refresh")
            locked = session.scalars(refreshing.locked(on.instance_id)).one()
            by, _ = principal_of(session, asker.email)
            quotas.ensure_runs_left(session, locked, chosen)
            asked = refreshing.ask(session, locked, by, triggered_by="manual")
            names = [execution.execution_id for execution in asked]
    for name in names:
        click.echo(name)
    if not names:
        click.echo("nothing to ask: it is being asked already, or the instance has no such tables", err=True)


@values.command()
@kind_argument
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@instance_option
@click.option("--replace", is_flag=True, help="Take back what was uploaded before.")
@user_option
def upload(kind: str, file: Path, instance: str | None, user: str | None, *, replace: bool) -> None:
    """Take values of a KIND from a CSV FILE: one a line, a label behind it if wanted. All or nothing."""
    with rooms(), transaction() as session:
        on, _ = _instance(session, user, instance, "value:upload")
        taken = uploading.upload(session, on.id, kind, uploading.read_file(file), replace=replace)
    click.echo(f"{taken} values taken")


@values.command()
@kind_argument
@instance_option
@user_option
def forget(kind: str, instance: str | None, user: str | None) -> None:
    """Take back all values of a KIND that were uploaded; what AMC tells of stays."""
    with rooms(), transaction() as session:
        on, _ = _instance(session, user, instance, "value:upload")
        storing.forget_uploaded(session, on.id, kind)


def _instance(
    session: Session, email: str | None, name: str | None, permission: str
) -> tuple[AmcInstance, Principal]:
    _, principal = principal_of(session, email)
    found = find_instance(session, principal, name)
    ensure(principal, permission, Subject(instance_id=found.id), f"instance {found.instance_id}")
    return found, principal
