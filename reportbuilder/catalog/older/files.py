"""From the bytes of a file to the templates in it, whatever somebody has put there."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from reportbuilder.errors import Invalid
from reportbuilder.parameters.messages import shorten, show
from reportbuilder.parameters.values import is_text

FORMAT: Final = "amc-report-builder/templates"
VERSION: Final = 1
MOST_BYTES: Final = 20_000_000
MOST_TEMPLATES: Final = 1000
DEEPEST: Final = 40
MOST_DIGITS: Final = 400
FIELD: Final = "file"

_LISTS: Final = ("query_templates", "templates", "data", "items")
_PARAMETERS: Final = ("query_template_parameters", "template_parameters")
_VALUE_SETS: Final = ("query_template_instances", "template_instances")
SQL_KEYS: Final = ("sql_template", "sql_query", "sql", "query")


@dataclass(frozen=True)
class Source:
    """One template of a file as it came; ``fault`` says why it cannot even be looked at.

    ``is_own``: in the form that `exporting.export` writes. ``parameters`` and ``value_sets``: its rows of
    other tables.
    """

    data: Mapping[str, Any] = field(default_factory=dict)
    is_own: bool = False
    parameters: Sequence[Any] = ()
    value_sets: Sequence[Any] = ()
    fault: str = ""


def read_json(content: bytes) -> Any:
    """Read a JSON text strictly: no doubled names, no NaN, nothing that a database could not keep.

    :raises Invalid: saying what is wrong, also for what is too large, too deep or broken.
    """
    if len(content) > MOST_BYTES:
        raise _wrong(f"it has {len(content):,} bytes; {MOST_BYTES:,} are read at once, split it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong(f"it is not UTF-8 at byte {error.start}; save it as UTF-8") from None
    value = _loads(text)
    check_json(value)
    return value


def _loads(text: str) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=_pairs,
            parse_constant=_refuse_constant,
            parse_float=_read_float,
            parse_int=_read_int,
        )
    except json.JSONDecodeError as error:
        raise _wrong(f"it is not JSON: {error.msg}, line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise _wrong(_TOO_DEEP) from None


_TOO_DEEP = f"it is nested deeper than {DEEPEST} levels; no template is"


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise _wrong(f"{show(double)} occurs twice in one object; keep one of them")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise _wrong(f"{name} is no number of JSON; write null or a number")


def _read_float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _wrong(f"the number {shorten(text)} is too large; correct it")
    return number


def _read_int(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise _wrong(f"a number has {len(text):,} digits; {MOST_DIGITS} are read, correct it")
    return int(text)


def check_json(value: Any) -> None:
    """See that a value, from wherever it comes, can be kept.

    :raises Invalid: if it is nested too deep, or holds a NUL or half of a surrogate pair.
    """
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if depth > DEEPEST:
            raise _wrong(_TOO_DEEP)
        if isinstance(item, str) and not is_text(item):
            raise _wrong(f"{show(item)} holds a NUL or a lone surrogate; remove it")
        if isinstance(item, Mapping):
            waiting += [(key, depth + 1) for key in item]
            waiting += [(inner, depth + 1) for inner in item.values()]
        elif isinstance(item, list | tuple):
            waiting += [(inner, depth + 1) for inner in item]


def decode(value: Any) -> Any:
    """Return what a column holds: a JSON text in it is read, also one that was written twice.

    :raises Invalid: if such a text holds what `read_json` refuses.
    """
    for _ in range(3):
        if not isinstance(value, str) or value.strip()[:1] not in ("{", "[", '"'):
            return value
        try:
            json.loads(value)
        except RecursionError:
            raise _wrong(_TOO_DEEP) from None
        except ValueError:
            return value  # a text that only begins so
        value = _loads(value)
        check_json(value)
    return value


def read_object(value: Any) -> dict[str, Any]:
    """Return a column as an object, whatever other programs have left in it; nothing of what is none.

    >>> read_object('{"widgets": []}'), read_object([1])
    ({'widgets': []}, {})
    """
    try:
        value = decode(value)
    except Invalid:
        return {}
    return dict(value) if isinstance(value, Mapping) else {}


def read_tags(value: Any) -> list[Any]:
    """Return the column ``tags`` as a list, whatever other programs have left in it."""
    try:
        value = decode(value)
    except Invalid:
        return []
    return value if isinstance(value, list) else []


def find_sources(value: Any) -> list[Source]:
    """Return the templates of a file: one, a list, an export of old tables, or an export of ours.

    :raises Invalid: if it is none of these, is of a later version, or has too many.
    """
    value = decode(value)
    found = list(_find(value))
    if len(found) > MOST_TEMPLATES:
        raise _wrong(f"it has {len(found):,} templates; {MOST_TEMPLATES:,} are read at once, split it")
    return found


def _find(value: Any) -> Iterator[Source]:
    if isinstance(value, list):
        yield from (_older(item) for item in value)
    elif not isinstance(value, Mapping):
        raise _wrong(f"{show(value)} is neither a template nor a list of them")
    elif "format" in value:
        yield from _find_own(value)
    elif any(key in value for key in SQL_KEYS):
        yield _older(value)
    elif (key := next((name for name in _LISTS if name in value), None)) is not None:
        yield from _find_tables(value, key)
    else:
        names = ", ".join(show(name) for name in list(value)[:5]) or "nothing"
        raise _wrong(f"it has {names}, but neither sql_template nor query_templates nor format; see the docs")


def _find_own(value: Mapping[str, Any]) -> Iterator[Source]:
    if value["format"] != FORMAT:
        raise _wrong(f"its format is {show(value['format'])}; {FORMAT} is read, and files without a format")
    version = value.get("version")
    if version != VERSION or isinstance(version, bool):
        raise _wrong(f"its version is {show(version)}; this release reads {VERSION}, take a newer release")
    templates = value.get("templates")
    if not isinstance(templates, list):
        raise _wrong(f"its templates are {show(templates)}; give a list")
    for item in templates:
        if not isinstance(item, Mapping) or not isinstance(item.get("publication"), Mapping):
            yield Source(fault=f"{show(item)} is no template: it has no publication")
        else:
            yield Source(item, is_own=True, value_sets=_listed(item.get("value_sets")))


def _older(item: Any) -> Source:
    try:
        return _read_older(decode(item))
    except Invalid as error:
        return Source(fault=error.message.removeprefix(f"{FIELD}: "))


def _read_older(item: Any) -> Source:
    if not isinstance(item, Mapping):
        return Source(fault=f"{show(item)} is no template; give an object with name and sql_template")
    return Source(
        item,
        parameters=_first(item, (*_PARAMETERS, "parameter_definitions", "parameters")),
        value_sets=_first(item, (*_VALUE_SETS, "value_sets")),
    )


def _find_tables(value: Mapping[str, Any], key: str) -> Iterator[Source]:
    templates = decode(value[key])
    if not isinstance(templates, list):
        raise _wrong(f"{key} is {show(templates)}; give a list of rows")
    rows = {"parameters": _first(value, _PARAMETERS), "value_sets": _first(value, _VALUE_SETS)}
    taken: set[int] = set()
    for item in templates:
        source = _older(item)
        ids = {source.data.get("id"), source.data.get("template_id")} - {None}
        mine = {
            name: [row for row in each if isinstance(row, Mapping) and row.get("template_id") in ids]
            for name, each in rows.items()
        }
        taken |= {id(row) for each in mine.values() for row in each}
        yield Source(
            source.data,
            parameters=[*source.parameters, *mine["parameters"]],
            value_sets=[*source.value_sets, *mine["value_sets"]],
            fault=source.fault,
        )
    left = sum(id(row) not in taken for each in rows.values() for row in each)
    if left:
        yield Source(fault=f"{left} rows belong to templates that are not in the file; export these as well")


def _first(value: Mapping[str, Any], names: tuple[str, ...]) -> list[Any]:
    return next((_listed(value[name]) for name in names if _listed(value.get(name))), [])


def _listed(value: Any) -> list[Any]:
    found = decode(value)
    return [decode(item) for item in found] if isinstance(found, list) else []


def _wrong(reason: str) -> Invalid:
    return Invalid.field(FIELD, reason)
