"""The ground on which real processes are killed: a database, Redis, a local AMC."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from actors.broker import make_broker
from actors.wakeups import over
from reportbuilder import wakeups
from reportbuilder.sandbox import Faults, Options, Sandbox
from reportbuilder.settings import Settings
from tests.cast import Cast
from tests.children import Nursery
from tests.deployment import Deployment, stop_all
from tests.executions.desk import Desk, make_desk


@pytest.fixture(scope="session")
def system_box() -> Iterator[Sandbox]:
    with Sandbox(Options(users=2_000, days=60, instances=3)).serving() as box:
        yield box


@pytest.fixture
def box(system_box: Sandbox) -> Sandbox:
    system_box.troubles.faults = Faults(run_seconds=0.3, validation_seconds=0.0)
    stop_all(system_box)
    return system_box


@pytest.fixture
def short_leases(chosen: Settings, box: Sandbox, redis_url: str) -> Settings:
    """The production's settings with a tenth of its patience."""
    return replace(
        chosen,
        redis_url=f"{redis_url}/0",
        amc_api_url=box.url,
        amc_token_url=box.token_url,
        amc_connect_timeout=1.0,
        amc_read_timeout=2.0,
        submit_lease=3.0,
        list_lag=2.0,
        collect_lease=3.0,
        look_min=0.2,
        look_max=1.0,
        look_lease=3.0,
        cancel_again=2.0,
        sweep_every=0.5,
        worker_threads=4,
    )


@pytest.fixture
def deployment(short_leases: Settings, tmp_path: Path, children: Nursery) -> Iterator[Deployment]:
    before = wakeups.deliver_with(over(make_broker(short_leases.redis_url)))
    with Deployment(short_leases, tmp_path / "logs", nursery=children) as deployed:
        yield deployed
    wakeups.deliver_with(before)


@pytest.fixture
def desk(database: Flask, cast: Cast) -> Desk:
    return make_desk(cast.ben, cast.first)
