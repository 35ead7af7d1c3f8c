"""Walks through a query, finds what its columns are made of, and lets every row carry its users along."""

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace

from sqlglot import exp

from reportbuilder.sandbox import crowds
from reportbuilder.sandbox.aggregating import aggregates, is_aggregate
from reportbuilder.sandbox.crowds import Path
from reportbuilder.sandbox.dialect import RefusedError, span
from reportbuilder.sandbox.hiding import alias_of, append, names_of, pad, unfollowed
from reportbuilder.sandbox.lineage import NOTHING, Origin, Relation, of_table, together
from reportbuilder.sandbox.names import Input, Names, equalities
from reportbuilder.sandbox.origins import Origins
from reportbuilder.sandbox.tables import Table

Scope = Mapping[str, Relation]  # the WITH queries in sight
_DEEPEST = 3  # sub-queries in the output of sub-queries in the output


class Carrying:
    """One walk; ``need`` says how many users must be told apart, 0 to carry none."""

    def __init__(self, tables: Mapping[str, Table], need: int, forbids: bool = True) -> None:
        self._tables, self._need, self.forbids = tables, need, forbids
        self._numbers = itertools.count(1)
        self._deep = 0

    def rewrite(self, tree: exp.Expr) -> tuple[exp.Expr, Relation]:
        """Return the query with hidden columns behind its own, changed in place, and what it gives.

        The paths of the result say where each output row's users are; they are counted where it aggregates.

        :raises RefusedError: for a restricted column that meets a literal, for a name that means nothing,
            and for a shape through which users cannot be followed.
        """
        return _Walk(self, {}, None, self._need > 0).query(tree, is_last=True)

    def number(self) -> int:
        """Return a number that no path or alias has."""
        return next(self._numbers)

    @contextlib.contextmanager
    def deeper(self, query: exp.Expr) -> Iterator[None]:
        """Hold for a sub-query that is asked again: each one asks those inside it again, and again.

        :raises RefusedError: if it stands in too many others.
        """
        self._deep += 1
        if self._deep > _DEEPEST:
            raise unfollowed(query)
        yield
        self._deep -= 1

    @property
    def tables(self) -> Mapping[str, Table]:
        """The tables of the instance."""
        return self._tables

    @property
    def need(self) -> int:
        """How many users must be told apart."""
        return self._need


