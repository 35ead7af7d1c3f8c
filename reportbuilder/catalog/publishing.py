"""Publishing templates and their next versions."""

import secrets
from collections.abc import Mapping
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from reportbuilder.accounts.models import User
from reportbuilder.catalog.drafts import FIELD, Draft, read_draft
from reportbuilder.catalog.models import QueryTemplate, QueryTemplateParameter
from reportbuilder.catalog.preparing import definition_rows
from reportbuilder.errors import Conflict
from reportbuilder.parameters.definitions import Definition


def publish(
    session: Session, data: Mapping[str, Any], user: User, *, parent: QueryTemplate | None = None
) -> QueryTemplate:
    """Publish a new template of a user; ``parent`` is the template that it is a copy of.

    ``data``: name, category, sql_template, parameter_definitions, and if wanted description, report_type,
    report_config, ui_schema, tags, is_public.

    :raises Invalid: with everything that is wrong, by field.
    """
    template = new_template(session, read_draft(data), user_id=user.id)
    template.parent_template_id = parent.id if parent else None
    session.flush()
    return template


def update(
    session: Session, template: QueryTemplate, data: Mapping[str, Any], *, seen_version: int | None = None
) -> QueryTemplate:
    """Publish the next version of a template; fields that are not given stay. Without a change, none is made.

    :param seen_version: the version that the editor started from, so that nobody's change is overwritten.
    :raises Invalid: with everything that is wrong, by field.
    :raises Conflict: for a shipped template, and when there has been another version since.
    """
    if template.library_key is not None:
        raise Conflict(
            f"{template.name!r} is shipped and changes with releases; publish a copy and change that"
        )
    if seen_version is not None and seen_version != template.version:
        raise Conflict(
            f"{template.name!r} is at version {template.version}, not {seen_version}; load it anew"
        )
    before = publication_of(template)
    draft = read_draft({**before, **data})
    fill(template, draft)
    if publication_of(template) != before:
        template.version += 1
    session.flush()
    return template


def publication_of(template: QueryTemplate) -> dict[str, Any]:
    """Return a template as data in the shape that `publish` takes: for an editor, or for a copy."""
    return {
        "name": template.name,
        "description": template.description or "",
        "category": template.category,
        "sql_template": template.sql_template,
        FIELD: definition_rows(template),
        "report_type": template.report_type,
        "report_config": dict(template.report_config),
        "ui_schema": dict(template.ui_schema),
        "tags": list(template.tags or ()),
        "is_public": template.is_public,
    }


def new_template(session: Session, draft: Draft, *, user_id: UUID | None) -> QueryTemplate:
    """Add a template at version 1."""
    template = QueryTemplate(
        template_id=f"tpl_{secrets.token_hex(6)}", user_id=user_id, version=1, parameters_schema={}
    )
    fill(template, draft)
    session.add(template)
    return template


def fill(template: QueryTemplate, draft: Draft) -> None:
    """Write a draft into a template; its parameters are replaced, those of the same name keep their row."""
    for item in fields(Draft):
        if item.name not in ("definitions", "tags"):
            value = getattr(draft, item.name)
            setattr(template, item.name, dict(value) if isinstance(value, Mapping) else value)
    template.tags = list(draft.tags)
    rows = {row.parameter_name: row for row in template.parameters}
    template.parameters = [
        _fill_row(rows.get(each.name) or QueryTemplateParameter(), each) for each in draft.definitions
    ]


def _fill_row(row: QueryTemplateParameter, definition: Definition) -> QueryTemplateParameter:
    for column, value in definition.to_mapping().items():
        setattr(row, column, value)
    return row
