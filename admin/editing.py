"""The editor of templates: write, let it be judged, look at what differs, publish."""

from typing import Any

from flask import Response, make_response, render_template, request, url_for
from sqlalchemy.orm import Session

from admin import manuscripts, sqlmarks
from admin.answers import done
from admin.blueprint import pages
from admin.manuscripts import Manuscript, Reading
from admin.once import once
from admin.template_versions import differences
from reportbuilder.accounts import permissions
from reportbuilder.accounts.models import User
from reportbuilder.api import context
from reportbuilder.catalog import publishing, searching
from reportbuilder.catalog.drafts import MOST_TAGS, read_draft
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.versions import publication_of
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid

BLANK = Manuscript(dict.fromkeys((*manuscripts.TEXTS, *manuscripts.JSONS), "") | manuscripts.BLANK)


@pages.get("/templates/new")
def new_template() -> Response:
    """Show an empty editor."""
    permissions.ensure(context.principal(), "template:publish")
    return _editor(BLANK, None)


@pages.post("/templates/new", endpoint="write_template")
def write_template() -> Response:
    """Judge a new template, or publish it."""
    permissions.ensure(context.principal(), "template:publish")
    written = manuscripts.of_form(request.form)
    found = manuscripts.read(written)
    step = request.form.get("step")
    if step != "publish" or found.wrong:
        return _editor(written, None, found, 422 if found.wrong and step != "check" else 200)
    with transaction() as session:
        made = once(session, _wish(written), lambda: _published(session, written, found))
    target = url_for("admin.template", template_id=made["template_id"])
    return done(target, "The template is published")


def _published(session: Session, written: Manuscript, found: Reading) -> dict[str, Any]:
    user = session.get_one(User, context.principal().user_id)
    row = publishing.publish(session, found.data, user, note=written.note)
    return {"template_id": row.template_id}


def _wish(written: Manuscript) -> list[Any]:
    """Return what tells one text that is published by a form from another by the same form."""
    return [dict(written.texts), written.is_public, written.note, written.seen]


@pages.get("/templates/<ident:template_id>/edit")
def edit_template(template_id: str) -> Response:
    """Show the editor with the present version in it."""
    with reading() as session:
        row = _changeable(session, template_id)
        return _editor(manuscripts.of_publication(publication_of(row), row.version), row)


@pages.post("/templates/<ident:template_id>/edit", endpoint="revise_template")
def revise_template(template_id: str) -> Response:
    """Judge a text, show what it changes, or publish it as the next version."""
    written, step = manuscripts.of_form(request.form), request.form.get("step")
    found = manuscripts.read(written)
    with reading() as session:
        row = _changeable(session, template_id)
        before = publication_of(row)
    if found.wrong or step not in ("review", "publish"):
        return _editor(written, row, found, 422 if found.wrong and step != "check" else 200)
    if step == "publish":
        return _publish(written, row, found)
    if written.seen != row.version:
        return _outdated(written, row, found)
    return _review(written, row, before, found)


@pages.post("/templates/lint", endpoint="judge_template")
def judge_template() -> str:
    """Show what the lint says of a text, for an editor that asks while one types."""
    permissions.ensure(context.principal(), "template:lint")
    written = manuscripts.of_form(request.form)
    return render_template("library/_judgement.html", **_judged(written, manuscripts.read(written)))


def _changeable(session: Session, template_id: str) -> QueryTemplate:
    row = searching.find(session, context.principal(), template_id)
    permissions.ensure(context.principal(), "template:publish", searching.subject_of(row), "template")
    if row.library_key is not None:
        raise Conflict(f"{row.name!r} is shipped and changes with releases; make a copy and change that")
    return row


def _publish(written: Manuscript, row: QueryTemplate, found: Reading) -> Response:
    try:
        with transaction() as session:
            template = searching.find(session, context.principal(), row.template_id, locked=True)
            version = once(session, _wish(written), lambda: _revised(session, template, written, found))
    except (Conflict, Invalid) as error:
        if written.seen != row.version:
            return _outdated(written, row, found)
        return _editor(written, row, found, 409, refusal=error.message)
    target = url_for("admin.template", template_id=row.template_id)
    is_new = version["version"] != written.seen
    return done(target, f"Version {version['version']} is published" if is_new else "Nothing has changed")


def _revised(
    session: Session, template: QueryTemplate, written: Manuscript, found: Reading
) -> dict[str, Any]:
    by = context.principal().user_id
    publishing.update(
        session, template, found.data, seen_version=written.seen, author_id=by, note=written.note
    )
    return {"version": template.version}


def _outdated(written: Manuscript, row: QueryTemplate, found: Reading) -> Response:
    """Say that somebody was faster; the text stays, and the next review compares with what is there now."""
    seen = written.seen
    written = Manuscript(written.texts, written.is_public, written.note, row.version)
    refusal = (
        f"Version {row.version} has been published while you wrote on version {seen}. Your text is all here: "
        "see what came in between, then review what yours would change of it"
    )
    return _editor(written, row, found, 409, refusal=refusal, since=seen)


def _review(written: Manuscript, row: QueryTemplate, before: dict[str, Any], found: Reading) -> Response:
    after = before | dict(found.data)
    shown = differences(before, _as_stored(after))
    return make_response(
        render_template("library/review.html", template=row, written=written, found=found, **shown)
    )


def _as_stored(publication: dict[str, Any]) -> dict[str, Any]:
    """Return a publication as it will be read back, so that spelling alone makes no difference."""
    template = QueryTemplate()
    publishing.fill(template, read_draft(publication))
    return publication_of(template)


def _editor(
    written: Manuscript,
    row: QueryTemplate | None,
    found: Reading | None = None,
    status: int = 200,
    **told: Any,
) -> Response:
    found = found or manuscripts.read(written)
    wrong = found.wrong if status != 200 or request.method == "POST" else {}  # noqa: PLR2004
    shown = {"wrong": wrong, "most_tags": MOST_TAGS} | _judged(written, found)
    page = render_template("library/edit.html", template=row, **shown, **told)
    return make_response(page, status)


def _judged(written: Manuscript, found: Reading) -> dict[str, Any]:
    sql = written.texts["sql_template"]
    return {
        "written": written,
        "found": found,
        "judgement": found.judgement,
        "lines": sqlmarks.marked(sql, None, found.judgement),
    }
