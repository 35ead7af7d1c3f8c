"""Rows over the API: columns, filters, order, all of them, and as files."""

import io
import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import duckdb
import pytest
from sqlalchemy.pool import QueuePool

from reportbuilder import clock, settings
from reportbuilder.database import db, transaction
from reportbuilder.executions import overview
from reportbuilder.results.store import open_store
from tests.api.conftest import Callers, Run
from tests.api.stored import put_rows
from tests.api.test_frame import check

SQL = """
SELECT i::BIGINT AS "clicks", 'Campaign ' || i AS "campaign, name", (i * 1.25)::DECIMAL(18, 2) AS sales,
       CASE WHEN i % 2 = 0 THEN NULL ELSE i / 4 END AS ratio, (9007199254740993 + i)::BIGINT AS big
FROM range({rows}) AS t(i)
"""


def store(execution_id: str, chosen: settings.Settings, folder: Path, rows: int) -> None:
    """Give an execution rows."""
    put_rows(execution_id, chosen, folder, SQL.format(rows=rows))


@pytest.fixture
def completed(callers: Callers, run: Run, configured: settings.Settings, tmp_path: Path) -> str:
    execution_id = run(state="completed")
    store(execution_id, configured, tmp_path, rows=10)
    return execution_id


def test_all_rows_with_their_columns(callers: Callers, completed: str) -> None:
    answer = callers.cleo.get(f"/executions/{completed}/rows")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    body = answer.get_json()
    assert [column["name"] for column in body["columns"]] == [
        "clicks",
        "campaign, name",
        "sales",
        "ratio",
        "big",
    ]
    assert [column["json"] for column in body["columns"]] == [
        "number",
        "string",
        "string",
        "number",
        "string",
    ]
    assert (body["total"], len(body["rows"])) == (10, 10)
    assert body["rows"][1] == [1, "Campaign 1", "1.25", 0.25, "9007199254740994"]
    assert body["rows"][2][3] is None


def test_columns_filters_order_and_parts(callers: Callers, completed: str) -> None:
    def rows(query: str) -> list[list[Any]]:
        answer = callers.cleo.get(f"/executions/{completed}/rows?{query}")
        assert answer.status_code == 200, answer.text
        found: list[list[Any]] = answer.get_json()["rows"]
        return found

    assert rows("columns=clicks&limit=2&offset=3") == [[3], [4]]
    assert rows("columns=clicks&filter=clicks:gt:3&filter=clicks:lt:6") == [[4], [5]]
    assert rows("columns=clicks&sort=-clicks&limit=1") == [[9]]
    assert rows("columns=clicks&filter=campaign, name:eq:Campaign 7") == [[7]]
    assert rows("columns=clicks&filter=clicks:gt:99") == []


ODD_QUESTIONS = [
    ("columns=nothing", "columns"),
    ("sort=nothing", "sort"),
    ("filter=clicks", "filter"),
    ("filter=clicks:eq:x", "filter"),
    ("filter=clicks:like:x", "filter"),
    ("filter=%00", "filter.0"),
    ("filter=clicks:eq:99999999999999999999", "filter"),
    ("offset=-1", "offset"),
    ("limit=0", "limit"),
    ("limit=1e9", "limit"),
    ("page=1", "page"),
]


def test_a_question_that_does_not_fit(callers: Callers, completed: str) -> None:
    for query, field in ODD_QUESTIONS:
        answer = callers.cleo.get(f"/executions/{completed}/rows?{query}")
        assert list(check(answer, 422, "VALIDATION_ERROR")) == [field]


def test_many_rows_are_streamed_and_never_cut(
    callers: Callers, run: Run, configured: settings.Settings, tmp_path: Path
) -> None:
    execution_id = run(state="completed")
    store(execution_id, configured, tmp_path, rows=30_000)
    answer = callers.cleo.get(f"/executions/{execution_id}/rows?columns=clicks", buffered=False)
    chunks = list(answer.iter_encoded())
    answer.close()
    assert len(chunks) > 10
    body = json.loads(b"".join(chunks))
    assert [row[0] for row in body["rows"]] == list(range(30_000))


def test_while_rows_are_sent_no_connection_to_the_database_is_held(
    callers: Callers, run: Run, configured: settings.Settings, tmp_path: Path
) -> None:
    execution_id = run(state="completed")
    store(execution_id, configured, tmp_path, rows=30_000)
    with callers.app.app_context():
        pool = db.engine.pool
    for part in ("rows", "download?format=csv", "download?format=xlsx"):
        answer = callers.cleo.get(f"/executions/{execution_id}/{part}", buffered=False)
        assert next(answer.iter_encoded())
        assert isinstance(pool, QueuePool)
        assert pool.checkedout() == 0
        answer.close()


def test_who_goes_away_in_the_middle_leaves_nothing_behind(
    callers: Callers, run: Run, configured: settings.Settings, tmp_path: Path
) -> None:
    execution_id = run(state="completed")
    store(execution_id, configured, tmp_path, rows=30_000)
    answer = callers.cleo.get(f"/executions/{execution_id}/download?format=xlsx", buffered=False)
    chunks = answer.iter_encoded()
    assert next(chunks)
    assert list(configured.scratch_dir.iterdir())
    answer.close()
    assert list(configured.scratch_dir.iterdir()) == []


def test_files(callers: Callers, completed: str, tmp_path: Path) -> None:
    path = f"/executions/{completed}/download"
    as_csv = callers.cleo.get(path)
    assert as_csv.mimetype == "text/csv"
    assert as_csv.headers["Content-Disposition"] == f"attachment; filename={completed}.csv"
    assert as_csv.data.splitlines()[:2] == [
        b'clicks,"campaign, name",sales,ratio,big',
        b"0,Campaign 0,0.00,,9007199254740993",
    ]
    assert as_csv.headers["X-RateLimit-Limit"] == "10"
    as_parquet = callers.cleo.get(f"{path}?format=parquet")
    (tmp_path / "again.parquet").write_bytes(as_parquet.data)
    counted = duckdb.execute(f"SELECT count(*) FROM '{tmp_path}/again.parquet'").fetchall()
    assert counted == [(10,)]
    as_xlsx = callers.cleo.get(f"{path}?format=xlsx")
    assert "xl/workbook.xml" in ZipFile(io.BytesIO(as_xlsx.data)).namelist()
    check(callers.cleo.get(f"{path}?format=pdf"), 422, "VALIDATION_ERROR")


@pytest.mark.parametrize("part", ["rows", "download"])
def test_when_there_are_no_rows(callers: Callers, run: Run, completed: str, part: str) -> None:
    check(callers.cleo.get(f"/executions/{run()}/{part}"), 409, "CONFLICT")
    check(callers.cleo.get(f"/executions/exec_unknown/{part}"), 404, "NOT_FOUND")
    check(
        callers.cleo.get(f"/executions/{run(instance='second', state='completed')}/{part}"), 404, "NOT_FOUND"
    )
    with transaction() as session:
        overview.result_of(session, overview.find(session, completed)).removed_at = clock.now()
    check(callers.cleo.get(f"/executions/{completed}/{part}"), 410, "GONE")


def test_a_damaged_file_is_a_fault_that_is_told(
    callers: Callers, completed: str, configured: settings.Settings
) -> None:
    with transaction() as session:
        result = overview.result_of(session, overview.find(session, completed))
        open_store(configured.results_url).delete(result.key)
    check(callers.cleo.get(f"/executions/{completed}/rows"), 500, "DAMAGED_RESULT")
