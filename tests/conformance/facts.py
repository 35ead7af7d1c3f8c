"""What is known of AMC, fact by fact: named in ``*.toml``, and its tables and columns in ``tables.json``."""

import functools
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

from reportbuilder.sandbox.tables import documented

FOLDER = Path(__file__).parent
KINDS = (
    "table",
    "column",
    "alias",
    "statement",
    "function",
    "semantics",
    "refusal",
    "threshold",
    "endpoint",
    "fault",
    "error",
    "limit",
)


@dataclass(frozen=True)
class Fact:
    """One thing that AMC does; ``why_not`` says why no test proves it here."""

    name: str
    says: str
    documented: str
    why_not: str = ""

    @property
    def kind(self) -> str:
        return self.name.partition(":")[0]


@dataclass(frozen=True)
class DocumentedColumn:
    """A column as AMC's documentation has it, in its own spelling."""

    name: str
    type: str
    column_type: str
    threshold: str


@functools.cache
def columns_by_table() -> dict[str, tuple[DocumentedColumn, ...]]:
    """Return the 35 tables, from a list that the sandbox does not read."""
    body = json.loads((FOLDER / "tables.json").read_text())
    return {name: tuple(DocumentedColumn(*column) for column in columns) for name, columns in body.items()}


@functools.cache
def known() -> dict[str, Fact]:
    """Return every fact by name."""
    found = _tables()
    for path in sorted(FOLDER.glob("*.toml")):
        for kind, entries in tomllib.loads(path.read_text()).items():
            for slug, entry in entries.items():
                fact = Fact(f"{kind}:{slug}", **entry)
                if kind not in KINDS or fact.name in found:
                    raise ValueError(f"{path.name}: {fact.name} has no known kind, or is there twice")
                found[fact.name] = fact
    return found


def _tables() -> dict[str, Fact]:
    names = {name: {column.name for column in columns} for name, columns in columns_by_table().items()}
    for table in documented().values():
        names.setdefault(table.name, set()).update(table.by_name)
    found = {}
    for table_name, columns in sorted(names.items()):
        page = f"data sources: {table_name}"
        found[f"table:{table_name}"] = Fact(f"table:{table_name}", "can be queried", page)
        for column in sorted(columns):
            name = f"column:{table_name}.{column}"
            found[name] = Fact(name, "has its documented type and threshold", page)
    return found
