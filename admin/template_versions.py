"""Versions of a template: one as it was, what differs between two, and an earlier one published again."""

from typing import Any

from flask import Response, render_template, request, url_for

from admin import sqlmarks
from admin.answers import done
from admin.blueprint import pages
from admin.library import TITLES
from admin.once import once
from admin.template_pages import allowed
from reportbuilder.accounts import permissions
from reportbuilder.api import context
from reportbuilder.catalog import publishing, searching, versions
from reportbuilder.catalog.differences import Difference, Pair, compare, pair_lines, texts_of
from reportbuilder.database import reading, transaction
from reportbuilder.errors import NotFound

LARGEST = 2_147_483_647  # of a version; as large as databases keep


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
        lines=sqlmarks.marked(sql),
        texts=texts_of(version.snapshot),
        titles=TITLES,
        **allowed(context.principal(), row),
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

        def work() -> dict[str, Any]:
            by = context.principal().user_id
            publishing.restore(session, row, number, author_id=by, seen_version=seen)
            return {"version": row.version}

        version = once(session, [number, seen], work)["version"]
    target = url_for("admin.template", template_id=template_id)
    return done(target, f"Version {number} is published again, as version {version}")
