"""What is good to know and needed by nobody is written, or left."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from reportbuilder.accounts.models import User
from reportbuilder.api.jotting import jot
from reportbuilder.database import reading
from tests.cast import Cast


def rename(session: Session) -> None:
    session.execute(text("UPDATE users SET name = 'Noted'"))


def refuse(session: Session) -> None:
    rename(session)
    session.execute(text("UPDATE no_such_table SET a = 1"))


def test_it_is_written(cast: Cast) -> None:
    jot(rename)
    with reading() as session:
        assert {user.name for user in session.scalars(select(User))} == {"Noted"}


def test_a_database_that_refuses_it_fails_nothing(cast: Cast) -> None:
    jot(refuse)
    with reading() as session:
        assert "Noted" not in {user.name for user in session.scalars(select(User))}


def test_our_own_mistakes_are_not_hidden(cast: Cast) -> None:
    def mistaken(session: Session) -> None:
        raise ZeroDivisionError(session)

    with pytest.raises(ZeroDivisionError):
        jot(mistaken)
