"""The definition of one parameter: its type, rules and default, checked when it is made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from reportbuilder.errors import Invalid
from reportbuilder.parameters.kinds import Kind, SqlForm
from reportbuilder.parameters.messages import show
from reportbuilder.parameters.rules import NAME, NOT_BELOW, Rule, read_flag, read_rules, rule_to_json
from reportbuilder.parameters.types import find_kind
from reportbuilder.parameters.values import JsonValue, Refused, TypedValue, as_mapping, holds_text

RESERVED = "time_window"


@dataclass(frozen=True)
class Definition:
    """One parameter of a template.

    Rules may come under any of their spellings and are kept under one name each, typed; a default may come
    raw and is kept typed. Rules that no type knows are kept as they are, see ``unknown_rules``.

    :raises Invalid: for an unknown type, rules that contradict each other, or a default that breaks them;
        ``details`` is keyed by the column (``validation_rules.min``).
    """

    name: str
    type: str = "string"
    display_name: str = ""
    description: str = ""
    required: bool = False
    default: Any = None
    rules: Mapping[str, Any] = field(default_factory=dict)
    ui: Mapping[str, Any] = field(default_factory=dict)
    order: int = 0
    group: str = ""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or self.name == RESERVED:
            reason = f"{show(self.name)} cannot be a name; use letters, digits and _, and not {RESERVED}"
            raise Invalid.field("parameter_name", reason)
        kind = find_kind(self.type)
        object.__setattr__(self, "rules", read_rules(self.rules, self._known))
        kind.check_rules(self.own_rules)
        if self.required and "empty" in self.own_rules:
            raise Invalid.field(
                "validation_rules.empty", "has no meaning for a required parameter; drop one of them"
            )
        object.__setattr__(self, "default", self._read_default())

    def _read_default(self) -> TypedValue | None:
        try:
            return self.read(self.default)
        except Refused as error:
            raise Invalid.field("default_value", str(error)) from None

    @classmethod
    def from_mapping(cls, row: Mapping[str, Any]) -> "Definition":
        """Make the definition from a row of ``query_template_parameters`` (or the JSON of one).

        :raises Invalid: as the class itself, and for columns of the wrong shape.
        """
        for column in ("display_name", "description", "group_name", "validation_rules", "ui_config"):
            if not holds_text(row.get(column)):
                raise Invalid.field(column, "it has a NUL or a lone surrogate; remove it")
        return cls(
            name=str(row.get("parameter_name") or ""),
            type=str(row.get("parameter_type") or ""),
            display_name=str(row.get("display_name") or ""),
            description=str(row.get("description") or ""),
            required=_read_required(row.get("required")),
            default=row.get("default_value"),
            rules=_read_mapping(row, "validation_rules"),
            ui=_read_mapping(row, "ui_config"),
            order=_read_order(row.get("display_order")),
            group=str(row.get("group_name") or ""),
        )

    def to_mapping(self) -> dict[str, Any]:
        """Return the definition in the shape that `from_mapping` reads; rules as they were resolved."""
        return {
            "parameter_name": self.name,
            "parameter_type": self.type,
            "display_name": self.display_name,
            "description": self.description,
            "required": self.required,
            "default_value": self.to_json(self.default),
            "validation_rules": {name: rule_to_json(rule) for name, rule in self.rules.items()},
            "ui_config": dict(self.ui),
            "display_order": self.order,
            "group_name": self.group,
        }

    @property
    def kind(self) -> Kind:
        """The type's own behaviour."""
        return find_kind(self.type)

    @property
    def form(self) -> SqlForm:
        """What the values look like in SQL."""
        return self.kind.form_of(self.own_rules)

    @property
    def title(self) -> str:
        """The name that a person sees."""
        return self.display_name or self.name.replace("_", " ").capitalize()

    @property
    def unknown_rules(self) -> tuple[str, ...]:
        """The rules that the type does not know: mostly misspelled, or meant for another type."""
        return tuple(sorted(set(self.rules) - set(self.own_rules)))

    @cached_property
    def own_rules(self) -> Mapping[str, Any]:
        """The rules that the type knows, typed; no other may decide anything."""
        return {rule.name: self.rules[rule.name] for rule in self._known if rule.name in self.rules}

    def rule(self, name: str) -> Any:
        """Return one rule, typed; None when it is not given, or not one of the type's own."""
        return self.own_rules.get(name)

    @property
    def _known(self) -> tuple[Rule, ...]:
        return (*self.kind.known, *self.kind.common)

    def read(self, value: object, today: date | None = None) -> TypedValue | None:
        """Return the typed value of a raw or a typed one; None for what counts as no value.

        :param today: the day in the zone of the run, for rules such as ``allow_future``.
        :raises Refused: with every reason.
        """
        if self.kind.is_empty(value):
            return None
        return self.kind.read(value, self.own_rules, today)

    def to_json(self, value: TypedValue | None) -> JsonValue:
        """Return a typed value as JSON, which `read` reads back to the same."""
        return None if value is None else self.kind.to_json(value)


def _find_unpaired(definitions: Sequence[Definition]) -> dict[str, list[str]]:
    """Return what is wrong with rules that name another parameter."""
    kinds = {each.name: each.form for each in definitions}
    reason = "is not another parameter of its kind; name a number for a number, a date for a date"
    return {
        f"{position}.validation_rules.{NOT_BELOW}": [f"parameter {show(each.name)}: {show(other)} {reason}"]
        for position, each in enumerate(definitions)
        if (other := each.rule(NOT_BELOW)) and (other == each.name or kinds.get(other) is not each.form)
    }


def _read_required(value: object) -> bool:
    try:
        return False if value is None else read_flag(value)
    except ValueError as error:
        raise Invalid.field("required", str(error)) from None


def _read_order(value: object) -> int:
    return value if isinstance(value, int) else 0


def _read_mapping(row: Mapping[str, Any], column: str) -> Mapping[str, Any]:
    value = row.get(column)
    found = {} if value in (None, "") else as_mapping(value)
    if found is None:
        raise Invalid.field(column, f"{show(value)} is not an object; give {{}} or name: value pairs")
    return found


def read_definitions(rows: Iterable[Mapping[str, Any]]) -> tuple[Definition, ...]:
    """Make all definitions of a template, in their display order.

    :raises Invalid: with every fault of every row; ``details`` is keyed ``<position from 0>.<column>``.
    """
    definitions: list[Definition] = []
    wrong: dict[str, list[str]] = {}
    for position, row in enumerate(rows):
        if not isinstance(row, Mapping):
            reason = f"{show(row)} is not an object; give parameter_name, parameter_type and so on"
            wrong[f"{position}.parameter_name"] = [reason]
            continue
        try:
            definition = Definition.from_mapping(row)
            if any(definition.name == other.name for other in definitions):
                reason = f"{show(definition.name)} occurs twice; rename one of them"
                raise Invalid.field("parameter_name", reason)
            definitions.append(definition)
        except Invalid as error:
            for column, reasons in error.details.items():
                named = f"parameter {show(row.get('parameter_name'))}: "
                wrong[f"{position}.{column}"] = [named + reason for reason in reasons]
    wrong = wrong or _find_unpaired(definitions)
    if wrong:
        raise Invalid("; ".join(why for reasons in wrong.values() for why in reasons), details=wrong)
    return tuple(sorted(definitions, key=lambda definition: definition.order))
