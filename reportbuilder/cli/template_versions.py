"""``template versions``, ``diff``, ``restore``, ``fork``, ``used-by`` and ``delete``."""

import click

from reportbuilder.accounts.permissions import ensure
from reportbuilder.api.template_versions import VersionSchema, shown_uses, shown_version
from reportbuilder.catalog import publishing, searching
from reportbuilder.catalog import versions as kept
from reportbuilder.catalog.differences import compare
from reportbuilder.cli.options import json_option, user_option
from reportbuilder.cli.orders import find_template
from reportbuilder.cli.rooms import principal_of, rooms
from reportbuilder.cli.showing import show, show_json, show_pairs
from reportbuilder.database import reading, transaction
from reportbuilder.executions import uses

name_argument = click.argument("name")
number = click.IntRange(1, 2_147_483_647)


@click.command()
@name_argument
@user_option
@json_option
def versions(name: str, user: str | None, *, as_json: bool) -> None:
    """List the publications of a template, newest first."""
    with rooms(), reading() as session:
        _, principal = principal_of(session, user)
        template = find_template(session, principal, name)
        found = [shown_version(template, row) for row in kept.versions_of(session, template)]
    if as_json:
        show_json(VersionSchema(many=True).dump(found))
        return
    columns = ("version", "when", "author", "name", "note")
    rows = [
        (each["version"], each["created_at"], each["author"], each["name"], each["note"]) for each in found
    ]
    show(columns, rows)


@click.command()
@name_argument
@click.argument("before", type=number)
@click.argument("after", type=number, required=False)
@user_option
def diff(name: str, before: int, after: int | None, user: str | None) -> None:
    """Show what changed from version BEFORE to version AFTER, or to the present one."""
    with rooms(), reading() as session:
        _, principal = principal_of(session, user)
        template = find_template(session, principal, name)
        first = kept.version_of(session, template, before)
        second = kept.version_of(session, template, after or template.version)
        found = compare(
            first.snapshot, second.snapshot, names=(f"version {first.version}", f"version {second.version}")
        )
    if found.is_empty:
        click.echo("nothing differs")
    for line in (*found.fields, *found.parameters):
        click.echo(line)
    if found.sql:
        click.echo(found.sql)


@click.command()
@name_argument
@click.argument("version", type=number)
@user_option
def restore(name: str, version: int, user: str | None) -> None:
    """Publish what a template was at a version as its next one."""
    with rooms(), transaction() as session:
        asker, principal = principal_of(session, user)
        found = find_template(session, principal, name)
        template = searching.find(session, principal, found.template_id, locked=True)
        ensure(principal, "template:publish", searching.subject_of(template), "template")
        publishing.restore(session, template, version, author_id=asker.id)
    click.echo(f"{template.template_id} is at version {template.version} now")


@click.command()
@name_argument
@click.option("--as", "new_name", metavar="NAME", help="What to call the copy.")
@user_option
def fork(name: str, new_name: str | None, user: str | None) -> None:
    """Make a copy of a template your own."""
    with rooms(), transaction() as session:
        asker, principal = principal_of(session, user)
        template = find_template(session, principal, name)
        ensure(principal, "template:publish")
        copy = publishing.fork(session, template, asker, name=new_name)
    click.echo(f"{copy.template_id}: {copy.name}, a copy of version {copy.parent_version} of {template.name}")


@click.command("used-by")
@name_argument
@user_option
@json_option
def used_by(name: str, user: str | None, *, as_json: bool) -> None:
    """Show how many reports and executions use a template, and the reports that you may see."""
    with rooms(), reading() as session:
        _, principal = principal_of(session, user)
        template = find_template(session, principal, name)
        found = shown_uses(uses.uses_of(session, principal, template))
    if as_json:
        show_json(found)
        return
    items = found.pop("items")
    show_pairs({key.replace("_", " "): value for key, value in found.items()})
    if items:
        show(("report", "name", "instance", "owner"), [tuple(each.values()) for each in items])


@click.command()
@name_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@user_option
def delete(name: str, user: str | None, *, yes: bool) -> None:
    """Delete a template that nothing uses."""
    with rooms():
        with reading() as session:
            _, principal = principal_of(session, user)
            found = find_template(session, principal, name)
        if not yes:
            click.confirm(f"Delete {found.name!r} ({found.template_id}) with all its versions?", abort=True)
        with transaction() as session:
            template = searching.find(session, principal, found.template_id)
            ensure(principal, "template:delete", searching.subject_of(template), "template")
            uses.delete_unused(session, template)
    click.echo(f"{found.template_id} is deleted")
