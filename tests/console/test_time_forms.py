"""The forms of schedules and backfills: what was typed means what the API would be sent, and back again."""

from datetime import date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from admin import backfill_forms, schedule_forms
from admin.fields import Fields
from reportbuilder.backfills.wishes import BackfillWish, read_wish
from reportbuilder.errors import Invalid
from reportbuilder.parameters.dates import offered_zones
from reportbuilder.schedules.cronlines import CronLine
from reportbuilder.schedules.models import ReportSchedule
from reportbuilder.schedules.patterns import (
    Biweekly,
    BusinessDays,
    Daily,
    FirstBusinessDay,
    Monthly,
    Pattern,
    Quarterly,
    Weekly,
)
from reportbuilder.schedules.policies import Missed, Overlap, Policies
from reportbuilder.schedules.recurrence import Recurrence
from reportbuilder.schedules.spelling import TYPES, write_recurrence
from reportbuilder.schedules.wishes import Wishes, read_wishes
from tests.console.timely import backfill_form, schedule_form

TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
WEEKDAYS = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))
DAYS = st.none() | st.integers(1, 31)
PATTERNS: st.SearchStrategy[Pattern] = st.one_of(
    st.builds(Daily, TIMES),
    st.builds(BusinessDays, TIMES),
    st.builds(Weekly, TIMES, WEEKDAYS),
    st.builds(Biweekly, time=TIMES, weekdays=WEEKDAYS, anchor=st.dates(date(2026, 1, 1), date(2026, 12, 31))),
    st.builds(Monthly, TIMES, DAYS),
    st.builds(FirstBusinessDay, TIMES),
    st.builds(Quarterly, TIMES, DAYS),
    st.sampled_from(["0 2 * * 1-5", "*/15 3 L * *"]).map(CronLine),
)
POLICIES = st.builds(
    Policies, st.sampled_from(Missed), st.integers(1, 100), st.sampled_from(Overlap), st.integers(0, 100)
)
WINDOWS: st.SearchStrategy[dict[str, Any] | None] = st.none() | st.one_of(
    st.fixed_dictionaries({"lookback_days": st.integers(1, 400), "lag_days": st.integers(0, 400)}),
    st.fixed_dictionaries({"preset": st.sampled_from(["last_full_month", "last_42_days"])}),
    st.just({"preset": "mtd", "lag_days": 3, "time_zone": "Asia/Tokyo"}),
)


def sent(values: dict[str, Any]) -> MultiDict[str, str]:
    """Return a form as a browser sends it."""
    fields = MultiDict[str, str]()
    for path, value in values.items():
        boxes = {True: ["1"], False: []}
        each = value if isinstance(value, list) else boxes.get(value, [value])
        fields.setlist(f"{schedule_forms.PREFIX}.{path}", each)
    return fields


@given(PATTERNS, POLICIES, WINDOWS, st.integers(0, 60), st.booleans())
def test_a_schedule_comes_back_from_its_form(
    pattern: Pattern, policies: Policies, window: dict[str, Any] | None, jitter: int, is_settling: bool
) -> None:
    recurrence = Recurrence(pattern, "Europe/Berlin", None, date(2027, 1, 31))
    schedule = ReportSchedule(
        recurrence=write_recurrence(recurrence),
        policies=policies.to_json(),
        time_window=window,
        jitter_minutes=jitter,
        is_settling=is_settling,
    )
    wish = schedule_forms.wish(schedule_forms.read(sent(schedule_forms.values_of(schedule))))
    by = Wishes("UTC", date(2026, 3, 4), 14, Policies())
    found, wrong = read_wishes(wish, by)
    assert not wrong
    assert (found["recurrence"], found["policies"]) == (recurrence, policies)
    assert found["time_window"] == window
    assert (found["jitter_minutes"].total_seconds(), found["is_settling"]) == (60 * jitter, is_settling)


