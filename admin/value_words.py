"""Values of parameters and windows of time as words for a page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reportbuilder.catalog.models import QueryTemplate, QueryTemplateParameter
from reportbuilder.errors import Invalid
from reportbuilder.parameters.windows import read_window

ITEMS_SHOWN: Final = 12
_EXPRESSIONS: Final = ("date", "date_range", "date_expression")  # values may be words such as last_30_days


@dataclass(frozen=True)
class Worded:
    """A value: ``title`` is the parameter's name for people, ``more`` how many items of a list are not in
    ``text``; ``is_default`` if nobody chose it."""

    name: str
    title: str
    text: str
    more: int = 0
    is_default: bool = False


def in_words(
    template: QueryTemplate, values: Mapping[str, Any], *, most: int | None = ITEMS_SHOWN
) -> list[Worded]:
    """Return the values of a run or a report in the order of the template's form.

    Values that the template no longer knows come last, under their own names.

    :param most: items of a list that are told; None: all.
    """
    known = [
        _worded(
            one.parameter_name,
            one.display_name or titled(one.parameter_name),
            _labelled(one, values.get(one.parameter_name, one.default_value)),
            is_expression=one.parameter_type in _EXPRESSIONS,
            is_default=one.parameter_name not in values,
            most=most,
        )
        for one in template.parameters
    ]
    names = {one.name for one in known}
    others = {name: value for name, value in values.items() if name not in names}
    return known + [_worded(name, titled(name), value, most=most) for name, value in others.items()]


def _labelled(parameter: QueryTemplateParameter, value: Any) -> Any:
    """Return choices by their labels, other values as they are."""
    options = (parameter.validation_rules or {}).get("options") or ()
    labels = {one["value"]: one.get("label") or one["value"] for one in options if isinstance(one, Mapping)}
    if isinstance(value, list):
        return [labels.get(item, item) if isinstance(item, str) else item for item in value]
    return labels.get(value, value) if isinstance(value, str) else value


def titled(name: str) -> str:
    """Return a parameter's name as a title.

    >>> titled("min_spend")
    'Min spend'
    """
    return name.replace("_", " ").capitalize()


def _worded(
    name: str,
    title: str,
    value: Any,
    *,
    is_expression: bool = False,
    is_default: bool = False,
    most: int | None = ITEMS_SHOWN,
) -> Worded:
    if isinstance(value, list):
        told = value[:most]
        return Worded(
            name, title, ", ".join(map(text_of, told)) or "none", len(value) - len(told), is_default
        )
    text = text_of(value)
    return Worded(name, title, text.replace("_", " ") if is_expression else text, 0, is_default)


def text_of(value: Any) -> str:
    """Return one value as text.

    >>> text_of(True), text_of(None), text_of({"start": "2026-01-01", "end": "2026-01-31"}), text_of(2.5)
    ('yes', 'not set', '2026-01-01 to 2026-01-31', '2.5')
    >>> text_of({"preset": "last_30_days"})
    'last_30_days'
    """
    if value is None or value == "":
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        if {"start", "end"} <= set(value):
            return f"{value['start']} to {value['end']}"
        if set(value) == {"preset"}:
            return str(value["preset"])
        return _pairs(value.items())
    return str(value)


def own_items(items: Sequence[Any], others: Sequence[Any]) -> str:
    """Return how long a list is and what of it the other does not have, which nobody sees in a thousand.

    >>> own_items(["A", "B", "C"], ["A", "B", "D"])
    '3 in all, only here: C'
    """
    there = set(map(text_of, others))
    own = [text for text in map(text_of, items) if text not in there]
    more = f" and {len(own) - ITEMS_SHOWN:,} more" if len(own) > ITEMS_SHOWN else ""
    return f"{len(items):,} in all, only here: {', '.join(own[:ITEMS_SHOWN]) or 'none'}{more}"


def _pairs(items: Iterable[tuple[str, Any]]) -> str:
    return ", ".join(f"{titled(str(name)).lower()} {text_of(value)}" for name, value in items)


def wish_words(wish: Mapping[str, Any] | None, *, zone: str, lag_days: int) -> str:
    """Return a wish for a window in words, with what counts where nothing was said.

    >>> wish_words({"lookback_days": "7"}, zone="UTC", lag_days=14)
    'the last 7 days, up to 14 days ago'
    """
    try:
        return window_words(read_window(wish, default_zone=zone, lag_days=lag_days))
    except Invalid:
        return window_words(wish)


def window_words(wish: Mapping[str, Any] | None) -> str:
    """Return a report's wish for a window in words; what it means today is another matter.

    >>> window_words({"preset": "last_30_days", "lag_days": 14, "time_zone": "UTC"})
    'last 30 days, up to 14 days ago'
    >>> window_words({"start": "2026-01-01", "end": "2026-01-31", "time_zone": "UTC"})
    '2026-01-01 to 2026-01-31'
    """
    if not wish:
        return "the usual days"
    if "start" in wish:
        return f"{_moment(wish['start'])} to {_moment(wish['end'])}"
    days = wish.get("lookback_days")
    text = f"the last {days} days" if days else str(wish.get("preset", "")).replace("_", " ")
    lag = wish.get("lag_days") or 0
    return f"{text}, up to {lag} days ago" if lag else text


def _moment(text: Any) -> str:
    return str(text).removesuffix("T00:00:00").replace("T", " ")


def trigger_words(triggered_by: str) -> str:
    """Return who or what asked for a run.

    >>> trigger_words("schedule")
    'by schedule'
    """
    return {
        "manual": "by hand",
        "schedule": "by schedule",
        "backfill": "for a backfill",
        "api": "over the API",
    }.get(triggered_by, triggered_by)
