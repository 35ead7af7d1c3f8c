"""Time zones to choose from: the usual ones first, then all by region, each with its offset of now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from flask import Flask

from admin.instants import reader_zone
from reportbuilder import clock
from reportbuilder.errors import Invalid
from reportbuilder.parameters.dates import find_zone, offered_zones

# where Amazon Advertising's marketplaces are
USUAL: Final = (
    "UTC",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Toronto",
    "America/Mexico_City",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Paris",
    "Europe/Madrid",
    "Europe/Rome",
    "Europe/Amsterdam",
    "Europe/Stockholm",
    "Europe/Warsaw",
    "Europe/Istanbul",
    "Africa/Cairo",
    "Asia/Riyadh",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Australia/Sydney",
)
_HALF_YEAR: Final = timedelta(days=182)


@dataclass(frozen=True)
class Zone:
    """A zone in a list. ``also``: what else people call it, so that it is found by that."""

    name: str
    text: str
    also: str = ""


def register(app: Flask) -> None:
    """Let templates of this app offer zones."""
    app.jinja_env.globals["zone_groups"] = zone_groups


def zone_groups(chosen: str) -> list[tuple[str, list[Zone]]]:
    """Return the zones by groups, each zone once; what is chosen is among them, be it a zone or not."""
    now, known = clock.now(), offered_zones()
    first = [name for name in dict.fromkeys((chosen, reader_zone(), *USUAL)) if name]
    rest = (name for name in known if name not in first)
    regions = groupby(rest, key=lambda name: name.partition("/")[0])
    named = [("Yours and usual ones", first), *((region, list(names)) for region, names in regions)]
    return [(title, _shown(names, now)) for title, names in named]


def _shown(names: Iterable[str], now: datetime) -> list[Zone]:
    return [_zone(name, now) for name in names]


def _zone(name: str, now: datetime) -> Zone:
    try:
        zone = find_zone(name)
    except Invalid:
        return Zone(name, name)  # as it was typed; the form says what is wrong with it
    place = ", ".join(reversed(name.split("/")[1:])).replace("_", " ") or name
    offset = _offset(zone, now)
    text = name if name == "UTC" else f"{place} (UTC{offset})"
    return Zone(name, text, _also(zone, now, offset))


def _offset(zone: ZoneInfo, at: datetime) -> str:
    """Return by how much the clocks of a zone are before UTC, such as -05:00."""
    return at.astimezone(zone).isoformat()[-6:]


def _also(zone: ZoneInfo, now: datetime, offset: str) -> str:
    """Return the short names that the zone has in the course of a year, and its offset as people type it."""
    names = [at.astimezone(zone).tzname() or "" for at in (now, now + _HALF_YEAR)]
    digits = offset[1:].lstrip("0").removesuffix(":00")
    short = f"{offset[0]}{digits}" if digits else ""
    told = [name for name in dict.fromkeys(names) if name.isalpha()]
    return " ".join([*told, f"GMT{short}", f"UTC{short}"])
