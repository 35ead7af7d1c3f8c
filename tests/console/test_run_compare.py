"""Two runs side by side: what they were asked for, their SQL, and their rows."""

import re

import pytest

from admin import run_compare
from reportbuilder import clock
from reportbuilder.database import transaction
from reportbuilder.executions import overview
from reportbuilder.results import comparing
from reportbuilder.results.models import ResultSet
from tests.console.reported import HOSTILE, Reported
from tests.console.visitors import Visitor

COLUMNS = "SELECT campaign, clicks::BIGINT AS clicks, spend FROM (VALUES {}) AS t(campaign, clicks, spend)"
ONE = COLUMNS.format("('A', 10, 1.50), ('B', 5, 2.00), ('C', 1, 1.00)")
OTHER = COLUMNS.format("('A', 12, 1.50), ('C', 1, 1.00), ('D', 3, 9.00)")


def test_without_two_runs_it_says_so(cleo: Visitor, reported: Reported) -> None:
    reported.completed()
    assert "no two runs to compare" in cleo.get(f"{reported.path}/compare").text


def test_the_last_two_with_rows_are_compared_if_none_are_named(cleo: Visitor, reported: Reported) -> None:
    reported.completed(ONE)
    reported.completed(OTHER, days=7, sql="SELECT 1")
    reported.failed("Unauthorized request.")
    page = cleo.get(f"{reported.path}/compare").text
    assert "2 rows of 3 and 3 belong together, and 1 of these differ" in page
    assert "1 are in the first alone, 1 in the second alone" in page
    assert "+2<small>+20.0 %</small>" in page
    assert "2026-01-08 to 2026-01-14" in page
    assert 'class="diff-table"' in page


def test_kinds_and_keys_stand_in_the_address(cleo: Visitor, reported: Reported) -> None:
    a, b = reported.completed(ONE), reported.completed(OTHER)
    own = f"{reported.path}/compare?a={a}&b={b}"
    alone = re.findall(
        r'<th scope="row">((?:first|second) alone|both)</th>', cleo.get(f"{own}&which=only_b").text
    )
    assert alone == ["second alone"]
    assert "Both ran the same SQL." in cleo.get(own).text
    assert "is not a column of both results" in cleo.get(f"{own}&key=nothing").text
    assert "is not one of" in cleo.get(f"{own}&which=nothing").text


def test_one_named_run_is_held_against_the_one_before(cleo: Visitor, reported: Reported) -> None:
    a, b = reported.completed(ONE), reported.completed(OTHER)
    page = cleo.get(f"{reported.path}/compare?b={b}").text
    assert f'<option value="{a}" selected>' in page
    assert f'<option value="{b}" selected>' in page


def test_it_says_why_rows_cannot_be_compared(
    cleo: Visitor, reported: Reported, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, failed = reported.completed(ONE), reported.completed(OTHER), reported.failed("no")
    own = f"{reported.path}/compare?a={a}"
    assert f"{failed} is failed: it has no rows" in cleo.get(f"{own}&b={failed}").text
    monkeypatch.setattr(comparing, "MOST_ROWS", 2)
    assert "3 and 3 rows; up to 2 can be compared" in cleo.get(f"{own}&b={b}").text
    with transaction() as session:
        row = overview.find(session, b)
        session.query(ResultSet).filter_by(execution_id=row.id).one().removed_at = clock.now()
    assert "have been removed" in cleo.get(f"{own}&b={b}").text


def test_rows_that_nobody_can_tell_apart_are_said_to_be_left_out(cleo: Visitor, reported: Reported) -> None:
    reported.completed(ONE)
    reported.completed(COLUMNS.format("('A', 10, 1.5), ('A', 11, 1.5)"))
    assert "1 keys stand in more than one row" in cleo.get(f"{reported.path}/compare").text


def test_hostile_values_stay_text(cleo: Visitor, reported: Reported) -> None:
    values = ", ".join("('" + value.replace("'", "''") + "', 1::BIGINT)" for value in HOSTILE)
    for _ in range(2):
        reported.completed(f"""SELECT * FROM (VALUES {values}) AS t("<i>k</i>", n)""")
    page = cleo.get(f"{reported.path}/compare?which=all").text
    for active in ("<script>alert", "<img src=x>", "<i>k"):
        assert active not in page


def test_runs_of_other_reports_are_not_there(cleo: Visitor, reported: Reported) -> None:
    alone = reported.completed(alone=True)
    assert cleo.get(f"{reported.path}/compare?a={alone}").status_code == 404


def test_runs_that_are_named_are_offered_however_old_they_are(
    cleo: Visitor, reported: Reported, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_compare, "OFFERED", 1)
    a, b, newest = (reported.completed(ONE) for _ in range(3))
    page = cleo.get(f"{reported.path}/compare?a={a}&b={b}").text
    assert re.findall(r'<option value="(exec_\w+)" selected>', page) == [a, b]
    assert f'<option value="{newest}">' in page


def test_pages_are_of_the_runs_that_are_shown(
    cleo: Visitor, reported: Reported, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_compare, "SIZE", 1)
    a, b = reported.completed(ONE), reported.completed(OTHER)
    page = cleo.get(f"{reported.path}/compare?which=all&key=campaign").text
    assert f"compare?a={a}&amp;b={b}&amp;key=campaign&amp;which=all&amp;page=2#rows" in page


def test_what_nobody_chose_is_told_as_what_it_is(cleo: Visitor, reported: Reported) -> None:
    reported.completed(ONE)
    b = reported.completed(ONE)
    with transaction() as session:
        row = overview.find(session, b)
        row.template.parameters[0].default_value = "Spring"
        row.parameters_snapshot = {}
    page = cleo.get(f"{reported.path}/compare").text
    assert "not set" not in page
    assert ">differs<" not in page


def test_columns_that_are_not_compared_are_named(cleo: Visitor, reported: Reported) -> None:
    for _ in range(2):
        reported.completed(ONE)
    assert "Not compared: campaign." in cleo.get(f"{reported.path}/compare?key=clicks").text
    assert "Not compared" not in cleo.get(f"{reported.path}/compare").text


def test_of_long_lists_it_says_what_differs(cleo: Visitor, reported: Reported) -> None:
    names = [reported.completed(ONE) for _ in range(2)]
    asins = [f"B{number:09}" for number in range(1000)]
    with transaction() as session:
        for name, taken in zip(names, (asins, [*asins[1:], "B999999999"]), strict=True):
            overview.find(session, name).parameters_snapshot = {"asins": taken}
    page = cleo.get(f"{reported.path}/compare").text
    assert "1,000 in all, only here: B000000000<" in page
    assert "1,000 in all, only here: B999999999<" in page
