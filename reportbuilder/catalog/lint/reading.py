"""Reads a query from the inside out: its tables, its columns, and what is known of every value in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlglot import exp

from reportbuilder.catalog.datasources import data_sources, nearest, old_names
from reportbuilder.catalog.lint.evaluating import evaluate
from reportbuilder.catalog.lint.facts import Fact, combine, one_of
from reportbuilder.catalog.lint.findings import Fault
from reportbuilder.catalog.lint.grouping import find_ungrouped
from reportbuilder.catalog.lint.money import clash
from reportbuilder.catalog.lint.sources import (
    UNKNOWN,
    Ctes,
    Frame,
    Frames,
    Output,
    Result,
    Source,
    Variant,
    documented_columns,
    merge,
    source_of,
)
from reportbuilder.catalog.lint.standins import FREE, Names, StandIns, start_of

MOST_GUESSES: Final = 20  # unknown tables for which a name that is spelled alike is looked for
AUDIENCES: Final = "_for_audiences"


@dataclass
class Reading:
    """What reading a query brought to light. ``tables``: those that it reads, with their places."""

    standins: StandIns
    own_tables: frozenset[str] = frozenset()
    faults: list[Fault] = field(default_factory=list)
    tables: dict[str, exp.Expr] = field(default_factory=dict)
    unknown_tables: set[str] = field(default_factory=set)
    is_sure_of_tables: bool = True  # whether every table's name is known
    final: list[list[Output]] = field(default_factory=list)  # the output columns, by part of a UNION
    _read: dict[int, Ctes] = field(default_factory=dict)  # what WITH clauses that were read give

    def tell(self, code: str, at: exp.Expr, **values: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(code, at, values))

    def query(self, node: exp.Expr, ctes: Ctes, outer: Frames = (), *, is_final: bool = False) -> Result:
        """Read a query and return its columns."""
        parts = list(_parts(node))
        results = []
        for part, withs in parts:
            seen = self._with(withs, ctes, outer)
            results.append(self._part(part, seen, outer, is_final=is_final))
        return self._union(node, results)

    def _with(self, holders: Sequence[exp.Expr], ctes: Ctes, outer: Frames) -> Ctes:
        for holder in holders:
            with_ = holder.args.get("with_")
            if not isinstance(with_, exp.With):
                continue
            key = id(with_)
            if key not in self._read:
                seen = dict(ctes)
                for cte in with_.expressions:
                    seen[cte.alias.lower()] = self._cte(cte, seen, outer)
                self._read[key] = seen
            ctes = self._read[key]
        return ctes

    def _cte(self, cte: exp.CTE, ctes: Ctes, outer: Frames) -> Source:
        result = self.query(cte.this, ctes, outer)
        alias = cte.args.get("alias")
        names = [column.name.lower() for column in alias.columns] if isinstance(alias, exp.TableAlias) else []
        if names and not result.is_open and len(names) != len(result.outputs) and result.outputs:
            wanted, found = str(len(names)), str(len(result.outputs))
            self.tell("values-width", alias or cte, found=found, wanted=wanted)
        return source_of(cte.alias, result.outputs, is_open=result.is_open, names=names)

    def _union(self, node: exp.Expr, results: Sequence[Result]) -> Result:
        first, rest = results[0], results[1:]
        if not rest:
            return first
        word = node.key.upper()
        for result in rest:
            if first.is_open or result.is_open or not result.outputs:
                continue
            if len(result.outputs) != len(first.outputs):
                wanted, found = str(len(first.outputs)), str(len(result.outputs))
                self.tell("union-width", result.outputs[0].node, word=word, found=found, wanted=wanted)
        outputs = [self._stack(place, output, rest) for place, output in enumerate(first.outputs)]
        return Result(outputs, any(result.is_open for result in results))

    def _stack(self, place: int, first: Output, rest: Sequence[Result]) -> Output:
        below = [result.outputs[place] for result in rest if place < len(result.outputs)]
        facts = [first.fact]
        for output in below:
            if units := clash([*facts, output.fact]):
                self.tell("mixed-money", output.node, first=units[0].unit, second=units[1].unit)
            else:
                facts.append(output.fact)
        return Output(first.names, one_of([first.fact, *(output.fact for output in below)]), first.node)

    def _part(self, node: exp.Expr, ctes: Ctes, outer: Frames, *, is_final: bool) -> Result:
        if isinstance(node, exp.Values):
            result = self._values(node)
        elif isinstance(node, exp.Select):
            result = self._select(node, ctes, outer)
        else:
            result = Result([], is_open=True)
        if is_final:
            self.final.append(result.outputs)
        return result

    def _select(self, node: exp.Select, ctes: Ctes, outer: Frames) -> Result:
        frame = Frame()
        frames = (frame, *outer)
        self._sources(node, frame, ctes, outer)
        for join in node.args.get("joins") or ():
            self._condition(join.args.get("on"), frames, ctes)
        where = node.args.get("where")
        frame.aliases = {item.alias.lower(): Fact() for item in node.expressions if item.alias}
        if where is not None:
            evaluate(self, where.this, frames, ctes, filters=_conjuncts(where.this))
        outputs, is_open = self._items(node, frames, ctes)
        frame.has_aliases = True
        for name in ("group", "having", "qualify"):
            part = node.args.get(name)
            if part is not None:
                self._clause(name, part, frames, ctes)
        for window in node.args.get("windows") or ():
            self._condition(window, frames, ctes)
        for order in (node.args.get("order"),):
            self._condition(order, frames, ctes)
        if not is_open:
            self.faults += find_ungrouped(node, frame.aliases, self.standins)
        return Result(outputs, is_open)

    def _clause(self, name: str, part: exp.Expr, frames: Frames, ctes: Ctes) -> None:
        if name == "having":
            for column in part.find_all(exp.Column):
                fact = frames[0].aliases.get(column.name.lower())
                if (
                    fact
                    and fact.is_rank
                    and not column.table
                    and column.find_ancestor(exp.Select) is part.parent
                ):
                    self.tell("having-rank", column, name=column.name)
        evaluate(self, part, frames, ctes)

    def _condition(self, node: exp.Expr | None, frames: Frames, ctes: Ctes) -> None:
        if node is not None:
            evaluate(self, node, frames, ctes)

    def _items(self, node: exp.Select, frames: Frames, ctes: Ctes) -> tuple[list[Output], bool]:
        outputs: list[Output] = []
        frame, is_open = frames[0], False
        for item in node.expressions:
            if _is_star(item):
                is_open |= frame.is_open
                outputs += _spread(item, frame)
                continue
            fact = evaluate(self, item, frames, ctes)
            outputs.append(Output(self._names(item), fact, item))
            if item.alias:
                frame.aliases[item.alias.lower()] = fact
        return outputs, is_open

    def _names(self, item: exp.Expr) -> Names | None:
        named = item.args.get("alias") if isinstance(item, exp.Alias) else item.this
        if isinstance(named, exp.Identifier) and isinstance(item, exp.Alias | exp.Column):
            return self.standins.names_of(named)
        return ((FREE, ""),)

    def _sources(self, node: exp.Select, frame: Frame, ctes: Ctes, outer: Frames) -> None:
        from_ = node.args.get("from_")
        if from_ is not None:
            self._add(from_.this, frame, ctes, outer)
        for join in node.args.get("joins") or ():
            self._join(join, frame, ctes, outer)
        for lateral in node.args.get("laterals") or ():
            frame.sources.append((lateral.alias_or_name.lower(), UNKNOWN))

    def _join(self, join: exp.Join, frame: Frame, ctes: Ctes, outer: Frames) -> None:
        kind = next(
            (w for w in (join.method, join.kind) if w.upper() in ("NATURAL", "SEMI", "ANTI", "ASOF")), ""
        )
        if kind:
            self.tell("join-type", join.this, kind=kind.upper())
        before = len(frame.sources)
        self._add(join.this, frame, ctes, outer)
        for key in join.args.get("using") or ():
            self._using(key, frame, before)
        if join.method.upper() == "NATURAL":
            frame.merged |= frame.columns()

    def _using(self, key: exp.Expr, frame: Frame, before: int) -> None:
        identifier = key if isinstance(key, exp.Identifier) else key.this
        for choice, name in self.standins.names_of(identifier) or ():
            for side in (frame.sources[:before], frame.sources[before:]):
                if not any(source.is_open or source.find(choice, name) for _, source in side):
                    label = ", ".join(source.label for _, source in side)
                    near = {n for _, source in side for v in source.variants for n in v.columns}
                    values = {"name": name, "table": label}
                    self.faults.append(Fault("unknown-column", key, values, (name, near)))
            facts = [source.find(choice, name) for _, source in frame.sources if source.has(choice, name)]
            self._match_private(key, [fact for fact in facts if fact])
            frame.merged.add(name)

    def _match_private(self, key: exp.Expr, facts: Sequence[Fact]) -> None:
        private = next((fact for fact in facts if fact.is_private), None)
        if private and any(fact.is_fixed for fact in facts):
            self.tell("privacy-compare", key, column=private.column, level=private.level)

    def _add(self, node: exp.Expr, frame: Frame, ctes: Ctes, outer: Frames) -> None:
        """Add what stands after FROM or JOIN, with what is joined to it in the same brackets."""
        alias = node.alias_or_name.lower() if isinstance(node, exp.Table | exp.Subquery | exp.Values) else ""
        if isinstance(node, exp.Table):
            frame.sources.append((alias, self._table(node, ctes)))
        elif isinstance(node, exp.Values):
            frame.sources.append((alias, self._values_source(node, alias)))
        elif isinstance(node, exp.Subquery | exp.Paren) and isinstance(node.this, exp.Table):
            self._add(node.this, frame, ctes, outer)
        elif isinstance(node, exp.Subquery):
            result = self.query(node, ctes, outer)
            columns = node.args["alias"].columns if node.args.get("alias") else ()
            names = [column.name.lower() for column in columns]
            frame.sources.append(
                (
                    alias,
                    source_of(alias or "the sub-query", result.outputs, is_open=result.is_open, names=names),
                )
            )
        else:
            frame.sources.append((node.alias_or_name.lower(), UNKNOWN))
        for join in node.args.get("joins") or ():
            self._join(join, frame, ctes, outer)
            self._condition(join.args.get("on"), (frame, *outer), ctes)

    def _table(self, node: exp.Table, ctes: Ctes) -> Source:
        place = _extended(node) or node.this
        names = self._table_names(place)
        if names is None or not isinstance(place, exp.Identifier | exp.Literal):
            self.is_sure_of_tables = False
            return UNKNOWN
        found = []
        for choice, name in names:
            is_plain = isinstance(place, exp.Identifier) and not node.db
            source = ctes.get(name) if is_plain else None
            found.append((choice, source or self._documented(node, place, name)))
        return merge(found)

    def _table_names(self, place: exp.Expr) -> Names | None:
        if not isinstance(place, exp.Literal):
            return self.standins.names_of(place)
        start, end = start_of(place), start_of(place) + len(place.name) + 2
        if any(start <= found.start < end for found in self.standins.template.placeholders):
            return None
        return ((FREE, place.name.lower().removeprefix("sandbox.")),)

    def _documented(self, node: exp.Table, place: exp.Expr, name: str) -> Source:
        if node.catalog or node.db.lower() not in ("", "sandbox"):
            shown = ".".join(part for part in (node.catalog, node.db, name) if part)
            self.tell("unknown-table", node, name=shown, way_out=f"write {name} without a schema")
            return UNKNOWN
        if name in data_sources():
            self.tables.setdefault(name, place)
        elif other := old_names().get(name):
            self.tell("old-table", place, name=name, other=other)
            self.tables.setdefault(other, place)
            name = other
        elif name.endswith(AUDIENCES):
            name = name.removesuffix(AUDIENCES)
            self.tell("audience-table", place, name=name + AUDIENCES, other=name)
        else:
            self._unknown(place, name)
        return Source((Variant(name, documented_columns(name)),)) if name in data_sources() else UNKNOWN

    def _unknown(self, place: exp.Expr, name: str) -> None:
        if name in self.own_tables:
            self.tables.setdefault(name, place)
            return
        self.unknown_tables.add(name)
        guess = nearest(name, data_sources()) if len(self.unknown_tables) <= MOST_GUESSES else ""
        if guess:
            self.tell("unknown-table", place, name=name, way_out=f"did you mean {guess}?")
        else:
            self.tell("own-table", place, name=name)

    def _values(self, node: exp.Values) -> Result:
        rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions]
        for row in rows:
            if rows and len(row) != len(rows[0]):
                self.tell("values-width", row[0], found=str(len(row)), wanted=str(len(rows[0])))
        for row in rows:
            for item in row:
                evaluate(self, item, (), {})
        first = rows[0] if rows else []
        return Result([Output(((FREE, ""),), combine([Fact(is_fixed=True)]), item) for item in first], False)

    def _values_source(self, node: exp.Values, alias: str) -> Source:
        result = self._values(node)
        table_alias = node.args.get("alias")
        names = [column.name.lower() for column in table_alias.columns] if table_alias else []
        named = [*names, *(f"expr${place}" for place in range(len(names), len(result.outputs)))]
        return source_of(alias, result.outputs, is_open=False, names=named)


def _parts(
    node: exp.Expr, holders: tuple[exp.Expr, ...] = ()
) -> Iterator[tuple[exp.Expr, tuple[exp.Expr, ...]]]:
    """Yield the selects that a UNION combines, each with those that may hold its WITH."""
    stack = [(node, holders)]
    while stack:
        at, above = stack.pop()
        above = (*above, at) if at.args.get("with_") else above
        if isinstance(at, exp.SetOperation):
            stack += [(at.args["expression"], above), (at.this, above)]
        elif isinstance(at, exp.Subquery) and not isinstance(at.this, exp.Table):
            stack.append((at.this, above))
        else:
            yield at, above


def _conjuncts(node: exp.Expr) -> set[int]:
    """Return what must all hold of a condition, by identity."""
    found, stack = set(), [node]
    while stack:
        at = stack.pop()
        if isinstance(at, exp.And):
            stack += [at.this, at.args["expression"]]
        elif isinstance(at, exp.Paren):
            stack.append(at.this)
        else:
            found.add(id(at))
    return found


def _is_star(item: exp.Expr) -> bool:
    return isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star))


def _spread(item: exp.Expr, frame: Frame) -> Iterator[Output]:
    """Yield the columns that a star stands for."""
    alias = item.table.lower() if isinstance(item, exp.Column) else ""
    for name, source in frame.sources:
        if alias in ("", name):
            for variant in source.variants[:1]:
                for column, fact in variant.columns.items():
                    yield Output(((FREE, column),), fact, item)


def _extended(node: exp.Table) -> exp.Expr | None:
    """Return the table in ``TABLE(EXTEND_TIME_WINDOW('table', …))``; None for anything else."""
    call = node.this
    inner = call.expressions[0] if isinstance(call, exp.Anonymous) and call.expressions else None
    if (
        isinstance(inner, exp.Anonymous)
        and str(inner.this).upper() == "EXTEND_TIME_WINDOW"
        and inner.expressions
    ):
        first = inner.expressions[0]
        return first if isinstance(first, exp.Expr) else None
    return None
