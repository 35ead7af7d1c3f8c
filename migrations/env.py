"""Runs migrations on the connection that ``reportbuilder.schema`` hands over."""

from alembic import context

from reportbuilder import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata(),
    render_as_batch=True,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
