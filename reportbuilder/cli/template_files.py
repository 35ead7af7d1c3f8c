"""``template import`` and ``export``: templates as files."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.accounts.permissions import Principal
from reportbuilder.catalog import exporting, importing
from reportbuilder.catalog.importing import Outcome
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.older.files import MOST_BYTES, MOST_TEMPLATES, Source, find_sources, read_json
from reportbuilder.cli.options import json_option, user_option
from reportbuilder.cli.orders import find_template
from reportbuilder.cli.rooms import principal_of, rooms
from reportbuilder.cli.showing import show, show_json
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid

REFUSED = 1  # the exit code when anything was refused


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--dry-run", is_flag=True, help="Say what would become of each, and do nothing.")
@click.option(
    "--update", is_flag=True, help="Publish what differs from an earlier import as the next version."
)
@user_option
@json_option
def import_(files: tuple[str, ...], user: str | None, *, dry_run: bool, update: bool, as_json: bool) -> None:
    """Import templates from JSON files (- for standard input), older shapes too.

    Each is imported wholly or not at all. Exits with 1 if any was refused.
    """
    found = [(name, source) for name in files for source in _read(name)]
    if len(found) > MOST_TEMPLATES:
        raise Invalid.field("FILE", f"there are {len(found):,} templates; {MOST_TEMPLATES:,} go at once")
    with rooms(), transaction() as session:
        asker, principal = principal_of(session, user)
        terms = importing.Terms.of(principal, asker, clock.now(), update=update)
        sources = [source for _, source in found]
        outcomes = importing.import_sources(session, sources, terms, dry_run=dry_run)
    _tell([name for name, _ in found], outcomes, dry_run=dry_run, as_json=as_json)
    if any(each.outcome == importing.REFUSED for each in outcomes):
        sys.exit(REFUSED)


def _read(name: str) -> list[Source]:
    """Return the templates of a file; one that cannot be read stands for itself, so that others go on."""
    try:
        if name == "-":
            return find_sources(read_json(sys.stdin.buffer.read(MOST_BYTES + 1)))
        with Path(name).open("rb") as file:
            return find_sources(read_json(file.read(MOST_BYTES + 1)))
    except OSError as error:
        return [Source(fault=f"it cannot be read: {error.strerror}")]
    except Invalid as error:
        return [Source(fault=error.message.removeprefix("file: "))]


def _tell(names: Sequence[str], outcomes: Sequence[Outcome], *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        show_json([_as_json(name, each) for name, each in zip(names, outcomes, strict=True)])
        return
    rows = [row for name, each in zip(names, outcomes, strict=True) for row in _rows(Path(name).name, each)]
    show(("file", "name", "outcome", "why"), rows)
    counted = ", ".join(f"{count} {name}" for name, count in importing.count(outcomes).items() if count)
    click.echo(f"{len(outcomes)} templates: {counted}{'; nothing was changed' if dry_run else ''}")


def _rows(name: str, each: Outcome) -> Iterator[tuple[str, str, str, str]]:
    """Give each reason a row of its own, the other cells only on the first."""
    for number, note in enumerate(each.refusals or each.warnings or [""]):
        yield (name, each.name, each.outcome, str(note)) if number == 0 else ("", "", "", str(note))


def _as_json(name: str, each: Outcome) -> dict[str, Any]:
    return {
        "file": name,
        "name": each.name,
        "outcome": each.outcome,
        "template_id": each.template_id,
        "version": each.version,
        "warnings": [{"field": note.field, "reason": note.reason} for note in each.warnings],
        "refusals": [{"field": note.field, "reason": note.reason} for note in each.refusals],
    }


@click.command("export")
@click.argument("names", nargs=-1, metavar="[NAME]…")
@click.option("--all", "everything", is_flag=True, help="All templates of yours.")
@click.option("--value-sets", is_flag=True, help="With the values that you have saved for them.")
@click.option("-o", "--output", metavar="FILE", help="Write here instead of standard output.")
@click.option("--force", is_flag=True, help="Overwrite the file.")
@user_option
def export(
    names: tuple[str, ...],
    output: str | None,
    user: str | None,
    *,
    everything: bool,
    value_sets: bool,
    force: bool,
) -> None:
    """Export templates (by id, key or name) as JSON that import takes."""
    if bool(names) == everything:
        raise Invalid.field("NAME", "name the templates, or say --all")
    with rooms(), reading() as session:
        asker, principal = principal_of(session, user)
        chosen = list(_choose(session, principal, names))
        saved = asker.id if value_sets else None
        file = exporting.export(session, chosen, value_sets_of=saved)
    text = json.dumps(file, indent=2, ensure_ascii=False)
    if output is None:
        click.echo(text)
        return
    _write(Path(output), text + "\n", force=force)
    click.echo(f"{len(chosen)} templates written to {output}", err=True)


def _choose(session: Session, principal: Principal, names: Iterable[str]) -> Iterable[QueryTemplate]:
    if names:
        return [find_template(session, principal, name) for name in dict.fromkeys(names)]
    mine = select(QueryTemplate).where(QueryTemplate.user_id == principal.user_id)
    return session.scalars(mine.order_by(QueryTemplate.name, QueryTemplate.id))


def _write(path: Path, text: str, *, force: bool) -> None:
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Conflict(f"{path} exists already; say --force to overwrite it") from None
    except OSError as error:
        raise Invalid.field("--output", f"{path} cannot be written: {error.strerror}") from None
