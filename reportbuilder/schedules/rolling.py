"""The window of a firing: rolls with the due time, and is the same whenever it is asked for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reportbuilder.errors import Invalid
from reportbuilder.parameters.windows import FIELD, LAG_DAYS, Window, parse_window, read_window


def read_rolling_window(
    data: Mapping[str, Any] | None, *, default_zone: str, lag_days: int = LAG_DAYS
) -> dict[str, Any]:
    """Return the wish for a window in its one spelling, as `read_window` does; it must roll.

    :raises Invalid: also for fixed dates, with which every firing would ask for the same days again.
    """
    wish = read_window(data, default_zone=default_zone, lag_days=lag_days)
    if "start" in wish:
        raise Invalid.field(
            FIELD,
            f"{wish['start']} to {wish['end']} would be the same days at every run of the schedule; "
            "give a preset such as last_full_month, or lookback_days",
        )
    return wish


def window_of(
    due_at: datetime, wish: Mapping[str, Any] | None, *, default_zone: str, lag_days: int = LAG_DAYS
) -> Window:
    """Return the window of the firing that was due at an instant, however late it is fired.

    The days are those of the wish's zone, else of ``default_zone``, the report's; the last of them is as old
    as the lag when the firing is due.

    :raises Invalid: as `read_rolling_window`.
    """
    rolling = read_rolling_window(wish, default_zone=default_zone, lag_days=lag_days)
    return parse_window(rolling, as_of=due_at, default_zone=default_zone, lag_days=lag_days)
