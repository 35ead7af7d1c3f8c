"""Instances on the console: how full, who waits, what holds them back, tables, and value lists."""

from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select

from reportbuilder import clock
from reportbuilder.accounts import users
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance, InstanceSource
from reportbuilder.catalog.library import install_library
from reportbuilder.database import reading, transaction
from reportbuilder.executions.models import Pause, ReportExecution
from reportbuilder.valuelists.models import InstanceValue, ValueRefresh
from tests.api.conftest import Callers, Run
from tests.api.test_queries_counted import counted, fill
from tests.console.timely import key_in
from tests.console.visitors import Visitor

ONE = "/instances/amcnorthwind01"


def set_instance(callers: Callers, **values: object) -> None:
    with transaction() as session:
        row = session.get_one(AmcInstance, callers.cast.first.id)
        for name, value in values.items():
            setattr(row, name, value)


def test_one_sees_those_that_are_granted(ben: Visitor, ada: Visitor) -> None:
    assert "amcnorthwind01" in ben.get("/instances").text
    assert "amcnorthwind02" not in ben.get("/instances").text
    assert "amcnorthwind02" in ada.get("/instances").text
    assert "amcnorthwind02" not in ada.get("/instances?q=Northwind+1").text
    assert "No instance has such a name" in ada.get("/instances?q=nothing%25").text
    assert "amcnorthwind01" in ben.get("/instances?page=9").text
    assert ben.get("/instances/amcnorthwind02").status_code == 404
    assert ben.get("/instances/amcnorthwind02/live").status_code == 404


def test_slots_of_ours_and_of_others_and_the_budget(ben: Visitor, callers: Callers, run: Run) -> None:
    run(state="running", submitted_at=clock.now())
    set_instance(callers, foreign_running=2, looked_at=clock.now(), slots=5, daily_runs=40)
    shown = ben.get(ONE).text
    assert "3 of 5 slots in use" in shown
    assert "1 ours, 2 other clients&#39;" in shown or "1 ours, 2 other clients'" in shown
    assert "1 of 40 runs of today" in shown
    assert "At most 20 calls a second" in shown
    assert "3 of 5 slots in use" in ben.get("/instances").text


def test_who_waits_and_why(ben: Visitor, callers: Callers, run: Run) -> None:
    first, second = run(), run()
    shown = ben.get(ONE).text
    assert shown.index(first) < shown.index(second)
    assert "Reach" in shown
    until = clock.now() + timedelta(minutes=5)
    set_instance(callers, throttled_until=until)
    shown = ben.get(ONE).text
    assert "Nothing is sent to AMC for this instance until" in shown
    assert f"nothing is sent to AMC for it until {until:%H:%M:%S} UTC" in shown
    assert "Throttled" in ben.get("/instances").text


def test_an_editor_pauses_with_a_reason_and_resumes(ben: Visitor, callers: Callers) -> None:
    assert "Pause the instance" not in ben.get(ONE).text
    assert ben.post("/instances/pause", {"on": "amcnorthwind01", "reason": "x"}).status_code == 403
    with transaction() as session:
        users.set_role(session.get_one(User, callers.cast.ben.id), "editor")
    assert "Pause the instance" in ben.get(ONE).text
    assert "say in 1 to 500 characters why" in after(ben, "pause", "amcnorthwind01", " ")
    assert "Paused. What runs goes on" in after(ben, "pause", "amcnorthwind01", "AMC is being moved")
    assert "AMC is being moved" in ben.get("/instances").text
    assert "is paused already" in after(ben, "pause", "amcnorthwind01", "again")
    assert "Resumed." in after(ben, "resume", "amcnorthwind01")
    assert "nothing to resume" in after(ben, "resume", "amcnorthwind01")
    assert ben.post("/instances/pause", {"on": "everything", "reason": "x"}).status_code == 403
    assert ben.post("/instances/pause", {"on": "amcnorthwind02", "reason": "x"}).status_code == 404


def after(who: Visitor, verb: str, on: str, reason: str = "") -> str:
    answer = who.post(f"/instances/{verb}", {"on": on, "reason": reason})
    assert answer.status_code == 303
    return unescape(who.get(answer.headers["Location"]).text)


def test_an_admin_pauses_everything(ada: Visitor, cleo: Visitor) -> None:
    assert "Pause everything" not in cleo.get("/instances").text
    shown = after(ada, "pause", "everything", "a move")
    assert "<strong>Everything is paused</strong>" in shown
    assert "Everything is paused" in cleo.get(ONE).text
    assert f'value="{"amcnorthwind01"}"' not in ada.get(ONE).text  # it is not the instance that is paused
    after(ada, "resume", "everything")
    with reading() as session:
        assert [row.ended_by for row in session.scalars(select(Pause))] == ["ada@example.test"]


@pytest.mark.parametrize("path", ["/instances/pause", "/instances/resume", f"{ONE}/refresh"])
def test_forms_without_the_token_are_refused(ada: Visitor, path: str) -> None:
    fields = {"on": "everything", "reason": "x"}
    assert ada.client.post(path, data=fields).status_code == 403
    with reading() as session:
        assert session.scalars(select(Pause)).all() == []
        assert session.scalars(select(ReportExecution)).all() == []


@pytest.mark.parametrize("path", ["/instances/live", f"{ONE}/live"])
def test_the_live_part_answers_only_what_has_changed(
    ben: Visitor, callers: Callers, run: Run, path: str
) -> None:
    run()
    with clock.frozen(clock.now()) as go_on:
        set_instance(callers, looked_at=clock.now())
        first = ben.fragment(path)
        assert "<html" not in first.text
        go_on(1)
        assert ben.fragment(path, **{"If-None-Match": first.headers["ETag"]}).status_code == 304
        run()
        changed = ben.fragment(path, **{"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert "2 waiting" in changed.text or changed.text.count("<tr>") == 3


def test_tables_and_value_lists(ben: Visitor, cleo: Visitor, callers: Callers) -> None:
    assert "AMC has not told yet" in ben.get(ONE).text
    set_instance(callers, sources_read_at=clock.now())
    with transaction() as session:
        install_library(session)
        on = callers.cast.first.id
        names = ("dsp_impressions", "sponsored_ads_traffic", "conversions_all")
        session.add_all(InstanceSource(instance_id=on, data_source_id=name) for name in names)
        session.add(InstanceValue(instance_id=on, kind="brand", value="Northwind", detail={}))
    shown = ben.get(ONE).text
    assert "<li>dsp_impressions</li>" in shown
    assert "Brands</dt><dd>1" in shown
    assert f'action="{ONE}/refresh"' not in cleo.get(ONE).text
    assert cleo.post(f"{ONE}/refresh").status_code == 403
    key = {"once": key_in(shown)}
    for _ in range(2):
        assert ben.post(f"{ONE}/refresh", key).status_code == 303
    with reading() as session:
        count = len(session.scalars(select(ValueRefresh)).all())
        assert count == len(session.scalars(select(ReportExecution)).all()) > 0
    assert "Being fetched" in ben.get(ONE).text


@pytest.mark.parametrize("path", ["/instances", "/instances/live", ONE, f"{ONE}/live"])
def test_many_take_as_many_statements_as_one(ada: Visitor, callers: Callers, run: Run, path: str) -> None:
    taken = []
    for count in (1, 20):
        fill(callers, count)
        for _ in range(count):
            run()
        with counted(callers) as seen:
            assert ada.get(path).status_code == 200
        taken.append(len(seen))
    assert taken[0] == taken[1] <= 25, (taken, seen)
