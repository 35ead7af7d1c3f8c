"""A sign-in's accounts and instances become rows, at a real sandbox."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from dramatiq.rate_limits.backends import StubBackend
from flask import Flask
from sqlalchemy import select

from reportbuilder.amc import connecting
from reportbuilder.amc.connecting import SignedIn
from reportbuilder.amc.connections import Connections
from reportbuilder.amc.lwa import GrantRefused
from reportbuilder.amc.models import AmcAccount, AmcInstance
from reportbuilder.amc.pacing import Pace
from reportbuilder.amc.tokens import Tokens
from reportbuilder.amc.vault import Secret
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Invalid, NotFound
from reportbuilder.sandbox import ACCOUNT_ID, INSTANCES, REFRESH_TOKEN, Options, Sandbox
from reportbuilder.settings import Settings
from tests.cast import Cast


@pytest.fixture(scope="module")
def amc() -> Iterator[Sandbox]:
    with Sandbox(Options(users=500, days=30)).serving() as box:
        yield box


@pytest.fixture
def connections(database: Flask, chosen: Settings, amc: Sandbox) -> Iterator[Connections]:
    settings = replace(chosen, amc_api_url=amc.url, amc_token_url=amc.token_url)
    made = Connections(settings, Pace(StubBackend(), 1000))  # type: ignore[no-untyped-call] # Dramatiq has not typed its backends
    yield made
    made.close()


def connect(connections: Connections) -> None:
    grant = connecting.sign_in(connections, Secret(REFRESH_TOKEN))
    found = connecting.survey(connections, grant)
    with transaction() as session:
        for seen in found:
            connecting.record(session, seen, SignedIn(Secret(REFRESH_TOKEN), grant), connections.vault)


def test_accounts_and_instances_are_written_and_usable(connections: Connections) -> None:
    connect(connections)
    with reading() as session:
        account = session.scalars(select(AmcAccount)).one()
        instances = session.scalars(select(AmcInstance).order_by(AmcInstance.instance_id)).all()
    assert (account.account_id, account.account_name) == (ACCOUNT_ID, "Northwind Brands")
    assert [(one.instance_id, one.status) for one in instances] == [(name, "active") for name in INSTANCES]
    assert REFRESH_TOKEN not in (account.sealed_refresh_token or "")
    listed = connections.client(account).instances()
    assert [one.instance_id for one in listed] == list(INSTANCES)


def test_again_brings_up_to_date_what_is_there(connections: Connections, cast: Cast) -> None:
    with transaction() as session:
        session.get_one(AmcAccount, cast.account.id).signed_out_reason = "signed out"
        session.get_one(AmcInstance, cast.first.id).slots = 3
        session.add(AmcInstance(instance_id="amcgone", instance_name="Gone", account_id=cast.account.id))
    connect(connections)
    with reading() as session:
        account = session.scalars(select(AmcAccount)).one()
        rows = {row.instance_id: row for row in session.scalars(select(AmcInstance))}
    assert (account.id, account.signed_out_reason) == (cast.account.id, None)
    statuses = {name: row.status for name, row in rows.items()}
    assert statuses == {"amcgone": "unlisted"} | dict.fromkeys(INSTANCES, "active")
    assert (rows["amcnorthwind01"].id, rows["amcnorthwind01"].slots) == (cast.first.id, 3)
    assert Tokens(account.id, connections.vault, connections.login()).access_token().reveal()


def test_a_sign_in_that_is_refused_writes_nothing(connections: Connections) -> None:
    with pytest.raises(GrantRefused):
        connecting.sign_in(connections, Secret("Atzr|of-somebody-else"))
    for text in ("", "Atzr|with blank", "Atzr|\n"):
        with pytest.raises(Invalid, match="refresh_token"):
            connecting.sign_in(connections, Secret(text))


def test_an_account_that_is_not_there_is_named(connections: Connections) -> None:
    grant = connecting.sign_in(connections, Secret(REFRESH_TOKEN))
    with pytest.raises(NotFound, match=f"cannot see ENTITYELSE; it sees {ACCOUNT_ID}"):
        connecting.survey(connections, grant, wanted=["ENTITYELSE"])
