"""The types whose value comes from a closed list or from another step: enum_select, mapped_from_node."""

from datetime import date
from decimal import Decimal
from typing import Any

from reportbuilder.errors import Invalid
from reportbuilder.parameters.kinds import Kind, Schema, SqlForm
from reportbuilder.parameters.lists import COUNTS
from reportbuilder.parameters.rules import (
    Option,
    Rule,
    Rules,
    read_flag,
    read_number,
    read_options,
    refuse_crossed,
    refuse_rule,
)
from reportbuilder.parameters.texts import MOST_CHARACTERS
from reportbuilder.parameters.values import (
    JsonValue,
    Scalar,
    TypedValue,
    is_text,
    number_to_json,
    read_json_text,
    scalar_to_json,
)

READ_ONLY = "is filled in by another step; leave it out"


class Choice(Kind):
    """One value of a closed list, or several with ``multiple``."""

    name = "enum_select"
    form = SqlForm.TEXT
    widget = "select"
    known = (
        Rule("options", ("enum", "values", "choices"), read_options),
        Rule("multiple", (), read_flag),
        *COUNTS,
    )

    def check_rules(self, rules: Rules) -> None:
        """Refuse a missing list and crossed counts."""
        if "options" not in rules:
            raise refuse_rule("options", "is missing; list the values to choose from")
        refuse_crossed(rules, "min_items", "max_items")
        if rules.get("min_items", 0) > len(rules["options"]):
            raise refuse_rule("min_items", f"{rules['min_items']} is above the number of options; lower it")
        if not rules.get("multiple") and {"min_items", "max_items"} & set(rules):
            raise refuse_rule("multiple", "is off, so a count of choices has no meaning; switch it on")

    def form_of(self, rules: Rules) -> SqlForm:
        """Return the form that all the options have."""
        if rules.get("multiple"):
            return SqlForm.LIST
        values = [option.value for option in rules["options"]]
        if all(isinstance(value, bool) for value in values):
            return SqlForm.BOOLEAN
        numbers = all(isinstance(value, int | Decimal) and not isinstance(value, bool) for value in values)
        return SqlForm.NUMBER if numbers else SqlForm.TEXT

    def is_empty(self, value: object) -> bool:
        """Nothing chosen is no value."""
        return super().is_empty(value) or (isinstance(value, list | tuple) and not value)

    def read(self, value: object, rules: Rules, today: date | None) -> TypedValue:  # noqa: ARG002 - no day needed
        """Check one choice or several."""
        if not rules.get("multiple"):
            return self._read_one(value, rules)
        value = read_json_text(value)
        given = list(value) if isinstance(value, list | tuple) else [value]
        chosen = tuple(dict.fromkeys(self._read_one(item, rules) for item in given))
        if len(chosen) < max(1, rules.get("min_items", 1)):
            raise self.refusal("minItems", rules, value)
        if len(chosen) > rules.get("max_items", len(rules["options"])):
            raise self.refusal("maxItems", rules, value)
        return chosen

    def _read_one(self, value: object, rules: Rules) -> Scalar:
        options: tuple[Option, ...] = rules["options"]
        for option in options:
            if _is_same(option.value, value):
                return option.value
        for option in options:
            if isinstance(value, str) and str(scalar_to_json(option.value)).lower() == value.strip().lower():
                return option.value
        raise self.refusal("enum", rules, value)

    def to_json(self, value: Any) -> JsonValue:
        """Return the choice or the list of them."""
        return [scalar_to_json(item) for item in value] if isinstance(value, tuple) else scalar_to_json(value)

    def schema(self, rules: Rules) -> Schema:
        """Return the schema."""
        one: Schema = {"enum": [scalar_to_json(option.value) for option in rules["options"]]}
        if not rules.get("multiple"):
            return one
        least, most = max(1, rules.get("min_items", 1)), rules.get("max_items", len(rules["options"]))
        return {"type": "array", "items": one, "minItems": least, "maxItems": most, "uniqueItems": True}

    def reading(self, rules: Rules) -> dict[str, Any]:
        """Return the way: by the options of the schema, one or several."""
        return {"as": "choices" if rules.get("multiple") else "choice"}

    def words(self, rules: Rules) -> dict[str, str]:
        """Return the messages."""
        names = ", ".join(str(scalar_to_json(option.value)) for option in rules["options"][:20])
        choose = f"{{value}} is not among the options; choose from {names}"
        least, most = max(1, rules.get("min_items", 1)), rules.get("max_items", len(rules["options"]))
        return {
            "type": choose,
            "enum": choose,
            "items": choose,
            "minItems": f"there are too few choices; choose at least {least}",
            "maxItems": f"there are too many choices; choose at most {most}",
            "uniqueItems": "a choice occurs twice; remove one",
        }


def _refuse_inexact(number: int | Decimal) -> int | Decimal:
    """Refuse a number that JSON would have to keep as text, for it would come back as one."""
    if isinstance(number_to_json(number), str):
        raise ValueError(number)  # noqa: TRY004 - the caller refuses what cannot be read
    return number


def _is_same(option: Scalar, value: object) -> bool:
    """Compare as JSON does: true is not 1, but 1.0 is."""
    if isinstance(option, bool) or isinstance(value, bool):
        return option is value
    if isinstance(value, float):
        return isinstance(option, int | Decimal) and option == Decimal(repr(value))
    return isinstance(option, str) == isinstance(value, str) and option == value


class Mapped(Kind):
    """A value that another step fills in, of any plain type; a form only shows it."""

    name = "mapped_from_node"
    form = SqlForm.ANY
    widget = "read-only"

    def check_rules(self, rules: Rules) -> None:
        """Refuse a condition on a value that nobody chooses."""
        if "empty" in rules:
            raise Invalid.field(
                "validation_rules.empty", "has no meaning for a value that another step fills in"
            )

    def is_empty(self, value: object) -> bool:
        """An empty list is no value."""
        return super().is_empty(value) or (isinstance(value, list | tuple) and not value)

    def read(self, value: object, rules: Rules, today: date | None) -> TypedValue:  # noqa: ARG002 - no day needed
        """Check a plain value or a list of them."""
        if isinstance(value, list | tuple):
            return tuple(self._read_one(item, rules) for item in value)
        return self._read_one(value, rules)

    def _read_one(self, value: object, rules: Rules) -> Scalar:
        if isinstance(value, bool) or (
            isinstance(value, str) and len(value) <= MOST_CHARACTERS and is_text(value)
        ):
            return value
        if isinstance(value, int | float | Decimal):
            try:
                return _refuse_inexact(read_number(value))
            except ValueError:
                raise self.refusal("type", rules, value) from None
        raise self.refusal("type", rules, value)

    def to_json(self, value: Any) -> JsonValue:
        """Return the value."""
        return [scalar_to_json(item) for item in value] if isinstance(value, tuple) else scalar_to_json(value)

    def schema(self, rules: Rules) -> Schema:  # noqa: ARG002 - nothing may be given
        """Return a schema that shows the field and takes nothing."""
        return {"readOnly": True, "not": {}}

    def reading(self, rules: Rules) -> dict[str, Any]:  # noqa: ARG002 - nothing may be given
        """Return the way: nothing is read."""
        return {"as": "nothing"}

    def words(self, rules: Rules) -> dict[str, str]:  # noqa: ARG002 - there are no rules
        """Return the messages."""
        return {
            "type": "{value} is not a plain value; give text, a number, true, false or a list of these",
            "not": READ_ONLY,
        }
