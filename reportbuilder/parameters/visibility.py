"""Fields that show only when others have certain values: ``ui:visible_if``."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reportbuilder.parameters.definitions import Definition
from reportbuilder.parameters.kinds import SqlForm
from reportbuilder.parameters.values import JsonValue, Refused

HINT = "ui:visible_if"
Conditions = Mapping[str, Mapping[str, Sequence[Any]]]


def read_conditions(
    definitions: Sequence[Definition], hints: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, list[Any]]]:
    """Return for each field that may hide the values, of each field that it looks at, with which it shows.

    A hint reads ``{"other": value}`` or ``{"other": [value, …]}``; if it names several fields, all must hold.
    A field that could not run without a value never hides, and fields that do not exist are not looked at.
    """
    names = {each.name for each in definitions}
    found: dict[str, dict[str, list[Any]]] = {}
    for each in definitions:
        hint = hints.get(each.name, {}).get(HINT)
        may_hide = each.default is not None or not each.required
        if may_hide and each.form is not SqlForm.ANY and isinstance(hint, Mapping):
            wanted = {
                str(name): list(values) if isinstance(values, list | tuple) else [values]
                for name, values in hint.items()
                if name in names - {each.name}
            }
            if wanted:
                found[each.name] = wanted
    return found


def find_hidden(
    definitions: Sequence[Definition], conditions: Conditions, values: Mapping[str, Any]
) -> frozenset[str]:
    """Return the fields that do not show with these raw values; what was given for them counts for nothing.

    A field that is hidden itself has its default for others. One whose value is wrong hides nobody, so that
    nothing disappears while somebody types.
    """
    declared = {each.name: each for each in definitions}
    known: dict[str, bool] = {}

    def shows(name: str) -> bool:
        if name not in known:
            known[name] = True  # for fields that look at each other
            wanted = conditions.get(name, {})
            known[name] = all(_holds(declared[other], options, current) for other, options in wanted.items())
        return known[name]

    def current(definition: Definition) -> JsonValue:
        raw = values.get(definition.name) if shows(definition.name) else None
        value = definition.read(raw)
        return definition.to_json(definition.default if value is None else value)

    return frozenset(name for name in conditions if not shows(name))


def _holds(
    definition: Definition, options: Sequence[Any], current: Callable[[Definition], JsonValue]
) -> bool:
    try:
        value = current(definition)
    except Refused:
        return True
    chosen = value if isinstance(value, list) else [value]
    return any(_is_same(one, each) for one in chosen for each in options)


def _is_same(one: object, other: object) -> bool:
    """Compare as JSON does: 5.0 is 5, and true is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other