class _Walk:
    """A walk below one place: the WITH queries and the outer names in sight, and whether to carry users."""

    def __init__(self, owner: Carrying, scope: Scope, around: Names | None, carries: bool) -> None:
        self._owner, self._scope, self._around, self._carries = owner, scope, around, carries

    def query(self, tree: exp.Expr, is_last: bool = False) -> tuple[exp.Expr, Relation]:
        walk = self._with(tree)
        if isinstance(tree, exp.Subquery):
            inner, relation = walk.query(tree.this, is_last)
            tree.set("this", inner)
            return tree, relation
        if isinstance(tree, exp.SetOperation):
            return walk.union(tree, is_last)
        if isinstance(tree, exp.Select):
            return walk.select(tree, is_last)
        if isinstance(tree, exp.Values):
            return tree, walk.values(tree)
        raise unfollowed(tree)

    def _with(self, tree: exp.Expr) -> "_Walk":
        scope = dict(self._scope)
        with_ = tree.args.get("with_")
        for cte in with_.expressions if with_ else []:
            inner, relation = _Walk(self._owner, scope, self._around, self._owner.need > 0).query(cte.this)
            cte.set("this", inner)
            scope[cte.alias.lower()] = relation.named([name.name for name in cte.args["alias"].columns])
        return _Walk(self._owner, scope, self._around, self._carries)

    def values(self, tree: exp.Values) -> Relation:
        origins = self._origins(Names([], self._around))
        rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in tree.expressions]
        cells = zip(*([origins.of(cell) for cell in row] for row in rows), strict=False)
        return Relation(tuple((f"col{place}", together(column)) for place, column in enumerate(cells)))

    def _origins(self, names: Names) -> Origins:
        return Origins(names, self._within, self._owner.forbids)

    def _within(self, tree: exp.Expr, names: Names) -> Origin:
        """Walk through a query inside an expression; no user of it is carried."""
        _, relation = _Walk(self._owner, self._scope, names, False).query(tree)
        return together(origin for _, origin in relation.columns)

    # --- UNION

    def union(self, tree: exp.SetOperation, is_last: bool) -> tuple[exp.Expr, Relation]:
        if not isinstance(tree, exp.Union):
            raise RefusedError(f"Unsupported set operation {type(tree).__name__.upper()}")
        is_distinct = bool(tree.args.get("distinct"))
        is_last = is_last and not is_distinct
        left, first = self.query(tree.this, is_last)
        right, second = self.query(tree.expression, is_last)
        tree.set("this", left)
        tree.set("expression", right)
        pad(left, second.paths, 0)
        pad(right, first.paths, sum(len(path.names) for path in second.paths))
        relation = _united(first, second)
        if not is_distinct:
            return tree, relation
        self._check_keys(tree, relation)
        return self._merged(tree, relation, is_last=is_last)

    def _check_keys(self, tree: exp.Expr, relation: Relation) -> None:
        origins = self._origins(Names([]))
        for _, origin in relation.columns:
            origins.key(tree, origin)

    def _merged(self, tree: exp.Expr, relation: Relation, is_last: bool) -> tuple[exp.Expr, Relation]:
        """Return a query whose equal rows become one, with the users of all of them."""
        if not relation.paths:
            return tree, relation
        tree.set("distinct", False if isinstance(tree, exp.Union) else None)
        alias = f"__w{self._owner.number()}"
        told = {number for _, origin in relation.columns for number in origin.users}
        paths = [self._gathered(path.within(alias), path.number in told, is_last) for path in relation.paths]
        star = exp.Star(except_=names_of(relation.paths))
        outer = exp.Select(expressions=[star]).from_(
            exp.Subquery(this=tree, alias=alias_of(alias)), copy=False
        )
        outer.set("group", exp.Group(all=True))
        for path in paths:
            append(outer, path)
        return outer, replace(relation, paths=tuple(path.stored() for path in paths))

    def _gathered(self, path: Path, is_one: bool, is_last: bool) -> Path:
        gather = crowds.counted if is_last else crowds.gathered
        return gather(path, self._owner.need, is_one)

    # --- SELECT

    def select(self, tree: exp.Select, is_last: bool) -> tuple[exp.Expr, Relation]:
        names = Names(list(self._inputs(tree)), self._around)
        origins = self._origins(names)
        self._join(tree, names, origins)
        copies = list(self._given(tree)) if self._carries else []
        columns = list(_columns(tree, names, origins))
        keys = _keys(tree, columns, origins)
        for part in (tree.args.get("having"), *tree.args.get("windows", [])):
            if part is not None:
                origins.of(part if isinstance(part, exp.Window) else part.this)
        is_distinct = bool(tree.args.get("distinct"))
        if is_distinct:
            self._check_keys(tree, Relation(tuple(columns)))
        relation = Relation(tuple(columns))
        if self._carries:
            paths = list(self._carried(tree, names, keys, is_last and not is_distinct))
            for path in paths:
                append(tree, path)
            paths += [path for copy in copies for path in self._asked(tree, copy, names)]
            relation = replace(relation, paths=tuple(path.stored() for path in paths))
        return self._merged(tree, relation, is_last) if is_distinct else (tree, relation)

    def _carried(self, tree: exp.Select, names: Names, keys: set[int], is_last: bool) -> Iterator[Path]:
        is_aggregating = aggregates(tree)
        for one in names.inputs:
            for path in one.paths:
                yield self._gathered(path, path.number in keys, is_last) if is_aggregating else path

    def _given(self, tree: exp.Select) -> Iterator[exp.Subquery]:
        """Yield copies of the sub-queries that give values to the output."""
        for item in tree.expressions:
            for query in item.find_all(exp.Subquery):
                holders = list(itertools.takewhile(lambda holder: holder is not tree, _holders(query)))
                if any(isinstance(holder, exp.Predicate | exp.Query) for holder in holders):
                    continue
                if any(is_aggregate(holder) for holder in holders):
                    raise unfollowed(query)
                yield query.copy()

    def _asked(self, tree: exp.Select, query: exp.Subquery, names: Names) -> Iterator[Path]:
        """Ask a sub-query once more, for its users."""
        with self._owner.deeper(query):
            _, relation = _Walk(self._owner, self._scope, names, True).query(query)
        for path in relation.paths:
            alias = f"__q{self._owner.number()}"
            for name, column in zip(path.names, path.sql, strict=True):
                inner = exp.Select(expressions=[exp.Var(this=column)])
                source = query.copy()
                source.set("alias", alias_of(alias))
                value = exp.Subquery(this=inner.from_(source, copy=False))
                tree.append("expressions", exp.alias_(value, name, quoted=True))
            yield path

    # --- FROM

    def _inputs(self, tree: exp.Select) -> Iterator[Input]:
        from_ = tree.args.get("from_")
        if tree.args.get("laterals"):
            raise unfollowed(tree.args["laterals"][0])
        found = list(self._sources(from_.this)) if from_ else []
        for join in tree.args.get("joins") or []:
            found = self._joined(join, found)
        yield from found

    def _joined(self, join: exp.Join, before: list[Input]) -> list[Input]:
        added = list(self._sources(join.this))
        side = join.side.upper()
        if side in ("LEFT", "FULL"):
            added = [replace(one, is_firm=False) for one in added]
        if side in ("RIGHT", "FULL"):
            before = [replace(one, is_firm=False) for one in before]
        return before + added

    def _sources(self, source: exp.Expr) -> Iterator[Input]:
        """Yield the relation at one place of FROM, and those joined to it in brackets."""
        if isinstance(source, exp.Subquery) and isinstance(source.this, exp.Table | exp.Subquery):
            if source.alias and isinstance(source.this, exp.Table):
                raise unfollowed(source)
            if not source.alias:
                found = list(self._sources(source.this))
                yield from self._bracketed(source, found)
                return
        yield from self._bracketed(source, [self._source(source)])

    def _bracketed(self, source: exp.Expr, found: list[Input]) -> list[Input]:
        for join in source.args.get("joins") or []:
            found = self._joined(join, found)
        return found

    def _source(self, source: exp.Expr) -> Input:
        if source.args.get("laterals") or source.args.get("pivots"):
            raise unfollowed(source)
        if isinstance(source, exp.Table):
            return self._table(source)
        if not isinstance(source, exp.Subquery | exp.Values):
            raise unfollowed(source)
        if not source.alias:
            source.set("alias", alias_of(f"__d{self._owner.number()}"))
        if isinstance(source, exp.Values):
            relation = self.values(source)
        else:
            inner, relation = _Walk(self._owner, self._scope, self._around, self._carries).query(source.this)
            source.set("this", inner)
        relation = relation.named([name.name for name in source.args["alias"].columns])
        return self._input(source.alias, relation, self._carries)

    def _table(self, source: exp.Table) -> Input:
        alias = source.alias or source.name
        known = self._scope.get(source.name.lower())
        if known is None or source.db:
            return self._scan(source, alias)
        relation = known.numbered({path.number: self._owner.number() for path in known.paths})
        given = source.args.get("alias")
        relation = relation.named([name.name for name in given.columns] if given else [])
        names = tuple(text for path in relation.paths for text in path.sql)
        return replace(self._input(alias, relation, self._carries), hidden=names)

    def _scan(self, source: exp.Table, alias: str) -> Input:
        table = self._tables(source)
        path = None
        if crowds.USERS in table.by_name:
            path = crowds.scanned(self._owner.number(), table.name, alias)
        return Input(alias.lower(), of_table(table, path), (path,) if path else ())

    def _tables(self, source: exp.Table) -> Table:
        table = self._owner.tables.get(source.name.lower())
        if table is None:
            raise RefusedError(f"{span(source)}Object '{source.name}' not found")
        return table

    def _input(self, alias: str, relation: Relation, carries: bool) -> Input:
        hidden = tuple(text for path in relation.paths for text in path.sql)
        paths = tuple(path.within(alias) for path in relation.paths)
        return Input(alias.lower(), relation, paths if carries else (), hidden)

    def _join(self, tree: exp.Select, names: Names, origins: Origins) -> None:
        """Read the conditions of joins and of WHERE, and note which users they make the same."""
        for join in [part for part in tree.find_all(exp.Join) if _select_of(part) is tree]:
            for column in join.args.get("using") or []:
                self._using(column.name.lower(), names)
            condition = join.args.get("on")
            if condition is not None:
                origins.of(condition)
                added = {path for one in self._added(join, names) for path in one}
                _tie(condition, names, origins, added)
        where = tree.args.get("where")
        if where is not None:
            origins.of(where.this)
            _tie(where.this, names, origins, None)

    def _added(self, join: exp.Join, names: Names) -> Iterator[set[int]]:
        name = join.this.alias_or_name.lower()
        for one in names.inputs:
            if one.name == name:
                yield {path.number for path in one.relation.paths}

    def _using(self, name: str, names: Names) -> None:
        found = [origin for one in names.inputs if (origin := one.find(name)) is not None]
        for origin in found:
            if origin.is_restricted and any(other.literal for other in found):
                self._origins(names).key(exp.column(name), replace(origin, literal=True))
        for first, second in itertools.combinations(found, 2):
            names.tie(first, second)
        names.merged.add(name)


