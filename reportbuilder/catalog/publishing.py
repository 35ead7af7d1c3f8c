"""Publishing templates and their next versions."""

import secrets
from collections.abc import Mapping
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import update as update_rows
from sqlalchemy.orm import Session

from reportbuilder.accounts.models import User
from reportbuilder.catalog import versions
from reportbuilder.catalog.drafts import LONGEST_NAME, Draft, read_draft
from reportbuilder.catalog.models import QueryTemplate, QueryTemplateParameter
from reportbuilder.catalog.versions import publication_of
from reportbuilder.errors import Conflict
from reportbuilder.parameters.definitions import Definition


def publish(
    session: Session,
    data: Mapping[str, Any],
    user: User,
    *,
    parent: QueryTemplate | None = None,
    note: str = "",
) -> QueryTemplate:
    """Publish a new template of a user; ``parent`` is the template that it is a copy of.

    ``data``: name, category, sql_template, parameter_definitions, and if wanted description, report_type,
    report_config, ui_schema, tags, is_public.

    :raises Invalid: with everything that is wrong, by field.
    """
    template = new_template(session, read_draft(data), user_id=user.id)
    if parent is not None:
        template.parent_template_id, template.parent_version = parent.id, parent.version
    session.flush()
    versions.record(session, template, author_id=user.id, note=note)
    return template


def update(
    session: Session,
    template: QueryTemplate,
    data: Mapping[str, Any],
    *,
    seen_version: int | None = None,
    author_id: UUID | None = None,
    note: str = "",
) -> QueryTemplate:
    """Publish the next version of a template; fields that are not given stay. Without a change, none is made.

    :param seen_version: the version that the editor started from, so that nobody's change is overwritten.
    :param author_id: who publishes it; ``note``: why, in one line.
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
    versions.ensure_recorded(session, template, before)
    fill(template, draft)
    session.flush()
    if publication_of(template) != before:
        template.version += 1
        versions.record(session, template, author_id=author_id, note=note)
    return template


def restore(
    session: Session,
    template: QueryTemplate,
    number: int,
    *,
    author_id: UUID | None = None,
    seen_version: int | None = None,
) -> QueryTemplate:
    """Publish what a template was at an earlier version as its next one.

    :raises NotFound: if there is no such version. :raises Invalid: if it could not be published today.
    :raises Conflict: as `update`.
    """
    snapshot = versions.version_of(session, template, number).snapshot
    note = f"restored from version {number}"
    return update(session, template, snapshot, author_id=author_id, seen_version=seen_version, note=note)


def fork(session: Session, parent: QueryTemplate, user: User, *, name: str | None = None) -> QueryTemplate:
    """Publish a copy of a template for a user, private at first; it knows of which version it is a copy.

    :raises Invalid: with everything that speaks against publishing it today, by field.
    """
    data = publication_of(parent) | {
        "name": name or f"{parent.name} (copy)"[:LONGEST_NAME],
        "is_public": False,
    }
    note = f"copied from version {parent.version} of {parent.name}"
    return publish(session, data, user, parent=parent, note=note)


def delete(session: Session, template: QueryTemplate) -> None:
    """Delete a template that nothing uses, which the caller knows; copies of it stay, without a parent.

    :raises Conflict: for a shipped template.
    """
    if template.library_key is not None:
        raise Conflict(f"{template.name!r} is shipped; it stays, and a copy of it can be deleted")
    copies = update_rows(QueryTemplate).where(QueryTemplate.parent_template_id == template.id)
    session.execute(copies.values(parent_template_id=None, parent_version=None))
    session.delete(template)
    session.flush()


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
