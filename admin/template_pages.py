"""One template: what it is, its SQL with what the lint says, its versions and uses; copy, delete, export."""

import json
from typing import Any

from flask import Response, render_template, request, url_for

from admin import sqlmarks
from admin.answers import done
from admin.blueprint import pages
from admin.gallery import card_of, titles_of
from admin.once import FIELD, once, once_key
from reportbuilder.accounts import permissions
from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import Principal, may
from reportbuilder.api import context
from reportbuilder.catalog import exporting, judging, publishing, searching, versions
from reportbuilder.catalog.datasources import data_sources
from reportbuilder.catalog.drafts import declared_tables
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.older.files import read_object, read_tags
from reportbuilder.catalog.preparing import definition_rows
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict
from reportbuilder.executions import uses

MOST_VERSIONS = 20  # listed beside a template
MenuItem = dict[str, Any] | None  # None: a line between others


@pages.get("/templates/<ident:template_id>")
def template(template_id: str) -> str:
    """Show a template with all that belongs to it."""
    principal = context.principal()
    with reading() as session:
        row = searching.find(session, principal, template_id)
        listed, used = versions.versions_of(session, row), uses.uses_of(session, principal, row)
        parent = searching.parent_of(session, principal, row)
        owner = session.get(User, row.user_id) if row.user_id else None
    return render_template(
        "library/template.html",
        versions=listed,
        numbers=[each.version for each in listed],
        most_versions=MOST_VERSIONS,
        uses=used,
        parent=parent,
        owner=owner,
        menu=_menu(row, principal, is_unused=used.is_unused),
        **_content(row, principal),
        **allowed(principal, row),
    )


def _content(row: QueryTemplate, principal: Principal) -> dict[str, Any]:
    judgement = _judged(row) if may(principal, "template:lint") else None
    return {
        "template": row,
        "card": card_of(row),
        "tags": read_tags(row.tags),
        "known_tables": data_sources(),
        "judgement": judgement,
        "lines": sqlmarks.marked(row.sql_template, titles_of(row), judgement),
    }


def _judged(row: QueryTemplate) -> judging.Judgement:
    tables = declared_tables(read_object(row.report_config))
    return judging.judge(row.sql_template, definition_rows(row), tables=tables)


def allowed(principal: Principal, row: QueryTemplate) -> dict[str, bool]:
    """Return what one may do with a template, as names for pages."""
    subject = searching.subject_of(row)
    is_shipped = row.library_key is not None
    return {
        "may_copy": may(principal, "template:publish"),
        "may_change": not is_shipped and may(principal, "template:publish", subject),
        "may_delete": not is_shipped and may(principal, "template:delete", subject),
        "may_run": may(principal, "report:create"),
    }


def _menu(row: QueryTemplate, principal: Principal, *, is_unused: bool) -> list[MenuItem]:
    can = allowed(principal, row)
    found = [
        _item(row, "Preview", "eye", href="admin.template_preview", dialog=True),
        _item(row, "Download as a file", "download", href="admin.export_template"),
        _item(row, "Download with my saved values", "download", href="admin.export_template", value_sets=1),
    ]
    if can["may_copy"]:
        fields = {FIELD: once_key()}
        found.append(
            _item(row, "Make a copy of my own", "duplicate", post="admin.copy_template", fields=fields)
        )
    if can["may_delete"] and is_unused:
        ask = f"{row.name} goes, with its versions and all values that were saved for it."
        found += [
            None,
            _item(row, "Delete", "trash", post="admin.delete_template", kind="danger", confirm=ask),
        ]
    return found


def _item(row: QueryTemplate, text: str, icon: str, value_sets: int | None = None, **more: Any) -> MenuItem:
    ways = {
        name: url_for(more.pop(name), template_id=row.template_id, value_sets=value_sets)
        for name in ("href", "post")
        if name in more
    }
    return {"text": text, "icon": icon} | ways | more


@pages.post("/templates/<ident:template_id>/copy")
def copy_template(template_id: str) -> Response:
    """Make a copy of a template one's own, and lead to its editor."""
    principal = context.principal()
    with transaction() as session:
        row = searching.find(session, principal, template_id)
        permissions.ensure(principal, "template:publish")

        def work() -> dict[str, Any]:
            copy = publishing.fork(session, row, session.get_one(User, principal.user_id))
            return {"template_id": copy.template_id}

        made = once(session, "copy", work)
    target = url_for("admin.edit_template", template_id=made["template_id"])
    return done(target, "This is a copy of your own; nobody else sees it until you share it")


@pages.post("/templates/<ident:template_id>/delete")
def delete_template(template_id: str) -> Response:
    """Delete a template that nothing uses."""
    with transaction() as session:
        row = searching.find(session, context.principal(), template_id)
        permissions.ensure(context.principal(), "template:delete", searching.subject_of(row), "template")
        name = row.name
        try:
            uses.delete_unused(session, row)
        except Conflict as error:
            return done(url_for("admin.template", template_id=template_id), error.message, "danger")
    return done(url_for("admin.templates"), f"{name} is deleted")


@pages.get("/templates/<ident:template_id>/export")
def export_template(template_id: str) -> Response:
    """Give a template as a file that import takes."""
    with reading() as session:
        row = searching.find(session, context.principal(), template_id)
        saved = context.principal().user_id if "value_sets" in request.args else None
        told = exporting.export(session, [row], value_sets_of=saved)
    body = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    answer = Response(body, content_type="application/json; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{template_id}.json")
    return answer
