"""Users and their passwords."""

import pytest
from flask import Flask

from reportbuilder.accounts import tokens, users
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid, NotFound, Unauthenticated

PASSWORD = "correct horse battery"


def test_a_user_signs_in_with_the_password_only(database: Flask) -> None:
    with transaction() as session:
        users.create(session, " Ada@Example.test ", PASSWORD, role="admin", time_zone="Europe/Vienna")
    with reading() as session:
        ada = users.verify(session, "ADA@example.test", PASSWORD)
        assert (ada.email, ada.name, ada.role) == ("ada@example.test", "ada@example.test", "admin")
        assert ada.password_hash is not None
        assert PASSWORD not in ada.password_hash
        for email, password in (("ada@example.test", PASSWORD + "x"), ("eve@example.test", PASSWORD)):
            with pytest.raises(Unauthenticated, match="do not belong together"):
                users.verify(session, email, password)


def test_a_password_takes_work_to_guess(
    database: Flask, strong_passwords: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(users, "_METHOD", strong_passwords)
    with transaction() as session:
        ada = users.create(session, "ada@example.test", PASSWORD)
        assert (ada.password_hash or "").startswith("scrypt:32768:8:1$")
        assert users.verify(session, "ada@example.test", PASSWORD) is ada


def test_the_same_password_typed_with_other_code_points_fits(database: Flask) -> None:
    with transaction() as session:
        users.create(session, "ada@example.test", "caf\u00e9 caf\u00e9 caf\u00e9")
        users.verify(session, "ada@example.test", "cafe\u0301 cafe\u0301 cafe\u0301")


@pytest.mark.parametrize("odd", ["", "\0", "\ud800 unpaired", "x" * 100_000, "' OR 1=1 --"])
def test_odd_input_signs_nobody_in(database: Flask, odd: str) -> None:
    with transaction() as session:
        users.create(session, "ada@example.test", PASSWORD)
        users.create(session, "ben@example.test")
        for email in ("ada@example.test", "ben@example.test", "nobody@example.test"):
            with pytest.raises(Unauthenticated):
                users.verify(session, email, odd)


def test_deactivation_shuts_out_for_good(database: Flask) -> None:
    with transaction() as session:
        ben = users.create(session, "ben@example.test", PASSWORD)
        issued = tokens.issue(session, ben, "notebook")
        users.deactivate(session, ben)
    with transaction() as session, pytest.raises(Unauthenticated):
        users.verify(session, "ben@example.test", PASSWORD)
    with transaction() as session:
        users.activate(users.get(session, "ben@example.test"))
    with reading() as session:
        assert users.verify(session, "ben@example.test", PASSWORD).is_active
        with pytest.raises(Unauthenticated):
            tokens.find(session, issued.text)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("email", {"email": "ada"}),
        ("email", {"email": "a da@example.test"}),
        ("email", {"email": f"{'a' * 250}@example.test"}),
        ("password", {"password": "too short"}),
        ("password", {"password": "x" * 1001}),
        ("role", {"role": "root"}),
        ("time_zone", {"time_zone": "Europe/Nowhere"}),
    ],
)
def test_what_does_not_fit_is_named(database: Flask, field: str, values: dict[str, str]) -> None:
    given = {"email": "ada@example.test", "password": PASSWORD} | values
    with transaction() as session, pytest.raises(Invalid) as caught:
        users.create(session, **given)
    assert list(caught.value.details) == [field]


def test_an_address_belongs_to_one(database: Flask) -> None:
    with transaction() as session:
        users.create(session, "ada@example.test")
        with pytest.raises(Conflict):
            users.create(session, "ADA@example.test")
        with pytest.raises(NotFound):
            users.get(session, "ben@example.test")
        with pytest.raises(Invalid):
            users.set_role(users.get(session, "ada@example.test"), "root")
