"""One page of what a query finds, in the order that a reader chooses."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.interfaces import ORMOption

T = TypeVar("T")


def read_page(
    session: Session,
    wanted: Select[T],
    sorts: Mapping[str, Any],
    sort: str,
    *,
    tie: Any,
    page: int,
    limit: int,
    options: Sequence[ORMOption] = (),
) -> tuple[list[T], int]:
    """Return one page of the rows of one entity, and how many there are in all.

    ``sort`` is a key of ``sorts``, ``-`` descending; rows without a value come last either way. ``tie`` makes
    the order total, so that no row is on two pages. ``options``: how the rows of the page are loaded.
    """
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    column = sorts[sort.removeprefix("-")]
    key = column.desc() if sort.startswith("-") else column.asc()
    # only where there can be nulls: an index of PostgreSQL does not serve an order that speaks of them
    key = key.nulls_last() if column.nullable else key
    ordered = wanted.order_by(key, tie).options(*options)
    return list(session.scalars(ordered.offset((page - 1) * limit).limit(limit))), total
