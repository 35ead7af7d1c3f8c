"""A sandbox at which tests run shipped templates, its data, and a comparison that knows AMC's thresholds."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from reportbuilder.catalog.library import read_library
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.preparing import prepare
from reportbuilder.catalog.publishing import fill
from reportbuilder.parameters.windows import Window, default_window
from reportbuilder.sandbox.box import Box
from reportbuilder.sandbox.executions import Execution
from reportbuilder.sandbox.options import Options
from reportbuilder.sandbox.warehouses import Warehouse

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
INSTANCES = ("amcnorthwind01", "amcnorthwind02")  # each has a data set of its own, and every ad product
ZONE = "America/New_York"

WEEK = Window.of_days(date(2026, 1, 26), date(2026, 2, 1))
WINDOW = MONTH = default_window(as_of=NOON)
QUARTER = Window.of_days(date(2025, 10, 1), date(2025, 12, 31), ZONE)  # clocks go back on 2 November
WINDOWS = {"week": WEEK, "month": MONTH, "quarter": QUARTER}

LIBRARY = {shipped.key: shipped for shipped in read_library()}

Row = dict[str, str]
Key = tuple[Any, ...]

SETTLING = timedelta(days=45)  # until then conversions may be reported late, and windows grow

# a row needs so many people, by the highest level among its columns
LEAST_PEOPLE = {"NONE": 1, "LOW": 2, "MEDIUM": 100, "HIGH": 100}

each_instance = pytest.mark.parametrize("instance", INSTANCES)
each_window = pytest.mark.parametrize("window", WINDOWS.values(), ids=list(WINDOWS))


@dataclass(eq=False)
class Amc:
    """A sandbox whose clock moves a minute a run, and databases with the same data as its instances."""

    options: Options
    box: Box = field(init=False)
    minutes: int = 0
    warehouses: dict[str, Warehouse] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.box = Box(self.options, lambda: NOON + SETTLING + timedelta(minutes=self.minutes))

    def close(self) -> None:
        """Stop the sandbox and close the databases."""
        self.box.close()
        for warehouse in self.warehouses.values():
            warehouse.close()

    def run(
        self,
        key: str,
        values: Mapping[str, Any] | None = None,
        *,
        instance: str = INSTANCES[0],
        window: Window = WINDOW,
    ) -> list[Row]:
        """Run a shipped template, and return its rows; they have the columns that its file promises."""
        execution = self.execute(key, values, instance=instance, window=window)
        assert (execution.status, execution.reason) == ("SUCCEEDED", None)
        columns = [column["name"] for column in LIBRARY[key].draft.report_config["about"]["columns"]]
        assert [column.name for column in execution.computation.columns] == columns
        return [row for path in execution.computation.files for row in _rows(path)]

    def execute(
        self, key: str, values: Mapping[str, Any] | None, *, instance: str, window: Window
    ) -> Execution:
        """Run a shipped template to its end, whatever that is."""
        template = QueryTemplate()
        fill(template, LIBRARY[key].draft)
        prepared = prepare(template, values or {}, window=window, as_of=NOON)
        body = _body(prepared.sql, window)
        if self.box.instances[instance].is_synthetic:
            body["requireSyntheticData"] = True
        execution = self.box.submit(instance, body)
        self.box.settle()
        self.minutes += 1
        return self.box.find(instance, execution.execution_id)

    def ask(
        self, sql: str, *, instance: str = INSTANCES[0], window: Window = WINDOW
    ) -> list[tuple[Any, ...]]:
        """Ask the data of an instance: AMC's tables uncut, and the facts below them, which no template reads.

        ``$a`` and ``$b`` are the ends of the window, in UTC.
        """
        ends = {"a": window.start.replace(tzinfo=None), "b": window.end.replace(tzinfo=None)}
        given = {name: at for name, at in ends.items() if f"${name}" in sql}
        with self._connection(instance).cursor() as cursor:
            return cursor.execute(sql, given or None).fetchall()

    def _connection(self, instance: str) -> duckdb.DuckDBPyConnection:
        if instance not in self.warehouses:
            number = self.box.instances[instance].data
            # the same options make the same data
            self.warehouses[instance] = Warehouse(self.options, number, NOON.date())
        return self.warehouses[instance].connection()


def _body(sql: str, window: Window) -> dict[str, Any]:
    return {
        "workflow": {"workflowId": "library", "sqlQuery": sql},
        "timeWindowType": "EXPLICIT",
        "timeWindowStart": window.local_start,
        "timeWindowEnd": window.local_end,
        "timeWindowTimeZone": window.zone,
    }


def _rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, escapechar="\\", doublequote=False)


class Tally:
    """Figures of rows, added up fact by fact, with the distinct people behind them, apart by source."""

    def __init__(self) -> None:
        self._sums: defaultdict[Key, Counter[str]] = defaultdict(Counter)
        self._groups: defaultdict[Key, defaultdict[str, set[Any]]] = defaultdict(lambda: defaultdict(set))
        self._people: defaultdict[Key, defaultdict[str, set[Any]]] = defaultdict(lambda: defaultdict(set))

    def add(self, key: Key, source: str, user: Any, **figures: Any) -> None:
        """Add a fact of ``source`` to a row; ``user`` None is somebody whom AMC does not know."""
        self._sums[key].update({name: _plain(figure) for name, figure in figures.items()})
        self._people[key][source] |= set() if user is None else {user}

    def collect(self, key: Key, column: str, item: Any) -> None:
        """Note one more of what a column of distinct things counts; None does not count."""
        self._groups[key][column] |= set() if item is None else {item}

    def figures(self, columns: Sequence[str]) -> dict[Key, dict[str, Any]]:
        """Return these sums and distinct counts of each row, 0 where there was nothing to add."""
        return {
            key: {
                name: len(self._groups[key][name]) if name in self._groups[key] else sums[name]
                for name in columns
            }
            for key, sums in self._sums.items()
        }

    def stand_beside(self, of: Callable[[Key], Any]) -> None:
        """Count behind each row also those of the total in it, of all rows with the same ``of``."""
        totals: defaultdict[Any, defaultdict[str, set[Any]]] = defaultdict(lambda: defaultdict(set))
        for key, sources in self._people.items():
            for source, users in sources.items():
                totals[of(key)][f"total of {source}"] |= users
        for key, sources in self._people.items():
            sources.update(totals[of(key)])

    def fewest(self, key: Key) -> int:
        """Return the number of people in the source that has the fewest; one without facts has no say."""
        return min((len(users) for users in self._people[key].values()), default=0)


def _plain(figure: Any) -> Any:
    return float(figure) if isinstance(figure, Decimal) else figure


def ratio(above: float, below: float) -> float | None:
    """Divide as AMC does: by nothing gives nothing."""
    return above / below if below else None


def agree(
    rows: Sequence[Row],
    expected: Mapping[Key, Mapping[str, Any]],
    *,
    by: Sequence[str],
    tally: Tally,
    level: str = "LOW",
) -> None:
    """Make sure that AMC's answer is what was expected, but for rows that AMC hides.

    ``expected`` has the figures of each row, by its values in the columns ``by``. A row may be missing only
    if, by the ``tally``, too few people for ``level`` (the highest level of an output column) stand behind it
    in some source; no row may be there twice, and none that is not expected.
    """
    answered = index(rows, by)
    wanted = {tuple("" if part is None else str(part) for part in key): key for key in expected}
    assert set(answered) <= set(wanted), f"unexpected: {sorted(set(answered) - set(wanted))[:5]}"
    for text, key in wanted.items():
        if text not in answered:
            assert tally.fewest(key) < LEAST_PEOPLE[level], f"{text} is missing"
            continue
        for column, figure in expected[key].items():
            assert_same(answered[text][column], figure, f"{column} of {text}")


def agree_on_every(
    rows: Sequence[Row], expected: Mapping[Key, Mapping[str, Any]], *, by: Sequence[str]
) -> None:
    """Make sure that AMC's answer is what was expected, and that it hides nothing."""
    answered = index(rows, by)
    wanted = {tuple(str(part) for part in key): figures for key, figures in expected.items()}
    assert set(answered) == set(wanted)
    for text, figures in wanted.items():
        for column, figure in figures.items():
            assert_same(answered[text][column], figure, f"{column} of {text}")


def index(rows: Sequence[Row], by: Collection[str]) -> dict[tuple[str, ...], Row]:
    """Return rows by their values in these columns, which no two share."""
    found = {tuple(row[column] for column in by): row for row in rows}
    assert len(found) == len(rows), f"rows are not told apart by {', '.join(by)}"
    return found


def assert_same(text: str, figure: Any, what: str) -> None:
    """Make sure that a cell of a result says this figure; None is an empty cell."""
    if figure is None or isinstance(figure, str):
        assert text == (figure or ""), what
    elif isinstance(figure, int):
        assert float(text) == figure, what
    else:
        assert float(text) == pytest.approx(float(figure), rel=1e-9, abs=1e-9), what
