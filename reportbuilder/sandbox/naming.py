"""What every name in a query means, as AMC's validator finds it, and its words where a name means nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from reportbuilder.sandbox.bindings import table_of
from reportbuilder.sandbox.dialect import RefusedError, list_span, span
from reportbuilder.sandbox.tables import Table

Names = tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """Something in FROM: its name, empty if it has none, and its columns in small letters."""

    name: str
    columns: Names


@dataclass(frozen=True)
class Sight:
    """What can be named at one place: tables, WITH queries, the sources here, and those around."""

    tables: Mapping[str, Table]
    schema: str
    queries: Mapping[str, Names] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    merged: frozenset[str] = frozenset()
    outer: "Sight | None" = None


def check_names(tree: exp.Expr, tables: Mapping[str, Table], schema: str = "") -> None:
    """Look at every table and column of a query; ``schema`` is that of tables without one.

    :raises RefusedError: for a name that means nothing or two things, with its place.
    """
    _query(tree, Sight(tables, schema))


def _query(tree: exp.Expr, sight: Sight) -> Names:
    """Return the names of a query's columns."""
    sight = _with(tree, sight)
    if isinstance(tree, exp.Subquery):
        return _query(tree.this, sight)
    if isinstance(tree, exp.SetOperation):
        left, right = _query(tree.left, sight), _query(tree.right, sight)
        if len(left) != len(right):
            raise RefusedError("Column count mismatch in UNION")
        return left
    if isinstance(tree, exp.Select):
        return _select(tree, sight)
    if isinstance(tree, exp.Values):
        return _values(tree, sight)
    return ()


def _values(tree: exp.Values, sight: Sight) -> Names:
    widths = {len(row.expressions) if isinstance(row, exp.Tuple) else 1 for row in tree.expressions}
    if len(widths) != 1:
        raise RefusedError("Values passed to VALUES operator must have compatible types")
    _expressions(tree.expressions, sight)
    alias = tree.args.get("alias")
    found = tuple(f"expr${place}" for place in range(widths.pop()))
    return _renamed(found, alias)


def _with(tree: exp.Expr, sight: Sight) -> Sight:
    with_ = tree.args.get("with_")
    for cte in with_.expressions if with_ else []:
        found = _renamed(_query(cte.this, sight), cte.args.get("alias"))
        queries = {**sight.queries, cte.alias.lower(): found}
        sight = Sight(sight.tables, sight.schema, queries, sight.sources, sight.merged, sight.outer)
    return sight


def _columns(alias: exp.Expr) -> Names:
    return tuple(column.name.lower() for column in alias.args.get("columns") or [])


def _renamed(found: Names, alias: exp.Expr | None) -> Names:
    given = _columns(alias) if alias is not None else ()
    if alias is not None and given and len(given) != len(found):
        raise RefusedError(f"{list_span(alias)}Number of columns must match number of query columns")
    return given or found


def _select(tree: exp.Select, sight: Sight) -> Names:
    sources = tuple(_sources(tree, sight))
    here = Sight(sight.tables, sight.schema, sight.queries, sources, _merged(tree), sight)
    for join in tree.args.get("joins") or []:
        _using(join, here)
        _expressions([join.args.get("on")], here)
    _expressions([tree.args.get("where"), *(tree.args.get("windows") or []), *tree.expressions], here)
    aliases = {item.alias.lower(): item for item in tree.expressions if item.alias}
    _expressions([tree.args.get("group")], here, aliases)
    _refuse_windows(tree.args.get("having"), aliases, here)
    _expressions([tree.args.get("having")], here, aliases)
    return tuple(_output(tree, here))


def _output(tree: exp.Select, here: Sight) -> Iterator[str]:
    for place, item in enumerate(tree.expressions):
        star = item.this if isinstance(item, exp.Column) else item
        if isinstance(star, exp.Star):
            for source in here.sources:
                if not isinstance(item, exp.Column) or source.name == item.table.lower():
                    yield from source.columns
        else:
            yield item.alias_or_name.lower() or f"expr${place}"


def _sources(tree: exp.Select, sight: Sight) -> Iterator[Source]:
    from_ = tree.args.get("from_")
    if from_ is not None:
        yield from _source(from_.this, sight)
    for join in tree.args.get("joins") or []:
        yield from _source(join.this, sight)


