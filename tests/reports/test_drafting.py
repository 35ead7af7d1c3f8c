"""Drafts: each step keeps what was typed, only for who typed it, and not for ever."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from actors.upkeep import forget_drafts
from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.catalog import publishing
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Invalid, NotFound
from reportbuilder.reports import drafting
from reportbuilder.reports.models import ReportDraft
from tests.cast import Cast

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
TYPED: dict[str, Any] = {"name": "Weekly", "parameters": {"least": 5}, "time_window": {"lookback_days": 30}}
Begin = Callable[..., str]


@pytest.fixture
def begin(cast: Cast) -> Begin:
    with transaction() as session:
        data = {"name": "Reach", "category": "C", "sql_template": "SELECT COUNT(*) AS n FROM dsp_clicks"}
        template: QueryTemplate = publishing.publish(session, data, cast.ada)

    def make(user: User = cast.ben) -> str:
        with transaction() as session:
            instance = session.merge(cast.first)
            return drafting.start(session, user.id, session.merge(template), instance, TYPED).draft_id

    return make


def kept() -> int:
    with reading() as session:
        return session.scalar(select(func.count(ReportDraft.id))) or 0


def test_a_step_is_replaced_and_the_others_stay(cast: Cast, begin: Begin) -> None:
    draft_id = begin()
    with transaction() as session:
        draft = drafting.read(session, cast.ben.id, draft_id, locked=True)
        drafting.keep(session, draft, "when", {"type": "recurring"})
        drafting.keep(session, draft, "details", {"time": "03:00"})
        drafting.keep(session, draft, "when", {"type": "once"}, instance=session.merge(cast.second))
    with reading() as session:
        draft = drafting.read(session, cast.ben.id, draft_id)
        assert draft.steps == {"parameters": TYPED, "when": {"type": "once"}, "details": {"time": "03:00"}}
        assert (draft.instance.instance_id, draft.template.name) == ("amcnorthwind02", "Reach")


def test_a_step_that_does_not_exist_is_refused(cast: Cast, begin: Begin) -> None:
    draft_id = begin()
    with transaction() as session, pytest.raises(Invalid, match="parameters, when, details"):
        drafting.keep(session, drafting.read(session, cast.ben.id, draft_id), "where", {})


def test_nobody_else_finds_it(cast: Cast, begin: Begin) -> None:
    draft_id = begin()
    with reading() as session, pytest.raises(NotFound, match="draft"):
        drafting.read(session, cast.ada.id, draft_id)


def test_a_discarded_one_is_gone(cast: Cast, begin: Begin) -> None:
    draft_id, other = begin(), begin()
    with transaction() as session:
        drafting.discard(session, drafting.read(session, cast.ben.id, draft_id))
    with reading() as session:
        assert drafting.read(session, cast.ben.id, other).steps == {"parameters": TYPED}
        with pytest.raises(NotFound):
            drafting.read(session, cast.ben.id, draft_id)


def test_one_that_nobody_touches_for_a_week_is_forgotten(cast: Cast, begin: Begin) -> None:
    with clock.frozen(NOON) as advance:
        old, touched = begin(), begin()
        advance(timedelta(days=6).total_seconds())
        with transaction() as session:
            drafting.keep(session, drafting.read(session, cast.ben.id, touched), "when", {})
        advance(timedelta(days=1).total_seconds())
        with reading() as session:
            assert drafting.read(session, cast.ben.id, touched).steps["when"] == {}
            with pytest.raises(NotFound):
                drafting.read(session, cast.ben.id, old)
        advance(1)
        forget_drafts()
        assert kept() == 1


def test_of_many_the_oldest_go(
    cast: Cast, begin: Begin, monkeypatch: pytest.MonkeyPatch, database: Flask
) -> None:
    monkeypatch.setattr(drafting, "MOST", 3)
    begin(cast.ada)
    with clock.frozen(NOON) as advance:
        made = []
        for _ in range(5):
            made.append(begin())
            advance(1)
        with reading() as session:
            for draft_id in made[2:]:
                drafting.read(session, cast.ben.id, draft_id)
    assert kept() == 4


def test_what_is_unfinished_is_listed_for_its_owner_the_last_touched_first(cast: Cast, begin: Begin) -> None:
    with clock.frozen(NOON) as advance:
        old = begin()
        advance(timedelta(days=6).total_seconds())
        first, second, _ = begin(), begin(), begin(cast.ada)
        advance(60)
        with transaction() as session:
            drafting.keep(session, drafting.read(session, cast.ben.id, first), "when", {"type": "once"})
        with reading() as session:
            found = [row.draft_id for row in drafting.unfinished(session, cast.ben.id)]
            assert found == [first, second, old]
            assert [row.draft_id for row in drafting.unfinished(session, cast.ben.id, 1)] == [first]
        advance(timedelta(days=1).total_seconds())
        with reading() as session:
            assert old not in [row.draft_id for row in drafting.unfinished(session, cast.ben.id)]
