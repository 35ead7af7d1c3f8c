"""API tokens and grants."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from reportbuilder import clock
from reportbuilder.accounts import grants, tokens
from reportbuilder.accounts.models import ApiToken
from reportbuilder.amc.models import AmcInstance
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Invalid, NotFound, Unauthenticated
from tests.cast import Cast

DAY = 24 * 3600.0


def test_only_the_hash_is_kept_and_the_text_is_never_shown(cast: Cast) -> None:
    with transaction() as session:
        issued = tokens.issue(session, cast.ben, "notebook", "read")
    assert issued.text.startswith("rb_")
    assert len(issued.text) >= 3 + 43  # 32 bytes in base64
    assert issued.text not in repr(issued)
    with reading() as session:
        row = session.scalars(select(ApiToken)).one()
        kept = [str(getattr(row, column.key)) for column in ApiToken.__table__.columns]
        assert not any(issued.text in text for text in kept)
        assert row.shown_prefix == issued.text[:9]


def test_a_token_makes_a_principal_with_its_scope_and_grants(cast: Cast) -> None:
    with transaction() as session:
        grants.grant(session, cast.ben.id, cast.first.id, "view")
        grants.grant(session, cast.ben.id, cast.first.id, "run")
        issued = tokens.issue(session, cast.ben, "notebook", "read")
    with reading() as session:
        principal = tokens.authenticate(session, issued.text)
    assert (principal.user_id, principal.role, principal.scope) == (cast.ben.id, "analyst", "read")
    assert principal.grants == {cast.first.id: "run"}


def test_tokens_expire_and_can_be_withdrawn(cast: Cast, noon: Callable[[float], None]) -> None:
    with transaction() as session:
        first = tokens.issue(session, cast.ben, "notebook")
        second = tokens.issue(session, cast.ben, "cron job", lifetime=timedelta(days=365))
        tokens.revoke(session, cast.ben.id, second.row.shown_prefix)
    noon(90 * DAY - 1)
    with reading() as session:
        tokens.find(session, first.text)
        with pytest.raises(Unauthenticated, match="withdrawn"):
            tokens.find(session, second.text)
    noon(1)
    with reading() as session, pytest.raises(Unauthenticated, match="expired"):
        tokens.find(session, first.text)
    with transaction() as session, pytest.raises(NotFound):
        tokens.revoke(session, cast.ben.id, second.row.shown_prefix)
    with reading() as session:
        assert [row.name for row in tokens.of_user(session, cast.ben.id)].count("cron job") == 1


@pytest.mark.parametrize("bearer", ["", "rb_", "rb_unknown", "x" * 5000, "rb_\0", "rb_\ud800", "Rb_x"])
def test_unknown_bearers(cast: Cast, bearer: str) -> None:
    with reading() as session, pytest.raises(Unauthenticated):
        tokens.authenticate(session, bearer)


@pytest.mark.parametrize(
    ("name", "scope", "days", "field"),
    [
        ("", "read", 1, "name"),
        ("x" * 101, "read", 1, "name"),
        ("a\nb", "read", 1, "name"),
        ("x", "root", 1, "scope"),
        ("x", "read", 366, "lifetime"),
        ("x", "read", 0, "lifetime"),
    ],
)
def test_what_cannot_be_issued(cast: Cast, name: str, scope: str, days: int, field: str) -> None:
    with transaction() as session, pytest.raises(Invalid) as caught:
        tokens.issue(session, cast.ben, name, scope, timedelta(days=days))
    assert list(caught.value.details) == [field]


def test_use_is_written_at_most_once_a_minute(cast: Cast, noon: Callable[[float], None]) -> None:
    with transaction() as session:
        token_id = tokens.issue(session, cast.ben, "notebook").row.id

    def use() -> object:
        with transaction() as session:
            row = session.get_one(ApiToken, token_id)
            due = tokens.is_mark_due(row)
            tokens.mark_used(session, token_id)
        with reading() as session:
            return due, session.get_one(ApiToken, token_id).last_used_at

    start = clock.now()
    assert use() == (True, start)
    noon(59)
    assert use() == (False, start)
    noon(1)
    assert use() == (True, start + timedelta(seconds=60))


def test_visible_keeps_what_is_granted(cast: Cast) -> None:
    def seen(user: object) -> list[str]:
        with reading() as session:
            principal = grants.principal_of(session, user)  # type: ignore[arg-type]  # the cast's users
            condition = grants.visible(principal, AmcInstance.id)
            return sorted(session.scalars(select(AmcInstance.instance_id).where(condition)))

    with transaction() as session:
        grants.grant(session, cast.ben.id, cast.second.id, "view")
    assert seen(cast.ada) == ["amcnorthwind01", "amcnorthwind02"]
    assert seen(cast.ben) == ["amcnorthwind02"]
    assert seen(cast.cleo) == []
    with transaction() as session:
        assert grants.withdraw(session, cast.ben.id, [cast.second.id, cast.first.id]) == 1
    assert seen(cast.ben) == []


def test_wrong_words_are_refused(cast: Cast, database: Flask) -> None:
    with transaction() as session:
        with pytest.raises(Invalid):
            grants.grant(session, cast.ben.id, cast.first.id, "own")
        with pytest.raises(ValueError, match="scope"):
            grants.principal_of(session, cast.ben, "root")
