"""What the lint tells: a finding at its place in the text, and the rule that it breaks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlglot import exp

SQL: Final = "sql_template"
ERROR: Final = "error"  # AMC refuses it, or nothing could be rendered
WARNING: Final = "warning"  # AMC's documents do not promise it, or the numbers would be wrong
INFO: Final = "info"  # nothing is wrong; it is good to know


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, named by ``code``. Lines and columns count from 1; ``end_column`` is behind the last.

    ``field`` is ``sql_template``, or ``parameter_definitions.<name>``; then, and where the whole query is
    meant, there is no place and all numbers are 0. ``length`` counts characters.
    """

    code: str
    severity: str
    message: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    length: int = 0
    field: str = SQL

    def to_json(self) -> dict[str, str | int | None]:
        """Return the finding as JSON; null where there is no place."""
        places = ("line", "column", "end_line", "end_column", "length")
        told = {name: getattr(self, name) for name in ("field", "code", "severity", "message")}
        return told | {name: getattr(self, name) if self.line else None for name in places}

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}" if self.line else self.message


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: ``finds`` says what, ``message`` says why and the way out, with ``{names}`` to be filled."""

    code: str
    severity: str
    finds: str
    message: str


Span = tuple[int, int]  # offsets; the end is behind the last character


@dataclass(frozen=True, slots=True)
class Fault:
    """A broken rule before it is put into words.

    ``at``: the place, as offsets or as a part of the tree. ``near``: a word, and those it may be meant for.
    """

    code: str
    at: Span | exp.Expr | None
    values: Mapping[str, str] = field(default_factory=dict)
    near: tuple[str, Iterable[str]] | None = None
    field: str = SQL


def span_of(node: exp.Expr) -> Span | None:
    """Return where a part of the tree stands; None if its text tells no place."""
    starts, ends = [], []
    for part in node.walk():
        meta = part._meta  # noqa: SLF001 - .meta would give every part a dictionary of its own
        if meta and "start" in meta and meta["end"]:
            starts.append(meta["start"])
            ends.append(meta["end"] + 1)
    return (min(starts), max(ends)) if starts else None
