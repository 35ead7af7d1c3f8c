"""Two people change the same report or schedule: the later one is told, loses nothing, and decides."""

import re
from html import unescape

import pytest
from sqlalchemy import select

from admin.form.outdating import apart
from reportbuilder.database import reading
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules.models import ReportSchedule
from tests.api.conftest import Callers
from tests.console.timely import make_report, schedule_form
from tests.console.visitors import Visitor

MADE_FROM = re.compile(r'name="seen" value="([^"]*)"')
ROW = re.compile(
    r'<tr><th scope="row">([^<]*)</th><td data-label="There now"><div>([^<]*)</div></td>'
    r'<td data-label="Yours"><div>([^<]*)</div>'
)


def made_from(page: str) -> dict[str, str]:
    """Return what the form of a page says that it was made from."""
    found = MADE_FROM.search(page)
    assert found
    return {"seen": unescape(found[1])}


def differences(page: str) -> dict[str, tuple[str, str]]:
    return {
        unescape(label): (unescape(theirs), unescape(yours)) for label, theirs, yours in ROW.findall(page)
    }


def report() -> ReportDefinition:
    with reading() as session:
        return session.scalars(select(ReportDefinition)).one()


def schedule() -> ReportSchedule:
    with reading() as session:
        return session.scalars(select(ReportSchedule)).one()


@pytest.fixture
def path(callers: Callers) -> str:
    """The address of a report of Ben's."""
    return make_report(callers)


# ---------------------------------------------------------------- reports

FORM = {"name": "Spring", "p.campaign": "Spring", "timezone": "America/New_York", "is_active": "yes"}


def test_a_report_that_nobody_else_has_changed_is_saved(ben: Visitor, path: str) -> None:
    seen = made_from(ben.get(f"{path}/edit").text)
    assert ben.post(f"{path}/edit", FORM | seen | {"name": "Summer"}).status_code == 303
    row = report()
    assert (row.name, row.changed_by) == ("Summer", "ben@example.test")


def test_who_comes_later_is_told_who_has_changed_what(ada: Visitor, ben: Visitor, path: str) -> None:
    seen = made_from(ben.get(f"{path}/edit").text)
    theirs = FORM | {"p.campaign": "Autumn", "description": "Of Ada"}
    assert ada.post(f"{path}/edit", theirs | made_from(ada.get(f"{path}/edit").text)).status_code == 303
    answer = ben.post(f"{path}/edit", FORM | seen | {"name": "Mine", "p.campaign": "<b>Winter"})
    assert answer.status_code == 409
    page = unescape(answer.text)
    assert "It was last changed by ada@example.test now, at " in re.sub(r"<[^>]*>", "", page)
    assert differences(answer.text) == {
        "Description": ("Of Ada", "not set"),
        "Campaign": ("Autumn", "<b>Winter"),
    }
    assert 'value="Mine"' in page
    assert 'value="<b>Winter"' in page
    assert report().parameters == {"campaign": "Autumn"}


def test_mine_can_be_saved_anyway_until_somebody_saves_again(ada: Visitor, ben: Visitor, path: str) -> None:
    edit, mine = f"{path}/edit", FORM | {"p.campaign": "Winter"}
    seen = made_from(ben.get(edit).text)
    ada.post(edit, FORM | {"p.campaign": "Autumn"})
    refused = ben.post(edit, mine | seen)
    assert 'form="report-form"' in refused.text
    assert f'href="{edit}"' in refused.text
    ada.post(edit, FORM | {"p.campaign": "May"})
    again = ben.post(edit, mine | made_from(refused.text))
    assert again.status_code == 409
    assert differences(again.text) == {"Campaign": ("May", "Winter")}
    assert ben.post(edit, mine | made_from(again.text)).status_code == 303
    assert report().parameters == {"campaign": "Winter"}


def test_the_same_change_by_two_is_no_conflict(ada: Visitor, ben: Visitor, path: str) -> None:
    seen = made_from(ben.get(f"{path}/edit").text)
    for who in (ada, ben, ben):
        assert who.post(f"{path}/edit", FORM | seen | {"name": "Both"}).status_code == 303


def test_what_is_wrong_is_told_without_forgetting_what_the_form_was_made_from(
    ada: Visitor, ben: Visitor, path: str
) -> None:
    edit = f"{path}/edit"
    seen = made_from(ben.get(edit).text)
    wrong = ben.post(edit, FORM | seen | {"name": ""})
    assert wrong.status_code == 422
    assert made_from(wrong.text) == seen
    ada.post(edit, FORM | {"name": "Of Ada"})
    assert ben.post(edit, FORM | made_from(wrong.text) | {"name": "Mine"}).status_code == 409


def test_a_report_that_was_put_to_rest_meanwhile_does_not_wake_up(
    ada: Visitor, ben: Visitor, path: str
) -> None:
    seen = made_from(ben.get(f"{path}/edit").text)
    ada.post(f"{path}/settings/rest", {"active": "no"})
    answer = ben.post(f"{path}/edit", FORM | seen)
    assert answer.status_code == 409
    assert differences(answer.text) == {"Active": ("no", "yes")}
    assert not report().is_active


