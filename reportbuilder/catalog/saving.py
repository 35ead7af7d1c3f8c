"""The value sets that come along with an imported template."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from reportbuilder.accounts.models import User
from reportbuilder.catalog.exporting import value_sets
from reportbuilder.catalog.models import QueryTemplate, QueryTemplateInstance
from reportbuilder.catalog.older.files import decode
from reportbuilder.catalog.older.notes import Note
from reportbuilder.catalog.preparing import form_of
from reportbuilder.errors import Invalid
from reportbuilder.parameters.definitions import RESERVED
from reportbuilder.parameters.messages import show
from reportbuilder.parameters.naming import window_part

MOST_SETS: Final = 100
LONGEST_NAME: Final = 200


def save_sets(
    session: Session, template: QueryTemplate, user: User, rows: Iterable[Any], *, as_of: datetime
) -> list[Note]:
    """Save the sets that fit the template's form for a user, and return what is to be said of the others.

    A set of the same name is replaced. Saved dates of the window are left out: each run has a window.
    """
    kept = {row.instance_name: row for row in value_sets(session, template, user.id)}
    notes: list[Note] = []
    for position, row in enumerate(rows):
        where = f"value_sets.{position}"
        try:
            name, values, is_favorite = _read(row, position)
            values = _fit(template, values, where, notes, as_of)
        except Invalid as error:
            notes.append(Note(where, f"{error.message}; this set was left out"))
            continue
        made = kept.setdefault(
            name, QueryTemplateInstance(template_id=template.id, user_id=user.id, instance_name=name)
        )
        made.saved_parameters, made.is_favorite = values, is_favorite
        session.add(made)
    return notes


def _read(row: Any, position: int) -> tuple[str, Mapping[str, Any], bool]:
    if position >= MOST_SETS:
        raise Invalid.field("value_sets", f"there are more than {MOST_SETS}")
    if not isinstance(row, Mapping):
        raise Invalid.field("value_sets", f"{show(row)} is not an object")
    name = row.get("instance_name")
    values = decode(row.get("saved_parameters"))
    if not isinstance(name, str) or not 0 < len(name.strip()) <= LONGEST_NAME:
        raise Invalid.field("instance_name", f"{show(name)} is no name")
    if not isinstance(values, Mapping):
        raise Invalid.field("saved_parameters", f"{show(values)} is not an object")
    return name.strip(), values, row.get("is_favorite") is True


def _fit(
    template: QueryTemplate, values: Mapping[str, Any], where: str, notes: list[Note], as_of: datetime
) -> dict[str, Any]:
    form = form_of(template, as_of=as_of)
    known = {each.name for each in form.definitions}
    dates = [name for name in values if name not in known and (name == RESERVED or window_part(name, {}))]
    if dates:
        notes.append(Note(where, f"{', '.join(dates)} was left out: the window is chosen for each run"))
    given = {name: value for name, value in values.items() if name not in dates}
    return dict(form.dump(form.load(given)))
