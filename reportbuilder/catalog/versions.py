"""The publications of a template: each is kept as it was, and can be read again."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder.catalog.models import QueryTemplate, QueryTemplateVersion
from reportbuilder.catalog.older.files import read_object, read_tags
from reportbuilder.catalog.preparing import definition_rows
from reportbuilder.errors import NotFound

FIELD = "parameter_definitions"
EARLIER = "published before versions were kept"


def publication_of(template: QueryTemplate) -> dict[str, Any]:
    """Return a template as data in the shape that `publish` takes: for an editor, or for a copy."""
    return {
        "name": template.name,
        "description": template.description or "",
        "category": template.category,
        "sql_template": template.sql_template,
        FIELD: definition_rows(template),
        "report_type": template.report_type,
        "report_config": read_object(template.report_config),
        "ui_schema": read_object(template.ui_schema),
        "tags": read_tags(template.tags),
        "is_public": template.is_public,
    }


def record(session: Session, template: QueryTemplate, *, author_id: UUID | None, note: str = "") -> None:
    """Keep the template as it is now under its version; the template is in the database already."""
    _add(session, template, publication_of(template), author_id, note)


def ensure_recorded(session: Session, template: QueryTemplate, publication: Mapping[str, Any]) -> None:
    """Keep what a template was before a change, unless it is kept: other programs write templates too."""
    if _find(session, template, template.version) is None:
        _add(session, template, publication, template.user_id, EARLIER)


def _add(
    session: Session,
    template: QueryTemplate,
    publication: Mapping[str, Any],
    author_id: UUID | None,
    note: str,
) -> None:
    session.add(
        QueryTemplateVersion(
            template_id=template.id,
            version=template.version,
            snapshot=dict(publication),
            author_id=author_id,
            note=note,
        )
    )
    session.flush()


def versions_of(session: Session, template: QueryTemplate) -> list[QueryTemplateVersion]:
    """Return the publications of a template, newest first."""
    wanted = select(QueryTemplateVersion).where(QueryTemplateVersion.template_id == template.id)
    found = list(session.scalars(wanted.order_by(QueryTemplateVersion.version.desc())))
    if not found or found[0].version != template.version:
        found.insert(0, _present(template))
    return found


def version_of(session: Session, template: QueryTemplate, number: int) -> QueryTemplateVersion:
    """Return one publication of a template.

    :raises NotFound: if it has none of that number.
    """
    found = _find(session, template, number)
    if found is None and number == template.version:
        return _present(template)
    if found is None:
        raise NotFound(f"{template.name!r} has no version {number}; the present one is {template.version}")
    return found


def _find(session: Session, template: QueryTemplate, number: int) -> QueryTemplateVersion | None:
    return session.scalar(
        select(QueryTemplateVersion).where(
            QueryTemplateVersion.template_id == template.id, QueryTemplateVersion.version == number
        )
    )


def _present(template: QueryTemplate) -> QueryTemplateVersion:
    """Return the present publication of a template that another program wrote, without storing it."""
    return QueryTemplateVersion(
        template_id=template.id,
        version=template.version,
        snapshot=publication_of(template),
        note=EARLIER,
        created_at=template.updated_at,
    )
