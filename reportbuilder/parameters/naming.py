"""Names that mean the time window, and the types that names and places suggest where nothing is declared."""

import re
from collections.abc import Iterable, Mapping

from reportbuilder.parameters.definitions import Definition
from reportbuilder.parameters.kinds import SqlForm
from reportbuilder.parameters.placeholders import Placeholder, find_placeholders, read_template
from reportbuilder.parameters.places import Place
from reportbuilder.parameters.tokens import STRINGS

START, END = "start", "end"
_STARTS = ("startdate", "datefrom", "fromdate", "weekstart", "timewindowstart", "windowstart", "begindate")
_ENDS = ("enddate", "dateto", "todate", "weekend", "timewindowend", "windowend", "finishdate")
_PARTS = dict.fromkeys(_STARTS, START) | dict.fromkeys(_ENDS, END)
_DATE_TYPES = ("date", "date_range", "date_expression", "string", "mapped_from_node")
_BUILT_IN = ("TIME_WINDOW_START", "TIME_WINDOW_END")


def window_part(name: str, definitions: Mapping[str, Definition]) -> str:
    """Return ``start`` or ``end`` if the name means that end of the window, else nothing.

    ``start_date``, ``startDate``, ``date_from`` and so on are one name each, however they are spelled. A
    parameter that is declared as something else than a date or a text keeps its name.
    """
    part = _PARTS.get(name.replace("_", "").lower(), "")
    declared = definitions.get(name)
    return part if declared is None or declared.type in _DATE_TYPES else ""


def uses_window(sql: str, definitions: Iterable[Definition] = ()) -> bool:
    """Say whether the template looks at the time window: by a placeholder or by AMC's built-in parameters."""
    declared = {definition.name: definition for definition in definitions}
    if any(window_part(found.name, declared) for found in find_placeholders(sql)):
        return True
    tokens = read_template(sql).layout.tokens
    return any(token.token_type in STRINGS and token.text.upper() in _BUILT_IN for token in tokens)


def guess_definitions(sql: str) -> tuple[Definition, ...]:
    """Return definitions for a template that declares nothing; names of the window are left out."""
    places: dict[str, list[Placeholder]] = {}
    for found in find_placeholders(sql):
        if found.place is not Place.COMMENT and not window_part(found.name, {}):
            places.setdefault(found.name, []).append(found)
    ranges = {name for name, found in places.items() if any(place.part for place in found)}
    names = [
        name for name in places if name.removesuffix("_start").removesuffix("_end") not in ranges - {name}
    ]
    return tuple(
        Definition(
            name, guess_type(name, places[name]), required=True, rules=_rules(places[name]), order=order
        )
        for order, name in enumerate(names)
    )


def guess_type(name: str, found: Iterable[Placeholder] = ()) -> str:
    """Return the type that a name suggests, unless its places allow no such value; else what they suggest."""
    places = list(found)
    by_name = _guess_by_name(_words(name), parts={place.part for place in places})
    by_place = _guess_by_place(places)
    return by_name if by_name and _suits(by_name, places) else by_place


def _words(name: str) -> set[str]:
    """Cut a name at underscores and capitals; a plural counts as its singular too."""
    words = {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}
    return words | {word.removesuffix("s") for word in words if len(word) > 3}  # noqa: PLR2004 - not "is", "as"


def _guess_by_name(words: set[str], parts: set[str]) -> str:  # noqa: PLR0911 - a table of words, in order
    if "date" in words or parts - {""}:
        if parts - {""}:
            return "date_range"
        return (
            "date_expression"
            if words & {"expression", "period"}
            else "date_range"
            if "range" in words
            else "date"
        )
    if "asin" in words:
        return "asin_list"
    if "campaign" in words:
        return "campaign_filter" if words & {"filter", "pattern"} else "campaign_list"
    if words & {"threshold", "limit"}:
        return "threshold_numeric"
    if words & {"percent", "percentage", "rate"}:
        return "percentage"
    if words & {"enabled", "active", "include", "exclude"}:
        return "boolean"
    if words & {"count", "number", "qty", "quantity"}:
        return "number"
    return "string_list" if "list" in words else ""


_FORMS = {
    "date": SqlForm.DAY,
    "date_range": SqlForm.RANGE,
    "date_expression": SqlForm.RANGE,
    "asin_list": SqlForm.LIST,
    "campaign_list": SqlForm.LIST,
    "string_list": SqlForm.LIST,
    "campaign_filter": SqlForm.FILTER,
    "boolean": SqlForm.BOOLEAN,
}
_LISTS = (Place.LIST, Place.ITEMS, Place.ROWS, Place.ROW_ITEMS)
_COUNTS = (Place.COUNT, Place.QUOTED_COUNT, Place.NAME)


def _suits(type_name: str, places: Iterable[Placeholder]) -> bool:
    form = _FORMS.get(type_name, SqlForm.NUMBER)
    return all(fits(form, found) for found in places)


def _guess_by_place(places: list[Placeholder]) -> str:
    kinds = {found.place for found in places}
    if kinds & set(_COUNTS):
        return "number"
    return "string_list" if kinds & set(_LISTS) else "string"


def _rules(places: list[Placeholder]) -> dict[str, str]:
    return {"type": "integer"} if any(found.place in _COUNTS for found in places) else {}


def fits(form: SqlForm, found: Placeholder) -> bool:
    """Say whether a value of that form may stand at a placeholder."""
    if found.place is Place.COMMENT or form is SqlForm.ANY:
        return True
    if form is SqlForm.RANGE:
        return bool(found.part)
    if found.part:
        return False
    if form is SqlForm.LIST:
        return found.place in _LISTS
    if form is SqlForm.FILTER:
        return found.follows_like
    if found.place in _COUNTS:
        return form in _ALLOWED[found.place]
    return not (found.place is Place.LIKE and form not in (SqlForm.TEXT, SqlForm.NUMBER))


_ALLOWED = {
    Place.COUNT: (SqlForm.NUMBER,),
    Place.QUOTED_COUNT: (SqlForm.NUMBER,),
    Place.NAME: (SqlForm.NUMBER, SqlForm.TEXT),
}
