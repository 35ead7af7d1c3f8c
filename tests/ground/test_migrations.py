"""The schema that migrations make: up, down, up, equal to the models, and without loss of rows."""

from pathlib import Path
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Engine, create_engine, inspect, select, text
from sqlalchemy.orm import Session

from reportbuilder import models, schema
from reportbuilder.catalog import versions
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import driver_url


@pytest.fixture(params=["sqlite", "postgresql"])
def blank_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/blank.sqlite"
    server: str = request.getfixturevalue("postgresql_server")
    name = f"blank_{uuid4().hex}"
    engine = create_engine(driver_url(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return engine.url.set(database=name).render_as_string(hide_password=False)


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_up_down_up_and_equal_to_the_models(blank_url: str) -> None:
    engine = create_engine(driver_url(blank_url))
    schema.upgrade(blank_url)
    schema.downgrade(blank_url, "base")
    assert tables(engine) == set()
    schema.upgrade(blank_url)
    assert schema.current(engine) == schema.newest()
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, models.metadata()) == []
    engine.dispose()


def test_check_constraints_equal_those_of_the_models(blank_url: str) -> None:
    schema.upgrade(blank_url)
    engine = create_engine(driver_url(blank_url))
    inspector = inspect(engine)
    for table in models.metadata().sorted_tables:
        declared = {
            str(check.name)
            for check in table.constraints
            if isinstance(check, CheckConstraint) and check.name
        }
        assert {check["name"] for check in inspector.get_check_constraints(table.name)} == declared, (
            table.name
        )
    engine.dispose()


FIRST_ROWS = (
    """INSERT INTO query_templates (id, template_id, name, category, sql_template, parameters_schema,
       is_public, usage_count, version, execution_count, created_at, updated_at) VALUES
       (:template, 'tpl_0123456789ab', 'Reach', 'reach', 'SELECT 1', '{}', TRUE, 0, 1, 0, :at, :at)""",
    """INSERT INTO query_template_parameters (id, template_id, parameter_name, parameter_type, required,
       validation_rules, ui_config, display_order, created_at, updated_at) VALUES
       (:parameter, :template, 'brand', 'string', TRUE, '{}', '{}', 0, :at, :at)""",
)


def test_the_second_step_keeps_the_rows_of_the_first(blank_url: str) -> None:
    schema.upgrade(blank_url, "0001")
    engine = create_engine(driver_url(blank_url))
    values = {"template": uuid4().hex, "parameter": uuid4().hex, "at": "2025-01-01 00:00:00+00:00"}
    with engine.begin() as connection:
        for statement in FIRST_ROWS:
            connection.execute(text(statement), values)
    schema.upgrade(blank_url)
    schema.downgrade(blank_url, "0001")
    schema.upgrade(blank_url)
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT t.template_id, t.report_config, p.parameter_name FROM query_templates t"
                " JOIN query_template_parameters p ON p.template_id = t.id"
            )
        ).all()
    assert [(row[0], str(row[1]), row[2]) for row in rows] == [("tpl_0123456789ab", "{}", "brand")]
    engine.dispose()


def test_the_third_step_keeps_what_templates_are_as_their_present_version(blank_url: str) -> None:
    schema.upgrade(blank_url, "0002")
    engine = create_engine(driver_url(blank_url))
    values = {"template": uuid4().hex, "parameter": uuid4().hex, "at": "2025-01-01 00:00:00+00:00"}
    with engine.begin() as connection:
        for statement in FIRST_ROWS:
            connection.execute(text(statement), values)
    schema.upgrade(blank_url)
    with Session(engine) as session:
        template = session.scalars(select(QueryTemplate)).one()
        (kept,) = versions.versions_of(session, template)
        assert (kept.version, kept.author) == (1, None)
        assert kept.snapshot == versions.publication_of(template)
        assert kept.snapshot["parameter_definitions"][0]["parameter_name"] == "brand"
        assert kept.created_at.tzinfo is not None
    engine.dispose()
