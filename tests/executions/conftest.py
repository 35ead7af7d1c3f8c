"""A real local AMC and the executions' ports."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from dramatiq.rate_limits.backends import StubBackend
from flask import Flask

from reportbuilder import wakeups
from reportbuilder.amc.connections import Connections
from reportbuilder.amc.pacing import Pace
from reportbuilder.executions.ports import Ports
from reportbuilder.results.store import open_store
from reportbuilder.sandbox import Faults, Options, Sandbox
from reportbuilder.settings import Settings
from tests.cast import Cast
from tests.deployment import stop_all
from tests.executions.desk import Desk, Workers, make_desk
from tests.executions.meanwhile import Meanwhile

QUICK = Faults(run_seconds=0.05, validation_seconds=0.0)


@pytest.fixture(scope="session")
def shared_box() -> Iterator[Sandbox]:
    with Sandbox(Options(users=2_000, days=60, instances=3)).serving() as box:
        yield box


@pytest.fixture
def box(shared_box: Sandbox) -> Sandbox:
    """A local AMC without faults in which nothing runs."""
    shared_box.troubles.faults = QUICK
    stop_all(shared_box)
    return shared_box


@pytest.fixture
def hasty(chosen: Settings, box: Sandbox) -> Settings:
    """Settings with which nothing waits long."""
    return replace(
        chosen,
        amc_api_url=box.url,
        amc_token_url=box.token_url,
        amc_read_timeout=1.0,
        submit_lease=3.0,
        list_lag=0.2,
        look_min=0.05,
        look_max=0.2,
        collect_lease=1.0,
        not_found_grace=1.0,
    )


@pytest.fixture
def ports(database: Flask, hasty: Settings) -> Iterator[Ports]:
    backend = StubBackend()  # type: ignore[no-untyped-call] # Dramatiq has not typed its backends
    connections = Connections(hasty, Pace(backend, 1000))
    yield Ports(hasty, connections.client, open_store(hasty.results_url))
    connections.close()


@pytest.fixture
def workers(ports: Ports) -> Iterator[Workers]:
    mine = Workers(ports)
    before = wakeups.deliver_with(mine.deliver)
    yield mine
    wakeups.deliver_with(before)


@pytest.fixture
def desk(cast: Cast) -> Desk:
    return make_desk(cast.ben, cast.first)


@pytest.fixture
def meanwhile(ports: Ports, cast: Cast) -> Meanwhile:
    return Meanwhile(ports.connect(cast.account))


@pytest.fixture
def mine(ports: Ports, meanwhile: Meanwhile) -> Ports:
    return replace(ports, connect=lambda _account: meanwhile)  # type: ignore[arg-type, return-value] # it stands for a client
