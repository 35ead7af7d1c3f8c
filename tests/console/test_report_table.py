"""The table of reports: what it shows to whom, filters and order in the address, rows that move."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from admin import report_wishes
from admin.blueprint import HOME
from admin.report_wishes import Wish
from admin.run_trends import drawn
from reportbuilder.accounts import grants
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import transaction
from reportbuilder.executions.latest import Run
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.states import STATES
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules.models import ReportSchedule
from tests.api.conftest import Callers
from tests.api.test_queries_counted import counted, fill
from tests.cast import Cast
from tests.console.reporters import DAY, WEEKLY, add_report, add_template, found
from tests.console.visitors import Visitor

NAMES = ["Audience", "buyers", "Clicks", "Hidden"]


@pytest.fixture
def template(cast: Cast) -> QueryTemplate:
    return add_template(cast)


@pytest.fixture
def ids(cast: Cast, template: QueryTemplate) -> dict[str, str]:
    other = add_template(cast, "Path to conversion")
    return {
        "Clicks": add_report(cast, template, "Clicks", runs=("completed", "failed"), recurrence=WEEKLY),
        "Audience": add_report(cast, other, "Audience", owner="ada", runs=("completed", "failed", "running")),
        "buyers": add_report(cast, template, "buyers"),
        "Hidden": add_report(cast, template, "Hidden", owner="ada", instance="second"),
    }


def names(visitor: Visitor, query: str = "") -> list[str]:
    answer = visitor.get(f"{HOME}{query}")
    assert answer.status_code == 200
    return found(answer.text, NAMES)


def test_one_sees_the_reports_of_the_instances_one_may_see(
    ada: Visitor, ben: Visitor, cleo: Visitor, ids: dict[str, str]
) -> None:
    assert names(ada) == ["Audience", "buyers", "Clicks", "Hidden"]
    assert names(ben) == names(cleo) == ["Audience", "buyers", "Clicks"]
    assert "Northwind 2" not in ben.get(HOME).text


def test_a_row_says_what_it_is(ben: Visitor, ids: dict[str, str]) -> None:
    page = ben.get(HOME).text
    row = page[page.index(f'<tr id="{ids["Clicks"]}"') :].partition("</tr>")[0]
    for text in (
        f'href="{HOME}/reports/{ids["Clicks"]}"',
        "Reach",
        "Northwind 1",
        'title="ben@example.test"',
        "Failed",
        "Column campaign_idd is not in dsp_impressions",
        "every Monday at 03:00, New York",
        "2026-03-02 12:00",
        "Last 2 runs: 1 completed, 1 failed; usually 2 min",
        f'value="run {ids["Clicks"]}"',
        f"{HOME}/reports/{ids['Clicks']}/runs/exec_",
    ):
        assert text in row, text
    idle = page[page.index(f'<tr id="{ids["buyers"]}"') :].partition("</tr>")[0]
    assert "Never run" in idle
    assert "on demand" in idle
    assert "View results" not in idle


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?q=path", ["Audience"]),
        ("?q=REACH+click", ["Clicks"]),
        ("?status=failed", ["Clicks"]),
        ("?status=running", ["Audience"]),
        ("?status=never", ["buyers"]),
        ("?status=lost", ["Audience", "buyers", "Clicks"]),
        ("?frequency=weekly", ["Clicks"]),
        ("?frequency=once&q=", ["Audience", "buyers"]),
        ("?instance=amcnorthwind01", ["Audience", "buyers", "Clicks"]),
        ("?instance=amcnorthwind02", []),
        ("?favorites=1", []),
        ("?sort=-name", ["Clicks", "buyers", "Audience"]),
        ("?sort=status", ["Clicks", "Audience", "buyers"]),
        ("?sort=last_run", ["Clicks", "Audience", "buyers"]),
        ("?sort=-status&q=i", ["Audience", "Clicks"]),
        ("?sort=owner&q=i", ["Audience", "Clicks"]),
        ("?sort=-owner&q=i", ["Clicks", "Audience"]),
        ("?sort=frequency&q=i", ["Clicks", "Audience"]),
        ("?sort=next_run&q=i", ["Clicks", "Audience"]),
        ("?sort=-next_run&q=i", ["Clicks", "Audience"]),
        ("?sort=template&q=i", ["Audience", "Clicks"]),
        ("?sort=-template&status=failed", ["Clicks"]),
        ("?sort=password&page=x&size=7", ["Audience", "buyers", "Clicks"]),
    ],
)
def test_filters_and_order_are_in_the_address(
    ben: Visitor, ids: dict[str, str], query: str, expected: list[str]
) -> None:
    assert names(ben, query) == expected


def test_an_owner_is_chosen_by_id(ben: Visitor, cast: Cast, ids: dict[str, str]) -> None:
    page = ben.get(HOME).text
    assert "Ben (you)" in page
    assert f'<option value="{cast.ada.id}"' in page
    assert names(ben, f"?owner={cast.ada.id}") == ["Audience"]


def test_pages_and_sizes(ben: Visitor, cast: Cast, template: QueryTemplate) -> None:
    for number in range(30):
        add_report(cast, template, f"Report {number:02}")
    first, second = (ben.get(f"{HOME}?size=25&page={page}").text for page in (1, 2))
    assert first.count('<tr id="rpt_') == 25
    assert second.count('<tr id="rpt_') == 5
    assert "30 reports" in second
    assert f'href="{HOME}?page=2&amp;size=25"' in first
    assert ben.get(f"{HOME}?size=25&page=9").text.count('<tr id="rpt_') == 5


def test_a_viewer_sees_no_actions(cleo: Visitor, ids: dict[str, str]) -> None:
    page = cleo.get(HOME).text
    for action in ("run", "pause", "resume", "delete", "duplicate"):
        assert f'name="do" value="{action}' not in page
    assert 'name="report"' not in page
    assert "New report" not in page
    assert "/edit" not in page
    assert f'value="mark {ids["Clicks"]}"' in page
    assert "View results" in page


def test_an_analyst_changes_only_what_is_theirs(ben: Visitor, ids: dict[str, str]) -> None:
    page = ben.get(HOME).text
    assert f'value="delete {ids["Clicks"]}"' in page
    assert f'value="delete {ids["Audience"]}"' not in page
    assert f'value="run {ids["Audience"]}"' in page
    assert f'value="pause {ids["Clicks"]}"' in page
    assert f'value="pause {ids["buyers"]}"' not in page


# ---------------------------------------------------------------- empty


def test_who_has_no_instance_is_told_how_to_get_one(ben: Visitor, cast: Cast) -> None:
    with transaction() as session:
        grants.withdraw(session, cast.ben.id, [cast.first.id])
    page = ben.get(HOME).text
    assert "No instance is open to you yet" in page
    assert "New report" not in page
    assert "<table" not in page


def test_without_reports_one_is_led_to_the_first(ben: Visitor, cleo: Visitor) -> None:
    page = ben.get(HOME).text
    assert "Your first report" in page
    assert f'href="{HOME}/new"' in page
    assert "There are no reports yet" in cleo.get(HOME).text


def test_where_nothing_matches_the_filters_can_be_cleared(ben: Visitor, ids: dict[str, str]) -> None:
    page = ben.get(f"{HOME}?q=nothing&sort=-name").text
    assert "No report matches" in page
    assert f'href="{HOME}?sort=-name"' in page
    assert 'value="nothing"' in page


# ---------------------------------------------------------------- live


def live_url(page: str) -> str:
    match = re.search(r'data-live="([^"]+)"', page)
    assert match
    return match[1]


def test_rows_are_asked_again_only_while_something_moves(ben: Visitor, ids: dict[str, str]) -> None:
    assert "data-live" not in ben.get(f"{HOME}?q=clicks").text
    url = live_url(ben.get(f"{HOME}?sort=-name").text)
    answer = ben.fragment(url)
    assert answer.status_code == 200
    in_order = [ids[name] for name in ("Clicks", "buyers", "Audience")]
    assert re.findall(r'<tr id="(rpt_\w+)"', answer.text) == in_order
    same = ben.fragment(url, **{"If-None-Match": answer.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    ben.post(f"{HOME}/reports/do", {"do": f"mark {ids['buyers']}"})
    assert ben.fragment(url, **{"If-None-Match": answer.headers["ETag"]}).status_code == 200


def test_rows_that_have_ended_say_that_it_is_over(ben: Visitor, ids: dict[str, str]) -> None:
    assert ben.fragment(f"{HOME}/reports/rows?of={ids['Clicks']}").status_code == 286


def test_rows_show_only_what_one_may_see(ben: Visitor, ids: dict[str, str]) -> None:
    assert "Hidden" not in ben.fragment(f"{HOME}/reports/rows?of={ids['Hidden']}.{ids['Audience']}.x").text


def test_a_script_gets_what_it_has_filtered_and_the_address(ben: Visitor, ids: dict[str, str]) -> None:
    answer = ben.fragment(f"{HOME}?q=clicks&instance=&sort=name", **{"HX-Target": "reports"})
    assert answer.headers["HX-Push-Url"] == f"{HOME}?q=clicks"
    assert found(answer.text, NAMES) == ["Clicks"]
    assert "<html" not in answer.text


# ---------------------------------------------------------------- rules


@given(st.dictionaries(st.sampled_from([*Wish().__dict__, "other"]), st.text()))
def test_any_address_is_a_wish_that_writes_itself(given_: dict[str, str]) -> None:
    wish = report_wishes.read(given_)
    query = {name: values[0] for name, values in parse_qs(wish.query(page=wish.page)[1:]).items()}
    assert report_wishes.read(query) == wish
    assert urlsplit(HOME + wish.query()).path == HOME


RUNS = st.builds(Run, st.sampled_from(list(STATES)), st.none() | st.floats(0, 1e6))


@given(st.lists(RUNS, min_size=1, max_size=10))
def test_every_run_is_drawn_and_told(runs: list[Run]) -> None:
    trend = drawn(runs)
    lefts = {left for path in trend.paths.values() for left in re.findall(r"M(\d+) ", path)}
    assert len(lefts) == len(runs)
    counts = re.findall(r"(\d+) (?:pending|running|completed|failed|cancelled)", trend.text)
    assert sum(map(int, counts)) == len(runs)


# ---------------------------------------------------------------- statements

QUERIES = ("?size=100", "?status=pending&sort=-last_run&size=100", "?sort=next_run&q=spring&size=100")


def test_the_table_takes_as_many_statements_for_many_reports(callers: Callers, ada: Visitor) -> None:
    taken = []
    for count in (1, 50):
        fill(callers, count)
        for query in QUERIES:
            with counted(callers) as seen:
                page = ada.get(f"{HOME}{query}").text
            assert page.count('<tr id="rpt_') >= count
            taken.append(len(seen))
    assert len(set(taken)) == 1, taken
    assert taken[0] <= 14
    with counted(callers) as seen:
        ada.fragment(live_url(page))
    assert len(seen) <= 12


CHANGES: list[tuple[Any, dict[str, Any]]] = [
    (ReportDefinition, {"name": "Clicks and more"}),
    (ReportDefinition, {"is_active": False}),
    (ReportSchedule, {"is_paused": True, "paused_by": "ben@example.test", "paused_reason": "it rests"}),
    (AmcInstance, {"instance_name": "Northwind One"}),
    (QueryTemplate, {"name": "Reached"}),
    (User, {"name": "Benjamin"}),
    (User, {"time_zone": "Asia/Tokyo"}),
    (ReportExecution, {"error_message": "Object 'x' not found"}),
    (ReportExecution, {"state": "running", "cancel_requested_at": None}),
    (ReportExecution, {"cancel_requested_at": DAY}),
]


def test_rows_are_drawn_again_when_anything_of_them_has_changed(ben: Visitor, ids: dict[str, str]) -> None:
    url = f"{HOME}/reports/rows?of={ids['Clicks']}"
    seen = [ben.fragment(url).text]
    for of, values in CHANGES:
        with transaction() as session:
            session.execute(update(of).values(values))
        seen.append(ben.fragment(url).text)
    ben.post(f"{HOME}/reports/do", {"do": f"mark {ids['Clicks']}"})
    seen.append(ben.fragment(url).text)
    assert len(set(seen)) == len(seen)
