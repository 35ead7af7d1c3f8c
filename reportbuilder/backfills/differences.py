"""The check of a packed run: whether the rows of a segment are those that its single run has given."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from math import isclose
from typing import Any, Final

from reportbuilder.backfills.columns import Column
from reportbuilder.parameters.messages import show

MOST_TOLD: Final = 5
CLOSE: Final = 1e-9  # relative: sums of doubles differ by the order in which they are added
Row = Mapping[str, Any]


def find_differences(part: Sequence[Row], single: Sequence[Row], columns: Sequence[Column]) -> list[str]:
    """Say how the rows of a segment out of a packed run differ from those of its single run.

    The order of rows does not matter. An empty list: they are the same. At most five are told.
    """
    found = _differences(part, single, columns)
    return [difference for _, difference in zip(range(MOST_TOLD), found, strict=False)]


def _differences(part: Sequence[Row], single: Sequence[Row], columns: Sequence[Column]) -> Iterator[str]:
    keys = [column.name for column in columns if column.aggregate is None]
    packed, alone = _group(part, keys), _group(single, keys)
    for key in sorted({*packed, *alone}):
        ours, theirs = packed.get(key, []), alone.get(key, [])
        where = show(dict(zip(keys, key, strict=True)))
        if len(ours) != len(theirs):
            yield f"{where}: {len(ours)} rows out of the packed run, {len(theirs)} of the single one"
            continue
        yield from _compare(where, ours, theirs, [one.name for one in columns if one.aggregate])


def _group(rows: Sequence[Row], keys: Sequence[str]) -> dict[tuple[str, ...], list[Row]]:
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(str(row.get(name)) for name in keys)].append(row)
    for group in groups.values():
        group.sort(key=lambda row: sorted((name, str(value)) for name, value in row.items()))
    return groups


def _compare(where: str, ours: Sequence[Row], theirs: Sequence[Row], names: Sequence[str]) -> Iterator[str]:
    for one, other in zip(ours, theirs, strict=True):
        for name in names:
            a, b = one.get(name), other.get(name)
            if not _is_same(a, b):
                yield f"{where}: {name} is {show(a)} out of the packed run, {show(b)} of the single one"


def _is_same(a: object, b: object) -> bool:
    numbers = (int, float, Decimal)
    if isinstance(a, numbers) and isinstance(b, numbers):
        return a == b or isclose(a, b, rel_tol=CLOSE)
    return a == b
