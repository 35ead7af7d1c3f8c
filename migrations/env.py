"""Runs migrations on the connection that ``reportbuilder.schema`` hands over."""

from alembic import context

from reportbuilder import models

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=models.metadata(),
    render_as_batch=True,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
