"""Two results side by side: rows are aligned by their keys, and what differs is told exactly."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.errors import Conflict, Invalid
from reportbuilder.results import comparing
from reportbuilder.results.columns import OutputColumn
from reportbuilder.results.comparing import Cell, Comparison, cell_of, compare
from reportbuilder.results.conversion import convert

COLUMNS = [
    OutputColumn("campaign"),
    OutputColumn("campaign_id", "LONG", "DIMENSION"),
    OutputColumn("day", "DATE"),
    OutputColumn("clicks", "LONG"),
    OutputColumn("spend", "DECIMAL", "METRIC", 38, 4),
    OutputColumn("ctr", "DOUBLE"),
]
Rows = Sequence[Sequence[Any]]
FIRST: Rows = [
    ("A", 1, "2026-01-01", 10, "1.5000", "0.5"),
    ("B", 2, "2026-01-01", 5, "2.0000", "NaN"),
    ("", 3, "", 7, "", "0.1"),
    ("D", 4, "2026-01-02", 1, "1.0", "1"),
    ("D", 4, "2026-01-02", 2, "1.0", "1"),
]
SECOND: Rows = [
    ("A", 1, "2026-01-01", 12, "1.5000", "0.5"),
    ("C", 2, "2026-01-01", 5, "2.0000", "NaN"),
    ("", 3, "", 7, "", "0.1"),
    ("D", 4, "2026-01-02", 1, "1.0", "1"),
]


def store(path: Path, rows: Rows, columns: Sequence[OutputColumn] = COLUMNS) -> Path:
    path.unlink(missing_ok=True)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n", escapechar="\\", doublequote=False)
    writer.writerow([column.name for column in columns])
    writer.writerows(rows)
    convert([[text.getvalue().encode()]], columns, path)
    return path


def both(tmp_path: Path, **options: Any) -> Comparison:
    first, second = store(tmp_path / "it's a", FIRST), store(tmp_path / "b", SECOND)
    return compare(first, second, dimensions=["campaign_id"], **options)


def test_rows_are_aligned_and_counted(tmp_path: Path) -> None:
    found = both(tmp_path, which="all")
    assert [one.name for one, _ in found.plan.keys] == ["campaign", "campaign_id", "day"]
    assert [one.name for one, _ in found.plan.measures] == ["clicks", "spend", "ctr"]
    assert (found.rows_a, found.rows_b) == (5, 4)
    assert (found.matched, found.differing, found.only_a, found.only_b, found.repeated) == (2, 1, 1, 1, 1)
    assert [(row.side, row.key[0]) for row in found.rows] == [
        ("both", "A"), ("a", "B"), ("b", "C"), ("both", None),
    ]  # fmt: skip


def test_changes_are_exact_and_in_percent(tmp_path: Path) -> None:
    [row] = [row for row in both(tmp_path).rows if row.side == "both"]
    assert row.cells[0] == Cell("10", "12", Decimal(2), Decimal("20.0"))
    assert row.cells[1] == Cell("1.5000", "1.5000", Decimal(0), Decimal(0))


@pytest.mark.parametrize(
    ("which", "keys"), [("only_a", ["B"]), ("only_b", ["C"]), ("changed", ["A", "B", "C"])]
)
def test_one_kind_of_rows_alone(tmp_path: Path, which: str, keys: list[str]) -> None:
    found = both(tmp_path, which=which)
    assert [row.key[0] for row in found.rows] == keys
    assert found.total == len(keys)


def test_other_keys_may_be_chosen(tmp_path: Path) -> None:
    found = both(tmp_path, keys=["campaign_id"], which="all")
    assert [one.name for one, _ in found.plan.keys] == ["campaign_id"]
    assert found.matched == 3
    with pytest.raises(Invalid, match="'nothing' is not a column of both"):
        both(tmp_path, keys=["nothing"])
    with pytest.raises(Invalid, match="which"):
        both(tmp_path, which="some")


def test_without_keys_single_rows_are_compared(tmp_path: Path) -> None:
    columns = [OutputColumn("clicks", "LONG")]
    found = compare(store(tmp_path / "a", [[3]], columns), store(tmp_path / "b", [[4]], columns))
    assert found.matched == 1
    assert found.rows[0].cells[0].change == Decimal(1)


def test_keys_that_are_numbers_on_one_side_and_text_on_the_other_are_the_same_if_they_read_so(
    tmp_path: Path,
) -> None:
    number, text = (
        [OutputColumn("id", "LONG"), OutputColumn("n", "LONG")],
        [OutputColumn("id"), OutputColumn("n", "LONG")],
    )
    found = compare(
        store(tmp_path / "a", [[7, 1]], number), store(tmp_path / "b", [["7", 2], ["07", 2]], text)
    )
    assert (found.matched, found.only_b) == (1, 1)


def test_columns_of_one_side_are_named_and_none_in_common_is_said(tmp_path: Path) -> None:
    other = [OutputColumn("campaign"), OutputColumn("orders", "LONG")]
    second = store(tmp_path / "b", [["A", 1]], other)
    found = compare(store(tmp_path / "a", FIRST), second)
    assert (found.plan.only_a[-1], found.plan.only_b) == ("ctr", ("orders",))
    with pytest.raises(Conflict, match="no column in common"):
        compare(store(tmp_path / "c", [[1]], [OutputColumn("x", "LONG")]), second)


def test_too_much_is_not_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "MOST_ROWS", 4)
    with pytest.raises(Conflict, match="5 and 4 rows"):
        both(tmp_path)


@pytest.mark.parametrize(
    ("a", "b", "change", "percent"),
    [
        ("0", "5", "5", None),
        ("-4", "-2", "2", "50.0"),
        ("100000", "100050", "50", "0.0500"),
        ("NaN", "1", None, None),
        (None, "1", None, None),
        ("1" + "0" * 37, "2" + "0" * 37, "1" + "0" * 37, "100.0"),
    ],
)
def test_a_cell(a: str | None, b: str | None, change: str | None, percent: str | None) -> None:
    wanted = [Decimal(text) if text is not None else None for text in (change, percent)]
    cell = cell_of(a, b)
    assert [cell.change, cell.percent] == wanted


numbered = st.lists(st.tuples(st.sampled_from("xyz"), st.integers(0, 3)), max_size=8)


@given(numbered, numbered)
def test_every_row_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, a: list[tuple[str, int]], b: list[tuple[str, int]]
) -> None:
    folder, columns = tmp_path_factory.mktemp("pairs"), [OutputColumn("k"), OutputColumn("n", "LONG")]
    found = compare(store(folder / "a", a, columns), store(folder / "b", b, columns), which="all")
    ours, theirs = Counter(key for key, _ in a), Counter(key for key, _ in b)
    single = {key for key in ours | theirs if ours[key] <= 1 and theirs[key] <= 1}
    assert found.repeated == len(set(ours | theirs) - single)
    assert found.matched == len([key for key in single if ours[key] and theirs[key]])
    assert found.only_a == len([key for key in single if not theirs[key]])
    assert found.total == len(found.rows) == len(single)
    values, others = dict(a), dict(b)
    assert found.differing == sum(values[key] != others[key] for key in single if ours[key] and theirs[key])