def _source(node: exp.Expr, sight: Sight) -> Iterator[Source]:
    """Yield what a table, a query in brackets or a list in FROM gives, and what is joined to it."""
    alias = node.args.get("alias")
    if isinstance(node, exp.Table):
        yield Source((node.alias or node.name).lower(), _renamed(_table(node, sight), alias))
    elif isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
        yield from _source(node.this, sight)
    elif isinstance(node, exp.Values):
        yield Source(node.alias.lower(), _values(node, sight))
    else:
        yield Source(node.alias.lower(), _renamed(_query(node, sight), alias))
    for join in node.args.get("joins") or []:
        yield from _source(join.this, sight)


def _table(node: exp.Table, sight: Sight) -> Names:
    if not node.db and not isinstance(node.this, exp.Anonymous) and node.name.lower() in sight.queries:
        return sight.queries[node.name.lower()]
    return tuple(table_of(node, sight.tables, sight.schema).by_name)


def _merged(tree: exp.Select) -> frozenset[str]:
    """Return the columns that USING makes one of two."""
    joins = tree.args.get("joins") or []
    return frozenset(name.name.lower() for join in joins for name in join.args.get("using") or [])


def _using(join: exp.Expr, here: Sight) -> None:
    for name in join.args.get("using") or []:
        here_and_there = [source for source in here.sources if name.name.lower() in source.columns]
        if len(here_and_there) <= 1:
            raise RefusedError(f"{span(name)}Column '{name.name}' not found in any table")


def _refuse_windows(having: exp.Expr | None, aliases: Mapping[str, exp.Expr], here: Sight) -> None:
    for column in having.find_all(exp.Column) if having is not None else []:
        meant = aliases.get(column.name.lower()) if not column.table else None
        known = any(column.name.lower() in source.columns for source in here.sources)
        if meant is not None and not known and meant.find(exp.Window):
            raise RefusedError(f"{span(column)}Windowed aggregate expression is illegal in HAVING clause")


def _expressions(
    items: list[exp.Expr | None] | list[exp.Expr], here: Sight, aliases: Mapping[str, exp.Expr] | None = None
) -> None:
    for item in items:
        if item is not None:
            _expression(item, here, aliases or {})


def _expression(node: exp.Expr, here: Sight, aliases: Mapping[str, exp.Expr]) -> None:
    """Look at the columns of an expression; a query inside it sees what is around it."""
    left = [node]  # and no recursion: hundreds of conditions joined by OR are that deep
    while left:
        part = left.pop()
        if isinstance(part, exp.Query):
            _query(part, here)
        elif isinstance(part, exp.Column):
            _column(part, here, aliases)
        else:
            left.extend(part.iter_expressions(reverse=True))


def _column(node: exp.Column, here: Sight, aliases: Mapping[str, exp.Expr]) -> None:
    name, table = node.name.lower(), node.table.lower()
    if isinstance(node.this, exp.Star):
        if table and not any(source.name == table for source in here.sources):
            raise RefusedError(f"{span(node.args['table'])}Table '{node.table}' not found")
        return
    if not table and name in aliases:
        return
    sight: Sight | None = here
    while sight is not None:
        if _found(node, name, table, sight):
            return
        sight = sight.outer
    raise RefusedError(f"{span(node)}Column '{node.name}' not found in any table")


def _found(node: exp.Column, name: str, table: str, sight: Sight) -> bool:
    if table:
        return _found_in(node, name, table, sight)
    holders = sum(name in source.columns for source in sight.sources)
    if holders > 1 and name not in sight.merged:
        raise RefusedError(f"{span(node)}Column '{node.name}' is ambiguous")
    return holders > 0


def _found_in(node: exp.Column, name: str, table: str, sight: Sight) -> bool:
    named = [source for source in sight.sources if source.name == table]
    if any(name in source.columns for source in named):
        return True
    if named:
        raise RefusedError(f"{span(node.this)}Column '{node.name}' not found in table '{node.table}'")
    if any(table in source.columns for source in sight.sources):  # a field of a struct
        return True
    if sight.outer is None:
        raise RefusedError(f"{span(node.args['table'])}Table '{node.table}' not found")
    return False
