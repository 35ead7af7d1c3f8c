"""Lists fill from the instance's own data: asked for once, taken once, and kept when AMC is silent."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Select, literal, select, update
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.amc import sources
from reportbuilder.amc.connections import Connections
from reportbuilder.amc.models import AmcAccount, AmcInstance
from reportbuilder.amc.pacing import Pace
from reportbuilder.catalog.library import install_library
from reportbuilder.database import reading, transaction
from reportbuilder.executions.ports import Ports
from reportbuilder.sandbox import Sandbox
from reportbuilder.valuelists import finding, refreshing, storing
from reportbuilder.valuelists.kinds import SOURCES, Found, read_rows
from reportbuilder.valuelists.models import InstanceValue, ValueRefresh
from tests.executions.desk import Desk, Workers


@pytest.fixture
def library(desk: Desk) -> None:
    with transaction() as session:
        install_library(session)


def ask(desk: Desk) -> int:
    with transaction() as session:
        instance = session.scalars(refreshing.locked(desk.instance.instance_id)).one()
        return len(refreshing.ask(session, instance, desk.user, triggered_by="manual"))


def values(desk: Desk, kind: str) -> list[str]:
    with reading() as session:
        rows, total = finding.search(session, desk.instance.id, kind, limit=1000)
    assert total == len(rows)
    return [row.value for row in rows]


def refreshes() -> list[ValueRefresh]:
    with reading() as session:
        return list(session.scalars(select(ValueRefresh).order_by(ValueRefresh.source)))


@pytest.mark.usefixtures("library")
def test_lists_fill_with_what_the_instance_has(
    desk: Desk, workers: Workers, box: Sandbox, ports: Ports
) -> None:
    assert (ask(desk), ask(desk)) == (len(SOURCES), 0)
    assert refreshing.take_finished(ports.store) == 0
    workers.work_until(desk.all_final, seconds=40)
    assert refreshing.take_finished(ports.store) == len(SOURCES)
    assert refreshing.take_finished(ports.store) == 0
    assert {refresh.state for refresh in refreshes()} == {"taken"}
    assert set(values(desk, "brand")) == {
        "Northwind Outdoors",
        "Juniper Kitchen",
        "Halden Audio",
        "Petal & Paw",
    }
    campaigns = values(desk, "campaign")
    assert "Northwind Outdoors | Prospecting | Display" in campaigns
    assert "Northwind Outdoors | SP | Branded keywords" in campaigns
    assert all(len(asin) == 10 for asin in values(desk, "asin"))
    assert len(values(desk, "asin")) > 20
    with reading() as session:
        weights = session.scalars(
            select(InstanceValue.weight)
            .where(InstanceValue.kind == "campaign")
            .order_by(InstanceValue.weight.desc())
        ).all()
        fresh = finding.standing(session, desk.instance.id)
    assert weights[0] > weights[-1] > 0
    assert (fresh.is_refreshing, fresh.problem, fresh.refreshed_at is None) == (False, None, False)


@pytest.mark.usefixtures("library")
def test_a_refresh_that_amc_fails_says_so_and_keeps_the_lists(
    desk: Desk, workers: Workers, box: Sandbox, ports: Ports
) -> None:
    with transaction() as session:
        storing.store_seen(session, desk.instance.id, [Found("brand", "Halden Audio")], clock.now())
    box.fault(failure_rate=1.0)
    ask(desk)
    workers.work_until(desk.all_final, seconds=40)
    refreshing.take_finished(ports.store)
    assert {refresh.state for refresh in refreshes()} == {"failed"}
    assert values(desk, "brand") == ["Halden Audio"]
    with reading() as session:
        assert "Internal error" in str(finding.standing(session, desk.instance.id).problem)
    assert ask(desk) == len(SOURCES), "a failed one may be asked for again"


@pytest.mark.usefixtures("library")
def test_an_instance_is_asked_only_for_what_it_has_tables_for(
    desk: Desk, workers: Workers, box: Sandbox, ports: Ports
) -> None:
    connections = Connections(ports.settings, Pace.of(ports.settings))
    assert sources.read_due(connections) > 0
    assert sources.read_due(connections) == 0, "told once a day"
    connections.close()
    with reading() as session:
        tables = sources.tables_of(session, desk.instance.id)
    assert tables is not None
    assert {"dsp_impressions", "sponsored_ads_traffic"} <= tables
    with transaction() as session:
        for row in session.scalars(select(AmcInstance)):
            sources._store(session, row.id, {"sponsored_ads_traffic"}, clock.now())
    assert ask(desk) == 1
    assert [refresh.source for refresh in refreshes()] == ["campaigns_sponsored"]


@pytest.mark.usefixtures("library")
def test_instances_in_use_are_refreshed_once_a_day(desk: Desk, ports: Ports) -> None:
    assert refreshing.ask_due(24) == 0, "nobody has used it"
    desk.request()
    assert refreshing.ask_due(0) == 0, "switched off"
    assert (refreshing.ask_due(24), refreshing.ask_due(24)) == (1, 0)
    with transaction() as session:
        for refresh in session.scalars(select(ValueRefresh)):
            refresh.state = "failed"
    with clock.frozen(clock.now() + timedelta(hours=23)):
        assert refreshing.ask_due(24) == 0
    with clock.frozen(clock.now() + timedelta(hours=25)):
        assert refreshing.ask_due(24) == 1
    with transaction() as session:
        for refresh in session.scalars(select(ValueRefresh)):
            refresh.state = "failed"
    with clock.frozen(clock.now() + timedelta(days=30)):
        assert refreshing.ask_due(24) == 0, "refreshes alone are no use of an instance"


def test_an_instance_that_is_signed_out_is_not_asked_for_its_tables(desk: Desk, ports: Ports) -> None:
    with transaction() as session:
        for account in session.scalars(select(AmcAccount)):
            account.signed_out_reason = "the grant was revoked"
    connections = Connections(ports.settings, Pace.of(ports.settings))
    assert sources.read_due(connections) == 0
    connections.close()
    with reading() as session:
        assert sources.tables_of(session, desk.instance.id) is None


@pytest.mark.usefixtures("library")
def test_rows_that_no_database_takes_stop_neither_themselves_nor_others(
    desk: Desk, workers: Workers, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(desk)
    workers.work_until(desk.all_final, seconds=40)
    real = storing.store_seen

    def broken(session: Session, instance_id: UUID, found: list[Found], at: datetime) -> int:
        if any(each.kind == "asin" for each in found):
            found = [replace(each, weight=2**80) for each in found]
        return real(session, instance_id, found, at)

    monkeypatch.setattr(storing, "store_seen", broken)  # no AMC sends such rows, so none can be run
    assert refreshing.take_finished(ports.store) == len(SOURCES)
    states = {refresh.source: refresh.state for refresh in refreshes()}
    assert states == {source: "failed" if source == "products" else "taken" for source in SOURCES}
    assert refreshing.take_finished(ports.store) == 0


def test_weights_and_details_are_what_databases_can_keep() -> None:
    row = {"asin": "B0SEEN0001", "conversions": 2**62, "advertiser": "a\x00b"}
    (found,) = read_rows(SOURCES["products"], [row, row])
    assert (found.weight, found.detail) == (2**62, {})


@pytest.mark.usefixtures("library")
def test_an_instance_that_cannot_be_asked_does_not_keep_others_waiting(
    desk: Desk, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    def due(hours: float) -> Select[str]:
        gone = literal("amcgone").label("instance_id")
        return select(gone).union_all(select(AmcInstance.instance_id))  # type: ignore[return-value]  # a union

    with transaction() as session:
        session.execute(update(AmcAccount).values(user_id=desk.user.id))
    monkeypatch.setattr(refreshing, "_due", due)  # one of them was deleted after it was found due
    assert refreshing.ask_due(24) >= 1
