"""The ticks of the scheduler: each does its work on real rows, and one that fails does not stop the next."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from dramatiq.rate_limits.backends import StubBackend
from flask import Flask
from sqlalchemy import select

from actors.scheduler import make_scheduler
from actors.upkeep import Tick, forget_keys, keep_tokens_fresh, ticks
from reportbuilder import clock, heartbeats
from reportbuilder.accounts import idempotency
from reportbuilder.accounts.models import IdempotencyKey
from reportbuilder.amc.connections import Connections
from reportbuilder.amc.models import AmcAccount
from reportbuilder.amc.pacing import Pace
from reportbuilder.database import reading, transaction
from reportbuilder.executions.ports import Ports
from reportbuilder.results.store import open_store
from reportbuilder.sandbox import Faults, Options, Sandbox
from reportbuilder.settings import Settings
from tests.cast import Cast


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(Options(users=500, days=30, faults=Faults(token_life=3600))).serving() as serving:
        yield serving


@pytest.fixture
def connections(chosen: Settings, box: Sandbox) -> Iterator[Connections]:
    local = replace(chosen, amc_api_url=box.url, amc_token_url=box.token_url)
    backend = StubBackend()  # type: ignore[no-untyped-call] # Dramatiq has not typed its backends
    made = Connections(local, Pace(backend, 1000))
    yield made
    made.close()


def test_tokens_are_fetched_before_anybody_needs_them(cast: Cast, connections: Connections) -> None:
    keep_tokens_fresh(connections)
    with reading() as session:
        account = session.scalars(select(AmcAccount)).one()
    assert account.sealed_access_token is not None
    assert account.access_token_expires_at is not None
    assert account.access_token_expires_at > clock.now() + timedelta(minutes=50)


def test_an_account_that_is_wrong_does_not_keep_the_others_waiting(
    cast: Cast, connections: Connections
) -> None:
    with transaction() as session:
        good = session.scalars(select(AmcAccount)).one()
        session.add_all(
            AmcAccount(
                account_id=f"ENTITYWRONG{n}",
                account_name="Wrong",
                marketplace_id=good.marketplace_id,
                region="nowhere",
                sealed_refresh_token=good.sealed_refresh_token,
            )
            for n in range(3)
        )
        good.updated_at = clock.now()  # so that it is not the first in any order of the table
    keep_tokens_fresh(connections)
    with reading() as session:
        renewed = select(AmcAccount.account_id).where(AmcAccount.sealed_access_token.is_not(None))
        assert session.scalars(renewed).all() == ["ENTITYNORTHWIND1"]


def test_accounts_that_are_signed_out_are_left_alone(
    cast: Cast, connections: Connections, box: Sandbox
) -> None:
    with transaction() as session:
        session.scalars(select(AmcAccount)).one().signed_out_reason = "revoked"
    before = box.state()["calls"].get("token", 0)
    keep_tokens_fresh(connections)
    assert box.state()["calls"].get("token", 0) == before


def test_old_answers_are_forgotten(cast: Cast, noon: Callable[[float], None]) -> None:
    with transaction() as session:
        session.add(IdempotencyKey(user_id=cast.ben.id, key="k", fingerprint="f", status_code=200, answer={}))
    forget_keys()
    with reading() as session:
        assert len(session.scalars(select(IdempotencyKey)).all()) == 1
    noon(idempotency.KEPT_DAYS * 86400 + 1)
    forget_keys()
    with reading() as session:
        assert session.scalars(select(IdempotencyKey)).all() == []


def test_heartbeats_are_seen_and_pass(database: Flask, noon: Callable[[float], None]) -> None:
    with transaction() as session:
        heartbeats.beat(session, "worker")
        heartbeats.beat(session, "worker")
    with reading() as session:
        assert heartbeats.alive(session) == {"worker": 1}
    noon(heartbeats.ALIVE_FOR.total_seconds() + 1)
    with reading() as session:
        assert heartbeats.alive(session) == {}


def test_a_tick_that_fails_does_not_stop_the_others(database: Flask) -> None:
    ran: list[str] = []

    def fail() -> None:
        ran.append("bad")
        raise RuntimeError("no")

    scheduler = make_scheduler(
        database, [Tick("bad", 0.05, fail), Tick("good", 0.05, lambda: ran.append("good"))]
    )
    scheduler.start()
    end = time.monotonic() + 10
    while time.monotonic() < end and min(ran.count("bad"), ran.count("good")) < 3:
        time.sleep(0.02)
    scheduler.shutdown()
    assert min(ran.count("bad"), ran.count("good")) >= 3


def test_every_tick_of_the_table_runs(cast: Cast, connections: Connections, chosen: Settings) -> None:
    ports = Ports(chosen, connections.client, open_store(chosen.results_url))
    table = ticks(ports, connections)
    assert [tick.name for tick in table] == [
        "sweep",
        "schedules",
        "firings",
        "backfills",
        "pulse",
        "sources",
        "values",
        "refreshes",
        "tokens",
        "notifications",
        "told",
        "keys",
        "drafts",
        "sign-ins",
        "scratch",
    ]
    for tick in table:
        tick.run()
    with reading() as session:
        assert heartbeats.alive(session) == {"scheduler": 1}
