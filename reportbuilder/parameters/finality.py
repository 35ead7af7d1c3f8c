"""When a window's figures no longer change, and what a run's figures are worth."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from reportbuilder.parameters.dates import start_of_day
from reportbuilder.parameters.windows import LAG_DAYS, Window


class Finality(StrEnum):
    """What a run's figures are worth."""

    PRELIMINARY = "preliminary"
    FINAL = "final"


MEANING: Final[dict[Finality, str]] = {
    Finality.PRELIMINARY: "asked for before the window's last day had settled; the figures may still change",
    Finality.FINAL: "asked for when all events of the window had settled",
}


def final_from(window: Window, *, settle_days: int = LAG_DAYS) -> datetime:
    """Return the first instant of the day, in the window's zone, on which its last day is old enough."""
    return start_of_day(window.days.end + timedelta(days=settle_days), window.zone)


def finality(window: Window, as_of: datetime, *, settle_days: int = LAG_DAYS) -> Finality:
    """Say what a run of the window is worth that was asked of AMC at an instant."""
    settled = as_of >= final_from(window, settle_days=settle_days)
    return Finality.FINAL if settled else Finality.PRELIMINARY
