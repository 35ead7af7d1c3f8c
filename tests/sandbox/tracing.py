"""A naive algebra in plain Python: rows that know which users stand behind them, path by path."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Cells = dict[str, Any]
Users = dict[object, frozenset[str]]


@dataclass(frozen=True)
class Traced:
    """One row, and for each path that led to it the known users on that path."""

    cells: Cells
    users: Users

    @property
    def fewest(self) -> int | None:
        """The smallest number of users of a path, None where no path leads here."""
        return min((len(some) for some in self.users.values()), default=None)


def scan(rows: Iterable[Cells], path: object) -> list[Traced]:
    """Read a table; a path is one reading of it."""
    return [
        Traced(dict(row), {path: frozenset([row["user_id"]] if row["user_id"] is not None else [])})
        for row in rows
    ]


def again(rows: list[Traced], path: object) -> list[Traced]:
    """Read a query once more: its paths are others then."""
    return [Traced(row.cells, {(path, old): some for old, some in row.users.items()}) for row in rows]


def chosen(rows: list[Traced], keep: Callable[[Cells], bool]) -> list[Traced]:
    """Keep some rows, as WHERE does."""
    return [row for row in rows if keep(row.cells)]


def shown(rows: list[Traced], make: Callable[[Cells], Cells]) -> list[Traced]:
    """Make other columns, row by row."""
    return [Traced(make(row.cells), row.users) for row in rows]


def both(first: Users, second: Users) -> Users:
    """Put the users of two rows together."""
    paths = first.keys() | second.keys()
    return {path: first.get(path, frozenset()) | second.get(path, frozenset()) for path in paths}


def grouped(
    rows: list[Traced], keys: list[str], make: Callable[[list[Cells]], Cells], is_one: bool = False
) -> list[Traced]:
    """Put rows with equal keys together; ``is_one``: one row comes even from none."""
    groups: dict[tuple[Any, ...], list[Traced]] = {(): []} if is_one else {}
    for row in rows:
        groups.setdefault(tuple(row.cells[key] for key in keys), []).append(row)
    found = []
    for key, members in groups.items():
        users: Users = {}
        for member in members:
            users = both(users, member.users)
        cells = dict(zip(keys, key, strict=True)) | make([member.cells for member in members])
        found.append(Traced(cells, users))
    return found


def joined(
    left: list[Traced], right: list[Traced], on: Callable[[Cells, Cells], bool], outer: str = ""
) -> list[Traced]:
    """Join two relations; cells of the right one are named ``r_…``; ``outer``: "", "left" or "full"."""
    found, met = [], set()
    for one in left:
        partners = [(place, other) for place, other in enumerate(right) if on(one.cells, other.cells)]
        met |= {place for place, _ in partners}
        for _, other in partners:
            cells = one.cells | {f"r_{name}": cell for name, cell in other.cells.items()}
            found.append(Traced(cells, both(one.users, other.users)))
        if not partners and outer:
            found.append(Traced(dict(one.cells), one.users))
    if outer == "full":
        rest = [other for place, other in enumerate(right) if place not in met]
        found += [Traced({f"r_{n}": c for n, c in other.cells.items()}, other.users) for other in rest]
    return found
