"""Lists of runs: of a report and of all, filtered and in pages by the address."""

import re

import pytest

from admin.blueprint import HOME
from admin.run_lists import SIZE
from reportbuilder.database import transaction
from reportbuilder.executions import overview
from tests.console.reported import Reported
from tests.console.visitors import Visitor


def listed(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="[^"]*(exec_[0-9a-f]+)"', page)


def test_a_report_that_has_not_run_says_so(cleo: Visitor, reported: Reported) -> None:
    assert "Nothing has run yet" in cleo.get(f"{reported.path}/runs").text


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", ["third", "second", "first"]),
        ("?status=completed", ["third", "first"]),
        ("?trigger=schedule", ["second", "first"]),
        ("?status=completed&trigger=schedule", ["first"]),
        ("?status=nonsense&trigger=&page=x", ["third", "second", "first"]),
        ("?status=cancelled", []),
    ],
)
def test_filters_stand_in_the_address(
    cleo: Visitor, reported: Reported, query: str, wanted: list[str]
) -> None:
    runs = {
        "first": reported.run("completed", triggered_by="schedule"),
        "second": reported.failed("Unauthorized request.", triggered_by="schedule"),
        "third": reported.run("completed"),
    }
    page = cleo.get(f"{reported.path}/runs{query}").text
    assert listed(page) == [runs[name] for name in wanted]
    if not wanted:
        assert "No run is like that" in page


def test_pages_keep_the_filters(cleo: Visitor, reported: Reported) -> None:
    for _ in range(SIZE + 1):
        reported.run("completed")
    first = cleo.get(f"{reported.path}/runs?status=completed").text
    assert f"{SIZE + 1} runs" in first
    assert "runs?status=completed&amp;page=2" in first
    second = cleo.get(f"{reported.path}/runs?status=completed&page=2").text
    assert len(listed(second)) == 1
    assert not set(listed(first)) & set(listed(second))


def test_all_runs_are_those_on_instances_that_one_may_see(
    ben: Visitor, ada: Visitor, reported: Reported
) -> None:
    own, alone, hidden = reported.run(), reported.run(alone=True), reported.run()
    with transaction() as session:
        overview.find(session, hidden).instance_id = reported.callers.cast.second.id
    page = ben.get(f"{HOME}/runs").text
    assert set(listed(page)) == {own, alone}
    assert f'href="{HOME}/runs/{alone}"' in page
    assert f'href="{reported.page_of(own)}"' in page
    assert set(listed(ada.get(f"{HOME}/runs").text)) == {own, alone, hidden}
    assert set(listed(ada.get(f"{HOME}/runs?instance=amcnorthwind02").text)) == {hidden}
    assert set(listed(ben.get(f"{HOME}/runs?instance=amcnorthwind02").text)) == {own, alone}


def test_a_list_polls_only_while_something_moves(ben: Visitor, reported: Reported) -> None:
    name = reported.run()
    assert "data-live" in ben.get(f"{reported.path}/runs").text
    first = ben.fragment(f"{reported.path}/runs")
    assert (first.status_code, "<html" in first.text) == (200, False)
    again = ben.fragment(f"{reported.path}/runs", **{"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    with transaction() as session:
        overview.find(session, name).state = "cancelled"
    assert ben.fragment(f"{reported.path}/runs").status_code == 286
    assert "data-live" not in ben.get(f"{reported.path}/runs").text
