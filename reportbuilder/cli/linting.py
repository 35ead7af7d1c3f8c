"""``template lint``: judge templates in files, in the database, or from standard input."""

import json
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from reportbuilder.catalog.drafts import FIELD, declared_tables
from reportbuilder.catalog.library import as_publication
from reportbuilder.catalog.lint import ERROR, INFO, WARNING, Finding, lint
from reportbuilder.catalog.versions import publication_of
from reportbuilder.cli.orders import find_template
from reportbuilder.cli.rooms import principal_of, rooms
from reportbuilder.cli.showing import plain, show_json
from reportbuilder.database import reading
from reportbuilder.errors import Invalid
from reportbuilder.parameters.definitions import read_definitions

STDIN: Final = "-"
LONGEST_LINE: Final = 120  # characters of the text that are shown
BEFORE: Final = 60  # of which so many before the fault


@dataclass(frozen=True)
class Judged:
    """One template and what is told of it; ``first_line``: that of its SQL in the file."""

    source: str
    sql: str
    findings: tuple[Finding, ...]
    first_line: int = 1

    @property
    def has_errors(self) -> bool:
        """Whether publishing would be refused."""
        return any(finding.severity == ERROR for finding in self.findings)


@click.command("lint")
@click.argument("sources", nargs=-1, required=True, metavar="(FILE | NAME | -)…")
@click.option("--user", metavar="EMAIL", help="Who asks for templates in the database.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def lint_command(sources: Sequence[str], user: str | None, *, as_json: bool) -> None:
    """Judge SQL files, template files (TOML, exported JSON), templates by name, or standard input.

    The exit code is 1 if there are errors; warnings and remarks leave it 0.
    """
    judged = [each for source in sources for each in _judge_source(source, user)]
    if as_json:
        show_json([_as_json(each) for each in judged])
    else:
        for each in judged:
            _show(each)
    if any(each.has_errors for each in judged):
        raise SystemExit(1)


def _judge_source(source: str, user: str | None) -> Iterator[Judged]:
    if source == STDIN:
        yield from _judge_text("standard input", sys.stdin.buffer.read(), ".json")
    elif Path(source).is_file():
        yield from _judge_text(source, Path(source).read_bytes(), Path(source).suffix.lower())
    elif Path(source).suffix.lower() in (".sql", ".toml", ".json"):
        raise Invalid.field("source", f"there is no file {source}; give its path from here")
    else:
        with rooms(), reading() as session:
            _, principal = principal_of(session, user)
            publication = publication_of(find_template(session, principal, source))
        yield _judge(source, publication)


def _judge_text(source: str, content: bytes, suffix: str) -> Iterator[Judged]:
    """Judge a file by its ending; of standard input, JSON is told by its first character."""
    try:
        text = content.decode("utf-8-sig")
        if suffix == ".toml":
            publication = as_publication(tomllib.loads(text))
            yield _judge(source, publication, _line_of(publication["sql_template"], text))
        elif suffix == ".json" and text.lstrip()[:1] in ("{", "["):
            for row in _publications(json.loads(text)):
                yield _judge(f"{source} ({row.get('name', 'no name')})", row)
        else:
            yield Judged(source, text, lint(text))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        raise Invalid.field("source", f"{source} is not readable: {error}") from None
    except (KeyError, TypeError, AttributeError) as error:
        missing = f"; it lacks {error}" if isinstance(error, KeyError) else ""
        raise Invalid.field("source", f"{source} has not the shape of a template{missing}") from None


def _line_of(sql: str, text: str) -> int:
    at = text.replace("\r\n", "\n").find(sql)
    return text.replace("\r\n", "\n").count("\n", 0, at) + 1 if at >= 0 and sql else 1


def _publications(data: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the templates of JSON: a publication, or an export of several."""
    for row in data.get("templates", [data]) if isinstance(data, dict) else data:
        yield row.get("publication", row)


def _judge(source: str, publication: Mapping[str, Any], first_line: int = 1) -> Judged:
    sql, definitions = publication["sql_template"], None
    broken: tuple[Finding, ...] = ()
    try:
        definitions = read_definitions(publication.get(FIELD) or ())
    except Invalid as error:
        broken = tuple(_unreadable(error))
    tables = declared_tables(publication.get("report_config") or {})
    return Judged(source, sql, (*lint(sql, definitions, tables=tables), *broken), first_line)


def _unreadable(error: Invalid) -> Iterator[Finding]:
    for name, reasons in error.details.items():
        for reason in reasons:
            yield Finding("unreadable", ERROR, reason, field=f"{FIELD}.{name}")


def _as_json(judged: Judged) -> dict[str, Any]:
    return {
        "source": judged.source,
        "publishable": not judged.has_errors,
        "findings": [finding.to_json() for finding in judged.findings],
    }


def _show(judged: Judged) -> None:
    lines = judged.sql.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for finding in judged.findings:
        place = f":{finding.line + judged.first_line - 1}:{finding.column}" if finding.line else ""
        told = f"{plain(judged.source)}{place}: {finding.severity} {finding.code}: {plain(finding.message)}"
        click.secho(told, fg=_COLOURS[finding.severity])
        if finding.line and lines[finding.line - 1]:
            _point(lines[finding.line - 1], finding)
    click.echo(f"{plain(judged.source)}: {_count(judged.findings)}")


def _point(line: str, finding: Finding) -> None:
    """Print the line of a fault, or of a long line the part around it, with a mark under the fault."""
    start = max(0, finding.column - 1 - BEFORE) if len(line) > LONGEST_LINE else 0
    column = finding.column - 1 - start
    shown = plain(line.replace("\t", " "))[start : start + LONGEST_LINE]
    last = finding.end_column - 1 - start if finding.end_line == finding.line else len(shown)
    marks = "^" + "~" * (min(last, len(shown)) - column - 1)
    click.echo(f"    {shown}\n    {' ' * column}{marks}")


_COLOURS: Final = {ERROR: "red", WARNING: "yellow", INFO: "blue"}


def _count(findings: Sequence[Finding]) -> str:
    words = ((ERROR, "error"), (WARNING, "warning"), (INFO, "remark"))
    counted = [(sum(each.severity == kind for each in findings), word) for kind, word in words]
    told = [f"{number} {word}{'' if number == 1 else 's'}" for number, word in counted if number]
    return ", ".join(told) or "nothing to say against it"
