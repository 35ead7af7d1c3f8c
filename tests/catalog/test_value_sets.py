"""Value sets: one's own, or shared with who sees an instance; changed by their owner and by editors."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from reportbuilder.accounts import grants, users
from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import Principal
from reportbuilder.catalog import publishing, valuesets
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.valuesets import ValueSet
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid, NotFound, NotPermitted
from tests.cast import Cast

Save = Callable[..., str]


@pytest.fixture
def template(cast: Cast) -> QueryTemplate:
    with transaction() as session:
        data = {"name": "Reach", "category": "C", "sql_template": "SELECT COUNT(*) AS n FROM dsp_clicks"}
        grants.grant(session, cast.ben.id, cast.first.id, "run")
        grants.grant(session, cast.cleo.id, cast.first.id, "view")
        return publishing.publish(session, data, cast.ada)


def who(user: User) -> Principal:
    with reading() as session:
        return grants.principal_of(session, session.merge(user))


@pytest.fixture
def save(cast: Cast, template: QueryTemplate) -> Save:
    def make(name: str, user: User = cast.ben, *, shared: bool = False, **values: Any) -> str:
        with transaction() as session:
            on = session.merge(cast.first) if shared else None
            principal = grants.principal_of(session, session.merge(user))
            return valuesets.save(
                session, principal, session.merge(template), name, values, shared_on=on
            ).set_id

    return make


def names(cast: Cast, template: QueryTemplate, user: User) -> list[str]:
    principal = who(user)
    with reading() as session:
        rows = valuesets.of_template(session, principal, session.merge(template), session.merge(cast.first))
        return [row.instance_name for row in rows]


def test_own_ones_come_first_and_others_only_if_shared(
    cast: Cast, template: QueryTemplate, save: Save
) -> None:
    save("mine", least=5)
    save("Also mine")
    save("Ada's own", cast.ada)
    save("A shared one", cast.ada, shared=True)
    assert names(cast, template, cast.ben) == ["Also mine", "mine", "A shared one"]
    assert names(cast, template, cast.cleo) == ["A shared one"]
    assert names(cast, template, cast.ada) == ["A shared one", "Ada's own"]


def test_the_same_name_is_replaced(cast: Cast, template: QueryTemplate, save: Save) -> None:
    first = save("Mine", least=5)
    assert save(" mine ", least=6) == first
    with reading() as session:
        row = valuesets.find(session, who_in(session, cast.ben), first)
        assert (row.instance_name, row.saved_parameters) == ("mine", {"least": 6})
    assert names(cast, template, cast.ben) == ["mine"]


def who_in(session: Any, user: User) -> Principal:
    return grants.principal_of(session, session.merge(user))


def test_who_may_not_see_the_instance_does_not_find_it(cast: Cast, save: Save) -> None:
    set_id = save("Shared", shared=True)
    with transaction() as session:
        grants.withdraw(session, cast.cleo.id, [cast.first.id])
    with reading() as session, pytest.raises(NotFound, match="saved values"):
        valuesets.find(session, who_in(session, cast.cleo), set_id)


def test_only_its_owner_and_editors_change_it(cast: Cast, save: Save) -> None:
    set_id = save("Shared", shared=True)
    with transaction() as session:
        cleo = who_in(session, cast.cleo)
        row = valuesets.find(session, cleo, set_id)
        assert not valuesets.may_change(cleo, row)
        with pytest.raises(NotPermitted):
            valuesets.rename(session, cleo, row, "Hers")
        with pytest.raises(NotPermitted):
            valuesets.delete(session, cleo, row)
        users.set_role(session.get_one(User, cast.cleo.id), "editor")
    with transaction() as session:
        cleo = grants.principal_of(session, session.get_one(User, cast.cleo.id))
        valuesets.delete(session, cleo, valuesets.find(session, cleo, set_id))
        assert session.scalars(select(ValueSet)).all() == []


def test_names_are_refused_with_the_way_out(cast: Cast, save: Save) -> None:
    save("One")
    other = save("Other")
    for wrong in ("", " ", "x" * 201, "a\0"):
        with pytest.raises(Invalid) as caught:
            save(wrong)
        assert list(caught.value.details) == ["set_name"]
    with transaction() as session:
        ben = who_in(session, cast.ben)
        row = valuesets.find(session, ben, other)
        with pytest.raises(Conflict, match="choose another name"):
            valuesets.rename(session, ben, row, "one")


def test_there_is_an_end_to_them(cast: Cast, save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valuesets, "MOST_SETS", 2)
    save("One")
    save("Two")
    with pytest.raises(Invalid, match="delete one"):
        save("Three")
    save("two")


def test_sharing_takes_an_instance_that_one_sees(cast: Cast, save: Save) -> None:
    set_id = save("Mine")
    with transaction() as session:
        ben = who_in(session, cast.ben)
        row = valuesets.find(session, ben, set_id)
        with pytest.raises(NotFound):
            valuesets.share(session, ben, row, session.merge(cast.second))
        valuesets.share(session, ben, row, session.merge(cast.first))
        assert row.shared_on_id == cast.first.id
        valuesets.share(session, ben, row, None)
        assert row.shared_on_id is None
