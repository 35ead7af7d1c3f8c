"""What a column's name means inside one SELECT: its inputs, their joins, its aliases, the query around it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sqlglot import exp

from reportbuilder.sandbox.crowds import Path
from reportbuilder.sandbox.dialect import RefusedError, span
from reportbuilder.sandbox.lineage import NOTHING, Origin, Relation, together


@dataclass
class Input:
    """One relation of a FROM clause; ``is_firm``: no outer join puts NULLs in its place.

    ``hidden`` are the names of the columns that a star must leave out.
    """

    name: str
    relation: Relation
    paths: tuple[Path, ...] = ()
    hidden: tuple[str, ...] = ()
    is_firm: bool = True

    def find(self, column: str) -> Origin | None:
        """Return the origin of its column with this name."""
        found = [origin for name, origin in self.relation.columns if name == column]
        return together(found) if len(found) > 1 else next(iter(found), None)


@dataclass
class Names:
    """The names in sight; ``around`` are those of the query that this one stands in."""

    inputs: list[Input]
    around: "Names | None" = None
    aliases: dict[str, Origin] = field(default_factory=dict)
    merged: set[str] = field(default_factory=set)  # columns of USING
    ties: set[frozenset[int]] = field(default_factory=set)  # paths of one user where both lead to a row

    def find(self, column: exp.Column) -> Origin:
        """Return the origin of a column.

        :raises RefusedError: for a name that means nothing.
        """
        found = self._find(column.name.lower(), column.table.lower())
        if found is not None:
            return found
        if column.table and not self._knows(column.table.lower()):
            raise RefusedError(f"{span(column)}Table '{column.table}' not found")
        raise RefusedError(f"{span(column)}Column '{column.name}' not found in any table")

    def _find(self, name: str, table: str) -> Origin | None:
        inputs = [one for one in self.inputs if table in ("", one.name)]
        found = [(one, origin) for one in inputs if (origin := one.find(name)) is not None]
        if found:
            return self._one(name, found)
        if table and not inputs:
            part = self._find(table, "")  # a field of a struct
            if part is not None:
                return replace(part, users=frozenset())
        if not table and name in self.aliases:
            return self.aliases[name]
        return self.around._find(name, table) if self.around else None  # noqa: SLF001 - its own class

    def _one(self, name: str, found: list[tuple[Input, Origin]]) -> Origin:
        origins = [self._firmly(one, origin) for one, origin in found]
        if len(origins) == 1:
            return origins[0]
        return self.first_of(origins) if name in self.merged else together(origins)

    def _firmly(self, one: Input, origin: Origin) -> Origin:
        """Add the users that joins tie to this value, where it is never missing."""
        if not one.is_firm or not origin.users:
            return origin
        tied = {path for tie in self.ties if tie & origin.users for path in tie}
        return replace(origin, users=origin.users | tied)

    def _knows(self, table: str) -> bool:
        return any(one.name == table for one in self.inputs) or bool(
            self.around and self.around._knows(table)  # noqa: SLF001 - its own class
        )

    def tie(self, first: Origin, second: Origin) -> None:
        """Note that a join makes two values equal."""
        self.ties |= {frozenset({one, other}) for one in first.users for other in second.users}

    def first_of(self, origins: list[Origin]) -> Origin:
        """Return the origin of COALESCE: users of each argument that is tied to all those before it."""
        users = set(origins[0].users) if origins else set()
        for origin in origins[1:]:
            if not all(frozenset({one, other}) in self.ties for one in users for other in origin.users):
                break
            users |= origin.users
        return replace(together(origins), users=frozenset(users))

    def star(self, table: str) -> Iterator[tuple[str, Origin]]:
        """Yield the columns that a star stands for."""
        seen: set[str] = set()
        for one in self.inputs:
            if table not in ("", one.name):
                continue
            for name, _ in one.relation.columns:
                if name in seen and name in self.merged:
                    continue
                seen.add(name)
                yield name, self._find(name, "" if name in self.merged else one.name) or NOTHING


def equalities(condition: exp.Expr | None) -> Iterator[exp.EQ]:
    """Yield the equations that must all hold for a condition to hold."""
    if isinstance(condition, exp.Paren):
        yield from equalities(condition.this)
    elif isinstance(condition, exp.And):
        yield from equalities(condition.left)
        yield from equalities(condition.right)
    elif isinstance(condition, exp.EQ):
        yield condition
