"""What a firing sends: the report's SQL for a window, rendered once for all that are alike in a batch."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reportbuilder.catalog.preparing import Prepared, prepare
from reportbuilder.parameters.rendering import Limits
from reportbuilder.parameters.windows import Window
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules.models import ReportSchedule
from reportbuilder.schedules.rolling import window_of
from reportbuilder.settings import Settings


@dataclass
class Renderings:
    """Renders for one transaction, so that a template that changes is never rendered as it was before."""

    settings: Settings
    made: dict[tuple[Any, ...], Prepared] = field(default_factory=dict)

    def own_window(self, schedule: ReportSchedule, report: ReportDefinition, due_at: datetime) -> Window:
        """Return the window of the firing that is due at an instant.

        :raises Invalid: if the report's window does not roll.
        """
        wish = report.time_window if schedule.time_window is None else schedule.time_window
        return window_of(due_at, wish, default_zone=report.timezone, lag_days=self.settings.settle_days)

    def render(
        self, schedule: ReportSchedule, report: ReportDefinition, window: Window, as_of: datetime
    ) -> Prepared:
        """Return the SQL for a window; rolling days in the parameters are those of ``as_of``.

        :raises Invalid: if the values do not fit the template (any more).
        """
        values = {**report.parameters, **schedule.default_parameters}
        key = (report.template_id, json.dumps(values, sort_keys=True), window, as_of)
        if key not in self.made:
            chosen = self.settings
            self.made[key] = prepare(
                report.template,
                values,
                window=window,
                as_of=as_of,
                limits=Limits(max_list_items=chosen.max_list_items, max_sql_bytes=chosen.max_sql_bytes),
                lag_days=chosen.settle_days,
            )
        return self.made[key]
