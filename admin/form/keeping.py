"""Saved values beside a form: renamed, shared, kept to oneself, deleted, while what is typed there stays."""

from typing import Final

from flask import render_template, request
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

DEEDS: Final = ("rename", "share", "keep", "delete")


@pages.post(f"{HOME}/saved-values/<ident:set_id>")
def change_values(set_id: str) -> ResponseReturnValue:
    """Change saved values as the button says, and show what there is now."""
    principal, where = context.principal(), request.form.get("instance_id", "")
    with transaction() as session:
        row = valuesets.find(session, principal, set_id)
        on = ordering.instance(session, where, "instance:view") if where else None
        template = find_template(session, principal, row_template(session, row))
        told = change(session, row, on, request.form.get("do", "").partition(" ")[0])
        panel = _panel(session, principal, template, on)
    if wants_fragment():
        return with_toast(panel, told)
    return done(local(request.form.get("next")), told)


def row_template(session: Session, row: ValueSet) -> str:
    """Return the text id of a set's template."""
    return session.get_one(QueryTemplate, row.template_id).template_id


def change(session: Session, row: ValueSet, on: AmcInstance | None, wish: str) -> str:
    """Change saved values, and say what is done.

    :raises Invalid: if they cannot be called so, or ``wish`` is none of `DEEDS`.
    """
    principal, name = context.principal(), row.instance_name
    if wish == "rename":
        wanted = request.form.get(f"rename.{row.set_id}", request.form.get(valuesets.NAME, ""))
        valuesets.rename(session, principal, row, wanted)
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
    raise Invalid.field("do", f"{wish!r} is not one of {', '.join(DEEDS)}")


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
    }
