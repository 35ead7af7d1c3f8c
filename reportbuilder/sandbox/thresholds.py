"""AMC's aggregation thresholds: which rows and values of a result may be seen, and columns that tell why."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from reportbuilder.sandbox.carrying import Carrying
from reportbuilder.sandbox.crowds import Path, number_of, quoted
from reportbuilder.sandbox.dialect import RefusedError, span
from reportbuilder.sandbox.hiding import refuse_ours
from reportbuilder.sandbox.lineage import Level, Origin
from reportbuilder.sandbox.origins import restricted_name
from reportbuilder.sandbox.refusals import final_selects
from reportbuilder.sandbox.tables import Table

_NUMBERS = frozenset(
    (
        *("tinyint", "smallint", "integer", "bigint", "hugeint"),
        *("utinyint", "usmallint", "uinteger", "ubigint", "float", "double", "decimal"),
    )
)


@dataclass(frozen=True)
class Wishes:
    """What a request says about privacy: whether values go instead of rows, and columns to add."""

    is_off: bool = False
    removes_values: bool = False
    discriminator: str | None = None
    user_count: str | None = None
    reason: str | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Wishes":
        """Return the wishes of a create request."""
        workflow = body["workflow"]
        discriminator = workflow.get("filteredMetricsDiscriminatorColumn")
        return cls(
            bool(body.get("disableAggregationControls") and body.get("requireSyntheticData")),
            bool(discriminator) or workflow.get("privacyFilteringBehavior") == "REMOVE_VALUES",
            discriminator,
            workflow.get("distinctUserCountColumn"),
            workflow.get("filteredReasonColumn"),
        )

    @property
    def added(self) -> list[str]:
        """Names of the added columns, in their order."""
        return [name for name in (self.discriminator, self.user_count, self.reason) if name]


@dataclass(frozen=True)
class Guarded:
    """A query whose rows carry what the thresholds need; ``columns`` are its own, by name and origin."""

    tree: exp.Expr
    columns: tuple[tuple[str, Origin], ...]
    wishes: Wishes
    need: int = 0
    paths: tuple[Path, ...] = field(default=())

    @property
    def needs_types(self) -> bool:
        """Whether ``filtered`` has to know the types of the columns."""
        return bool(self.paths) and self.wishes.removes_values

    def filtered(self, sql: str, types: list[str]) -> str:
        """Return DuckDB's SQL of the result, ``sql`` being that of ``tree``.

        ``types`` are DuckDB's words for the types of the columns, where they are needed.
        """
        if not self.paths:
            return self._untouched(sql) if self.wishes.added else sql
        names = ", ".join(quoted(f"c{place}") for place, _ in enumerate(self.columns))
        source = f"({sql}) AS __rows({names})"
        return self._values(source, types) if self.wishes.removes_values else self._rows(source)

    def _untouched(self, sql: str) -> str:
        """No user-level table is read: nothing is filtered."""
        told = {self.wishes.discriminator: "false", self.wishes.user_count: "CAST(NULL AS BIGINT)"}
        added = [f"{told.get(name, 'CAST(NULL AS VARCHAR)')} AS {quoted(name)}" for name in self.wishes.added]
        return f"SELECT *, {', '.join(added)} FROM ({sql}) AS __rows"  # noqa: S608 - names are quoted

    @property
    def required(self) -> int:
        """How many users each row needs."""
        return max((origin.level.users for _, origin in self.columns), default=0)

    @property
    def _least(self) -> str:
        counts = ", ".join(number_of(path, self.need) for path in self.paths)
        return f"least({counts})"

    def _rows(self, source: str) -> str:
        shown = [f"c{place} AS {quoted(name)}" for place, (name, _) in enumerate(self.columns)]
        if self.wishes.user_count:
            shown.append(f"__n AS {quoted(self.wishes.user_count)}")
        if self.wishes.reason:
            shown.append(f"CAST(NULL AS VARCHAR) AS {quoted(self.wishes.reason)}")
        counted = f"(SELECT *, {self._least} AS __n FROM {source}) AS __counted"  # noqa: S608 - names are quoted
        return f"SELECT {', '.join(shown)} FROM {counted} WHERE __n IS NULL OR __n >= {self.required}"  # noqa: S608 - names are quoted

    def _values(self, source: str, types: list[str]) -> str:
        """Take away the values whose own level fails, then put rows together that are equal otherwise."""
        kept, shown, keys = [], [], []
        for place, ((name, origin), type_) in enumerate(zip(self.columns, types, strict=True)):
            kept.append(f"CASE WHEN __n IS NULL OR __n >= {origin.level.users} THEN c{place} END AS c{place}")
            is_sum = origin.is_metric and type_ in _NUMBERS
            shown.append(f"sum(c{place}) AS {quoted(name)}" if is_sum else f"c{place} AS {quoted(name)}")
            keys += [] if is_sum else [f"c{place}"]
        filtered = f"__n IS NOT NULL AND __n < {self.required}"
        shown += self._told()
        counted = f"(SELECT *, {self._least} AS __n FROM {source}) AS __counted"  # noqa: S608 - names are quoted
        parts = f"{', '.join(kept)}, __n, {filtered} AS __filtered, {self._reason(filtered)} AS __reason"
        by = ", ".join([*keys, "__filtered"])
        return f"SELECT {', '.join(shown)} FROM (SELECT {parts} FROM {counted}) AS __kept GROUP BY {by}"  # noqa: S608 - names are quoted

    def _told(self) -> list[str]:
        wishes = self.wishes
        told = {"__filtered": wishes.discriminator, "min(__n)": wishes.user_count}
        told["min_by(__reason, __n)"] = wishes.reason
        return [f"{text} AS {quoted(name)}" for text, name in told.items() if name]

    def _reason(self, filtered: str) -> str:
        """Return SQL that names the first path with the smallest number of users."""
        total = Counter(path.source for path in self.paths)
        seen: Counter[str] = Counter()
        cases = []
        for path in self.paths:
            seen[path.source] += 1
            place = f" (path {seen[path.source]} of {total[path.source]})" if total[path.source] > 1 else ""
            text = f" '{path.source}'{place} users < {self.required} required".replace("'", "''")
            cases.append(f"WHEN {number_of(path, self.need)} = __n THEN concat(__n, '{text}')")
        return f"CASE WHEN {filtered} THEN CASE {' '.join(cases)} END END"


def guard(tree: exp.Expr, tables: Mapping[str, Table], wishes: Wishes) -> Guarded:
    """Return the query with what its thresholds need; ``tree`` has its parameters and tables bound.

    :raises RefusedError: for a column that may not be put out, or meets what it may not meet.
    """
    refuse_ours(tree)
    _, relation = Carrying(tables, 0, forbids=not wishes.is_off).rewrite(tree.copy())
    columns = tuple(
        (name or f"expr${place}", origin) for place, (name, origin) in enumerate(relation.columns)
    )
    if wishes.is_off:
        return Guarded(tree, columns, wishes)
    _check_output(tree, columns)
    need = max((origin.level.users for _, origin in columns), default=0)
    if need == 0 and not wishes.user_count:
        return Guarded(tree, columns, wishes)
    need = max(need, 2)
    rewritten, relation = Carrying(tables, need).rewrite(tree.copy())
    return Guarded(rewritten, columns, wishes, need, relation.paths)


def _check_output(tree: exp.Expr, columns: tuple[tuple[str, Origin], ...]) -> None:
    first = next(final_selects(tree), None)
    for place, (_, origin) in enumerate(columns):
        if origin.level < Level.VERY_HIGH:
            continue
        items = first.expressions if first is not None else []
        shown = items[place].find(exp.Column) if place < len(items) else None
        where = span(shown) if shown is not None else ""
        raise RefusedError(
            f"{where}Column '{restricted_name(origin)}' with aggregation threshold {origin.level.name} "
            "cannot be in the output; it may only be dropped or aggregated with COUNT or COUNT(DISTINCT)"
        )
