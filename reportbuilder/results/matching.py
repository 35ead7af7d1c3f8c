"""Which declared column stands under which name of the file's header."""

from collections import Counter
from collections.abc import Sequence

from reportbuilder.results.columns import OutputColumn
from reportbuilder.results.failures import BrokenResult, shown


def match(header: Sequence[str], columns: Sequence[OutputColumn]) -> list[OutputColumn | None]:
    """Return the declaration for each name of the header, in its order; None where nothing is declared.

    AMC prints names in lower case, so case does not count; equal names are told apart by their order.

    :param columns: AMC's ``outputColumns``, or nothing if it sent none.
    :raises BrokenResult: when the two do not name the same columns.
    """
    if not columns:
        return [None] * len(header)
    waiting: dict[str, list[OutputColumn]] = {}
    for column in columns:
        waiting.setdefault(column.name.casefold(), []).append(column)
    printed = Counter(name.casefold() for name in header)
    if printed != Counter({name: len(group) for name, group in waiting.items()}):
        raise BrokenResult(
            f"the file has the columns {shown(header)}, but AMC announced "
            f"{', '.join(column.name for column in columns)}; run the query again"
        )
    return [waiting[name.casefold()].pop(0) for name in header]


def unique(names: Sequence[str]) -> list[str]:
    """Return names that differ even without regard to case, none empty: doubles get ``_2``, ``_3`` …"""
    taken: set[str] = set()
    result = []
    for position, name in enumerate(names, start=1):
        stem = candidate = name.replace("\0", "") or f"column_{position}"
        count = 1
        while candidate.casefold() in taken:
            count += 1
            candidate = f"{stem}_{count}"
        taken.add(candidate.casefold())
        result.append(candidate)
    return result
