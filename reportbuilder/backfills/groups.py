"""Whether a query makes each row of the events of one day: every aggregation and every join is by date."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from sqlglot import exp

from reportbuilder.catalog.lint.grouping import is_aggregate
from reportbuilder.catalog.lint.parsing import Complaint, parse
from reportbuilder.catalog.lint.standins import stand_in
from reportbuilder.parameters.placeholders import read_template

# AMC's columns that tell when an event was, by the day or finer; its _day and _hour are numbers that come
# again each month and each day. A part q… stands for a parameter, as in impression_{{clock}}.
_EVENT: Final = r"(?:impression|click|event|conversion_event|traffic_event|purchase|pv_playback|q{4,}_event)"
_DATED: Final = re.compile(rf"{_EVENT}_(?:(?:date|dt|dt_hour)(?:_utc)?|q{{4,}})", re.IGNORECASE)
# Attributed events are cut to the window by one of their two times; the other one may lie outside.
_OTHER_TIME: Final = {"by_conversion_time": "traffic_event_", "by_traffic_time": "conversion_event_"}
_DAY_MAKERS: Final = (exp.DateTrunc, exp.TimestampTrunc, exp.TsOrDsToDate)
_PARTS: Final = ("day", "week", "month", "quarter")  # of DATE_TRUNC, where they stand without quotes
_DAY_TYPES: Final = (exp.DataType.Type.DATE, exp.DataType.Type.TIMESTAMP)


def find_undated(sql: str, column: str) -> list[str]:
    """Say where a query mixes events of several days, so that its rows depend on the window as a whole.

    It is strict: a harmless query may be named, one that mixes days in a way that is seen here is not let
    pass. Every SELECT that aggregates must group by a date (or a time), every join must be on equal dates,
    and nothing may be looked up in a sub-query.

    :param sql: of a template; ``column``: of its output, by which rows are assigned to days.
    """
    tree = parse(stand_in(read_template(sql), None).text)
    if tree is None or isinstance(tree, Complaint):
        return [f"the query cannot be read: {tree.text if tree else 'it is none'}"]
    dated = _dated_names(tree)
    found = [*_find_output(tree, column, dated), *_find_other_times(tree)]
    for node in tree.walk():
        found.extend(_find(node, dated))
    return list(dict.fromkeys(found))


def _find(node: exp.Expr, dated: frozenset[str]) -> Iterator[str]:
    if isinstance(node, exp.Select):
        yield from _find_in_select(node, dated)
    elif isinstance(node, exp.Join) and not _is_by_date(node, dated):
        yield f"it joins {_name(node.this)} without equal dates, so a row may be made of several days"
    elif isinstance(node, exp.Union) and node.args.get("distinct"):
        yield "it has UNION without ALL, which drops rows that are the same on several days"
    elif isinstance(node, exp.Intersect | exp.Except):
        yield f"it has {node.key.upper()}, which looks at rows of all days"
    elif isinstance(node, exp.Query) and isinstance(node.parent, exp.In | exp.Exists | exp.Any | exp.All):
        yield "it looks something up in a sub-query, over the whole window"


def _find_in_select(select: exp.Select, dated: frozenset[str]) -> Iterator[str]:
    group = select.args.get("group")
    keys: Iterable[exp.Expr] = group.expressions if group is not None else ()
    if group is None and select.args.get("distinct"):
        keys = select.expressions
    elif group is None and not (select.args.get("having") or any(map(_aggregates, select.expressions))):
        return
    if not any(_is_dated(_meant(select, key), dated) for key in keys):
        named = ", ".join(key.sql()[:40] for key in keys) or "nothing"
        yield f"it groups by {named}, which is no date, so a row may be made of several days"


def _aggregates(item: exp.Expr) -> bool:
    return any(is_aggregate(node) and node.find_ancestor(exp.Select) is item.parent for node in item.walk())


def _meant(select: exp.Select, key: exp.Expr) -> exp.Expr:
    """Return what a key of GROUP BY stands for: an output column by its position, or itself."""
    if isinstance(key, exp.Literal) and key.name.isdecimal() and 0 < int(key.name) <= len(select.expressions):
        meant: exp.Expr = select.expressions[int(key.name) - 1]
        return meant
    return key


def _is_dated(node: exp.Expr, dated: frozenset[str]) -> bool:
    """Say whether an expression is the time of an event, as it is or cut to a day, week or month."""
    node = node.unalias()
    if isinstance(node, exp.Column):
        return node.name.lower() in dated or bool(_DATED.fullmatch(node.name))
    is_day = isinstance(node, _DAY_MAKERS) or (isinstance(node, exp.Cast) and node.to.this in _DAY_TYPES)
    columns = [one for one in node.find_all(exp.Column) if one.name.lower() not in _PARTS]
    is_of_event = bool(columns) and all(_is_dated(one, dated) for one in columns)
    return is_day and is_of_event and not any(is_aggregate(one) for one in node.walk())


def _dated_names(tree: exp.Query) -> frozenset[str]:
    """Return the output names of all SELECTs that are dates wherever they occur."""
    items = [item for select in tree.find_all(exp.Select) for item in select.expressions]
    named = [(item.alias_or_name.lower(), item) for item in items]
    somewhere = _settle(lambda names: names | {name for name, item in named if _is_dated(item, names)})
    return _settle(
        lambda names: names - {name for name, item in named if not _is_dated(item, names)}, somewhere
    )


def _settle(
    step: Callable[[frozenset[str]], frozenset[str]], names: frozenset[str] = frozenset()
) -> frozenset[str]:
    """Take a step again and again until it changes nothing; each only adds, or each only removes."""
    while (after := step(names)) != names:
        names = after
    return names


def _is_by_date(join: exp.Join, dated: frozenset[str]) -> bool:
    using = [name.name for name in join.args.get("using") or ()]
    if any(name.lower() in dated or _DATED.fullmatch(name) for name in using):
        return True
    condition = join.args.get("on")
    parts = condition.flatten() if isinstance(condition, exp.And) else [condition]
    return any(
        isinstance(part, exp.EQ) and _is_dated(part.left, dated) and _is_dated(part.right, dated)
        for part in parts
    )


def _find_other_times(tree: exp.Query) -> Iterator[str]:
    columns = {column.name.lower() for column in tree.find_all(exp.Column)}
    for table in tree.find_all(exp.Table):
        for ending, other in _OTHER_TIME.items():
            if table.name.lower().endswith(ending) and any(name.startswith(other) for name in columns):
                yield f"it uses {other}… of {table.name}, which may lie outside of the window"


def _name(node: exp.Expr) -> str:
    return node.alias_or_name or "a sub-query"


def _find_output(tree: exp.Query, column: str, dated: frozenset[str]) -> Iterator[str]:
    names = [item.alias_or_name.lower() for item in tree.selects]
    if column.lower() not in names:
        yield f"it gives no column {column}"
    elif column.lower() not in dated:
        yield f"{column} is not seen to be a date of the events"
