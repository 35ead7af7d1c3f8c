"""Reports: made whole or not at all, judged by their template, resolved anew at each run."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from reportbuilder.accounts import grants
from reportbuilder.catalog import publishing
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.preparing import prepare
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid, NotFound
from reportbuilder.parameters.windows import parse_window
from reportbuilder.reports import copying, defining, favorites, searching
from reportbuilder.reports.defining import Terms
from reportbuilder.reports.models import ReportDefinition
from tests.cast import Cast

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
TERMS = Terms(as_of=NOON)
SQL = """SELECT campaign, SUM(clicks) AS n FROM dsp_clicks
WHERE click_date >= {{since}} AND campaign LIKE {{filter}}
GROUP BY campaign HAVING SUM(clicks) >= {{least}}"""
PARAMETERS: list[dict[str, Any]] = [
    {"parameter_name": "since", "parameter_type": "date", "default_value": "today-30", "required": True},
    {
        "parameter_name": "filter",
        "parameter_type": "campaign_filter",
        "validation_rules": {"empty": "neutral"},
    },
    {"parameter_name": "least", "parameter_type": "number", "default_value": 1, "required": True},
]


@pytest.fixture
def template(cast: Cast) -> QueryTemplate:
    with transaction() as session:
        data = {"name": "Clicks", "category": "C", "sql_template": SQL, "parameter_definitions": PARAMETERS}
        return publishing.publish(session, data, cast.ben)


@pytest.fixture
def make(cast: Cast, template: QueryTemplate) -> Callable[..., ReportDefinition]:
    def create(**data: Any) -> ReportDefinition:
        owner, instance = data.pop("owner", cast.ben), data.pop("instance", cast.first)
        with transaction() as session:
            return defining.create(
                session,
                {"name": "Weekly clicks", **data},
                owner=session.merge(owner),
                template=session.merge(template),
                instance=session.merge(instance),
                terms=TERMS,
            )

    return create


def test_a_report_keeps_what_was_asked_for(cast: Cast, make: Callable[..., ReportDefinition]) -> None:
    made = make(
        name=" Weekly clicks ",
        description="For Monday",
        parameters={"since": "yesterday", "least": "5"},
        time_window={"preset": "Last month"},
        timezone="Europe/Vienna",
        frequency="weekly",
    )
    assert made.report_id.startswith("rpt_")
    with reading() as session:
        found = searching.find(session, grants.principal_of(session, cast.ada), made.report_id)
        assert (found.name, found.description, found.frequency) == ("Weekly clicks", "For Monday", "weekly")
        assert found.parameters == {"since": "yesterday", "least": 5}
        assert found.time_window == {"preset": "last_month"}
        assert (found.timezone, found.is_active, found.owner.name) == ("Europe/Vienna", True, "Ben")
        assert (found.instance.instance_id, found.template.name) == ("amcnorthwind01", "Clicks")


def test_a_draft_is_judged_like_a_report_and_not_stored(cast: Cast, template: QueryTemplate) -> None:
    def drafted(**data: Any) -> ReportDefinition:
        with reading() as session:
            return defining.draft(
                session,
                data,
                owner=session.merge(cast.ben),
                template=session.merge(template),
                instance=session.merge(cast.first),
                terms=TERMS,
            )

    report = drafted(parameters={"least": 5})
    assert report.id is not None
    assert report.parameters["least"] == 5
    with pytest.raises(Invalid) as refused:
        drafted(name="", parameters={"least": 5})
    assert refused.value.details.keys() == {"name"}
    with pytest.raises(Invalid) as refused:
        drafted(parameters={"least": "many"})
    assert refused.value.details.keys() == {"least"}
    with reading() as session:
        assert session.scalars(select(ReportDefinition)).all() == []


def test_a_report_needs_a_name_only_and_takes_its_owners_zone(make: Callable[..., ReportDefinition]) -> None:
    made = make()
    assert (made.parameters, made.time_window, made.frequency, made.timezone) == ({}, None, "once", "UTC")


@pytest.mark.parametrize(
    ("data", "field", "part"),
    [
        ({"name": None}, "name", "give a text"),
        ({"name": "x" * 201}, "name", "201 characters"),
        ({"description": 7}, "description", "no text"),
        ({"parameters": []}, "parameters", "not an object"),
        ({"parameters": {"least": "many"}}, "least", "not a number"),
        ({"parameters": {"colour": "red"}}, "colour", "no field of that name"),
        ({"time_window": {"preset": "last_moon"}}, "time_window.preset", "last_moon"),
        ({"time_window": {"start": "2026-02-10", "end": "2026-02-01"}}, "time_window.end", "start"),
        ({"time_window": {"start": "2026-02-10", "end": "2027-02-01"}}, "time_window.end", "future"),
        ({"time_window": "last_month"}, "time_window", "not an object"),
        ({"timezone": "Europe/Wien"}, "timezone", "Europe/"),
        ({"frequency": "hourly"}, "frequency", "once, daily"),
        ({"is_active": 1}, "is_active", "neither"),
        ({"owner_id": "x"}, "owner_id", "cannot be given here"),
    ],
)
def test_nothing_is_made_of_wrong_data(
    make: Callable[..., ReportDefinition], data: dict[str, Any], field: str, part: str
) -> None:
    with pytest.raises(Invalid) as caught:
        make(**data)
    assert list(caught.value.details) == [field]
    assert part in caught.value.details[field][0]
    with reading() as session:
        assert session.scalars(select(ReportDefinition)).all() == []


def test_names_are_unique_for_owner_and_instance(cast: Cast, make: Callable[..., ReportDefinition]) -> None:
    first = make()
    with pytest.raises(Conflict, match="choose another name"):
        make(name="weekly CLICKS ")
    make(instance=cast.second)
    make(owner=cast.ada)
    other = make(name="Other")
    with transaction() as session, pytest.raises(Conflict):
        defining.change(session, session.merge(other), {"name": "Weekly clicks"}, terms=TERMS)
    with transaction() as session:
        defining.change(session, session.merge(first), {"name": "WEEKLY clicks"}, terms=TERMS)
        defining.delete(session, session.merge(first), busy=False)
    make()


def test_windows_are_resolved_at_each_run(make: Callable[..., ReportDefinition]) -> None:
    rolling = make(name="Rolling", time_window={"lookback_days": 7}, timezone="America/New_York")
    fixed = make(name="Fixed", time_window={"start": "2026-01-01", "end": "2026-01-31"})
    later = Terms(as_of=NOON + timedelta(days=7))
    assert defining.window_of(rolling, TERMS).days.end == date(2026, 2, 18)
    assert defining.window_of(rolling, later).days.end == date(2026, 2, 25)
    assert defining.window_of(rolling, later).zone == "America/New_York"
    assert defining.window_of(rolling, Terms(NOON, lag_days=0)).days.end == date(2026, 3, 4)
    assert defining.window_of(fixed, TERMS) == defining.window_of(fixed, later)
    assert defining.window_of(fixed, TERMS, {"preset": "last_month"}).days.start == date(2026, 1, 1)


def test_a_run_uses_the_reports_values_and_those_given_for_once(
    make: Callable[..., ReportDefinition],
) -> None:
    report = make(parameters={"since": "today-7", "filter": "Brand*"})
    prepared = defining.prepare_run(report, TERMS)
    assert "click_date >= '2026-02-25' AND campaign LIKE 'Brand%'" in prepared.sql
    once = defining.prepare_run(report, TERMS, parameters={"filter": None, "least": 9})
    assert "click_date >= '2026-02-25' AND TRUE" in once.sql
    assert once.values["least"] == 9
    assert report.parameters == {"since": "today-7", "filter": "Brand*"}
    with pytest.raises(Invalid, match="least"):
        defining.prepare_run(report, TERMS, parameters={"least": "many"})


def test_changes_are_judged_as_a_whole(make: Callable[..., ReportDefinition]) -> None:
    report = make(parameters={"least": 5}, time_window={"preset": "last_month"})
    with transaction() as session:
        report = session.merge(report)
        defining.change(session, report, {"parameters": {"least": 6}, "is_active": False}, terms=TERMS)
        assert (report.parameters, report.is_active) == ({"least": 6}, False)
        assert report.time_window == {"preset": "last_month"}
        defining.change(session, report, {"time_window": None, "description": " "}, terms=TERMS)
        assert [report.time_window, report.description] == [None, None]
        wrongs: list[dict[str, Any]] = [
            {"parameters": {"least": "x"}, "name": "New"},
            {"frequency": "daily"},
            {"timezone": "X"},
        ]
        for wrong in wrongs:
            with pytest.raises(Invalid):
                defining.change(session, report, wrong, terms=TERMS)
    with reading() as session:
        again = session.get(ReportDefinition, report.id)
        assert again is not None
        assert (again.name, again.parameters, again.timezone) == ("Weekly clicks", {"least": 6}, "UTC")


def test_failure_35_a_changed_template_shows_at_the_next_run(
    template: QueryTemplate, make: Callable[..., ReportDefinition]
) -> None:
    report = make(parameters={"filter": "Brand*"})
    with transaction() as session:
        fewer = [row for row in PARAMETERS if row["parameter_name"] != "filter"]
        sql = SQL.replace("AND campaign LIKE {{filter}}", "")
        data = {"sql_template": sql, "parameter_definitions": fewer}
        publishing.update(session, session.merge(template), data)
    with transaction() as session:
        report = session.merge(report)
        session.refresh(report.template)
        with pytest.raises(Invalid, match="filter"):
            defining.prepare_run(report, TERMS)
        defining.change(session, report, {"parameters": {}}, terms=TERMS)
        assert "LIKE" not in defining.prepare_run(report, TERMS).sql


def test_deleting(cast: Cast, make: Callable[..., ReportDefinition]) -> None:
    report = make()
    with transaction() as session:
        report = session.merge(report)
        favorites.mark(session, cast.ada.id, report)
        with pytest.raises(Conflict, match="have not ended"):
            defining.delete(session, report, busy=True)
        assert report.deleted_at is None
        defining.delete(session, report, busy=False)
    with reading() as session:
        with pytest.raises(NotFound):
            searching.find(session, grants.principal_of(session, cast.ada), report.report_id)
        kept = session.get(ReportDefinition, report.id)
        assert kept is not None
        assert kept.deleted_at is not None
        assert kept.is_active
    with transaction() as session:
        defining.restore(session, session.get_one(ReportDefinition, report.id))
    with reading() as session:
        found = searching.find(session, grants.principal_of(session, cast.ada), report.report_id)
        assert favorites.marked(session, cast.ada.id, [found.id]) == {report.id}


def test_a_deletion_is_not_taken_back_where_the_name_is_taken(
    cast: Cast, make: Callable[..., ReportDefinition]
) -> None:
    first = make()
    with transaction() as session:
        defining.delete(session, session.merge(first), busy=False)
    make()
    with transaction() as session, pytest.raises(Conflict, match="choose another name"):
        defining.restore(session, session.get_one(ReportDefinition, first.id))
    with reading() as session, pytest.raises(NotFound):
        searching.find(session, grants.principal_of(session, cast.ada), first.report_id)


def test_copies_have_names_of_their_own(cast: Cast, make: Callable[..., ReportDefinition]) -> None:
    report = make()
    for owner, mark in (("ben", "(copy)"), ("ben", "(copy 2)"), ("ada", "(copy)")):
        with reading() as session:
            name = copying.free_name(session, report, getattr(cast, owner).id)
        assert name == f"{report.name} {mark}"
        make(name=name.upper(), owner=getattr(cast, owner))


def test_of_two_requests_at_once_one_gets_the_name(
    database: Flask, cast: Cast, make: Callable[..., ReportDefinition]
) -> None:
    start = Barrier(4)

    def attempt(_: int) -> str:
        with database.app_context():
            start.wait()
            try:
                return make().name
            except Conflict:
                return "taken"

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(attempt, range(4))) == ["Weekly clicks", "taken", "taken", "taken"]


@given(
    parameters=st.fixed_dictionaries(
        {},
        optional={
            "since": st.sampled_from(["today", "yesterday", "today-7", "2026-01-31"]),
            "filter": st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
            "least": st.one_of(st.integers(-(10**9), 10**9), st.integers(0, 99).map(str)),
        },
    )
)
def test_what_is_stored_means_the_same_when_it_is_read_again(
    cast: Cast, template: QueryTemplate, parameters: dict[str, Any]
) -> None:
    window = parse_window(None, as_of=NOON)
    first = prepare(template, parameters, window=window, as_of=NOON)
    again = prepare(template, json.loads(json.dumps(first.given)), window=window, as_of=NOON)
    assert (again.sql, again.given) == (first.sql, first.given)
    assert prepare(template, first.values, window=window, as_of=NOON).sql == first.sql
