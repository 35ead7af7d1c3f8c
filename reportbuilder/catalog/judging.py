"""Everything that can be said against the SQL and the parameter definitions of a template, at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reportbuilder.catalog.drafts import FIELD
from reportbuilder.catalog.lint import ERROR, Finding, lint
from reportbuilder.errors import Invalid
from reportbuilder.parameters.definitions import Definition, read_definitions


@dataclass(frozen=True)
class Judgement:
    """What the lint found, and what is wrong with definitions that cannot be read at all, by field."""

    findings: tuple[Finding, ...]
    wrong: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def is_publishable(self) -> bool:
        """Whether nothing of it refuses publishing."""
        return not self.wrong and all(finding.severity != ERROR for finding in self.findings)


def judge(sql: str, rows: Sequence[Any] | None = None, *, tables: Iterable[str] | None = None) -> Judgement:
    """Judge SQL, and its parameter definitions and tables if they are given."""
    wrong: dict[str, list[str]] = {}
    definitions: tuple[Definition, ...] | None = None
    try:
        if rows is not None:
            definitions = read_definitions(rows)
    except Invalid as error:
        wrong = {f"{FIELD}.{name}": reasons for name, reasons in error.details.items()}
    return Judgement(lint(sql, definitions, tables=tables), wrong)
