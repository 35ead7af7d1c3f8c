import contextlib
import json
import resource
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportbuilder.errors import Invalid
from reportbuilder.results.columns import OutputColumn
from reportbuilder.results.conversion import convert
from reportbuilder.results.queries import Page, parse, read_rows, reading, schema

CSV = """\
campaign,campaign_id,clicks,spend,ctr,new,day,seen,a:b,"x""y, z"
Summer,576460752303423488,3,1.5000,0.5,true,2025-01-01,2025-01-01T10:00:00.120,l,1
summer sale,2,,0.1000,NaN,false,2025-01-02,2025-01-01T11:00:00.000,m,2
O'Brien; DROP,3,10,99999999999999999999.0001,Infinity,,,,n,3
,4,3,,,true,2024-12-31,,o,4
"""
COLUMNS = [
    OutputColumn("campaign"),
    OutputColumn("campaign_id", "LONG"),
    OutputColumn("clicks", "LONG"),
    OutputColumn("spend", "DECIMAL", "METRIC", 38, 4),
    OutputColumn("ctr", "DOUBLE"),
    OutputColumn("new", "BOOLEAN"),
    OutputColumn("day", "DATE"),
    OutputColumn("seen", "TIMESTAMP"),
    OutputColumn("a:b"),
    OutputColumn('x"y, z', "LONG"),
]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("it's") / "rows.parquet"
    convert([[CSV.encode()]], COLUMNS, target)
    return target


def ask(
    path: Path, *filters: str, columns: str = "", sort: str = "", offset: int = 0, limit: int | None = None
) -> Page:
    query = parse(schema(path), columns=columns, filters=filters, sort=sort, offset=offset, limit=limit)
    return read_rows(path, query)


def numbers(path: Path, *filters: str, **more: Any) -> list[int]:
    """Return which rows of the file are found, counted from 1."""
    return [row[0] for row in ask(path, *filters, columns='"x""y, z"', **more).rows]


@given(st.text(st.sampled_from('ab,"-\r\n ')))
def test_whatever_is_asked_is_read_or_refused_by_name(path: Path, text: str) -> None:
    for asking in ({"columns": text}, {"sort": text}, {"filters": [f"campaign:in:{text}"]}):
        with contextlib.suppress(Invalid):
            parse(schema(path), **asking)


def test_all_rows_come_in_file_order_with_values_for_json(path: Path) -> None:
    page = ask(path)
    rows = list(page.rows)
    assert page.total == 4
    assert [(column.name, column.type, column.json) for column in page.columns[:8]] == [
        ("campaign", "text", "string"),
        ("campaign_id", "integer", "string"),  # one is beyond 2**53
        ("clicks", "integer", "number"),
        ("spend", "decimal", "string"),
        ("ctr", "double", "number"),
        ("new", "boolean", "boolean"),
        ("day", "date", "string"),
        ("seen", "timestamp", "string"),
    ]
    assert rows[0] == (
        "Summer",
        "576460752303423488",
        3,
        "1.5000",
        0.5,
        True,
        "2025-01-01",
        "2025-01-01T10:00:00.12",
        "l",
        1,
    )
    assert rows[2][3:5] == ("99999999999999999999.0001", "Infinity")
    assert rows[3] == (None, "4", 3, None, None, True, "2024-12-31", None, "o", 4)
    json.dumps(rows, allow_nan=False)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (["clicks:eq:3"], [1, 4]),
        (["clicks:ne:3"], [2, 3]),
        (["clicks:gt:3"], [3]),
        (["clicks:ge:3", "new:eq:TRUE"], [1, 4]),
        (["clicks:null"], [2]),
        (["campaign:notnull"], [1, 2, 3]),
        (["campaign:eq:Summer"], [1]),
        (["CAMPAIGN:contains:SUMMER"], [1, 2]),
        (["campaign:starts:summer s"], [2]),
        (["campaign:eq:O'Brien; DROP"], [3]),
        (["campaign:contains:' OR 1=1 --"], []),
        (['campaign:in:"Summer",summer sale'], [1, 2]),
        (["campaign_id:eq:576460752303423488"], [1]),
        (["campaign_id:in:2,4,9"], [2, 4]),
        (["spend:le:0.1"], [2]),
        (["spend:eq:99999999999999999999.0001"], [3]),
        (["spend:gt:1e0"], [1, 3]),
        (["ctr:lt:0.75"], [1]),
        (["day:lt:2025-01-02"], [1, 4]),
        (["seen:eq:2025-01-01T10:00:00.120"], [1]),
        (["seen:ge:2025-01-01T12:00:00+01:00"], [2]),
        (["a:b:eq:m"], [2]),
        (['x"y, z:le:2'], [1, 2]),
    ],
)
def test_filters(path: Path, filters: list[str], found: list[int]) -> None:
    page = ask(path, *filters)
    assert [row[-1] for row in page.rows] == found
    assert page.total == len(found)


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("-clicks", [3, 1, 4, 2]),
        ("clicks", [1, 4, 3, 2]),
        ("-clicks,-day", [3, 1, 4, 2]),
        ("new,-campaign_id", [2, 1, 4, 3]),
        ("spend", [2, 1, 3, 4]),  # by value, not as the text that is shown
        ('"-x""y, z"', [4, 3, 2, 1]),
    ],
)
def test_sorting(path: Path, sort: str, found: list[int]) -> None:
    assert numbers(path, sort=sort) == found


