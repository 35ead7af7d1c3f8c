"""The library: the list of templates, one with all that belongs to it, its versions, and what differs."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from flask import Response, render_template, request, url_for

from admin import sqlmarks
from admin.answers import done
from admin.blueprint import pages
from admin.gallery import address, card_of, filters, form_address, page_asked, page_or_part, titles_of
from reportbuilder.accounts import idempotency, permissions
from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import Principal, may
from reportbuilder.api import context
from reportbuilder.catalog import exporting, judging, publishing, searching, versions
from reportbuilder.catalog.datasources import data_sources
from reportbuilder.catalog.differences import Difference, Pair, compare, pair_lines, texts_of
from reportbuilder.catalog.drafts import declared_tables
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.older.files import read_object, read_tags
from reportbuilder.catalog.preparing import definition_rows
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, NotFound
from reportbuilder.executions import uses
from reportbuilder.parameters.messages import show

PAGE = 50
MOST_VERSIONS = 20  # listed beside a template
LARGEST = 2_147_483_647  # of a version; as large as databases keep
TITLES = {
    "sql_template": "SQL",
    "parameter_definitions": "Parameter definitions",
    "report_config": "Report configuration",
    "ui_schema": "Form hints",
}
LABELS = TITLES | {
    "name": "Name",
    "category": "Category",
    "report_type": "Report type",
    "tags": "Tags",
    "description": "Description",
}


@pages.app_context_processor
def _known() -> dict[str, Any]:
    """Return what the templates of these pages know."""
    return {
        "by_weight": sqlmarks.by_weight,
        "use": form_address,
        "report_address": "/report-builder/reports/{}".format,
        "labels": LABELS,
        "MOST_VERSIONS": MOST_VERSIONS,
    }


@pages.app_template_filter("as_json")
def as_json(value: Any) -> str:
    """Return a value as JSON, cut if it is long."""
    return show(value)


@pages.get("/templates")
def templates() -> Response:
    """List the templates that one may see."""
    asked = filters("search", "category", "report_type", "origin", "sort")
    sort = asked["sort"] if asked["sort"].removeprefix("-") in searching.SORTS else "name"
    words = {name: asked[name] or None for name in ("search", "category", "report_type")}
    origin = asked["origin"] if asked["origin"] in searching.ORIGINS else None
    page = page_asked()
    with reading() as session:
        principal = context.principal()
        criteria = searching.Criteria(**words, origin=origin)
        rows, total = searching.search(session, principal, criteria, sort=sort, page=page, limit=PAGE)
        counts = uses.counts_of(session, [row.id for row in rows])
        owners = searching.owners_of(session, rows)
        facets = searching.facets(session, principal)
    return page_or_part(
        "library/templates.html",
        "library/_list.html",
        asked=asked | {"sort": sort},
        origin=lambda row: _origin(row, owners),
        page_url=lambda number: address(page=number),
        sort_url=lambda key: address(sort=key, page=None),
        cards=[card_of(row) for row in rows],
        uses=counts,
        facets=facets,
        total=total,
        page=page,
        pages=max(1, -(-total // PAGE)),
        may_publish=may(principal, "template:publish"),
    )


@pages.get("/templates/<ident:template_id>")
def template(template_id: str) -> str:
    """Show a template: what it is, its SQL with what the lint says, its versions, and what uses it."""
    with reading() as session:
        principal = context.principal()
        row = searching.find(session, principal, template_id)
        shown = {
            "versions": versions.versions_of(session, row),
            "uses": uses.uses_of(session, principal, row),
            "parent": searching.parent_of(session, principal, row),
            "owner": session.get(User, row.user_id) if row.user_id else None,
        }
    judgement = _judged(row) if may(principal, "template:lint") else None
    allowed = _allowed(principal, row)
    return render_template(
        "library/template.html",
        template=row,
        card=card_of(row),
        known_tables=data_sources(),
        lines=marked(row.sql_template, titles_of(row), judgement),
        judgement=judgement,
        numbers=[each.version for each in shown["versions"]],
        menu=_menu(row, allowed, shown["uses"].is_unused),
        tags=read_tags(row.tags),
        **shown,
        **allowed,
    )


def _origin(row: QueryTemplate, owners: Mapping[UUID, str]) -> str:
    if row.library_key is not None:
        return "shipped"
    return owners.get(row.user_id, "somebody who has left") if row.user_id else "somebody who has left"


def _menu(row: QueryTemplate, allowed: Mapping[str, bool], is_unused: bool) -> list[dict[str, Any] | None]:
    def item(text: str, sign: str, endpoint: str, **more: Any) -> dict[str, Any]:
        way = "post" if more.pop("writes", False) else "href"
        return {"text": text, "icon": sign, way: url_for(endpoint, template_id=row.template_id), **more}

    found: list[dict[str, Any] | None] = [
        item("Preview", "eye", "admin.template_preview", dialog=True),
        item("Download as a file", "download", "admin.export_template"),
    ]
    if allowed["may_copy"]:
        found.append(
            item(
                "Make a copy of my own",
                "duplicate",
                "admin.copy_template",
                writes=True,
                fields={"key": str(uuid4())},
            )
        )
    if allowed["may_delete"] and is_unused:
        ask = f"{row.name} goes, with its versions and all values that were saved for it."
        found += [
            None,
            item("Delete", "trash", "admin.delete_template", writes=True, kind="danger", confirm=ask),
        ]
    return found


def _judged(row: QueryTemplate) -> judging.Judgement:
    tables = declared_tables(read_object(row.report_config))
    return judging.judge(row.sql_template, definition_rows(row), tables=tables)


def marked(
    sql: str, titles: dict[str, str], judgement: judging.Judgement | None = None
) -> list[list[sqlmarks.Piece]]:
    """Return the lines of a template's SQL with its placeholders, and what was found, marked."""
    found = sqlmarks.finding_marks(sql, judgement.findings) if judgement else []
    return sqlmarks.cut(sql, [*sqlmarks.placeholder_marks(sql, titles), *found])


