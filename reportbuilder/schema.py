"""The commands that move the schema, and compare it with the models."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, NullPool, create_engine, make_url

from reportbuilder.database import driver_url, prepare
from reportbuilder.models import metadata

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def upgrade(url: str, revision: str = "head") -> None:
    """Move the schema up to a revision."""
    with _connection(url) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(url: str, revision: str) -> None:
    """Move the schema down to a revision; ``base`` removes all tables."""
    with _connection(url) as connection:
        command.downgrade(_config(connection), revision)


def current(engine: Engine) -> str | None:
    """Return the revision that the database is at, None before the first."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """Return the newest revision that this code knows."""
    return ScriptDirectory.from_config(_config(None)).get_current_head()


def differences(engine: Engine) -> list[str]:
    """Say how the tables of a database at the newest revision differ from the models; none should."""
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return [repr(found) for found in compare_metadata(context, metadata())]


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    # SQLite changes a table by making it anew and dropping the old one, which with foreign keys on would
    # take the rows of other tables along; so migrations have an engine of their own without them.
    _make_folder(url)
    engine = create_engine(driver_url(url), poolclass=NullPool)
    prepare(engine, foreign_keys=False)
    with engine.begin() as connection:
        yield connection


def _make_folder(url: str) -> None:
    database = make_url(url).database
    if url.startswith("sqlite") and database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
