"""From what was typed to an order: which template, on which instance, with which values and window."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.accounts import grants
from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import Principal, Subject, ensure
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog import searching
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.preparing import Prepared, prepare
from reportbuilder.errors import Invalid, NotFound
from reportbuilder.executions.lifecycle import Order
from reportbuilder.parameters.rendering import Limits
from reportbuilder.parameters.windows import parse_window
from reportbuilder.settings import Settings


def read_values(given: Iterable[str]) -> dict[str, Any]:
    """Read ``name=value`` texts; JSON lists, objects and quoted texts are read, a name twice is a list.

    >>> read_values(["brand=Halden Audio", "top=10", 'days={"start": "2026-01-01"}', "a=x", "a=y"])
    {'brand': 'Halden Audio', 'top': '10', 'days': {'start': '2026-01-01'}, 'a': ['x', 'y']}

    :raises Invalid: for a text without ``=``, and for broken JSON.
    """
    found: dict[str, list[Any]] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise Invalid.field("--param", f"{text!r} is not name=value")
        found.setdefault(name.strip(), []).append(_read_value(name.strip(), value))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _read_value(name: str, text: str) -> Any:
    if not text.startswith(("[", "{", '"')):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise Invalid.field(name, f"{text!r} begins like JSON and is none ({error}); quote it") from None


def read_wish(
    window: str | None, first: str | None, last: str | None, zone: str | None
) -> dict[str, str | None]:
    """Return the wish for a window that the options make."""
    return {"preset": window, "start": first, "end": last, "time_zone": zone}


def find_template(session: Session, principal: Principal, name: str) -> QueryTemplate:
    """Return the template of that id, library key or name, whatever its case.

    :raises NotFound: if none, or none that one may see. :raises Invalid: if the name is not unique.
    """
    alike = session.scalars(
        select(QueryTemplate.template_id).where(
            or_(
                QueryTemplate.template_id == name,
                QueryTemplate.library_key == name,
                func.lower(QueryTemplate.name) == name.lower(),
            )
        )
    ).all()
    if len(alike) > 1:
        raise Invalid.field("template", f"{name!r} is the name of several: take the id of one")
    try:
        return searching.find(session, principal, alike[0] if alike else name)
    except NotFound:
        raise NotFound(f"There is no template {name!r}: see `reportbuilder template list`") from None


def find_instance(session: Session, principal: Principal, name: str | None) -> AmcInstance:
    """Return the instance of that id; without one, the only one there is.

    :raises NotFound: if there is none that one may see. :raises Invalid: if there are several to choose from.
    """
    seen = session.scalars(
        select(AmcInstance).where(grants.visible(principal, AmcInstance.id)).order_by(AmcInstance.instance_id)
    ).all()
    if name is not None:
        seen = [instance for instance in seen if instance.instance_id == name]
    if not seen:
        which = f"no instance {name!r}" if name else "no instance"
        raise NotFound(f"There is {which} that {principal.email} may see: `reportbuilder account instances`")
    if len(seen) > 1:
        some = ", ".join(instance.instance_id for instance in seen[:5])
        raise Invalid.field("instance", f"say with --instance which one, such as {some}")
    return seen[0]


def make_order(
    chosen: Settings,
    user: User,
    principal: Principal,
    *,
    template: QueryTemplate,
    instance: AmcInstance,
    values: Mapping[str, Any],
    wish: Mapping[str, Any],
) -> tuple[Order, Prepared]:
    """Check all that was typed, and return the order and what is worth a warning.

    :raises Invalid: naming each field. :raises NotPermitted: if the user may not run there.
    """
    ensure(principal, "instance:run", Subject(instance_id=instance.id), f"instance {instance.instance_id}")
    now = clock.now()
    window = parse_window(wish, as_of=now, default_zone=user.time_zone, lag_days=chosen.settle_days)
    limits = Limits(chosen.max_list_items, chosen.max_sql_bytes)
    prepared = prepare(template, values, window=window, as_of=now, limits=limits, lag_days=chosen.settle_days)
    order = Order(
        template=template,
        instance=instance,
        user=user,
        sql=prepared.sql,
        window=window,
        values=prepared.values,
        triggered_by="manual",
        settle_days=chosen.settle_days,
    )
    return order, prepared