def test_runs_and_schedules_are_no_changes_of_the_report(ben: Visitor, path: str) -> None:
    seen = made_from(ben.get(f"{path}/edit").text)
    ben.post(f"{path}/schedule/edit", schedule_form() | {"do": "save"})
    ben.post(f"{path}/run-now")
    assert ben.post(f"{path}/edit", FORM | seen | {"name": "Summer"}).status_code == 303


def test_ones_own_change_in_another_window_is_told(ben: Visitor, path: str) -> None:
    seen = made_from(ben.get(f"{path}/edit").text)
    ben.post(f"{path}/edit", FORM | {"name": "First"})
    answer = ben.post(f"{path}/edit", FORM | seen | {"name": "Second"})
    assert "It was last changed by you" in answer.text


@pytest.mark.parametrize("seen", ["", "[]", "{", "7"])
def test_a_form_that_does_not_say_what_it_was_made_from_is_saved(ben: Visitor, path: str, seen: str) -> None:
    assert ben.post(f"{path}/edit", FORM | {"seen": seen, "name": "Summer"}).status_code == 303


# ---------------------------------------------------------------- schedules


def of(page: str) -> dict[str, str]:
    found = re.search(r'name="of" value="([^"]*)"', page)
    assert found
    return made_from(page) | {"of": found[1], "do": "save"}


def test_a_schedule_that_somebody_else_has_changed_is_not_overwritten(
    ada: Visitor, ben: Visitor, path: str
) -> None:
    edit = f"{path}/schedule/edit"
    ben.post(edit, schedule_form() | {"do": "save"})
    ours = of(ben.get(edit).text)
    theirs = schedule_form(recurrence__type="daily", recurrence__time="05:00", time_window__kind="preset")
    assert ada.post(edit, theirs | of(ada.get(edit).text)).status_code == 303
    mine = schedule_form(recurrence__time="07:30")
    answer = ben.post(edit, mine | ours)
    assert answer.status_code == 409
    assert "It was last changed by ada@example.test" in answer.text
    assert differences(answer.text) == {
        "Repeats": ("Every day", "Every week"),
        "At": ("05:00", "07:30"),
        "On these days": ("not set", "monday"),
        "Which days each run asks for": ("last full week, up to 14 days ago", "the report's own window"),
    }
    assert 'value="07:30"' in answer.text
    assert (schedule().recurrence["time"], schedule().changed_by) == ("05:00", "ada@example.test")
    assert 'form="time-form"' in answer.text
    assert ben.post(edit, mine | of(answer.text)).status_code == 303
    assert schedule().recurrence["time"] == "07:30"


def test_a_schedule_without_other_changes_is_saved(ben: Visitor, path: str) -> None:
    edit = f"{path}/schedule/edit"
    ben.post(edit, schedule_form() | of(ben.get(edit).text))
    seen = of(ben.get(edit).text)
    ben.post(f"{path}/schedule/pause", {"reason": "it rests"})
    previewed = ben.post(edit, schedule_form(recurrence__time="07:30") | seen | {"do": "preview"})
    assert of(previewed.text) == seen
    assert ben.post(edit, schedule_form(recurrence__time="07:30") | seen).status_code == 303


def test_two_new_schedules_at_once_are_one_and_the_other_is_shown(
    ada: Visitor, ben: Visitor, path: str
) -> None:
    edit = f"{path}/schedule/edit"
    ours = of(ben.get(edit).text)
    ada.post(edit, schedule_form(recurrence__time="05:00") | of(ada.get(edit).text))
    answer = ben.post(edit, schedule_form(recurrence__time="07:30") | ours)
    assert answer.status_code == 409
    assert differences(answer.text) == {"At": ("05:00", "07:30")}
    assert "It was last changed by ada@example.test" in answer.text
    assert ben.post(edit, schedule_form(recurrence__time="07:30") | of(answer.text)).status_code == 303
    assert schedule().recurrence["time"] == "07:30"


def test_a_schedule_that_has_been_removed_is_told_and_not_made_again(
    ada: Visitor, ben: Visitor, path: str
) -> None:
    edit = f"{path}/schedule/edit"
    ben.post(edit, schedule_form() | of(ben.get(edit).text))
    seen = of(ben.get(edit).text)
    ada.post(edit, schedule_form(recurrence__time="05:00") | of(ada.get(edit).text))
    assert ada.post(f"{path}/schedule/remove").status_code == 303
    mine = schedule_form(recurrence__time="07:30")
    previewed = ben.post(edit, mine | seen | {"do": "preview"})
    assert of(previewed.text)["of"] == seen["of"]
    answer = ben.post(edit, mine | of(previewed.text))
    assert answer.status_code == 409
    assert "has been removed; make another one" in answer.text
    assert 'value="07:30"' in answer.text
    assert of(answer.text)["of"] == ""


def test_long_lists_that_are_cut_before_they_differ_are_told_apart() -> None:
    shared = [f"B{number:09}" for number in range(1000)]
    told = {"p.asins": "B000000000 and 1,000 more"}
    theirs, mine = {"p.asins": [*shared, "B0THEIRS00"]}, {"p.asins": [*shared, "B000MINE00"]}
    assert apart("p.asins", theirs, mine, told, told) == (
        "1,001 in all, only here: B0THEIRS00",
        "1,001 in all, only here: B000MINE00",
    )
    assert apart("name", {"name": "A"}, {"name": "B"}, {"name": "A"}, {"name": "B"}) == ("A", "B")