def test_a_row_from_before_recurrences_is_a_cron_line_in_the_form() -> None:
    older = ReportSchedule(
        recurrence={},
        cron_expression="0 6 * * *",
        timezone="Asia/Tokyo",
        policies={},
        jitter_minutes=0,
        is_settling=False,
    )
    values = schedule_forms.values_of(older)
    assert (values["recurrence.type"], values["recurrence.cron"]) == ("cron", "0 6 * * *")
    assert values["recurrence.timezone"] == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"recurrence.type": "moon"}, "recurrence.type"),
        ({"recurrence.time": "25:00"}, "recurrence.time"),
        ({"recurrence.weekdays": []}, "recurrence.weekdays"),
        ({"recurrence.timezone": "Middle/Earth"}, "recurrence.timezone"),
        ({"recurrence.end": "2026-02-30"}, "recurrence.end"),
        ({"policies.pause_after": "often"}, "policies.pause_after"),
        ({"policies.missed": ""}, None),
        ({"jitter_minutes": "61"}, "jitter_minutes"),
        ({"time_window.kind": "lookback", "time_window.lookback_days": "0"}, "time_window.lookback_days"),
        ({"recurrence.type": "daily", "recurrence.weekdays": [], "recurrence.cron": "x"}, None),
    ],
)
def test_what_is_wrong_has_a_field_of_the_form(changes: dict[str, Any], path: str | None) -> None:
    values = schedule_forms.usual("UTC") | changes
    _, wrong = read_wishes(schedule_forms.wish(values), Wishes("UTC", date(2026, 3, 4), 14, Policies()))
    assert list(wrong) == ([path] if path else [])
    form = schedule_forms.fields(values, wrong)
    assert form.strays == []
    assert not path or form.wrong(path)


@given(
    st.sampled_from(["daily", "weekly", "monthly", "quarterly"]),
    st.integers(1, 365),
    st.sampled_from(["missing", "missing_and_failed", "all"]),
    st.none() | st.integers(1, 10),
    st.sampled_from(["continue", "stop"]),
)
def test_a_wish_for_a_backfill_comes_of_its_form(
    segment: str, days: int, reprocess: str, concurrency: int | None, on_failure: str
) -> None:
    form = backfill_form(
        segment=segment,
        lookback_days=str(days),
        start="2026-01-01",  # typed before one has chosen days back
        reprocess=reprocess,
        concurrency=str(concurrency or ""),
        on_failure=on_failure,
    )
    wish = read_wish(backfill_forms.wish(backfill_forms.read(MultiDict(form))))
    assert wish == BackfillWish(
        segment, days, reprocess=reprocess, concurrency=concurrency, on_failure=on_failure
    )


def test_dates_are_read_when_dates_are_chosen() -> None:
    form = backfill_form(span="dates", start="2026-01-01", end="2026-01-31", lookback_days="abc")
    wish = read_wish(backfill_forms.wish(backfill_forms.read(MultiDict(form))))
    assert (wish.start, wish.end, wish.lookback_days) == (date(2026, 1, 1), date(2026, 1, 31), None)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"segment": "hourly"}, "segment"),
        ({"lookback_days": "366"}, "lookback_days"),
        ({"lookback_days": ""}, "lookback_days"),
        ({"span": "dates", "start": "soon"}, "start"),
        ({"concurrency": "many"}, "concurrency"),
        ({"segment": "weekly", "week_start": "caturday"}, "week_start"),
    ],
)
def test_what_is_wrong_with_a_backfill_has_a_field(changes: dict[str, str], path: str) -> None:
    values = backfill_forms.read(MultiDict(backfill_form(**changes)))
    with pytest.raises(Invalid) as refusal:
        read_wish(backfill_forms.wish(values))
    assert list(refusal.value.details) == [path]
    form = backfill_forms.fields(values, refusal.value.details, most_at_once=10, may_pack=False)
    assert (form.wrong(path), form.strays) == (refusal.value.details[path], [])


def test_every_type_of_schedule_can_be_chosen() -> None:
    assert [value for value, _ in schedule_forms.TYPES] == list(TYPES)


def test_policies_are_offered_in_words_of_their_own() -> None:
    choices = schedule_forms.fields(schedule_forms.usual("UTC")).choices
    assert dict(choices["missed"])["skip"] == "Runs that were missed are left out"
    assert dict(choices["overlap"])["skip"] == "While a run is going, the next is left out"
    for kind, words in ((Missed, choices["missed"]), (Overlap, choices["overlap"])):
        assert [value for value, _ in words] == list(kind)


def test_zones_are_offered_by_their_places() -> None:
    zones = offered_zones()
    assert zones[0] == "UTC"
    assert {"America/New_York", "Europe/Berlin", "Asia/Kolkata"} < set(zones)
    assert not {"EST", "Etc/GMT+5", "US/Eastern"} & set(zones)


def test_what_is_wrong_elsewhere_is_told_with_its_name() -> None:
    form = Fields("x", {"a": "1"}, {"a": ["no"], "parameters.campaign": ["is missing"]})
    assert form.strays == ["parameters.campaign: is missing"]


def test_the_form_of_a_test_is_that_of_the_page() -> None:
    typed = schedule_forms.read(MultiDict(schedule_form()))
    assert typed == schedule_forms.usual("America/New_York")
