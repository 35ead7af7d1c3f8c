"""Sign-ins: who a token lets in, for how long, and how it ends."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from reportbuilder.accounts import sign_ins, users
from reportbuilder.accounts.models import User
from reportbuilder.accounts.sign_ins import SignIn
from reportbuilder.database import reading, transaction
from tests.cast import Cast

Noon = Callable[[float], None]
HOURS = 3600


def start(who: User, browser: str = "Firefox") -> str:
    with transaction() as session:
        return sign_ins.start(session, who, browser)


def who(token: str) -> str | None:
    with reading() as session:
        found = sign_ins.find(session, token)
    return found[0].email if found else None


def mark(token: str) -> None:
    with transaction() as session:
        found = sign_ins.find(session, token)
        assert found
        sign_ins.mark_seen(session, found[1].id)


def test_a_token_lets_its_user_in_and_is_kept_nowhere(cast: Cast) -> None:
    token = start(cast.ben)
    assert who(token) == "ben@example.test"
    with reading() as session:
        row = session.scalars(select(SignIn)).one()
    assert token not in [str(getattr(row, column.key)) for column in SignIn.__table__.columns]


@pytest.mark.parametrize("token", ["", "unknown", "\0", "\ud800", "x" * 100_000])
def test_another_token_lets_nobody_in(cast: Cast, token: str) -> None:
    start(cast.ben)
    assert who(token) is None


def test_it_ends_when_it_is_not_used_for_half_a_day(cast: Cast, noon: Noon) -> None:
    token = start(cast.ben)
    noon(11.9 * HOURS)
    assert who(token) == "ben@example.test"
    mark(token)
    noon(11.9 * HOURS)
    assert who(token) == "ben@example.test"
    noon(0.2 * HOURS)
    assert who(token) is None


def test_it_ends_after_a_week_however_busy(cast: Cast, noon: Noon) -> None:
    token = start(cast.ben)
    for _ in range(14):
        noon(11.9 * HOURS)
        assert who(token) == "ben@example.test"
        mark(token)
    noon(2 * HOURS)
    assert who(token) is None


def test_its_use_is_written_down_every_few_minutes_only(cast: Cast, noon: Noon) -> None:
    token = start(cast.ben)
    with reading() as session:
        first = session.scalars(select(SignIn)).one()
    assert not sign_ins.is_mark_due(first)
    noon(60)
    mark(token)
    with reading() as session:
        assert session.scalars(select(SignIn.last_seen_at)).one() == first.last_seen_at
    noon(240)
    assert sign_ins.is_mark_due(first)
    mark(token)
    with reading() as session:
        seen = session.scalars(select(SignIn.last_seen_at)).one()
    assert seen == first.last_seen_at + timedelta(minutes=5)


def test_one_ends_alone_and_only_its_user_can_end_it(cast: Cast) -> None:
    here, there = start(cast.ben), start(cast.ben)
    with transaction() as session:
        row_id = session.scalars(select(SignIn.id).where(SignIn.digest == sign_ins.digest_of(there))).one()
        assert sign_ins.end(session, cast.cleo.id, [row_id]) == 0
        assert sign_ins.end(session, cast.ben.id, [row_id]) == 1
    assert (who(here), who(there)) == ("ben@example.test", None)


def test_all_others_end_and_those_of_other_users_go_on(cast: Cast) -> None:
    here, there, cleo = start(cast.ben), start(cast.ben), start(cast.cleo)
    with transaction() as session:
        assert sign_ins.end_all(session, cast.ben.id, but=here) == 1
    assert (who(here), who(there), who(cleo)) == ("ben@example.test", None, "cleo@example.test")


def test_who_is_deactivated_is_signed_out_for_good(cast: Cast) -> None:
    token = start(cast.ben)
    with transaction() as session:
        users.deactivate(session, session.get_one(User, cast.ben.id))
    with transaction() as session:
        users.activate(session.get_one(User, cast.ben.id))
    assert who(token) is None


def test_the_list_has_the_last_used_first_and_none_that_is_over(cast: Cast, noon: Noon) -> None:
    start(cast.ben, "Firefox")
    noon(10 * HOURS)
    start(cast.ben, "Chrome")
    start(cast.cleo, "Safari")
    with reading() as session:
        assert [row.browser for row in sign_ins.of_user(session, cast.ben.id)] == ["Chrome", "Firefox"]
    noon(3 * HOURS)
    with reading() as session:
        assert [row.browser for row in sign_ins.of_user(session, cast.ben.id)] == ["Chrome"]


def test_rows_that_are_over_are_forgotten(cast: Cast, noon: Noon) -> None:
    start(cast.ben, "Firefox")
    noon(10 * HOURS)
    start(cast.ben, "Chrome")
    noon(3 * HOURS)
    with transaction() as session:
        assert sign_ins.forget(session) == 1
        assert session.scalars(select(SignIn.browser)).all() == ["Chrome"]


def test_a_browser_that_says_much_is_cut_to_what_can_be_shown(cast: Cast) -> None:
    start(cast.ben, "Fire\0\nfox" + "x" * 1000)
    with reading() as session:
        browser = session.scalars(select(SignIn.browser)).one()
    assert browser.startswith("Firefoxx")
    assert len(browser) == 200
