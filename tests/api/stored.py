"""Rows in the store for an execution, made by a SELECT of DuckDB."""

from pathlib import Path

import duckdb

from reportbuilder import settings
from reportbuilder.database import transaction
from reportbuilder.executions import overview
from reportbuilder.results.models import ResultSet
from reportbuilder.results.store import open_store


def put_rows(execution_id: str, chosen: settings.Settings, folder: Path, select: str) -> None:
    """Give an execution the rows of a SELECT."""
    path, key = folder / f"{execution_id}.parquet", f"results/{execution_id}.parquet"
    [(count,)] = duckdb.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)").fetchall()
    stored = open_store(chosen.results_url).put(path, key)
    with transaction() as session:
        session.add(
            ResultSet(
                execution_id=overview.find(session, execution_id).id,
                key=key,
                sha256=stored.sha256,
                size_bytes=stored.size,
                row_count=count,
                columns=[],
            )
        )
