"""The library: the list of templates that one may see, and what all of its pages know."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from admin import sqlmarks
from admin.blueprint import pages
from admin.gallery import address, card_of, criteria_of, filters, form_address, page_or_part
from admin.paging import page_of_rows, pages_of
from reportbuilder.accounts.permissions import Principal, may
from reportbuilder.api import context
from reportbuilder.catalog import searching
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading
from reportbuilder.executions import uses
from reportbuilder.parameters.messages import show

PAGE = 50
GONE = "somebody who has left"
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
    return {"by_weight": sqlmarks.by_weight, "use": form_address, "labels": LABELS}


@pages.app_template_filter("as_json")
def as_json(value: Any) -> str:
    """Return a value as JSON, cut if it is long."""
    return show(value)


@pages.get("/templates")
def templates() -> Response:
    """List the templates that one may see."""
    asked = filters("search", "category", "report_type", "origin", "sort")
    if asked["sort"].removeprefix("-") not in searching.SORTS:
        asked["sort"] = "name"
    with reading() as session:
        shown = _listed(session, context.principal(), asked)
    return page_or_part("library/templates.html", "library/_list.html", asked=asked, **shown)


def _listed(session: Session, principal: Principal, asked: Mapping[str, str]) -> dict[str, Any]:
    origin = asked["origin"] if asked["origin"] in searching.ORIGINS else None
    criteria = replace(criteria_of(asked), origin=origin)
    rows, total, page = page_of_rows(
        lambda number: searching.search(
            session, principal, criteria, sort=asked["sort"], page=number, limit=PAGE
        ),
        PAGE,
    )
    owners = searching.owners_of(session, rows)
    return {
        "cards": [card_of(row) for row in rows],
        "origin": lambda row: _origin(row, owners),
        "uses": uses.counts_of(session, [row.id for row in rows]),
        "facets": searching.facets(session, principal),
        "total": total,
        "page": page,
        "pages": pages_of(total, PAGE),
        "page_url": lambda number: address(page=number),
        "sort_url": lambda key: address(sort=key, page=None),
        "may_publish": may(principal, "template:publish"),
    }


def _origin(row: QueryTemplate, owners: Mapping[UUID, str]) -> str:
    if row.library_key is not None:
        return "shipped"
    return GONE if row.user_id is None else owners.get(row.user_id, GONE)
