"""What a report starts: a run now, its schedule, a backfill of its past."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from marshmallow import ValidationError, fields, validates_schema
from sqlalchemy.orm import Session

from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import backfills, context, ordering
from reportbuilder.api.backfill_shapes import BackfillBody
from reportbuilder.api.schedule_shapes import ScheduleBody
from reportbuilder.api.shapes import Body, one_of, pick
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.errors import Invalid
from reportbuilder.reports import defining
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules import defining as scheduling

# the type of a run, and the field that says more of it
TYPES = {"once": None, "recurring": "schedule", "backfill": "backfill"}


class RunWish(Body):
    """What to start with the new report."""

    type = fields.String(required=True, validate=one_of(TYPES))
    schedule = fields.Nested(
        ScheduleBody,
        load_default=None,
        allow_none=True,
        metadata={"description": "When it runs by itself; goes with type recurring"},
    )
    backfill = fields.Nested(
        BackfillBody,
        load_default=None,
        allow_none=True,
        metadata={"description": "Which past to fetch; goes with type backfill"},
    )

    @validates_schema
    def _check_type(self, data: dict[str, Any], **_options: Any) -> None:
        for type_, name in TYPES.items():
            if name is None:
                continue
            if data["type"] == type_ and data[name] is None:
                raise ValidationError(f"is missing; type {type_} takes it", name)
            if data["type"] != type_ and data[name] is not None:
                raise ValidationError(f"goes with type {type_}; leave it out, or change the type", name)


def create(
    session: Session,
    body: Mapping[str, Any],
    run: Mapping[str, Any] | None,
    template: QueryTemplate,
    on: AmcInstance,
) -> dict[str, Any]:
    """Create a report of the asker's and start what it is to do; return the ids of all that came of it.

    :param body: the report's own fields. :param run: as `RunWish` reads it.
    :raises Invalid: as `begin`. :raises Conflict: if the name is taken. :raises TooMany: at a limit.
    """
    owner = session.get_one(User, context.principal().user_id)
    row = defining.create(session, body, owner=owner, template=template, instance=on, terms=ordering.terms())
    ids = {"execution_id": None, "schedule_id": None, "backfill_id": None, "dashboard_id": None}
    return ids | begin(session, row, run) | {"report_id": row.report_id}


def begin(session: Session, row: ReportDefinition, run: Mapping[str, Any] | None) -> dict[str, Any]:
    """Start what a new report is to do; return the ids of that.

    :raises Invalid: with ``details`` under ``run.schedule`` or ``run.backfill``.
    """
    if run is None:
        return {}
    if run["type"] == "recurring":
        with _named("run.schedule"):
            by = context.principal().email
            made = scheduling.create(session, row, run["schedule"], terms=ordering.terms(), by=by)
        return {"schedule_id": made.schedule_id}
    if run["type"] == "backfill":
        with _named("run.backfill"):
            return pick(backfills.start(session, row, run["backfill"]), "backfill_id")
    return pick(start(session, row, {}), "execution_id")


def start(session: Session, row: ReportDefinition, body: dict[str, Any]) -> dict[str, Any]:
    """Run a report now, with what ``body`` says differently for this run."""
    by = ordering.terms()
    window = defining.window_of(row, by, body.get("time_window"))
    what = defining.prepare_run(row, by, parameters=body.get("parameters"), window=window)
    return ordering.start(session, row.template, row.instance, what, row)


@contextmanager
def _named(prefix: str) -> Iterator[None]:
    """Say of wrong fields where in the request they stand."""
    try:
        yield
    except Invalid as error:
        details = {f"{prefix}.{name}": why for name, why in error.details.items()}
        raise Invalid(error.message, details=details) from None
