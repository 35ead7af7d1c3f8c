"""The types whose value is a number or a truth: number, threshold_numeric, percentage, boolean."""

from datetime import date
from decimal import Decimal, localcontext
from math import inf, nextafter
from typing import Any, ClassVar

from reportbuilder.parameters.kinds import Kind, Schema, SqlForm
from reportbuilder.parameters.messages import show
from reportbuilder.parameters.rules import (
    LARGEST,
    NOT_BELOW,
    Rule,
    Rules,
    beside,
    read_flag,
    read_limit,
    read_name,
    read_number,
    read_word,
    refuse_crossed,
    refuse_rule,
)
from reportbuilder.parameters.values import JsonValue, number_to_json

EXACT = 100  # digits; enough for the largest number with the most places


def _read_positive(value: object) -> int | Decimal:
    number = read_limit(value)
    if number <= 0:
        raise ValueError(f"{show(value)} is not above 0; give a positive step")
    return number


class Number(Kind):
    """A number, never NaN or infinite; whole ones are ints, others exact decimals."""

    name = "number"
    form = SqlForm.NUMBER
    widget = "number"
    lowest: Decimal | int = -LARGEST
    highest: Decimal | int = LARGEST
    known: ClassVar[tuple[Rule, ...]] = (
        Rule("min", ("minimum", "min_value", "minValue"), read_limit),
        Rule("max", ("maximum", "max_value", "maxValue"), read_limit),
        Rule("type", (), read_word("integer", "number")),
        Rule(NOT_BELOW, ("notBelow",), read_name),
    )

    def check_rules(self, rules: Rules) -> None:
        """Refuse crossed limits and limits out of the type's own bounds."""
        refuse_crossed(rules, "min", "max")
        for name in ("min", "max"):
            if name in rules and not self.lowest <= rules[name] <= self.highest:
                raise refuse_rule(
                    name, f"{rules[name]} is not between {digits(self.lowest)} and {digits(self.highest)}"
                )

    def read(self, value: object, rules: Rules, today: date | None) -> int | Decimal:  # noqa: ARG002 - no day needed
        """Check a number, also one written as text."""
        try:
            number = read_number(self._bare(value))
        except ValueError as error:
            raise self.refusal(_KEYWORDS.get(str(error), "type"), rules, value) from None
        if rules.get("type") == "integer" and not isinstance(number, int):
            raise self.refusal("type", rules, value)
        low, high = self._bounds(rules)
        if number < low:
            raise self.refusal("minimum", rules, value)
        if number > high:
            raise self.refusal("maximum", rules, value)
        return number

    def to_json(self, value: Any) -> JsonValue:
        """Return the number."""
        return number_to_json(value)

    def schema(self, rules: Rules) -> Schema:
        """Return the schema."""
        low, high = self._bounds(rules)
        kind = "integer" if rules.get("type") == "integer" else "number"
        return {"type": kind, "minimum": _to_json(low, inf), "maximum": _to_json(high, -inf)}

    def reading(self, rules: Rules) -> dict[str, Any]:
        """Return the way, with the limits as digits: the schema's are floats."""
        low, high = (digits(bound) for bound in self._bounds(rules))
        whole = rules.get("type") == "integer"
        return {"as": "number", "min": low, "max": high, "whole": whole} | beside(rules)

    def words(self, rules: Rules) -> dict[str, str]:
        """Return the messages; that of ``type`` covers fractions where only whole numbers go."""
        low, high = (digits(bound) for bound in self._bounds(rules))
        integer = rules.get("type") == "integer"
        return {
            "type": f"{{value}} is not a {'whole ' if integer else ''}number; "
            f"give digits such as {'12' if integer else '12 or 0.5'}",
            "minimum": f"{{value}} is too small; give at least {low}",
            "maximum": f"{{value}} is too large; give at most {high}",
            "places": "{value} has too many digits after the point; give at most 38",
            NOT_BELOW: "{own} is below “{title}”, which is {other}; give at least {other}",
        }

    def _bounds(self, rules: Rules) -> tuple[Any, Any]:
        return _plain(rules.get("min", self.lowest)), _plain(rules.get("max", self.highest))

    def _bare(self, value: object) -> object:
        """Return the raw value without what may stand around the digits."""
        return value


_KEYWORDS = {"too large": "maximum", "too small": "minimum", "too fine": "places"}


