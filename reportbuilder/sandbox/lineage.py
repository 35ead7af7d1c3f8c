"""What the columns of a query are made of: their levels, literals, documented sources and users."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from reportbuilder.sandbox.crowds import Path
from reportbuilder.sandbox.tables import Table, TableColumn


class Level(IntEnum):
    """Aggregation threshold of a column, the strictest last."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    VERY_HIGH = 4
    INTERNAL = 5

    @property
    def users(self) -> int:
        """How many distinct users a row with such a column needs; none at all for NONE."""
        return {Level.NONE: 0, Level.LOW: 2}.get(self, 100)


@dataclass(frozen=True)
class Origin:
    """What one value is made of.

    ``literal``: a literal or parameter may be its value. ``users``: numbers of the paths whose one user
    the value tells, so that rows with the same value have at most one user of each.
    """

    level: Level = Level.NONE
    literal: bool = False
    sources: frozenset[TableColumn] = frozenset()
    users: frozenset[int] = frozenset()

    @property
    def is_restricted(self) -> bool:
        """Whether it may not meet literals."""
        return self.level >= Level.HIGH

    @property
    def is_metric(self) -> bool:
        """Whether AMC calls it a METRIC."""
        return any(column.column_type == "METRIC" for column in self.sources)


NOTHING = Origin()


def together(origins: Iterable[Origin]) -> Origin:
    """Return the origin of a value made of all these; it tells no user."""
    level, literal, sources = Level.NONE, False, frozenset[TableColumn]()
    for origin in origins:
        level = max(level, origin.level)
        literal = literal or origin.literal
        sources |= origin.sources
    return Origin(level, literal, sources)


@dataclass(frozen=True)
class Relation:
    """What a query or table gives: its columns in order, and the paths whose users its rows carry."""

    columns: tuple[tuple[str, Origin], ...]
    paths: tuple[Path, ...] = ()

    def named(self, names: list[str]) -> "Relation":
        """Return it with its first columns renamed."""
        kept = [name for name, _ in self.columns][len(names) :]
        pairs = zip(names + kept, self.columns, strict=False)
        return replace(self, columns=tuple((name.lower(), origin) for name, (_, origin) in pairs))

    def numbered(self, numbers: dict[int, int]) -> "Relation":
        """Return it with paths of other numbers."""
        columns = tuple(
            (name, replace(origin, users=frozenset(numbers.get(one, one) for one in origin.users)))
            for name, origin in self.columns
        )
        return Relation(columns, tuple(replace(path, number=numbers[path.number]) for path in self.paths))


def of_table(table: Table, path: Path | None) -> Relation:
    """Return what a documented table gives; ``path`` if it has users."""
    columns = tuple((column.name.lower(), _documented(column, path)) for column in table.columns)
    return Relation(columns, (path,) if path else ())


def _documented(column: TableColumn, path: Path | None) -> Origin:
    tells = path is not None and column.name == "user_id"
    users = frozenset({path.number}) if path is not None and tells else frozenset[int]()
    # a threshold that the documentation does not tell is taken as that of most columns
    level = Level.__members__.get(column.threshold, Level.LOW)
    return Origin(level, sources=frozenset({column}), users=users)
