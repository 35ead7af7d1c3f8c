"""Forms of shipped templates in the browser's stack."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog import publishing
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from reportbuilder.valuelists import storing
from reportbuilder.valuelists.kinds import Found
from tests.browser.stack import Stack


def address_of(stack: Stack, key: str) -> str:
    """Return the address of the form of a shipped template, on the first instance."""
    with stack.rooms.app_context(), reading() as session:
        template = session.scalars(select(QueryTemplate).where(QueryTemplate.library_key == key)).one()
    return f"/report-builder/new/{template.template_id}?instance_id={first_instance(stack)}"


def first_instance(stack: Stack) -> str:
    """Return the id of an instance."""
    with stack.rooms.app_context(), reading() as session:
        found = session.scalars(select(AmcInstance).order_by(AmcInstance.instance_id)).first()
        assert found is not None
        return found.instance_id


def offer(stack: Stack, *found: Found) -> None:
    """Let the first instance have values to pick from."""
    with stack.rooms.app_context(), transaction() as session:
        on = session.scalars(select(AmcInstance).order_by(AmcInstance.instance_id)).first()
        assert on is not None
        storing.store_seen(session, on.id, found, on.created_at)


def publish(stack: Stack, name: str, conditions: str, parameters: list[dict[str, Any]]) -> str:
    """Publish a template for everybody; return the address of its form on the first instance."""
    data = {
        "name": name,
        "category": "C",
        "sql_template": f"SELECT COUNT(*) AS n FROM dsp_impressions WHERE {conditions}",
        "parameter_definitions": parameters,
        "is_public": True,
    }
    with stack.rooms.app_context(), transaction() as session:
        admin = session.scalars(select(User).where(User.role == "admin").order_by(User.created_at)).first()
        assert admin is not None
        template_id = publishing.publish(session, data, admin).template_id
    return f"/report-builder/new/{template_id}?instance_id={first_instance(stack)}"


def parameter(name: str, kind: str, ui: Mapping[str, Any] | None = None, **rules: Any) -> dict[str, Any]:
    """Return one that may be left empty; ``default`` among the rules is none of them."""
    default = rules.pop("default", None)
    return {
        "parameter_name": name,
        "parameter_type": kind,
        "ui_config": dict(ui or {}),
        "validation_rules": rules if default is not None else {"empty": "neutral", **rules},
        "default_value": default,
        "required": default is not None,
    }
