"""What the command palette finds on the server: reports and templates by their words."""

from flask import render_template, request

from admin.blueprint import pages
from reportbuilder.api import context
from reportbuilder.catalog import searching as templates
from reportbuilder.database import reading
from reportbuilder.reports import searching as reports

MOST = 6  # of each kind
QUERY_MAX = 200


@pages.get("/palette")
def palette() -> str:
    """Show the first reports and templates that hold all words of ``q``, as options of a list."""
    principal, words = context.principal(), request.args.get("q", "").strip()[:QUERY_MAX]
    with reading() as session:
        found_reports, _ = reports.search(
            session, principal, reports.Criteria(search=words), sort="-updated_at", limit=MOST
        )
        found_templates, _ = templates.search(
            session, principal, templates.Criteria(search=words), limit=MOST
        )
        return render_template("_palette_found.html", reports=found_reports, templates=found_templates)
