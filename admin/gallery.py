"""New report: the gallery of templates as cards, and the preview of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import Response, make_response, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin import samplerows, sqlmarks, thumbnails
from admin.answers import wants_fragment
from admin.blueprint import HOME, pages
from admin.dialog import resuming
from admin.dialog.resuming import DRAFTS_SHOWN
from admin.paging import page_of_rows, pages_of
from reportbuilder.accounts import grants
from reportbuilder.accounts.permissions import Principal, may
from reportbuilder.amc import sources
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import context, ordering
from reportbuilder.catalog import samples, searching
from reportbuilder.catalog.abouts import About, about_of
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.needs import tables_needed
from reportbuilder.database import reading
from reportbuilder.executions import overview

PAGE = 48  # cards
MOST_LACKING = 60  # templates that the instance cannot run
MOST_INSTANCES = 500
LONGEST = 200  # characters of a filter


@dataclass(frozen=True)
class Card:
    """What the gallery shows of a template. ``minutes`` a run usually takes; ``is_own``: of late, here.

    ``lacking``: the tables that the chosen instance does not have.
    """

    template: QueryTemplate
    about: About
    tables: tuple[str, ...]
    thumbnail: thumbnails.Thumbnail
    minutes: float | None = None
    is_own: bool = False
    lacking: tuple[str, ...] = ()


@pages.get("/report-builder/new")
def new_report() -> Response:
    """Show the templates that fit, as cards."""
    asked = filters("search", "category", "report_type", "instance_id")
    with reading() as session:
        shown = _gallery(session, context.principal(), asked)
        shown["drafts"] = resuming.unfinished(session, DRAFTS_SHOWN + 1)
    shown |= {"asked": asked, "use": form_address, "page_url": lambda page: address(page=page)}
    return page_or_part("gallery/new_report.html", "gallery/_cards.html", **shown)


def filters(*names: str) -> dict[str, str]:
    """Return what the address says of these filters; empty for nothing."""
    return {name: request.args.get(name, "")[:LONGEST].strip() for name in names}


def criteria_of(asked: Mapping[str, str]) -> searching.Criteria:
    """Return what the filters of a list of templates keep."""
    return searching.Criteria(
        category=asked["category"] or None,
        report_type=asked["report_type"] or None,
        search=asked["search"] or None,
    )


def page_or_part(page: str, part: str, /, **shown: Any) -> Response:
    """Answer with a page, or with the part of it that a script swaps; a page of the history comes whole."""
    is_part = wants_fragment() and "HX-History-Restore-Request" not in request.headers
    answer = make_response(render_template(part if is_part else page, **shown))
    answer.headers["Vary"] = "HX-Request"
    if is_part:
        answer.headers["HX-Replace-Url"] = address()
    return answer


def address(**changes: Any) -> str:
    """Return the address that is asked for, with other filters; those that say nothing are left out."""
    asked = request.args.to_dict() | changes
    words = {name: str(value) for name, value in asked.items() if value not in ("", None)}
    return f"{request.path}?{urlencode(words)}" if words else request.path


def form_address(template_id: str, instance_id: str = "") -> str:
    """Return where the form of a template is."""
    query = f"?{urlencode({'instance_id': instance_id})}" if instance_id else ""
    return f"{HOME}/new/{template_id}{query}"


def _gallery(session: Session, principal: Principal, asked: dict[str, str]) -> dict[str, Any]:
    on = ordering.instance(session, asked["instance_id"], "instance:view") if asked["instance_id"] else None
    tables = sources.tables_of(session, on.id) if on else None
    criteria = replace(criteria_of(asked), tables=tables)
    rows, total, page = page_of_rows(
        lambda number: searching.search(session, principal, criteria, page=number, limit=PAGE), PAGE
    )
    others: list[QueryTemplate] = []
    lacking = 0
    if tables is not None:
        without = replace(criteria, lacking=True)
        others, lacking = searching.search(session, principal, without, limit=MOST_LACKING)
    return {
        "cards": cards_of(session, principal, rows),
        "others": [card_of(row, tables=tables) for row in others],
        "lacking": lacking,
        "total": total,
        "page": page,
        "pages": pages_of(total, PAGE),
        "on": on,
        "knows_tables": on is None or tables is not None,
        "instances": instances_of(session, principal),
        "facets": searching.facets(session, principal),
        "may_publish": may(principal, "template:publish"),
        "may_run": may(principal, "report:create"),
    }


def cards_of(session: Session, principal: Principal, rows: Sequence[QueryTemplate]) -> list[Card]:
    """Return the cards of templates, with what their runs took of late on the reader's instances."""
    on = None if principal.sees_all else tuple(principal.grants)
    took = overview.typical_durations(session, [row.id for row in rows], on)
    return [card_of(row, took[row.id].total_seconds() / 60 if row.id in took else None) for row in rows]


def card_of(
    row: QueryTemplate, minutes: float | None = None, *, tables: frozenset[str] | None = None
) -> Card:
    """Return the card of one template.

    :param minutes: what its runs took of late; None: as it says itself.
    :param tables: those of the chosen instance.
    """
    about, needed = about_of(row.report_config), tables_needed(row)
    return Card(
        template=row,
        about=about,
        tables=tuple(sorted(needed)),
        thumbnail=thumbnails.draw(about.picture, samples.recorded(row.library_key)),
        minutes=about.typical_minutes if minutes is None else minutes,
        is_own=minutes is not None,
        lacking=() if tables is None else tuple(sorted(needed - tables)),
    )


def instances_of(session: Session, principal: Principal) -> list[tuple[str, str]]:
    """Return AMC's id and the name of the instances that one may see, by name."""
    columns = (AmcInstance.instance_id, AmcInstance.instance_name)
    wanted = select(*columns).where(grants.visible(principal, AmcInstance.id))
    found = session.execute(wanted.order_by(AmcInstance.instance_name, AmcInstance.id).limit(MOST_INSTANCES))
    return [(each[0], each[1]) for each in found]


@pages.get("/report-builder/new/<ident:template_id>/preview")
def template_preview(template_id: str) -> str:
    """Show what a template answers, its parameters, sample rows and its SQL."""
    with reading() as session:
        principal = context.principal()
        template = searching.find(session, principal, template_id)
        [card] = cards_of(session, principal, [template])
        stored = samplerows.find_stored(session, principal, template)
    return render_template(
        "gallery/preview.html",
        card=card,
        template=template,
        sample=samplerows.read(template, card.about, stored),
        lines=sqlmarks.marked(template.sql_template, titles_of(template)),
        use=form_address,
        asked_instance=filters("instance_id")["instance_id"],
        may_run=may(principal, "report:create"),
    )


def titles_of(template: QueryTemplate) -> dict[str, str]:
    """Return what to say of each placeholder: the parameter's title and type, by its name."""
    return {
        row.parameter_name: f"{row.display_name or row.parameter_name}: {row.parameter_type}"
        for row in template.parameters
    }