def _allowed(principal: Principal, row: QueryTemplate) -> dict[str, bool]:
    subject = searching.subject_of(row)
    is_shipped = row.library_key is not None
    return {
        "may_copy": may(principal, "template:publish"),
        "may_change": not is_shipped and may(principal, "template:publish", subject),
        "may_delete": not is_shipped and may(principal, "template:delete", subject),
        "may_run": may(principal, "report:create"),
    }


@pages.get("/templates/<ident:template_id>/versions/<int(max=2147483647):number>")
def template_version(template_id: str, number: int) -> str:
    """Show a template as it was published once."""
    with reading() as session:
        row = searching.find(session, context.principal(), template_id)
        version = versions.version_of(session, row, number)
    sql = str(version.snapshot.get("sql_template", ""))
    return render_template(
        "library/version.html",
        template=row,
        version=version,
        lines=marked(sql, {}),
        texts=texts_of(version.snapshot),
        titles=TITLES,
        **_allowed(context.principal(), row),
    )


@pages.get("/templates/<ident:template_id>/diff")
def template_diff(template_id: str) -> str:
    """Compare two versions of a template; without others the present one with the one before."""
    with reading() as session:
        row = searching.find(session, context.principal(), template_id)
        after = _asked_version("to") or row.version
        before = _asked_version("from") or max(after - 1, 1)
        old = versions.version_of(session, row, before)
        latest = versions.version_of(session, row, after)
        listed = versions.versions_of(session, row)
    return render_template(
        "library/diff.html",
        template=row,
        before=old,
        after=latest,
        numbers=[each.version for each in listed],
        **differences(old.snapshot, latest.snapshot),
    )


def _asked_version(name: str) -> int | None:
    number = request.args.get(name, None, int)
    if number is not None and not 1 <= number <= LARGEST:
        raise NotFound(f"There is no version {number}")
    return number


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return what differs between two publications, in words and line by line."""
    said: Difference = compare(before, after)
    old, new = texts_of(before), texts_of(after)
    pairs: dict[str, tuple[Pair, ...]] = {
        TITLES[name]: pair_lines(old[name], new[name]) for name in TITLES if old[name] != new[name]
    }
    return {"said": said, "pairs": pairs}


@pages.post("/templates/<ident:template_id>/versions/<int(max=2147483647):number>/restore")
def restore_version(template_id: str, number: int) -> Response:
    """Publish what a template was at a version as its next one."""
    seen = request.form.get("version", None, int)
    with transaction() as session:
        row = searching.find(session, context.principal(), template_id, locked=True)
        permissions.ensure(context.principal(), "template:publish", searching.subject_of(row), "template")
        author = context.principal().user_id
        publishing.restore(session, row, number, author_id=author, seen_version=seen)
        version = row.version
    target = url_for("admin.template", template_id=template_id)
    return done(target, f"Version {number} is published again, as version {version}")


@pages.post("/templates/<ident:template_id>/copy")
def copy_template(template_id: str) -> Response:
    """Make a copy of a template one's own, and lead to its editor."""
    principal, key = context.principal(), request.form.get("key") or str(uuid4())
    with transaction() as session:
        row = searching.find(session, principal, template_id)
        permissions.ensure(principal, "template:publish")

        def work() -> tuple[int, dict[str, Any]]:
            copy = publishing.fork(session, row, session.get_one(User, principal.user_id))
            return 201, {"template_id": copy.template_id}

        print_ = idempotency.fingerprint("POST", request.path, b"")
        made = idempotency.once(session, principal.user_id, key, print_, work).body["template_id"]
    target = url_for("admin.edit_template", template_id=made)
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
