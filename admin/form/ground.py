"""What a form's page stands on: the template and its form, the chosen instance, and those there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from admin.form import controls, fields
from admin.form.controls import Typed
from reportbuilder.accounts import grants, permissions
from reportbuilder.accounts.permissions import Subject
from reportbuilder.amc import sources
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import context, ordering
from reportbuilder.api.template_shapes import form_on
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.needs import tables_needed
from reportbuilder.errors import Invalid
from reportbuilder.parameters.dates import find_zone
from reportbuilder.parameters.forms import Form
from reportbuilder.parameters.values import Refused

MOST_INSTANCES = 500


@dataclass(frozen=True)
class Ground:
    """One template on one instance, or on none that is chosen yet."""

    template: QueryTemplate
    form: Form
    hints: Mapping[str, Any]
    on: AmcInstance | None
    instances: Sequence[AmcInstance]
    missing_tables: Sequence[str]
    zone: str

    @property
    def may_create(self) -> bool:
        """Say whether the reader may make reports on the instance."""
        return self.on is not None and may_run(self.on)


def may_run(on: AmcInstance) -> bool:
    """Say whether the reader may make and run reports on an instance."""
    return permissions.may(context.principal(), "report:create", Subject(instance_id=on.id))


def stand(session: Session, template: QueryTemplate, instance_id: str, zone: str) -> Ground:
    """Return the ground; without an id the one instance that the reader may run on, if there is just one.

    :param zone: of the report; the reader's if it is none.
    :raises NotFound: for an instance that the reader may not see.
    """
    instances = _instances(session)
    if instance_id:
        on: AmcInstance | None = ordering.instance(session, instance_id, "instance:view")
    else:
        runnable = [one for one in instances if may_run(one)]
        on = runnable[0] if len(runnable) == 1 else None
    return ground_on(session, template, on, zone, instances)


def ground_on(
    session: Session,
    template: QueryTemplate,
    on: AmcInstance | None,
    zone: str,
    instances: Sequence[AmcInstance] = (),
) -> Ground:
    """Return the ground on an instance that is given."""
    zone = zone if is_zone(zone) else context.principal().time_zone
    form, hints = form_on(template, session, on, zone)
    tables = sources.tables_of(session, on.id) if on else None
    lacking = [] if tables is None else sorted(tables_needed(template) - tables)
    return Ground(template, form, hints, on, instances, lacking, zone)


def _instances(session: Session) -> list[AmcInstance]:
    seen = select(AmcInstance).where(grants.visible(context.principal(), AmcInstance.id))
    return list(session.scalars(seen.order_by(AmcInstance.instance_name).limit(MOST_INSTANCES)))


def is_zone(name: str) -> bool:
    """Say whether it is a zone of the tz database."""
    try:
        find_zone(name)
    except Invalid:
        return False
    return True


def write_body(ground: Ground, body: Mapping[str, Any], *, is_new: bool = False) -> dict[str, list[str]]:
    """Return what has to be typed for a body of ``POST /reports``, or a part of one, over the defaults.

    Values for parameters that the template does not have are left out.

    :param is_new: nobody has filled it in before: what the instance suggests is no value that was taken out.
    """
    typed = fields.begin(ground.form, ground.hints, is_new=is_new)
    widgets = fields.widgets_of(ground.form)
    values = body.get("parameters") or {}
    for each in ground.form.definitions:
        if each.name in values:
            typed = without(typed, each.name)
            typed |= controls.write_value(each, widgets[each.name], plain(each, values[each.name]))
    texts = {name: [str(body[name])] for name in ("name", "description", "timezone") if body.get(name)}
    return typed | texts | controls.write_window(body.get("time_window"))


def plain(definition: Any, raw: Any) -> Any:
    """Return a value in its one spelling; one that is wrong as it is, so that it can be corrected."""
    try:
        return definition.to_json(definition.read(raw))
    except Refused:
        return raw if isinstance(raw, str | int | float | bool) else str(raw)


def without(typed: Typed, name: str) -> dict[str, list[str]]:
    """Return what is typed, but for one parameter."""
    own = controls.VALUE + name
    return {
        control: list(texts)
        for control, texts in typed.items()
        if control != own and not control.startswith(f"{own}.")
    }


def overlay(ground: Ground, typed: Typed, address: Typed) -> dict[str, list[str]]:
    """Return what is typed with what an address says over it, parameter by parameter."""
    found = {control: list(texts) for control, texts in typed.items()}
    for each in ground.form.definitions:
        own = controls.VALUE + each.name
        if any(control == own or control.startswith(f"{own}.") for control in address):
            found = without(found, each.name)
    if any(control.startswith(controls.WINDOW) for control in address):
        found = {name: texts for name, texts in found.items() if not name.startswith(controls.WINDOW)}
    known = (controls.VALUE, controls.WINDOW)
    said = {name: list(texts) for name, texts in address.items() if name.startswith(known)}
    plain = {name: list(address[name]) for name in ("name", "description", "timezone") if name in address}
    return found | said | plain
