"""A template that a parser can read: every placeholder replaced by a stand-in of the same length."""

import re
from dataclasses import dataclass
from itertools import product
from typing import Final

from sqlglot import exp

from reportbuilder.parameters.binding import Declared, find_source
from reportbuilder.parameters.definitions import Definition
from reportbuilder.parameters.placeholders import Placeholder, Template
from reportbuilder.parameters.places import Place
from reportbuilder.parameters.tokens import Kinds

MOST_NAMES: Final = 200  # spellings of one name that are looked at

Choice = frozenset[tuple[str, str]]  # parameters and the options taken for them
Names = tuple[tuple[Choice, str], ...]  # every spelling that a name can get, in small letters
FREE: Final[Choice] = frozenset()


@dataclass(frozen=True)
class StandIns:
    """The text with stand-ins, and by offset the placeholders that they stand for.

    ``values``: those that are values of their own (also quoted ones, by their quote); ``names``: parts of
    names, by the start of the name.
    """

    text: str
    values: dict[int, Placeholder]
    names: dict[int, list[Placeholder]]
    template: Template
    declared: Declared | None

    def slot(self, node: exp.Expr) -> Placeholder | None:
        """Return the placeholder that a literal or a column is, if it is one."""
        part = node.this if isinstance(node, exp.Column) and not node.table else node
        return self.values.get(start_of(part)) if isinstance(part, exp.Identifier | exp.Literal) else None

    def definition(self, found: Placeholder) -> Definition | None:
        """Return the parameter that fills a placeholder, if parameters are known."""
        return find_source(found, self.declared)[0] if self.declared is not None else None

    def names_of(self, identifier: exp.Expr | None) -> Names | None:
        """Return what a name can be; None when any text may come."""
        if not isinstance(identifier, exp.Identifier):
            return None
        name = identifier.name.lower()
        parts = self.names.get(start_of(identifier))
        return self._spellings(identifier, parts) if parts else ((FREE, name),)

    def spelled(self, identifier: exp.Expr) -> str:
        """Return a name as it stands in the template."""
        start = start_of(identifier)
        return self.template.sql[start : int(identifier.meta["end"]) + 1] if start >= 0 else identifier.name

    def _spellings(self, identifier: exp.Identifier, parts: list[Placeholder]) -> Names | None:
        options = [self._options(part) for part in parts]
        if any(not each for each in options):
            return None
        sql = self.template.sql
        begin, end = start_of(identifier), int(identifier.meta["end"]) + 1
        found: dict[Choice, str] = {}
        for choice in product(*options):
            if len(dict(choice)) != len(set(choice)):
                continue  # one parameter cannot be two things at once
            text, at = "", begin
            for part, (_, option) in zip(parts, choice, strict=True):
                text, at = text + sql[at : part.start] + option, part.end
            found[frozenset(choice)] = (text + sql[at:end]).strip('"').lower()
            if len(found) > MOST_NAMES:
                return None
        return tuple(found.items())

    def _options(self, part: Placeholder) -> list[tuple[str, str]]:
        definition = self.definition(part)
        options = definition.rule("options") if definition and not definition.rule("multiple") else None
        return [(definition.name, str(option.value)) for option in options or ()] if definition else []


def start_of(node: exp.Expr) -> int:
    """Return where a name or a literal begins; -1 if it tells no place."""
    meta = node._meta  # noqa: SLF001 - .meta would give every part a dictionary of its own
    return int(meta["start"]) if meta and "start" in meta else -1


_QUOTED = re.compile(r"'\{\{[^{}]*\}\}'")


def stand_in(template: Template, declared: Declared | None) -> StandIns:
    """Return the template with stand-ins."""
    text = list(template.sql)
    values: dict[int, Placeholder] = {}
    names: dict[int, list[Placeholder]] = {}
    for found in template.placeholders:
        start, end = found.start, found.end
        text[start:end] = "q" * (end - start)
        if found.place is Place.NAME:
            names.setdefault(template.layout.tokens[found.token].start, []).append(found)
        elif found.place in (Place.LIST, Place.ROWS):
            text[start], text[end - 1] = "()"
            values[start + 1] = found
        elif found.place.is_quoted:
            if _QUOTED.fullmatch(template.sql, start - 1, end + 1):
                values[start - 1] = found
        elif found.place.is_bare:
            if template.layout.kind(found.token - 1) in (Kinds.DATE, Kinds.TIMESTAMP):
                text[start] = text[end - 1] = "'"
            values[start] = found
    return StandIns("".join(text), values, names, template, declared)
