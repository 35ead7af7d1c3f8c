"""How a form looks: order, widgets, help and groups, from what types, definitions and templates say."""

from collections.abc import Mapping, Sequence
from typing import Any

from reportbuilder.parameters.days import SUGGESTED
from reportbuilder.parameters.definitions import RESERVED, Definition
from reportbuilder.parameters.kinds import SqlForm
from reportbuilder.parameters.lists import List

_PREFIX = "ui:"


def build_ui(
    definitions: Sequence[Definition],
    ui_schema: Mapping[str, Any],
    choices: Mapping[str, Sequence[Any]],
    *,
    window: bool,
) -> dict[str, Any]:
    """Return hints in the manner of react-jsonschema-form: ``ui:order``, and per field ``ui:widget`` etc."""
    given = _flatten(ui_schema)
    hints: dict[str, Any] = {
        each.name: _hints_of(each, choices) | _prefixed(each.ui) | _prefixed(given.get(each.name, {}))
        for each in definitions
    }
    if window:
        hints[RESERVED] = {"ui:widget": "time-window", "ui:options": {"presets": SUGGESTED}}
        hints[RESERVED] |= _prefixed(given.get(RESERVED, {}))
    order = given.get("ui:order")
    listed = dict.fromkeys(name for name in order if isinstance(name, str)) if isinstance(order, list) else {}
    wanted = [name for name in listed if name in hints]
    hints["ui:order"] = wanted + [name for name in hints if name not in wanted]
    hints["ui:groups"] = _groups(definitions, hints["ui:order"])
    return hints


def _flatten(ui_schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Lift fields that are nested as ``{"fields": {...}}``."""
    nested = ui_schema.get("fields")
    return {**ui_schema, **nested} if isinstance(nested, Mapping) else ui_schema


def _prefixed(hints: object) -> dict[str, Any]:
    """Write ``widget`` as ``ui:widget``, as some rows lack the prefix."""
    if not isinstance(hints, Mapping):
        return {}
    return {
        key if key.startswith(_PREFIX) else _PREFIX + key: value
        for key, value in hints.items()
        if isinstance(key, str)
    }


def _hints_of(definition: Definition, choices: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    hints: dict[str, Any] = {"ui:widget": definition.kind.widget}
    if definition.description:
        hints["ui:help"] = definition.description
    if options := _options(definition, choices):
        hints["ui:options"] = options
    if definition.form is SqlForm.ANY:
        hints["ui:readonly"] = True
    return hints


def _options(definition: Definition, choices: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if listed := definition.rule("options"):
        options["labels"] = [option.label for option in listed]
    if definition.form is SqlForm.RANGE:
        options["presets"] = SUGGESTED
    if step := definition.rule("step"):
        options["step"] = definition.to_json(step)
    if isinstance(definition.kind, List):
        options["separators"] = definition.kind.separators
    offered = choices.get(definition.name, choices.get(definition.type))
    if offered is not None:
        options["choices"] = [
            dict(each) if isinstance(each, Mapping) else {"value": each, "label": str(each)}
            for each in offered
        ]
    return options


def _groups(definitions: Sequence[Definition], order: Sequence[str]) -> list[dict[str, Any]]:
    """Return the groups in the order of their first field; fields without one are left out."""
    named = {each.name: each.group for each in definitions if each.group}
    groups: dict[str, list[str]] = {}
    for name in order:
        if name in named:
            groups.setdefault(named[name], []).append(name)
    return [{"title": title, "fields": members} for title, members in groups.items()]
