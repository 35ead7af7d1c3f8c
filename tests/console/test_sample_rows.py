"""Whose rows a preview shows: of the reader's last run, else made-up ones, and says which."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, update

from reportbuilder import clock, settings
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import transaction
from reportbuilder.executions.models import ReportExecution
from reportbuilder.results.models import ResultSet
from tests.api.conftest import Callers, Run
from tests.api.test_rows_api import store
from tests.console.visitors import Visitor

PREVIEW = "/report-builder/new/tpl_0123456789ab/preview"
Made = Callable[..., str]


@pytest.fixture
def completed(run: Run, configured: settings.Settings, tmp_path: Path) -> Made:
    """Let a run of the template be over, with ten rows; returns its id."""

    def make(**options: str) -> str:
        execution_id = run(state="completed", completed_at=clock.now(), **options)
        store(execution_id, configured, tmp_path, rows=10)
        return execution_id

    return make


def declare(**about: object) -> None:
    """Let the template say something of its columns."""
    with transaction() as session:
        session.execute(update(QueryTemplate).values(report_config={"about": about}))


def test_ones_own_last_rows_are_shown_with_where_they_come_from(ben: Visitor, completed: Made) -> None:
    completed()
    declare(columns=[{"name": "sales", "title": "Sales", "format": "currency", "sample": 1}])
    page = ben.get(PREVIEW).text
    assert "Rows of the last run that you may see" in page
    assert "The first 8, from Northwind 1" in page
    assert '<th scope="col" class="num">Sales</th>' in page
    assert '<td class="num">8.75</td>' in page
    assert "Campaign 7" in page
    assert "Campaign 8" not in page
    assert "made up" not in page


@pytest.mark.parametrize("changes", [{"instance": "second"}, {"lost": "file"}, {"lost": "rows"}])
def test_without_rows_that_one_may_see_the_declared_ones_are_shown(
    ben: Visitor, callers: Callers, completed: Made, configured: settings.Settings, changes: dict[str, str]
) -> None:
    lost = changes.get("lost")
    completed(**{name: value for name, value in changes.items() if name == "instance"})
    declare(columns=[{"name": "sales", "title": "Sales", "sample": "<i>4</i>"}])
    if lost == "file":
        for path in Path(configured.results_url.removeprefix("file://")).rglob("*.parquet"):
            path.chmod(0o600)
            path.write_bytes(b"damaged")
    if lost == "rows":
        with transaction() as session:
            session.execute(update(ResultSet).values(removed_at=clock.now()))
    page = ben.get(PREVIEW).text
    assert "Sample rows, made up" in page
    assert "&lt;i&gt;4&lt;/i&gt;" in page
    assert "Campaign" not in page


def test_a_large_file_is_not_read_for_a_preview(ben: Visitor, completed: Made) -> None:
    completed()
    with transaction() as session:
        session.execute(update(ResultSet).values(size_bytes=1 << 40))
        assert session.scalars(select(ReportExecution.state)).one() == "completed"
    assert "There are none yet" in ben.get(PREVIEW).text
