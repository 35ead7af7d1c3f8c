"""Synthetic data: who must ask for them, and what a run that asks for them may read."""

from typing import Any

from sqlglot import exp

from reportbuilder.sandbox.dialect import RefusedError, parse, span
from reportbuilder.sandbox.instants import BadRequestError
from reportbuilder.sandbox.world import Instance

SCHEMA = "sandbox"


def check_instance(body: dict[str, Any], instance: Instance) -> None:
    """See to it that a run on an instance of synthetic data says that it wants them.

    :raises BadRequestError: if it does not.
    """
    if instance.is_synthetic and not body.get("requireSyntheticData"):
        raise BadRequestError(
            f"requireSyntheticData must be true: instance {instance.instance_id} only holds synthetic data."
        )


def check_sources(body: dict[str, Any], instance: Instance) -> None:
    """See to it that a run that asks for synthetic data reads no others.

    :raises RefusedError: naming the first data source that is not synthetic.
    """
    workflow = body["workflow"]
    if not body.get("requireSyntheticData") or instance.is_synthetic or workflow.get("inputSchema") == SCHEMA:
        return
    for table in parse(workflow["sqlQuery"]).find_all(exp.Table):
        name = _real_name(table)
        if name is not None:
            raise RefusedError(
                f"{span(table)}Data source '{name}' holds data that are not synthetic, and "
                f"requireSyntheticData is true; read '{SCHEMA}.{name}'."
            )


def _real_name(table: exp.Table) -> str | None:
    """Return the name of a data source outside the schema of synthetic ones, None for anything else."""
    call = table.this
    if isinstance(call, exp.Anonymous):
        literal = next(call.find_all(exp.Literal), None)
        name = literal.name if literal is not None else ""
        return None if name.lower().startswith(f"{SCHEMA}.") else name
    is_query = any(with_.alias.lower() == table.name.lower() for with_ in table.root().find_all(exp.CTE))
    return None if is_query or table.db.lower() == SCHEMA else table.name
