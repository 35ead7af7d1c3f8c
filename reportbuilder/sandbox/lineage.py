"""Where the columns of a result come from: the documented columns that each one is made of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from reportbuilder.sandbox.bindings import ALIASES
from reportbuilder.sandbox.tables import Table, TableColumn

Sources = frozenset[TableColumn]
Columns = dict[str, Sources]


@dataclass(frozen=True)
class Scope:
    """What names mean at one place of a query: the WITH queries in sight and the tables."""

    tables: Mapping[str, Table]
    queries: Mapping[str, Columns] = field(default_factory=dict)


def output_sources(tree: exp.Expr, tables: Mapping[str, Table]) -> list[tuple[str, Sources]]:
    """Return name and documented sources of each output column, in order."""
    return _query(tree, Scope(tables))


def _query(tree: exp.Expr, scope: Scope) -> list[tuple[str, Sources]]:
    if isinstance(tree, exp.Subquery):
        return _query(tree.this, _with(tree, scope))
    scope = _with(tree, scope)
    if isinstance(tree, exp.SetOperation):
        left, right = _query(tree.left, scope), _query(tree.right, scope)
        return [(name, first | second) for (name, first), (_, second) in zip(left, right, strict=False)]
    if isinstance(tree, exp.Select):
        return _select(tree, scope)
    if isinstance(tree, exp.Values):
        alias = tree.args.get("alias")
        return [(column.name, frozenset()) for column in (alias.columns if alias else [])]
    return []


def _with(tree: exp.Expr, scope: Scope) -> Scope:
    with_ = tree.args.get("with_")
    for cte in with_.expressions if with_ else []:
        found = _renamed(_query(cte.this, scope), cte.args.get("alias"))
        scope = Scope(scope.tables, {**scope.queries, cte.alias.lower(): dict(found)})
    return scope


def _renamed(found: list[tuple[str, Sources]], alias: exp.Expr | None) -> list[tuple[str, Sources]]:
    names = [column.name.lower() for column in alias.args.get("columns") or []] if alias else []
    if not found and names:
        return [(name, frozenset()) for name in names]
    return [
        (names[place] if place < len(names) else name.lower(), sources)
        for place, (name, sources) in enumerate(found)
    ]


def _select(tree: exp.Select, scope: Scope) -> list[tuple[str, Sources]]:
    inputs = dict(_inputs(tree, scope))
    result: list[tuple[str, Sources]] = []
    for item in tree.expressions:
        star = item.this if isinstance(item, exp.Column) else item
        if isinstance(star, exp.Star):
            chosen = [item.table.lower()] if isinstance(item, exp.Column) else list(inputs)
            result += [pair for name in chosen for pair in inputs.get(name, {}).items()]
        else:
            result.append((item.alias_or_name, _expression(item, inputs, scope)))
    return result


def _inputs(tree: exp.Select, scope: Scope) -> Iterator[tuple[str, Columns]]:
    from_ = tree.args.get("from_")
    joins = tree.args.get("joins") or []
    for place, source in enumerate([from_.this] if from_ else []):
        yield from _input(source, scope, place)
    for place, join in enumerate(joins, 1):
        yield from _input(join.this, scope, place)


def _input(source: exp.Expr, scope: Scope, place: int) -> Iterator[tuple[str, Columns]]:
    name = source.alias_or_name.lower() or f"input {place}"
    if isinstance(source, exp.Table):
        yield name, _table(source, scope)
    else:
        yield name, dict(_renamed(_query(source, scope), source.args.get("alias")))
    for join in source.args.get("joins") or []:
        yield from _input(join.this, scope, place + 100)


def _table(source: exp.Table, scope: Scope) -> Columns:
    inner = source.find(exp.Literal) if isinstance(source.this, exp.Anonymous) else None
    name = (inner.name if inner is not None else source.name).lower()
    if name in scope.queries and not source.db:
        return scope.queries[name]
    table = scope.tables.get(ALIASES.get(name, name).removeprefix("sandbox."))
    return {column.name: frozenset({column}) for column in table.columns} if table else {}


def _expression(item: exp.Expr, inputs: Mapping[str, Columns], scope: Scope) -> Sources:
    found: Sources = frozenset()
    for column in item.find_all(exp.Column):
        name, table = column.name.lower(), column.table.lower()
        for source, columns in inputs.items():
            if table in ("", source):
                found |= columns.get(name, frozenset())
    for query in item.find_all(exp.Subquery):
        for _, sources in _query(query, scope):
            found |= sources
    return found
