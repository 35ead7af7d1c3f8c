"""``template``: the templates."""

import click

from reportbuilder import clock
from reportbuilder.catalog import searching
from reportbuilder.catalog.library import install_library
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.preparing import definitions_of, form_of
from reportbuilder.catalog.versions import publication_of
from reportbuilder.cli.linting import lint_command
from reportbuilder.cli.options import json_option, user_option
from reportbuilder.cli.orders import find_template
from reportbuilder.cli.rooms import principal_of, rooms
from reportbuilder.cli.showing import plain, show, show_json, show_pairs
from reportbuilder.cli.template_files import export, import_
from reportbuilder.cli.template_versions import delete, diff, fork, restore, used_by, versions
from reportbuilder.database import reading, transaction

MOST = 500


@click.group()
def template() -> None:
    """The templates: list, show, lint, sync, import, export, versions, …"""


for _command in (lint_command, import_, export, versions, diff, restore, fork, used_by, delete):
    template.add_command(_command)


@template.command("list")
@click.option("--search", help="Words that all occur in name, description, category or tags.")
@click.option("--category")
@user_option
@json_option
def list_(search: str | None, category: str | None, user: str | None, *, as_json: bool) -> None:
    """List the templates."""
    with rooms(), reading() as session:
        _, principal = principal_of(session, user)
        criteria = searching.Criteria(category=category, search=search)
        found, total = searching.search(session, principal, criteria, limit=MOST)
    if as_json:
        show_json([_brief(row) for row in found])
        return
    columns = ("id", "key", "name", "category", "version", "runs")
    show(columns, [tuple(_brief(row).values()) for row in found], title=f"{len(found)} of {total}")


@template.command("show")
@click.argument("name")
@click.option("--sql", is_flag=True, help="Print the SQL alone.")
@user_option
@json_option
def show_(name: str, user: str | None, *, sql: bool, as_json: bool) -> None:
    """Show a template (by id, key or name) and the values that it takes."""
    with rooms(), reading() as session:
        asker, principal = principal_of(session, user)
        row = find_template(session, principal, name)
        form = form_of(row, as_of=clock.now(), zone=asker.time_zone)
        parent = searching.parent_of(session, principal, row)
    if sql:
        click.echo(row.sql_template)
    elif as_json:
        show_json(
            _brief(row) | publication_of(row) | {"form": {"schema": form.json_schema(), "ui": form.ui()}}
        )
    else:
        _show(row, parent)


@template.command()
def sync() -> None:
    """Bring the shipped templates into the database; those of users are never touched."""
    with rooms(), transaction() as session:
        done = install_library(session)
    added, changed, unchanged = len(done.added), len(done.changed), len(done.unchanged)
    click.echo(f"templates: {added} added, {changed} changed, {unchanged} as before")
    if done.orphaned:
        click.echo(f"no longer shipped, left as they are: {', '.join(done.orphaned)}")


def _brief(row: QueryTemplate) -> dict[str, object]:
    return {
        "template_id": row.template_id,
        "key": row.library_key,
        "name": row.name,
        "category": row.category,
        "version": row.version,
        "execution_count": row.execution_count,
    }


def _show(row: QueryTemplate, parent: searching.Parent | None) -> None:
    about = {**_brief(row), "description": " ".join((row.description or "").split())}
    if parent:
        newer = f"; there is version {parent.version} now" if parent.has_newer else ""
        about["copy of"] = f"{parent.name} ({parent.template_id}), version {parent.copied}{newer}"
    show_pairs(about)
    show(
        ("value", "type", "required", "default", "what"),
        [
            (each.name, each.type, each.required, plain(each.to_mapping()["default_value"]), each.description)
            for each in definitions_of(row)
        ],
    )
    click.echo(row.sql_template)
