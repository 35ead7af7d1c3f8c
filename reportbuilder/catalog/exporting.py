"""Templates as a file that another Report Builder, or this one, can import again."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder.catalog.models import QueryTemplate, QueryTemplateInstance
from reportbuilder.catalog.older.files import FORMAT, VERSION
from reportbuilder.catalog.versions import publication_of

ORIGIN = ("parameters_schema", "default_parameters", "default_dashboard_type")


def export(
    session: Session, templates: Iterable[QueryTemplate], *, value_sets_of: UUID | None = None
) -> dict[str, Any]:
    """Return ``{format, version, templates: [{template_id, version, publication, …}]}``.

    ``publication`` is what `publishing.publish` takes. ``origin``: an older template's columns, as they came.

    :param value_sets_of: the user whose saved value sets go along.
    """
    return {
        "format": FORMAT,
        "version": VERSION,
        "templates": [_export_one(session, template, value_sets_of) for template in templates],
    }


def _export_one(session: Session, template: QueryTemplate, user_id: UUID | None) -> dict[str, Any]:
    item: dict[str, Any] = {
        "template_id": template.template_id,
        "version": template.version,
        "publication": publication_of(template),
    }
    if origin := origin_of(template):
        item["origin"] = origin
    if user_id is not None:
        item["value_sets"] = [_value_set(row) for row in value_sets(session, template, user_id)]
    return item


def origin_of(template: QueryTemplate) -> Mapping[str, Any]:
    """Return the columns that are kept as an older template brought them."""
    found = {name: getattr(template, name) for name in ORIGIN}
    return {name: value for name, value in found.items() if value not in (None, "", {}, [])}


def value_sets(session: Session, template: QueryTemplate, user_id: UUID) -> list[QueryTemplateInstance]:
    """Return the value sets that a user saved for a template, by name."""
    wanted = select(QueryTemplateInstance).where(
        QueryTemplateInstance.template_id == template.id, QueryTemplateInstance.user_id == user_id
    )
    return list(
        session.scalars(wanted.order_by(QueryTemplateInstance.instance_name, QueryTemplateInstance.id))
    )


def _value_set(row: QueryTemplateInstance) -> dict[str, Any]:
    return {
        "instance_name": row.instance_name,
        "saved_parameters": row.saved_parameters,
        "is_favorite": row.is_favorite,
    }
