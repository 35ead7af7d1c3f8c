"""What older rows say of a template's parameters: four shapes of a schema, and rows of a table."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reportbuilder.catalog.older import words
from reportbuilder.catalog.older.files import decode
from reportbuilder.catalog.older.notes import Notes
from reportbuilder.errors import Invalid
from reportbuilder.parameters.messages import show
from reportbuilder.parameters.rules import NAME, read_flag

NOTHING: Final = object()  # no default is given, which is not the same as null
SCHEMA: Final = "parameters_schema"


@dataclass
class Declaration:
    """One parameter as it was declared: words as they came, under one name each.

    ``required``: None where nothing is said. ``default``: NOTHING where none is given.
    """

    name: str
    where: str
    type_word: str = ""
    default: Any = NOTHING
    required: bool | None = None
    title: str = ""
    description: str = ""
    options: Any = None
    rules: dict[str, Any] = field(default_factory=dict)
    hints: dict[str, Any] = field(default_factory=dict)
    order: int = 0
    group: str = ""

    @property
    def has_default(self) -> bool:
        """Whether anything is given as default, null included."""
        return self.default is not NOTHING


def read_declarations(
    schema: Any, rows: Iterable[Any], defaults: Any, notes: Notes
) -> dict[str, Declaration]:
    """Return all declared parameters by name; rows of the table win over the schema.

    :param defaults: the column ``default_parameters``; it fills in what has no default of its own.
    """
    found: dict[str, Declaration] = {}
    for position, row in enumerate(rows):
        _declare_row(found, row, position, notes)
    for name, declaration in _read_schema(schema, notes).items():
        found.setdefault(name, declaration)
    _fill_defaults(found, defaults, notes)
    return found


def _declare_row(found: dict[str, Declaration], row: Any, position: int, notes: Notes) -> None:
    where = f"parameters.{position}"
    if not isinstance(row, Mapping):
        notes.refuse(where, f"{show(row)} is not an object; give parameter_name, parameter_type and so on")
        return
    made = _named(row, where, position, notes)
    if made and made.name in found:
        notes.refuse(where, f"{show(made.name)} is declared twice; keep one of them")
    elif made:
        found[made.name] = made


def _named(raw: Mapping[str, Any], where: str, position: int, notes: Notes) -> Declaration | None:
    named = next((key for key in words.NAME if isinstance(raw.get(key), str) and raw[key].strip()), None)
    if named is None:
        notes.refuse(where, f"{show(raw)} has no name; give name")
        return None
    name = raw[named].strip()
    rest = {key: value for key, value in raw.items() if key != named or key == "title"}
    if not NAME.fullmatch(name):
        name = re.sub(r"\W+", "_", name).strip("_").lower()
    return _read(name, rest, f"{where}.{name}", position, notes)


def _read_schema(schema: Any, notes: Notes) -> dict[str, Declaration]:
    try:
        schema = decode(schema)
    except Invalid as error:
        notes.refuse_column(SCHEMA, error)
        return {}
    if schema in (None, "", "null", {}, []):
        return {}
    if isinstance(schema, Mapping) and len(schema) == 1 and isinstance(schema.get("parameters"), list | dict):
        schema = schema["parameters"]
    if isinstance(schema, list):
        return _read_list(schema, notes)
    if not isinstance(schema, Mapping):
        notes.refuse(SCHEMA, f"{show(schema)} declares nothing that can be read; give an object or a list")
        return {}
    if _is_json_schema(schema):
        return _read_json_schema(schema, notes)
    return {
        str(name): _read_entry(str(name), value, position, notes)
        for position, (name, value) in enumerate(schema.items())
    }


def _is_json_schema(schema: Mapping[str, Any]) -> bool:
    marked = schema.get("type") == "object" or "$schema" in schema or isinstance(schema.get("required"), list)
    return marked and isinstance(schema.get("properties"), Mapping)


def _read_json_schema(schema: Mapping[str, Any], notes: Notes) -> dict[str, Declaration]:
    needed = schema.get("required")
    needed = needed if isinstance(needed, list) else []
    found = {}
    for position, (name, value) in enumerate(schema["properties"].items()):
        made = _read_entry(name, value, position, notes)
        made.required = name in needed
        found[name] = made
    return found


def _read_list(schema: list[Any], notes: Notes) -> dict[str, Declaration]:
    found: dict[str, Declaration] = {}
    for position, item in enumerate(schema):
        where = f"{SCHEMA}.{position}"
        raw = {"name": item} if isinstance(item, str) else item
        if not isinstance(raw, Mapping):
            notes.refuse(where, f"{show(raw)} is not an object; give name, type and so on")
            continue
        made = _named(raw, SCHEMA, position, notes)
        if made and made.name in found:
            notes.refuse(where, f"{show(made.name)} is declared twice; keep one of them")
        elif made:
            found[made.name] = made
    return found


def _read_entry(name: str, value: Any, position: int, notes: Notes) -> Declaration:
    where = f"{SCHEMA}.{name}"
    if isinstance(value, Mapping) and (not value or set(value) & words.DEFINING):
        return _read(name, value, where, position, notes)
    return Declaration(name, where, default=value, order=position)  # a plain default


def _read(name: str, raw: Mapping[str, Any], where: str, position: int, notes: Notes) -> Declaration:
    reader = _Reader(raw, where, notes)
    rules = reader.mapping(words.RULES) | reader.take_all(words.RULE)
    hints = reader.mapping(words.HINTS) | reader.take_all(words.HINT)
    made = Declaration(
        name,
        where,
        type_word=reader.type_word(),
        default=reader.take(words.DEFAULT, otherwise=NOTHING),
        required=reader.required(),
        title=reader.text(words.TITLE),
        description=reader.text(words.DESCRIPTION),
        options=decode(reader.take(words.OPTIONS)),
        rules=rules,
        hints=hints,
        order=position,
        group=reader.text(words.GROUP),
    )
    order = reader.take(words.ORDER)
    made.order = order if isinstance(order, int) and not isinstance(order, bool) else position
    reader.read_items(made)
    for key in ("options", "enum", "values"):
        if made.options is None and key in made.rules:
            made.options = made.rules.pop(key)
    for key in reader.left:
        notes.warn(f"{where}.{key}", "nobody reads this; it is kept with the template's original schema")
    return made


class _Reader:
    """Takes what is known out of one definition; what is ``left`` nobody knows."""

    def __init__(self, raw: Mapping[str, Any], where: str, notes: Notes) -> None:
        self.raw = raw
        self.where = where
        self.notes = notes
        self.left = [key for key in raw if key not in words.ROW and key not in words.NAME]

    def take(self, names: tuple[str, ...], *, otherwise: Any = None) -> Any:
        """Return the value under whichever of the names; two that differ contradict each other."""
        given = [name for name in names if name in self.raw]
        self.left = [key for key in self.left if key not in given]
        values = [self.raw[name] for name in given]
        if any(value != values[0] for value in values[1:]):
            said = " and ".join(f"{name} {show(self.raw[name])}" for name in given)
            self.notes.refuse(self.where, f"{said} contradict each other; keep one of them")
        return values[0] if values else otherwise

    def take_all(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Return those of the names that are given."""
        given = {name: self.raw[name] for name in names if self.raw.get(name) is not None}
        self.left = [key for key in self.left if key not in names]
        return given

    def text(self, names: tuple[str, ...]) -> str:
        """Return the first of several texts: a description may be said twice, in different words."""
        given = [self.raw[name] for name in names if isinstance(self.raw.get(name), str)]
        self.left = [key for key in self.left if key not in names]
        return given[0].strip() if given else ""

    def mapping(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Return an object, also one written as JSON text."""
        value = decode(self.take(names))
        if value in (None, "", {}, []):
            return {}
        if not isinstance(value, Mapping):
            self.notes.refuse(self.where, f"{names[0]}: {show(value)} is not an object; give name: value")
            return {}
        return dict(value)

    def type_word(self) -> str:
        """Return the type; of a list of them the first that is not null."""
        value = self.take(words.TYPE, otherwise="")
        if isinstance(value, list):
            value = next((word for word in value if word != "null"), "")
        self.left = [key for key in self.left if key != "format"]
        if value in ("string", "") and self.raw.get("format") in ("date", "date-time"):
            return "date"
        if value is not None and not isinstance(value, str):
            self.notes.refuse(f"{self.where}.type", f"{show(value)} is not a word; give a type")
            return ""
        return (value or "").strip()

    def required(self) -> bool | None:
        """Return whether it is required, None where nothing is said."""
        value = self.take(words.REQUIRED)
        try:
            return None if value is None else read_flag(value)
        except ValueError as error:
            self.notes.refuse(f"{self.where}.required", str(error))
            return None

    def read_items(self, made: Declaration) -> None:
        """Read what JSON Schema says of the members of a list."""
        items = self.raw.get("items")
        self.left = [key for key in self.left if key != "items"]
        if not isinstance(items, Mapping):
            return
        if isinstance(items.get("enum"), list):
            made.options = items["enum"]
            made.rules["multiple"] = True
        if items.get("type") == "integer":
            made.rules["item_type"] = "integer"


def _fill_defaults(found: dict[str, Declaration], defaults: Any, notes: Notes) -> None:
    try:
        defaults = decode(defaults)
    except Invalid as error:
        notes.refuse_column("default_parameters", error)
        return
    if defaults in (None, "", "null", {}, []):
        return
    if not isinstance(defaults, Mapping):
        notes.refuse("default_parameters", f"{show(defaults)} is not an object; give name: value pairs")
        return
    for position, (name, value) in enumerate(defaults.items()):
        where = f"default_parameters.{name}"
        made = found.setdefault(name, Declaration(name, where, order=len(found) + position))
        if not made.has_default or made.default is None:
            made.default = value
        elif made.default != value:
            said = f"{show(value)} is not its default {show(made.default)}; the latter is taken"
            notes.warn(where, said)