def test_a_page_is_cut_from_the_whole(path: Path) -> None:
    page = ask(path, columns="Clicks, campaign", sort="-campaign_id", offset=1, limit=2)
    assert [column.name for column in page.columns] == ["clicks", "campaign"]
    assert list(page.rows) == [(3, None), (10, "O'Brien; DROP")]
    assert page.total == 4
    assert list(ask(path, limit=0).rows) == []
    assert numbers(path, offset=3) == [4]


@pytest.mark.parametrize(
    ("asked", "field", "hint"),
    [
        ({"columns": "clickz"}, "columns", "did you mean 'clicks'"),
        ({"columns": "qqqq"}, "columns", "there are campaign, campaign_id"),
        ({"sort": "-clik"}, "sort", "did you mean 'clicks'"),
        ({"filters": ["spendd:gt:1"]}, "filter", "did you mean 'spend'"),
        ({"filters": ["clicks"]}, "filter", "column:operator:value"),
        ({"filters": ["clicks:above:1"]}, "filter", "'above' is unknown; use eq, ne"),
        ({"filters": ["clicks:contains:1"]}, "filter", "not for integer"),
        ({"filters": ["new:gt:true"]}, "filter", "not for boolean"),
        ({"filters": ["clicks:gt:1.5"]}, "filter", "'1.5' does not fit clicks.*whole number"),
        ({"filters": ["clicks:gt:99999999999999999999"]}, "filter", "64 bits"),
        ({"filters": ["spend:gt:1.00001"]}, "filter", "no more digits"),
        ({"filters": ["spend:gt:1e38"]}, "filter", "no more digits"),
        ({"filters": ["spend:gt:NaN"]}, "filter", "no more digits"),
        ({"filters": ["ctr:gt:many"]}, "filter", "0.25"),
        ({"filters": ["new:eq:yes"]}, "filter", "true or false"),
        ({"filters": ["day:eq:31.08.2025"]}, "filter", "2025-08-31"),
        ({"filters": ["seen:eq:soon"]}, "filter", "2025-08-31T09:30:00"),
        ({"filters": ["clicks:eq:"]}, "filter", "clicks:null"),
        ({"filters": ["clicks:in:"]}, "filter", "parted by commas"),
        ({"filters": ["clicks:null:1"]}, "filter", "write clicks:null"),
        ({"offset": -1}, "offset", "from 0"),
        ({"limit": -1}, "limit", "leave it out"),
    ],
)
def test_what_cannot_be_asked_says_how_to_ask(
    path: Path, asked: dict[str, Any], field: str, hint: str
) -> None:
    with pytest.raises(Invalid, match=hint) as caught:
        parse(schema(path), **asked)
    assert list(caught.value.details) == [field]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1, max_size=20))
def test_any_text_is_only_a_value(path: Path, value: str) -> None:
    page = ask(path, f"campaign:eq:{value}", f"campaign:contains:{value}")
    assert page.total == sum(row.split(",")[0] == value for row in CSV.splitlines()[1:])
    page.close()


def test_the_connection_sees_one_file_and_changes_nothing(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("secret\n1\n")
    before = path.read_bytes()
    with reading(path) as connection:
        for statement in (
            f"SELECT * FROM read_csv('{other}')",
            f"COPY result TO '{tmp_path}/copy.csv'",
            f"COPY (SELECT 1) TO '{str(path).replace(chr(39), chr(39) * 2)}'",
            f"ATTACH '{tmp_path}/new.db'",
            "SET enable_external_access = true",
            "SET threads = 8",
            "INSTALL httpfs",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(statement)
        assert connection.execute("SELECT sum(clicks) FROM result").fetchall() == [(16,)]
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["other.csv"]


def test_a_column_may_be_called_as_the_reader_calls_its_own(tmp_path: Path) -> None:
    target = tmp_path / "rows.parquet"
    convert([[b"file_row_number,k\n7,1\n7,2\n6,3\n"]], [], target)
    assert list(ask(target, sort="-file_row_number").rows) == [(7, 1), (7, 2), (6, 3)]


def test_an_empty_result_has_columns_and_no_rows(tmp_path: Path) -> None:
    target = tmp_path / "rows.parquet"
    convert([[b"campaign,clicks\n"]], [OutputColumn("campaign"), OutputColumn("clicks", "LONG")], target)
    page = ask(target, sort="clicks")
    assert (page.total, list(page.rows), len(page.columns)) == (0, [], 2)


def test_rows_stream_and_can_be_left_early(tmp_path: Path) -> None:
    def source() -> Iterator[bytes]:
        yield b"k,text\n"
        for start in range(0, 600_000, 1000):
            yield b"".join(
                b"%d,%s\n" % (number, b"x" * 80 + b"%d" % number) for number in range(start, start + 1000)
            )

    target = tmp_path / "rows.parquet"
    convert([source()], [OutputColumn("k", "LONG"), OutputColumn("text")], target)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(row[0] for row in ask(target).rows) == sum(range(600_000))
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) < 150 << 10
    with ask(target, sort="-text") as page:
        assert next(page.rows)[0] == 99_999
    with ask(target) as page:
        assert page.total == 600_000


def test_values_of_every_type_come_back_through_their_own_filter(path: Path) -> None:
    page = ask(path)
    wanted = next(page.rows)
    for column, value in zip(page.columns, wanted, strict=True):
        assert 1 in numbers(path, f"{column.name}:eq:{value}"), column
    assert Decimal(wanted[3]) == Decimal("1.5")
    assert date.fromisoformat(wanted[6]) == date(2025, 1, 1)
    assert datetime.fromisoformat(wanted[7] + "+00:00") == datetime(2025, 1, 1, 10, 0, 0, 120000, UTC)
