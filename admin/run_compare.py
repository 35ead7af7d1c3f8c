"""Two runs of a report side by side: values, windows, SQL, and their rows aligned by key columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin.blueprint import HOME, pages
from admin.paging import page_asked, pages_of
from admin.report_frame import framed, in_frame
from admin.result_view import grouped
from admin.run_page import dimensions_of, of_report
from admin.run_progress import shown
from admin.value_words import Worded, in_words, own_items, text_of
from reportbuilder.api import context, reports
from reportbuilder.catalog.differences import pair_lines
from reportbuilder.database import reading
from reportbuilder.errors import Conflict, Gone, Invalid, Unavailable
from reportbuilder.executions import overview
from reportbuilder.executions.models import ReportExecution
from reportbuilder.results import comparing
from reportbuilder.results.failures import DamagedResult
from reportbuilder.results.models import ResultSet

SIZE: Final = 50
OFFERED: Final = 50  # runs that may be chosen


@dataclass(frozen=True)
class Both:
    """A value of both runs; ``is_same``: there is nothing to see."""

    title: str
    a: str
    b: str

    @property
    def is_same(self) -> bool:
        """Whether both say the same."""
        return self.a == self.b


@pages.get(f"{HOME}/reports/<ident:report_id>/compare")
def compare_runs(report_id: str) -> ResponseReturnValue:
    """Show two runs of a report side by side; which, says the address."""
    with reading() as session:
        report = reports.visible(session, report_id)
        frame = framed(session, report)
        offered, _ = overview.search(session, overview.Criteria(report_id=report.id), limit=OFFERED)
        pair = tuple(overview.find(session, run.execution_id) for run in _pair(session, report_id, offered))
        stored = [_stored(session, run) for run in pair]
    facts = _facts(*pair) | _table(pair, stored) if pair else {}
    return in_frame(
        "runs/compare.html",
        frame,
        here="admin.runs",
        offered=[shown(run) for run in dict.fromkeys([*offered, *pair])],
        pair=[shown(run) for run in pair],
        **facts,
    )


def _pair(session: Session, report_id: str, offered: Sequence[ReportExecution]) -> Sequence[ReportExecution]:
    """Return the two runs of the address; for one that it does not name, the last before that has rows."""
    a, b = (_named(session, report_id, name) for name in ("a", "b"))
    with_rows = [run for run in offered if run.state == "completed"]
    b = b or next((run for run in with_rows if a is None or run.id != a.id), None)
    if b is None:
        return ()
    earlier = [run for run in with_rows if run.created_at < b.created_at]
    a = a or next(iter([*earlier, *(run for run in with_rows if run.id != b.id)]), None)
    return () if a is None else (a, b)


def _named(session: Session, report_id: str, name: str) -> ReportExecution | None:
    wished = request.args.get(name)
    return of_report(session, report_id, wished) if wished else None


def _stored(session: Session, run: ReportExecution) -> ResultSet | str:
    try:
        return overview.result_of(session, run)
    except (Conflict, Gone) as error:
        return error.message


def _facts(a: ReportExecution, b: ReportExecution) -> dict[str, Any]:
    """Return what both were asked for and which SQL came of it."""
    first, second = (_values(run) for run in (a, b))
    return {
        "values": [_both(name, a, b, first, second) for name in dict.fromkeys([*first, *second])],
        "sql_lines": pair_lines(a.sql_text, b.sql_text),
        "same_sql": a.sql_text == b.sql_text,
    }


def _values(run: ReportExecution) -> dict[str, Worded]:
    return {one.name: one for one in in_words(run.template, run.parameters_snapshot, most=None)}


def _both(
    name: str, a: ReportExecution, b: ReportExecution, first: dict[str, Worded], second: dict[str, Worded]
) -> Both:
    title = (first.get(name) or second[name]).title
    one, other = (run.parameters_snapshot.get(name) for run in (a, b))
    if isinstance(one, list) and isinstance(other, list) and one != other:
        return Both(title, own_items(one, other), own_items(other, one))
    absent = Worded(name, title, text_of(None))
    return Both(title, first.get(name, absent).text, second.get(name, absent).text)


def _table(pair: Sequence[ReportExecution], stored: Sequence[ResultSet | str]) -> dict[str, Any]:
    """Return how the rows of both differ, or why they cannot be compared."""
    (a, b), (stored_a, stored_b) = pair, stored
    which, page, keys = request.args.get("which", "changed"), page_asked(), request.args.getlist("key")
    if isinstance(stored_a, str) or isinstance(stored_b, str):
        missing = [each for each in (stored_a, stored_b) if isinstance(each, str)]
        return {"refused": ". ".join(missing)}
    store = context.store()
    try:
        with (
            store.local(stored_a.key, stored_a.sha256) as one,
            store.local(stored_b.key, stored_b.sha256) as other,
        ):
            found = comparing.compare(
                one,
                other,
                keys=keys,
                dimensions=[*dimensions_of(a), *dimensions_of(b)],
                which=which,
                offset=(page - 1) * SIZE,
                limit=SIZE,
            )
    except (Conflict, Invalid, DamagedResult, Unavailable) as refusal:
        return {"refused": refusal.message}
    return {
        "found": found,
        "which": which,
        "kinds": comparing.SIDES,
        "page": page,
        "pages": pages_of(found.total, SIZE),
        "page_url": partial(_url, pair),
        "grouped": lambda number: grouped(f"{number}"),
    }


def _url(pair: Sequence[ReportExecution], number: int = 1, which: str = "") -> str:
    """Return the address of another part of the same, its pair named: the last two may be others soon."""
    said = [(name, run.execution_id) for name, run in zip("ab", pair, strict=True)]
    said += [("key", key) for key in request.args.getlist("key")]
    said += [("which", which or request.args.get("which", "changed"))]
    said += [("page", str(number))] * (number > 1)
    return f"{request.path}?{urlencode(said)}#rows"
