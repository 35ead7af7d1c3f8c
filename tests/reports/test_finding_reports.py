"""Who finds which reports, in which order, and the marks that people put on them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.accounts import grants
from reportbuilder.accounts.models import User
from reportbuilder.catalog import publishing
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Invalid, NotFound
from reportbuilder.reports import defining, favorites, searching
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.reports.searching import Criteria
from tests.cast import Cast

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
# name, owner, instance, and the rest
REPORTS = (
    ("Clicks", "ben", "first", {"frequency": "weekly"}),
    ("buyers", "ben", "second", {"description": "100% of them"}),
    ("Audience", "ada", "first", {"is_active": False}),
)


@pytest.fixture
def reports(cast: Cast) -> dict[str, ReportDefinition]:
    found: dict[str, ReportDefinition] = {}
    with clock.frozen(NOON) as advance, transaction() as session:
        data = {
            "name": "Daily reach",
            "category": "C",
            "sql_template": "SELECT COUNT(*) AS n FROM dsp_clicks",
        }
        template = publishing.publish(session, data, cast.ben)
        grants.grant(session, cast.ben.id, cast.first.id, "run")
        grants.grant(session, cast.ben.id, cast.second.id, "run")
        grants.grant(session, cast.cleo.id, cast.first.id, "view")
        for name, owner, instance, more in REPORTS:
            advance(60)
            found[name] = defining.create(
                session,
                {"name": name, **more},
                owner=session.merge(getattr(cast, owner)),
                template=template,
                instance=session.merge(getattr(cast, instance)),
                terms=defining.Terms(as_of=NOON),
            )
    return found


@pytest.fixture
def session() -> Iterator[Session]:
    with reading() as opened:
        yield opened


def names(session: Session, user: User, criteria: Criteria = Criteria(), **asked: Any) -> list[str]:  # noqa: B008 - frozen
    found, total = searching.search(session, grants.principal_of(session, user), criteria, **asked)
    assert total >= len(found)
    return [report.name for report in found]


def test_one_sees_the_reports_of_the_instances_one_may_see(
    cast: Cast, reports: dict[str, ReportDefinition], session: Session
) -> None:
    assert names(session, cast.ada) == ["Audience", "buyers", "Clicks"]
    assert names(session, cast.ben) == ["Audience", "buyers", "Clicks"]
    assert names(session, cast.cleo) == ["Audience", "Clicks"]
    cleo = grants.principal_of(session, cast.cleo)
    assert searching.find(session, cleo, reports["Clicks"].report_id).name == "Clicks"
    for unseen in (reports["buyers"].report_id, "rpt_0"):
        with pytest.raises(NotFound, match="There is no report that you may see"):
            searching.find(session, cleo, unseen)


def test_criteria(cast: Cast, reports: dict[str, ReportDefinition], session: Session) -> None:
    assert names(session, cast.ada, Criteria(instance_id=cast.second.id)) == ["buyers"]
    assert names(session, cast.ada, Criteria(owner_id=cast.ada.id)) == ["Audience"]
    assert names(session, cast.ada, Criteria(frequency="weekly")) == ["Clicks"]
    assert names(session, cast.ada, Criteria(state="inactive")) == ["Audience"]
    assert names(session, cast.ada, Criteria(state="active", search="daily")) == ["buyers", "Clicks"]
    assert names(session, cast.ada, Criteria(search="100% BUY")) == ["buyers"]
    assert names(session, cast.ada, Criteria(search="100_")) == []
    template_id = reports["Clicks"].template_id
    assert len(names(session, cast.ada, Criteria(template_id=template_id, owner_id=cast.ben.id))) == 2


def test_conditions_of_other_rooms(
    cast: Cast, reports: dict[str, ReportDefinition], session: Session
) -> None:
    short = ReportDefinition.id.in_(select(ReportDefinition.id).where(ReportDefinition.name == "Clicks"))
    assert names(session, cast.ben, also=[short]) == ["Clicks"]
    assert names(session, cast.ben, Criteria(state="inactive"), also=[short]) == []


def test_order_and_pages(cast: Cast, reports: dict[str, ReportDefinition], session: Session) -> None:
    assert names(session, cast.ada, sort="name") == ["Audience", "buyers", "Clicks"]
    assert names(session, cast.ada, sort="created_at", limit=1, page=2) == ["buyers"]
    assert names(session, cast.ada, limit=2, page=3) == []


@pytest.mark.parametrize(
    ("sort", "place", "name"),
    [
        ("instance", -1, "buyers"),
        ("-instance", 0, "buyers"),
        ("owner", 0, "Audience"),
        ("-owner", -1, "Audience"),
        ("frequency", 0, "Clicks"),
        ("-frequency", -1, "Clicks"),
    ],
)
def test_orders_by_what_belongs_to_reports(
    cast: Cast, reports: dict[str, ReportDefinition], session: Session, sort: str, place: int, name: str
) -> None:
    found = names(session, cast.ada, sort=sort)
    assert found[place] == name
    assert len(found) == len(REPORTS)


def test_those_that_one_sees_in_the_order_asked_for(
    cast: Cast, reports: dict[str, ReportDefinition], session: Session
) -> None:
    ids = [reports[name].report_id for name in ("Clicks", "buyers", "Audience")]
    cleo = grants.principal_of(session, cast.cleo)
    assert [each.name for each in searching.those(session, cleo, [*ids, "rpt_0"])] == ["Clicks", "Audience"]
    assert [user.name for user in searching.owners(session, cleo)] == ["Ada", "Ben"]


@pytest.mark.parametrize(
    ("criteria", "asked", "field"),
    [
        (Criteria(), {"sort": "password"}, "sort"),
        (Criteria(state="paused"), {}, "state"),
        (Criteria(frequency="hourly"), {}, "frequency"),
    ],
)
def test_what_does_not_exist_is_said(
    cast: Cast,
    reports: dict[str, ReportDefinition],
    session: Session,
    criteria: Criteria,
    asked: dict[str, Any],
    field: str,
) -> None:
    with pytest.raises(Invalid) as caught:
        names(session, cast.ada, criteria, **asked)
    assert list(caught.value.details) == [field]


def test_marks_are_each_users_own(cast: Cast, reports: dict[str, ReportDefinition]) -> None:
    with transaction() as session:
        for _ in range(2):
            favorites.mark(session, cast.ada.id, reports["Clicks"])
        favorites.mark(session, cast.ben.id, reports["buyers"])
        ids = [report.id for report in reports.values()]
        assert favorites.marked(session, cast.ada.id, ids) == {reports["Clicks"].id}
        assert names(session, cast.ada, Criteria(favorite=True)) == ["Clicks"]
        assert names(session, cast.ada, Criteria(favorite=False)) == ["Audience", "buyers"]
        favorites.unmark(session, cast.ada.id, reports["Clicks"])
        favorites.unmark(session, cast.ada.id, reports["Clicks"])
        assert favorites.marked(session, cast.ada.id, ids) == set()
        assert favorites.marked(session, cast.ben.id, ids) == {reports["buyers"].id}
