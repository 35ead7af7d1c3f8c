"""Saved values beside a form: renamed, shared, kept to oneself, deleted."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin.answers import done, wants_fragment, with_toast
from admin.blueprint import HOME, pages
from admin.signing_in import local
from reportbuilder.accounts.permissions import Principal
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import context, ordering
from reportbuilder.catalog import valuesets
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.searching import find as find_template
from reportbuilder.catalog.valuesets import ValueSet
from reportbuilder.database import transaction
from reportbuilder.errors import Invalid


@pages.post(f"{HOME}/saved-values/<ident:set_id>")
def change_values(set_id: str) -> ResponseReturnValue:
    """Change saved values as the button says, and show what there is now."""
    principal, where = context.principal(), request.form.get("instance_id", "")
    with transaction() as session:
        row = valuesets.find(session, principal, set_id)
        on = ordering.instance(session, where, "instance:view") if where else None
        template = find_template(session, principal, row_template(session, row))
        told = _change(session, principal, row, on)
        panel = _panel(session, principal, template, on)
    if wants_fragment():
        return with_toast(panel, told)
    return done(local(request.form.get("next")), told)


def row_template(session: Session, row: ValueSet) -> str:
    """Return the text id of a set's template."""
    return session.get_one(QueryTemplate, row.template_id).template_id


def _change(session: Session, principal: Principal, row: ValueSet, on: AmcInstance | None) -> str:
    wish, name = request.form.get("do", ""), row.instance_name
    if wish == "rename":
        valuesets.rename(session, principal, row, request.form.get(valuesets.NAME, ""))
        return f"Renamed to {row.instance_name}"
    if wish == "share" and on is not None:
        valuesets.share(session, principal, row, on)
        return f"{name} is shared with all who see {on.instance_name}"
    if wish == "keep":
        valuesets.share(session, principal, row, None)
        return f"{name} is shared no more"
    if wish == "delete":
        valuesets.delete(session, principal, row)
        return f"Deleted {name}"
    raise Invalid.field("do", f"{wish!r} is not one of rename, share, keep, delete")


def _panel(session: Session, principal: Principal, template: QueryTemplate, on: AmcInstance | None) -> str:
    return render_template(
        "form/_sets.html", template=template, on=on, **panel(session, principal, template, on)
    )


def panel(
    session: Session, principal: Principal, template: QueryTemplate, on: AmcInstance | None
) -> dict[str, object]:
    """Return what the panel of saved values needs."""
    return {
        "sets": valuesets.of_template(session, principal, template, on),
        "may_change": lambda row: valuesets.may_change(principal, row),
        "reader_id": principal.user_id,
        "here": url_for(
            "admin.report_form",
            template_id=template.template_id,
            instance_id=on.instance_id if on else None,
        ),
    }
