"""The database: the declarative class of all models, column types, and the two kinds of transaction."""

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar
from uuid import UUID, uuid4

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, DateTime, Dialect, Engine, MetaData, Text, TypeDecorator, Uuid, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from reportbuilder import clock
from reportbuilder.settings import Settings

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

# for libpq; seconds, the last one milliseconds
PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime: ``timestamptz`` on PostgreSQL, sortable UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive datetimes, which have already cost this trade many empty reports."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError(f"{value!r} has no zone; instants are aware")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Give the zone back."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Base(DeclarativeBase):
    """What all models share: one metadata, named constraints, types by annotation."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant,
        str: Text,
        UUID: Uuid,
        dict[str, Any]: Json,
        list[Any]: Json,
    }


class Row:
    """The columns that every table has had from the beginning."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)


db = SQLAlchemy(metadata=Base.metadata)

_open: ContextVar[bool] = ContextVar("transaction open", default=False)


def install(app: Flask, settings: Settings) -> None:
    """Give the app its engine."""
    app.config["SQLALCHEMY_DATABASE_URI"] = driver_url(settings.database_url)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "pool_pre_ping": True,
        "hide_parameters": True,  # values and hashes of tokens do not belong into messages of errors
        "connect_args": _patience(settings.database_url),
    }
    db.init_app(app)
    with app.app_context():
        prepare(db.engine)


def _patience(url: str) -> dict[str, int]:
    """Return how long a dead PostgreSQL may go unnoticed, as far as its address does not say it."""
    parts = make_url(driver_url(url))
    if parts.get_backend_name() != "postgresql":
        return {}
    return {name: value for name, value in PATIENCE.items() if name not in parts.query}


def driver_url(url: str) -> str:
    """Name the driver in the addresses that platforms hand out.

    >>> driver_url("postgres://u@h/d")
    'postgresql+psycopg://u@h/d'
    """
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg{separator}{rest}" if scheme in {"postgres", "postgresql"} else url


def prepare(engine: Engine, *, foreign_keys: bool = True) -> None:
    """Keep PostgreSQL from compiling, and make SQLite behave.

    That takes foreign keys, many readers beside a writer, and honest BEGINs.
    """
    if engine.dialect.name == "postgresql":
        event.listen(engine, "connect", _on_postgresql_connect)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", partial(_on_sqlite_connect, foreign_keys=foreign_keys))
        event.listen(engine, "begin", _on_sqlite_begin)


def _on_postgresql_connect(connection: Any, _record: object) -> None:
    # it takes a tenth of a second to compile what then runs for a twentieth
    connection.execute("SET jit TO off")
    connection.commit()


def _on_sqlite_connect(connection: sqlite3.Connection, _record: object, *, foreign_keys: bool) -> None:
    connection.isolation_level = None  # the driver opens no transactions of its own; see _on_sqlite_begin
    keys = "ON" if foreign_keys else "OFF"
    for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=NORMAL", f"foreign_keys={keys}"):
        connection.execute(f"PRAGMA {pragma}")


def _on_sqlite_begin(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once if another wrote in between, however long
    # the busy timeout is; taking the write lock at the start makes it wait instead.
    writes = connection.get_execution_options().get("writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def transaction() -> Iterator[Session]:
    """Give a session whose changes are committed at the end, or rolled back on an error.

    What was left with :func:`after_commit` runs then. Transactions do not nest: the door opens one, the rooms
    work in it. Needs an app context.
    """
    with _session(writes=True) as session:
        yield session
        session.commit()
    for callback in session.info.pop("after_commit", ()):
        callback()


@contextmanager
def reading() -> Iterator[Session]:
    """Give a session for reading only; whatever it changes is dropped."""
    with _session(writes=False) as session:
        yield session


@contextmanager
def _session(*, writes: bool) -> Iterator[Session]:
    if _open.get():
        raise RuntimeError("a transaction is open already; pass its session down instead")
    token = _open.set(True)
    try:
        with Session(db.engine.execution_options(writes=writes), expire_on_commit=False) as session:
            yield session
    finally:
        _open.reset(token)


def for_thread(work: Callable[[], None]) -> Callable[[], None]:
    """Return ``work`` so that another thread can run it with this app's database."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's way to hand its app to a thread

    def carried() -> None:
        with app.app_context():
            work()

    return carried


def in_transaction() -> bool:
    """Say whether this thread has a transaction open; nobody may call AMC while it has."""
    return _open.get()


def after_commit(session: Session, callback: Callable[[], None]) -> None:
    """Run ``callback`` once the transaction is committed, never if it is rolled back."""
    session.info.setdefault("after_commit", []).append(callback)


def new_id(prefix: str) -> str:
    """Return a text id that nobody can guess.

    >>> len(new_id("exec"))
    25
    """
    return f"{prefix}_{secrets.token_hex(10)}"
