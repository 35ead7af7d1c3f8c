"""The options that say what a schedule is, and what they mean together."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import click

from reportbuilder.cli.orders import read_values
from reportbuilder.errors import Invalid
from reportbuilder.schedules.policies import Missed, Overlap
from reportbuilder.schedules.spelling import PRESETS

_RECURRENCE: Final = ("time", "weekdays", "day", "anchor", "timezone", "start", "end")
_POLICIES: Final = ("missed", "missed_limit", "overlap", "pause_after")
_OPTIONS: Final = (
    click.option("--every", type=click.Choice(sorted(PRESETS)), help="How often it runs."),
    click.option("--cron", metavar="LINE", help="Five fields in place of --every, such as '0 2 * * 1-5'."),
    click.option(
        "--at", "time", metavar="HH:MM", help="By the clocks of the zone; each kind has a usual time."
    ),
    click.option("--on", "weekdays", multiple=True, metavar="WEEKDAY", help="For weekly; may be repeated."),
    click.option("--day", metavar="DAY", help="Of the month, or of the quarter's first; 1 to 31 or last."),
    click.option("--anchor", metavar="DATE", help="A day of a week that counts, for biweekly."),
    click.option("--zone", "timezone", metavar="ZONE", help="An IANA name; else the report's."),
    click.option("--start", metavar="DATE", help="The first day on which it may run."),
    click.option("--end", metavar="DATE", help="The last."),
    click.option("--missed", type=click.Choice([each.value for each in Missed]), help="What was missed."),
    click.option("--missed-limit", type=int, help="How many are made up at most, for --missed all."),
    click.option("--overlap", type=click.Choice([each.value for each in Overlap]), help="While one runs."),
    click.option("--pause-after", type=int, help="Failures in a row until it pauses itself; 0 is never."),
    click.option("--window", metavar="JSON", help='Rolling, such as {"preset": "last_full_month"}.'),
    click.option("--param", multiple=True, metavar="NAME=VALUE", help="Over the report's; may be repeated."),
    click.option("--jitter", type=int, metavar="MINUTES", help="A run starts up to so many minutes later."),
    click.option("--settle/--no-settle", default=None, help="Run windows again until they are final."),
)


def definition_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command all of them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_definition(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the options say as the rooms take it; what was not said is left out.

    :raises Invalid: if they contradict each other.
    """
    found: dict[str, Any] = {}
    recurrence = _recurrence(given)
    if recurrence:
        found["recurrence"] = recurrence
    policies = {name: given[name] for name in _POLICIES if given[name] is not None}
    if policies:
        found["policies"] = policies
    if given["window"] is not None:
        found["time_window"] = _read_json(given["window"])
    if given["param"]:
        found["parameters"] = read_values(given["param"])
    if given["jitter"] is not None:
        found["jitter_minutes"] = given["jitter"]
    if given["settle"] is not None:
        found["is_settling"] = given["settle"]
    return found


def _recurrence(given: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: given[name] for name in _RECURRENCE if given[name]}
    if "weekdays" in said:
        said["weekdays"] = list(said["weekdays"])
    if given["cron"] and given["every"]:
        raise Invalid.field("--cron", "contradicts --every; give one of them")
    if given["cron"]:
        return {"type": "cron", "cron": given["cron"], **said}
    if given["every"]:
        return {"type": given["every"], **said}
    if said:
        raise Invalid.field("--every", f"is missing; {', '.join(said)} belong to --every or --cron")
    return {}


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Invalid.field("--window", f"{text!r} is no JSON: {error}") from None
