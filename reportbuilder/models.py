"""All models in one place: tables refer to each other by name, so a process needs all or none."""

from sqlalchemy import MetaData

from reportbuilder import heartbeats, notices
from reportbuilder.accounts import models as accounts
from reportbuilder.accounts import sign_ins
from reportbuilder.amc import models as amc
from reportbuilder.backfills import models as backfills
from reportbuilder.catalog import models as catalog
from reportbuilder.dashboards import models as dashboards
from reportbuilder.database import Base
from reportbuilder.executions import models as executions
from reportbuilder.notifications import models as notifications
from reportbuilder.reports import models as reports
from reportbuilder.results import models as results
from reportbuilder.schedules import models as schedules
from reportbuilder.valuelists import models as valuelists
from reportbuilder.workflows import models as workflows

_ROOMS = (
    accounts,
    amc,
    backfills,
    catalog,
    dashboards,
    executions,
    heartbeats,
    notices,
    notifications,
    reports,
    results,
    schedules,
    sign_ins,
    valuelists,
    workflows,
)  # fmt: skip - importing them is what fills the metadata


def metadata() -> MetaData:
    """Return the tables of all rooms; a process that writes rows calls it, to know those they point at."""
    return Base.metadata