def _tie(condition: exp.Expr, names: Names, origins: Origins, added: set[int] | None) -> None:
    for equation in equalities(condition):
        left, right = origins.of(equation.left), origins.of(equation.right)
        if added is None or left.users & added or right.users & added:
            names.tie(left, right)


def _columns(tree: exp.Select, names: Names, origins: Origins) -> Iterator[tuple[str, Origin]]:
    for item in tree.expressions:
        star = item.this if isinstance(item, exp.Column) else item
        if isinstance(star, exp.Star):
            table = item.table.lower() if isinstance(item, exp.Column) else ""
            hidden = [text for one in names.inputs if table in ("", one.name) for text in one.hidden]
            if hidden:
                star.set("except_", [exp.Var(this=text) for text in dict.fromkeys(hidden)])
            yield from names.star(table)
            continue
        origin = origins.of(item)
        if isinstance(item, exp.Alias):
            names.aliases.setdefault(item.alias.lower(), origin)
        yield item.alias_or_name.lower(), origin


def _keys(tree: exp.Select, columns: list[tuple[str, Origin]], origins: Origins) -> set[int]:
    """Check the keys of GROUP BY; return the paths of which each group has one user."""
    group = tree.args.get("group")
    told: set[int] = set()
    for key in group.expressions if group else []:
        if isinstance(key, exp.Literal) and not key.is_string:
            place = int(key.name) - 1 if key.name.isdecimal() else -1
            origin = columns[place][1] if 0 <= place < len(columns) else NOTHING
            shown = tree.expressions[place] if 0 <= place < len(tree.expressions) else key
        else:
            origin, shown = origins.of(key), key
        origins.key(shown, origin)
        told |= origin.users
    is_plain = group is not None and not group.find(exp.GroupingSets, exp.Cube, exp.Rollup)
    return told if is_plain else set()


def _united(first: Relation, second: Relation) -> Relation:
    pairs = itertools.zip_longest(first.columns, second.columns, fillvalue=("", NOTHING))
    columns = tuple(
        (name, replace(together((one, other)), users=one.users | other.users))
        for (name, one), (_, other) in pairs
    )
    return Relation(columns, first.paths + second.paths)


def _holders(node: exp.Expr) -> Iterator[exp.Expr]:
    while node.parent is not None:
        node = node.parent
        yield node


def _select_of(node: exp.Expr) -> exp.Expr | None:
    return next((holder for holder in _holders(node) if isinstance(holder, exp.Select)), None)
