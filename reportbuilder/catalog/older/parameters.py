"""From a declaration and the places of its placeholders to one parameter of today."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from reportbuilder.catalog.older.declarations import Declaration
from reportbuilder.catalog.older.defaults import Reading, Unsafe, read_default
from reportbuilder.catalog.older.notes import Notes
from reportbuilder.catalog.older.words import GENERIC_LISTS, RAW, normalise, read_type
from reportbuilder.errors import Invalid
from reportbuilder.parameters.conditions import condition_span
from reportbuilder.parameters.dates import COMMON_LOOKBACKS, LONGEST_LOOKBACK, read_expression
from reportbuilder.parameters.definitions import Definition
from reportbuilder.parameters.messages import show, suggest
from reportbuilder.parameters.naming import guess_type
from reportbuilder.parameters.placeholders import Placeholder, Template
from reportbuilder.parameters.places import Misplaced, Place
from reportbuilder.parameters.rules import Option, read_date, read_options, read_pattern
from reportbuilder.parameters.tokens import Kinds
from reportbuilder.parameters.types import KINDS, find_kind

LISTS: Final = ("string_list", "asin_list", "campaign_list")
_LIST_PLACES = (Place.LIST, Place.ITEMS, Place.ROWS, Place.ROW_ITEMS)
_DATES = ("date", "date_range", "date_expression")
_PLAIN = ("string", "number", "threshold_numeric", "boolean", *LISTS)


def make_row(
    made: Declaration, template: Template, found: Sequence[Placeholder], notes: Notes
) -> dict[str, Any]:
    """Return the parameter as a row of ``parameter_definitions``; the notes get what is to be said of it."""
    places = [each for each in found if each.place is not Place.COMMENT]
    reading = _read_default(made, notes)
    kind, rules = _choose_type(made, places, reading, notes)
    rules = _keep_rules(kind, {**rules, **made.rules}, made, notes)
    default = _choose_default(kind, made, reading, rules, notes)
    row = {
        "parameter_name": made.name,
        "parameter_type": kind,
        "display_name": made.title,
        "description": made.description,
        "required": bool(made.required),
        "default_value": default,
        "validation_rules": rules,
        "ui_config": {},
        "display_order": made.order,
        "group_name": made.group,
    }
    _settle_emptiness(row, made, template, places, notes)
    _check(row, made, notes)
    return row


def _read_default(made: Declaration, notes: Notes) -> Reading:
    value = made.default if made.has_default else None
    if not isinstance(value, str):
        is_nothing = value in (None, [], {})
        says_text = normalise(made.type_word) in ("string_list", "text_list", "multi_string")
        whole = isinstance(value, list) and bool(value) and _are_whole(value) and not says_text
        return Reading(
            None if is_nothing else value,
            "null" if made.has_default and is_nothing else "",
            rules={"item_type": "integer"} if whole else {},
        )
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    try:
        return read_default(value)
    except Unsafe as error:
        notes.refuse(f"{made.where}.default", str(error))
        return Reading(None)


# ---------------------------------------------------------------- types


def _choose_type(
    made: Declaration, places: list[Placeholder], reading: Reading, notes: Notes
) -> tuple[str, dict[str, Any]]:
    kind, rules = _declared_type(made, places, reading, notes)
    if reading.kind == "day" and kind == "string":
        kind, rules = "date", {}
    if kind in ("string", "string_list") and places and all(each.place in _LIST_PLACES for each in places):
        declared, kind, rules = kind, _list_type(made, reading), rules | reading.rules
        if made.type_word and declared == "string":
            notes.warn(made.where, f"it stands where a list does; {kind} is taken")
        rules.pop("identifier", None)
    if kind in LISTS and kind != "string_list" and not _fits(kind, reading):
        notes.warn(made.where, f"the default {show(reading.value)} is no {kind}; string_list is taken")
        kind = "string_list"
    if kind == "campaign_filter" and not all(each.follows_like for each in places):
        if normalise(made.type_word) != "pattern":
            notes.warn(made.where, "campaign_filter stands after LIKE only; string is taken")
        kind = "string"
    if kind == "string" and _wants_number(places, reading):
        notes.warn(made.where, "it stands where only a whole number can; number is taken")
        kind, rules = "number", {"type": "integer"}
    if kind == "number" and {"step", "multipleOf"} & set(made.rules):
        kind = "threshold_numeric"
    return _choose_from_options(kind, rules, made, notes)


def _declared_type(
    made: Declaration, places: list[Placeholder], reading: Reading, notes: Notes
) -> tuple[str, dict[str, Any]]:
    word = made.type_word
    if not word:
        return _type_of_value(made, places, reading), dict(reading.rules)
    if found := read_type(word):
        generic = normalise(word) in GENERIC_LISTS
        return (_list_type(made, reading), found[1]) if generic else found
    guessed = guess_type(made.name, places)
    if normalise(word) in RAW:
        if reading.kind in ("day", "list", "rows"):
            return _type_of_value(made, places, reading), dict(reading.rules)
        reason = f"{show(word)}: there is no raw type; write the SQL into the template, with typed parameters"
        notes.refuse(f"{made.where}.type", reason)
    elif word in ("object", "json", "map"):
        notes.refuse(f"{made.where}.type", f"{show(word)}: no parameter is an object; declare its fields")
    else:
        hint = suggest(normalise(word), KINDS)
        notes.warn(f"{made.where}.type", f"{show(word)} is not known; {guessed} is taken. {hint}".strip())
    return guessed, {}


def _type_of_value(made: Declaration, places: list[Placeholder], reading: Reading) -> str:
    """Return the type that a plain default has, else the one that name and place suggest."""
    guessed = guess_type(made.name, places)
    if reading.kind == "day":
        return "date"
    if isinstance(reading.value, list):
        return _list_type(made, reading)
    if isinstance(reading.value, bool):
        return "boolean"
    if isinstance(reading.value, Mapping):
        return "date_range"
    if isinstance(reading.value, int | float) and guessed not in ("percentage", "threshold_numeric"):
        return "number"
    return guessed


def _list_type(made: Declaration, reading: Reading) -> str:
    if reading.rules.get("item_type") == "integer":
        return "string_list"  # ids, however the parameter is called: their quotes would change the query
    guessed = guess_type(made.name)
    return guessed if guessed in LISTS and _fits(guessed, reading) else "string_list"


def _fits(kind: str, reading: Reading) -> bool:
    if reading.value is None:
        return True
    try:
        Definition("x", kind, default=reading.value)
    except Invalid:
        return False
    return True


def _wants_number(places: list[Placeholder], reading: Reading) -> bool:
    if any(each.place in (Place.COUNT, Place.QUOTED_COUNT) for each in places):
        return True
    is_digits = str(reading.value).isdigit()
    return is_digits and any(each.place is Place.NAME for each in places)


def _choose_from_options(
    kind: str, rules: dict[str, Any], made: Declaration, notes: Notes
) -> tuple[str, dict[str, Any]]:
    options = _options(made.options)
    if options and kind in (*_PLAIN, "enum_select"):
        is_many = kind in LISTS or rules.get("multiple") or made.rules.get("multiple")
        rules = {key: value for key, value in rules.items() if key == "multiple"}
        return "enum_select", rules | {"options": options} | ({"multiple": True} if is_many else {})
    if kind == "enum_select" and not options:
        notes.warn(made.where, "it is to be chosen from a list, but none is given; string is taken")
        return ("string_list" if rules.get("multiple") else "string"), {}
    return kind, rules


def _options(raw: Any) -> list[Any]:
    if isinstance(raw, Mapping):
        raw = [{"value": value, "label": str(label)} for value, label in raw.items()]
    if not isinstance(raw, list):
        return []
    return [_option(item) for item in raw if item is not None]


def _option(item: Any) -> Any:
    if isinstance(item, Mapping) and "value" not in item and ("const" in item or "id" in item):
        value = item.get("const", item.get("id"))
        return {"value": value, "label": item.get("title", item.get("name", value))}
    return item


# ---------------------------------------------------------------- rules and defaults


def _keep_rules(kind: str, rules: dict[str, Any], made: Declaration, notes: Notes) -> dict[str, Any]:
    """Return the rules that the type has; the others are told."""
    known = {
        name
        for rule in (*find_kind(kind).known, *find_kind(kind).common)
        for name in (rule.name, *rule.aliases)
    }
    kept = {}
    for name, value in rules.items():
        if name not in known:
            if not (value is None or name in ("type", "format", "required")):
                notes.warn(f"{made.where}.{name}", f"{kind} has no rule {name}; {show(value)} was dropped")
            continue
        kept[name] = value
    for name in ("pattern", "regex"):
        if name in kept and (fault := _find_bad_pattern(kept[name])):
            notes.warn(f"{made.where}.{name}", f"{fault}; the pattern {show(kept.pop(name))} was dropped")
    return kept


def _find_bad_pattern(value: Any) -> str:
    try:
        read_pattern(value)
    except ValueError as error:
        return str(error)
    return ""


def _choose_default(
    kind: str, made: Declaration, reading: Reading, rules: dict[str, Any], notes: Notes
) -> Any:
    value = reading.value
    if kind in ("string", "campaign_filter") and isinstance(value, list):
        bare = made.default if isinstance(made.default, str) else None
        if bare is None or "'" in bare:
            notes.refuse(
                f"{made.where}.default", f"{show(made.default)} is a list, but stands where one value can"
            )
        return bare
    if kind in ("number", "threshold_numeric", "percentage") and isinstance(made.default, str) and value:
        return made.default.strip("\"'")  # "1,000" is no list here
    if isinstance(value, list) and rules.get("item_type") == "integer" and not _are_whole(value):
        rules.pop("item_type")
    if reading.changed:
        said = "no value" if value is None else show(value)
        notes.warn(f"{made.where}.default", f"{show(made.default)} was read as {said}")
    if reading.kind == "null" and kind == "enum_select" and isinstance(made.default, str):
        named = [option.value for option in _safe_options(rules) if option.value == made.default]
        return named[0] if named else None  # "None" may be a choice
    if kind in _DATES:
        return _choose_days(kind, made, value, notes)
    return value


def _are_whole(values: list[Any]) -> bool:
    return all(isinstance(value, int) and not isinstance(value, bool) for value in values)


def _safe_options(rules: Mapping[str, Any]) -> tuple[Option, ...]:
    try:
        return read_options(rules.get("options"))
    except ValueError:
        return ()


def _choose_days(kind: str, made: Declaration, value: Any, notes: Notes) -> Any:
    """Return a default of days; a range that was fixed moves on with today, as the windows of runs do."""
    where = f"{made.where}.default"
    if kind == "date":
        if isinstance(value, str) and value[:1].isdigit():
            notes.warn(where, f"{show(value)} is a fixed day and stays it in every run; give today-30 if not")
        return value
    if not isinstance(value, Mapping) or not {"start", "end"} <= set(value):
        return value
    days = _count_days(value)
    word = f"last_{days}_days" if 0 < days <= LONGEST_LOOKBACK else f"last_{COMMON_LOOKBACKS[2]}_days"
    notes.warn(where, f"the fixed days {show(value)} would be the same in every run; {word} is taken")
    return {"preset": word} if kind == "date_range" else read_expression(word)


def _count_days(value: Mapping[str, Any]) -> int:
    try:
        return (read_date(value["end"]) - read_date(value["start"])).days + 1
    except ValueError:
        return 0


# ---------------------------------------------------------------- emptiness


def _settle_emptiness(
    row: dict[str, Any], made: Declaration, template: Template, places: list[Placeholder], notes: Notes
) -> None:
    """Decide what no value means: as little as the template said of it, nothing may be left to chance."""
    if row["default_value"] is not None or row["parameter_type"] == "mapped_from_node":
        return
    if "empty" in row["validation_rules"]:
        return
    said_nothing = made.required is None and not made.has_default
    if row["required"] or said_nothing:
        row["required"] = True
        return
    if made.has_default and _asks_for_null(template, places):
        row["validation_rules"] = {**row["validation_rules"], "empty": "null"}
        return
    if places and all(_is_condition(template, each) for each in places):
        row["validation_rules"] = {**row["validation_rules"], "empty": "neutral"}
        notes.warn(made.where, "left empty, its condition is switched off")
        return
    row["required"] = True
    notes.warn(made.where, "nothing could be written for it when left empty; it is required now")


def _asks_for_null(template: Template, places: list[Placeholder]) -> bool:
    """Say whether NULL is what the SQL itself looks for: ``({{x}} IS NULL OR y = {{x}})``."""
    bare = bool(places) and all(each.place is Place.EXPRESSION for each in places)
    return bare and any(template.layout.kind(each.token + 1) is Kinds.IS for each in places)


def _is_condition(template: Template, found: Placeholder) -> bool:
    try:
        condition_span(template.layout, found.token)
    except Misplaced:
        return False
    return True


def _check(row: Mapping[str, Any], made: Declaration, notes: Notes) -> None:
    """Tell what is wrong with the parameter under the name that it has in the older row."""
    try:
        Definition.from_mapping(row)
    except Invalid as error:
        for column, reasons in error.details.items():
            for reason in reasons:
                notes.refuse(f"{made.where}.{column.removesuffix('_value')}", reason)
