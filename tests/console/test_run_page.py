"""The page of a run: what became of it and why, its rows, its SQL, and who may do what."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from admin.blueprint import HOME
from reportbuilder import clock
from reportbuilder.amc.wire import with_tag
from reportbuilder.database import reading, transaction
from reportbuilder.executions import overview
from reportbuilder.executions.models import ReportExecution, SubmissionIntent
from reportbuilder.results.models import ResultSet
from tests.api.conftest import Callers
from tests.api.test_queries_counted import counted
from tests.console.reported import HOSTILE, SQL, Reported
from tests.console.visitors import Visitor


def cells(page: str) -> list[str]:
    """Return the texts of the cells of the rows that a page shows."""
    table = page[page.index('id="rows"') :]
    table = table[: table.index("</table>")]
    found = re.findall(r"<td[^>]*>(.*?)</td>", table, re.DOTALL)
    return [re.sub(r"<[^>]*>", "", cell).strip() for cell in found]


def first_column(page: str) -> list[str]:
    return cells(page)[::6]


def test_it_shows_rows_with_numbers_that_one_can_read(cleo: Visitor, reported: Reported) -> None:
    page = cleo.get(reported.page_of(reported.completed())).text
    assert cells(page)[:6] == ["Spring", "11", "1,234,567", "1,234.5000", "0.3", "2026-01-01"]
    assert cells(page)[12:] == ["NULL", "13", "3", "NULL", "1.5", "NULL"]
    assert 'title="0.30000000000000004"' in page
    assert '<span class="null">NULL</span>' in page
    assert "too few people stand behind it" in page


def test_ids_are_no_measures(cleo: Visitor, reported: Reported) -> None:
    rows = "SELECT 1234567::BIGINT AS campaign_id, 1234567::BIGINT AS impressions"
    columns = [
        {"name": "CAMPAIGN_ID", "columnType": "DIMENSION"},
        {"name": "impressions", "columnType": "METRIC"},
    ]
    page = cleo.get(reported.page_of(reported.completed(rows, output_columns=columns))).text
    assert cells(page) == ["1234567", "1,234,567"]


@pytest.mark.parametrize(
    ("query", "campaigns"),
    [
        ("sort=impressions", ["NULL", "Summer", "Spring"]),
        ("sort=-impressions", ["Spring", "Summer", "NULL"]),
        ("filter=impressions:gt:10", ["Spring", "Summer"]),
        ("filter=campaign:contains:SUM", ["Summer"]),
        ("filter=impressions:gt:10&column=campaign&is=ne&value=Summer", ["Spring"]),
        ("column=campaign&is=null&value=x", ["NULL"]),
        ("sort=%22share, of all%22", ["Spring", "NULL", "Summer"]),
        ("page=2", []),
    ],
)
def test_rows_are_sorted_and_filtered_by_the_address(
    cleo: Visitor, reported: Reported, query: str, campaigns: list[str]
) -> None:
    page = cleo.get(f"{reported.page_of(reported.completed())}?{query}").text
    assert (first_column(page) if "rows-table" in page else []) == campaigns


def test_columns_can_be_hidden(cleo: Visitor, reported: Reported) -> None:
    own = reported.page_of(reported.completed())
    page = cleo.get(f"{own}?show=campaign&show=share,+of+all").text
    assert cells(page)[:2] == ["Spring", "0.3"]
    assert "show=campaign&amp;show=share%2C+of+all&amp;sort=campaign" in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("column=impressions&is=gt&value=many", "does not fit impressions"),
        ("column=impressions&is=contains&value=1", "is not for integer"),
        ("filter=nothing:eq:1", "no column"),
        ("sort=nothing", "no column"),
    ],
)
def test_what_does_not_fit_is_said_and_what_was_typed_stays(
    cleo: Visitor, reported: Reported, query: str, said: str
) -> None:
    page = cleo.get(f"{reported.page_of(reported.completed())}?{query}").text
    assert said in page
    assert len(first_column(page)) == 3
    if "value=many" in query:
        assert 'value="many"' in page


def test_hostile_values_stay_text(cleo: Visitor, reported: Reported) -> None:
    quoted = ", ".join("('" + value.replace("'", "''") + "')" for value in HOSTILE)
    name = reported.completed(f"""SELECT * FROM (VALUES {quoted}) AS t("<b>bold</b>")""")
    page = cleo.get(reported.page_of(name)).text
    assert "<script>alert" not in page
    assert "<b>bold" not in page
    assert "<img src=x>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<bdi>\u202eevil</bdi>" in page
    assert f"{'a' * 200}…" in page
    assert page.count('<span class="null">NULL</span>') == 0  # a text that says NULL is not NULL


def test_hostile_sql_and_messages_stay_text(ben: Visitor, reported: Reported) -> None:
    sql = "SELECT '</code><script>alert(1)</script>' AS a"
    name = reported.failed("Object '<script>alert(2)</script>' not found", sql=sql)
    page = ben.get(reported.page_of(name)).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(2)&lt;/script&gt;" in page


def test_a_failure_is_told_in_plain_words_with_the_place_in_the_sql(ben: Visitor, reported: Reported) -> None:
    message = "From line 2, column 6 to line 2, column 20: Object 'dsp_impressions' not found"
    page = ben.get(reported.page_of(reported.failed(message))).text
    assert "There is no data source dsp_impressions on this instance." in page
    assert "AMC&#39;s own words" in page or "AMC's own words" in page
    assert '<a href="#L2">Show line 2, column 6 of the SQL</a>' in page
    assert '<span class="run-line run-meant" id="L2">' in page
    assert "<mark>dsp_impressions</mark>" in page


def test_a_place_that_the_sql_does_not_have_is_not_linked(ben: Visitor, reported: Reported) -> None:
    page = ben.get(reported.page_of(reported.failed('Encountered "FROM" at line 4, column 1'))).text
    assert "Encountered &#34;FROM&#34; at line 4, column 1" in page
    assert 'href="#L4"' not in page


def test_a_place_on_the_first_line_is_not_moved_by_our_tag(ben: Visitor, reported: Reported) -> None:
    name = reported.run(sql="SELECT nothing FROM dsp_impressions")
    with transaction() as session:
        row = session.scalars(select(ReportExecution)).one()
        at = with_tag(row.sql_text, row.tag).index("nothing") + 1
        row.state, row.error_class = "failed", "permanent"
        row.error_message = (
            f"From line 1, column {at} to line 1, column {at + 6}: Column 'nothing' not found in any table"
        )
    assert "<mark>nothing</mark>" in ben.get(reported.page_of(name)).text


def test_the_sql_is_shown_as_it_was_sent(cleo: Visitor, reported: Reported) -> None:
    page = cleo.get(reported.page_of(reported.run())).text
    code = page[page.index('<code id="sql">') :]
    code = re.sub(r"<[^>]*>", "", code[: code.index("</code>")])
    assert code == SQL + "\n"
    assert '<span class="run-word">SELECT</span>' in page
    assert '<span class="run-comment">-- all</span>' in page


def test_attempts_and_events_are_told(ben: Visitor, reported: Reported) -> None:
    name = reported.run("running", submitted_at=clock.now())
    with transaction() as session:
        row = overview.find(session, name)
        for number, outcome in ((1, "absent"), (2, "accepted")):
            session.add(SubmissionIntent(execution_id=row.id, number=number, tag=row.tag, outcome=outcome))
    page = ben.get(reported.page_of(name)).text
    assert "lost; AMC does not have it" in page
    assert "asked for (manual)" in page


def test_the_live_part_ends_when_the_run_has(ben: Visitor, reported: Reported) -> None:
    name = reported.run("running", submitted_at=clock.now())
    page = ben.get(reported.page_of(name)).text
    assert f'data-live="{HOME}/runs/{name}/live"' in page
    with clock.frozen(clock.now()):
        tag = ben.fragment(f"{HOME}/runs/{name}/live").headers["ETag"]
        assert ben.fragment(f"{HOME}/runs/{name}/live", **{"If-None-Match": tag}).status_code == 304
    kept = '<section id="sql-part" data-keep></section>'
    assert kept in ben.fragment(f"{HOME}/runs/{name}/live").text
    with transaction() as session:
        row = overview.find(session, name)
        row.state, row.error_class = "failed", "permanent"
        row.error_message = "From line 2, column 6 to line 2, column 20: Object 'dsp_impressions' not found"
    last = ben.fragment(f"{HOME}/runs/{name}/live")
    assert last.status_code == 286
    assert "<mark>dsp_impressions</mark>" in last.text
    assert "data-live" not in ben.get(reported.page_of(name)).text


def test_rows_that_have_been_removed_are_said_to_be(cleo: Visitor, reported: Reported) -> None:
    name = reported.completed()
    with transaction() as session:
        session.scalars(select(ResultSet)).one().removed_at = clock.now()
    page = cleo.get(reported.page_of(name))
    assert (page.status_code, "have been removed; run it again" in page.text) == (200, True)
    assert cleo.get(f"{HOME}/runs/{name}/download?format=csv").status_code == 410


def test_rows_that_are_damaged_are_said_to_be(cleo: Visitor, reported: Reported) -> None:
    name = reported.completed()
    with transaction() as session:
        session.scalars(select(ResultSet)).one().sha256 = "0" * 64
    page = cleo.get(reported.page_of(name))
    assert (page.status_code, "is damaged" in page.text) == (200, True)


@pytest.mark.parametrize(
    ("kind", "mimetype"), [("csv", "text/csv"), ("parquet", "application/vnd.apache.parquet")]
)
def test_all_rows_can_be_taken_away(cleo: Visitor, reported: Reported, kind: str, mimetype: str) -> None:
    name = reported.completed()
    answer = cleo.get(f"{HOME}/runs/{name}/download?format={kind}")
    assert (answer.status_code, answer.mimetype) == (200, mimetype)
    assert f"{name}.{kind}" in answer.headers["Content-Disposition"]
    assert cleo.get(f"{HOME}/runs/{name}/download?format=exe").status_code == 422


def test_a_run_without_a_report_has_a_page_and_one_of_a_report_is_shown_there(
    cleo: Visitor, reported: Reported
) -> None:
    alone, of_report = reported.run(alone=True), reported.run()
    assert "run without a report" in cleo.get(f"{HOME}/runs/{alone}").text
    assert cleo.get(f"{HOME}/runs/{of_report}").headers["Location"] == reported.page_of(of_report)
    assert cleo.get(reported.page_of(alone)).status_code == 404


def test_what_one_may_not_see_is_not_there(ben: Visitor, reported: Reported) -> None:
    name = reported.completed()
    with transaction() as session:
        overview.find(session, name).instance_id = reported.callers.cast.second.id
    for path in ("", "/live", "/download"):
        assert ben.get(f"{HOME}/runs/{name}{path}").status_code == 404
    assert ben.get(reported.page_of(name)).status_code == 404
    for verb in ("cancel", "retry"):
        assert ben.post(f"{HOME}/runs/{name}/{verb}").status_code == 404


def test_who_only_views_changes_nothing(cleo: Visitor, reported: Reported) -> None:
    waiting, failed = reported.run(), reported.failed("Unauthorized request.")
    assert f"{waiting}/cancel" not in cleo.get(reported.page_of(waiting)).text
    assert f"{failed}/retry" not in cleo.get(reported.page_of(failed)).text
    assert cleo.post(f"{HOME}/runs/{waiting}/cancel").status_code == 403
    assert cleo.post(f"{HOME}/runs/{failed}/retry").status_code == 403


def test_writes_need_the_token(ben: Visitor, reported: Reported) -> None:
    name = reported.run()
    assert ben.client.post(f"{HOME}/runs/{name}/cancel").status_code == 403


def test_retrying_leads_to_the_new_run_and_is_done_once(ben: Visitor, reported: Reported) -> None:
    name = reported.failed("Internal error while running the query.")
    form = {"once": f"retry-{name}-0"}
    assert f'value="{form["once"]}"' in ben.get(reported.path).text
    assert f'value="{form["once"]}"' in ben.get(reported.page_of(name)).text
    sent = [ben.post(f"{HOME}/runs/{name}/retry", form) for _ in range(2)]
    assert {answer.status_code for answer in sent} == {303}
    assert len({answer.headers["Location"] for answer in sent}) == 1
    with reading() as session:
        assert len(session.scalars(select(ReportExecution)).all()) == 2
    page = ben.get(reported.page_of(name)).text
    assert "Retried by" in page
    again = re.search(r'name="once" value="(retry-[^"]+)"', page)
    assert again
    ben.post(f"{HOME}/runs/{name}/retry", {"once": again[1]})
    with reading() as session:
        assert len(session.scalars(select(ReportExecution)).all()) == 3
    assert "Retry of" in ben.get(sent[0].headers["Location"], follow_redirects=True).text


def test_what_would_be_refused_again_is_not_retried(ben: Visitor, reported: Reported) -> None:
    name = reported.failed("too many workflows have already been run against the same input data sources")
    assert "Run once more" not in ben.get(reported.page_of(name)).text
    answer = ben.post(f"{HOME}/runs/{name}/retry")
    assert answer.status_code == 303
    assert "would be refused again" in ben.get(reported.page_of(name)).text


def test_a_page_takes_as_many_statements_for_many_events_as_for_few(
    ben: Visitor, reported: Reported, callers: Callers
) -> None:
    name, taken = reported.run("running", submitted_at=clock.now() - timedelta(minutes=1)), []
    for more in (1, 40):
        with transaction() as session:
            row = overview.find(session, name)
            for number in range(more):
                intent = SubmissionIntent(execution_id=row.id, number=more * 100 + number, tag=row.tag)
                session.add(intent)
        with counted(callers) as seen:
            assert ben.get(reported.page_of(name)).status_code == 200
        taken.append(len(seen))
    assert taken[0] == taken[1] <= 25, taken
