"""A template before it is published: what may be in it, and everything that speaks against publishing it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from reportbuilder.catalog.lint import ERROR, lint
from reportbuilder.errors import Invalid
from reportbuilder.parameters.definitions import Definition, read_definitions
from reportbuilder.parameters.messages import show
from reportbuilder.parameters.values import holds_text, is_text

LONGEST_SQL: Final = 100_000  # bytes
LONGEST_NAME: Final = 200
LONGEST_TEXT: Final = 10_000
MOST_TAGS: Final = 50
MOST_SHOWN: Final = 30  # faults of one SQL
FIELD: Final = "parameter_definitions"


@dataclass(frozen=True)
class Draft:
    """What a publisher says of a template; ``definitions`` in their display order."""

    name: str
    category: str
    sql_template: str
    definitions: tuple[Definition, ...] = ()
    description: str = ""
    report_type: str | None = None
    report_config: Mapping[str, Any] = field(default_factory=dict)
    ui_schema: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    is_public: bool = False


def read_draft(data: Mapping[str, Any]) -> Draft:
    """Read a draft: the fields of :class:`Draft`, with ``parameter_definitions`` for ``definitions``.

    :raises Invalid: with everything that is wrong with it, by field; faults of the SQL have line and column.
    """
    wrong: dict[str, list[str]] = {
        name: [f"there is no field of that name; there are {', '.join(_READERS)}"]
        for name in sorted(set(data) - set(_READERS))
    }
    values: dict[str, Any] = {}
    for name, (target, read, fallback) in _READERS.items():
        try:
            given = data.get(name)
            values[target] = fallback if given is None and fallback is not _NEEDED else read(given)
        except Invalid as error:
            wrong |= {name if key == "" else f"{name}.{key}": why for key, why in error.details.items()}
    if not wrong:
        positions = {row.get("parameter_name"): place for place, row in enumerate(data.get(FIELD) or ())}
        wrong = {
            f"{FIELD}.{positions[name]}" if name in positions else name: reasons
            for name, reasons in find_faults(
                values["sql_template"], values["definitions"], declared_tables(values["report_config"])
            ).items()
        }
    refuse(wrong)
    return Draft(**values)


def refuse(wrong: Mapping[str, Sequence[str]]) -> None:
    """Raise one error for all that is wrong, if anything is.

    :raises Invalid: whose message repeats the reasons with their fields.
    """
    if wrong:
        message = "; ".join(f"{name}: {reason}" for name, reasons in wrong.items() for reason in reasons)
        raise Invalid(message, details=wrong)


def find_faults(
    sql: str, definitions: Sequence[Definition], tables: Iterable[str] | None = None
) -> dict[str, list[str]]:
    """Return what speaks against publishing SQL and parameters: by parameter, or ``sql_template``.

    :param tables: what the template declares to read, own uploads included.
    """
    wrong: dict[str, list[str]] = {}
    for finding in lint(sql, definitions, tables=tables):
        if finding.severity == ERROR:
            name = finding.field.removeprefix(f"{FIELD}.")
            wrong.setdefault(name, []).append(str(finding))
    in_sql = wrong.get("sql_template", [])
    if len(in_sql) > MOST_SHOWN:
        in_sql[MOST_SHOWN:] = [f"and {len(in_sql) - MOST_SHOWN} more"]
    return wrong


def declared_tables(report_config: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the tables that a template declares in ``report_config.about.tables``; None if it does not."""
    about = report_config.get("about")
    tables = about.get("tables") if isinstance(about, Mapping) else None
    if not isinstance(tables, list | tuple):
        return None
    return tuple(table for table in tables if isinstance(table, str))


def _wrong(reason: str) -> Invalid:
    return Invalid(reason, details={"": [reason]})


def _read_text(longest: int, *, needed: bool = True) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or not is_text(value):
            raise _wrong("it is missing; give a text" if value is None else f"{show(value)} is not a text")
        if needed and not value.strip():
            raise _wrong("it is empty; give a text")
        if len(value) > longest:
            raise _wrong(f"it has {len(value):,} characters; {longest:,} are allowed")
        return value.strip()

    return read


def _read_sql(value: object) -> str:
    text = str(value or "")
    _read_text(LONGEST_SQL)(value)
    if (size := len(text.encode())) > LONGEST_SQL:
        raise _wrong(f"it has {size:,} bytes; {LONGEST_SQL:,} are allowed")
    return text  # not stripped: what is shown and sent is what was published


def _read_rows(value: object) -> tuple[Definition, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise _wrong(f"{show(value)} is not a list of parameters")
    for position, row in enumerate(value):
        if not isinstance(row, Mapping):
            reason = f"{show(row)} is not an object; give parameter_name, parameter_type and so on"
            raise Invalid(reason, details={str(position): [reason]})
    numbered = [{"display_order": position, **row} for position, row in enumerate(value)]
    return read_definitions(numbered)


def _read_object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise _wrong(f"{show(value)} is not an object; give {{}} or name: value pairs")
    if not holds_text(value):
        raise _wrong("it has a NUL or a lone surrogate; remove it")
    return value


def _read_tags(value: object) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MOST_TAGS:
        raise _wrong(f"{show(value)} is not a list of at most {MOST_TAGS} tags")
    read = _read_text(LONGEST_NAME)
    return tuple(dict.fromkeys(read(tag) for tag in value))


def _read_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong(f"{show(value)} is neither true nor false")
    return value


_NEEDED: Final = object()
# by the name outside: the name in a Draft, the reader, and what stands for nothing
_READERS: Final[dict[str, tuple[str, Callable[[Any], Any], Any]]] = {
    "name": ("name", _read_text(LONGEST_NAME), _NEEDED),
    "category": ("category", _read_text(LONGEST_NAME), _NEEDED),
    "sql_template": ("sql_template", _read_sql, _NEEDED),
    FIELD: ("definitions", _read_rows, ()),
    "description": ("description", _read_text(LONGEST_TEXT, needed=False), ""),
    "report_type": ("report_type", _read_text(LONGEST_NAME), None),
    "report_config": ("report_config", _read_object, {}),
    "ui_schema": ("ui_schema", _read_object, {}),
    "tags": ("tags", _read_tags, ()),
    "is_public": ("is_public", _read_flag, False),
}