def _to_json(limit: int | Decimal, inwards: float) -> JsonValue:
    """Return a limit as a number of JSON; one that no float can hold as the next float inside of it."""
    exact = number_to_json(limit)
    if not isinstance(exact, str):
        return exact
    near = float(exact)
    outside = Decimal(near) < limit if inwards > 0 else Decimal(near) > limit
    return nextafter(near, inwards) if outside else near


def _plain(number: int | Decimal) -> int | Decimal:
    return int(number) if number == int(number) else number


def digits(number: int | Decimal) -> str:
    """Return a number as people write it, never with an exponent."""
    return format(number, "f") if isinstance(number, Decimal) else str(number)


class Threshold(Number):
    """A number from a scale: ``min``, ``max``, and ``step`` counted from ``min``."""

    name = "threshold_numeric"
    widget = "range"
    known = (*Number.known, Rule("step", ("multipleOf",), _read_positive))

    def check_rules(self, rules: Rules) -> None:
        """Refuse also a step that leads nowhere."""
        super().check_rules(rules)
        if "step" in rules and "max" in rules and rules["step"] > rules["max"] - rules.get("min", 0) > 0:
            raise refuse_rule("step", f"{rules['step']} is wider than the whole scale; lower it")

    def read(self, value: object, rules: Rules, today: date | None) -> int | Decimal:
        """Check the number and that it is on the scale."""
        number = super().read(value, rules, today)
        with localcontext(prec=EXACT):
            if "step" in rules and (Decimal(number) - Decimal(rules.get("min", 0))) % Decimal(rules["step"]):
                raise self.refusal("multipleOf", rules, value)
        return number

    def schema(self, rules: Rules) -> Schema:
        """Return the schema; the step only where counting from 0 gives the same and floats are exact."""
        schema = super().schema(rules)
        step, low = rules.get("step"), rules.get("min", 0)
        if isinstance(step, int) and isinstance(low, int) and low % step == 0:
            schema["multipleOf"] = step
        return schema

    def reading(self, rules: Rules) -> dict[str, Any]:
        """Return the way, with the scale as digits."""
        read = super().reading(rules)
        if "step" in rules:
            read |= {"step": digits(rules["step"]), "from": digits(rules.get("min", 0))}
        return read

    def words(self, rules: Rules) -> dict[str, str]:
        """Return the messages."""
        step, low = rules.get("step", 1), rules.get("min", 0)
        ladder = ", ".join(digits(_plain(low + step * n)) for n in range(3))
        return super().words(rules) | {
            "multipleOf": f"{{value}} is between two steps; give {ladder} and so on"
        }


class Percentage(Number):
    """A share from 0 to 100; ``as_decimal`` writes 15 as 0.15 into the SQL."""

    name = "percentage"
    widget = "percentage"
    lowest, highest = 0, 100
    known = (*Number.known, Rule("as_decimal", ("asDecimal",), read_flag))

    def reading(self, rules: Rules) -> dict[str, Any]:
        """Return the way; a sign of per cent may stand behind the digits."""
        return super().reading(rules) | {"suffix": "%"}

    def _bare(self, value: object) -> object:
        return value.strip().removesuffix("%") if isinstance(value, str) else value


class Boolean(Kind):
    """True or false, also as the words that forms send."""

    name = "boolean"
    form = SqlForm.BOOLEAN
    widget = "checkbox"

    def read(self, value: object, rules: Rules, today: date | None) -> bool:  # noqa: ARG002 - no day needed
        """Check a truth value."""
        if not isinstance(value, bool | str | int):
            raise self.refusal("type", rules, value)
        try:
            return read_flag(value)
        except ValueError:
            raise self.refusal("type", rules, value) from None

    def to_json(self, value: Any) -> JsonValue:
        """Return the truth value."""
        return bool(value)

    def schema(self, rules: Rules) -> Schema:  # noqa: ARG002 - there are no rules
        """Return the schema."""
        return {"type": "boolean"}

    def reading(self, rules: Rules) -> dict[str, Any]:  # noqa: ARG002 - there are no rules
        """Return the way: by words such as yes and off."""
        return {"as": "flag"}

    def words(self, rules: Rules) -> dict[str, str]:  # noqa: ARG002 - there are no rules
        """Return the messages."""
        return {"type": "{value} is neither true nor false; give true or false"}
