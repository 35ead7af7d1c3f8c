"""Validation rules: their names and older spellings, and how each is read."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from reportbuilder.errors import Invalid
from reportbuilder.parameters.messages import show
from reportbuilder.parameters.patterns import BadPattern, Pattern
from reportbuilder.parameters.values import Scalar, is_text, scalar_to_json

Rules = Mapping[str, Any]
LARGEST = Decimal(10) ** 37  # AMC's decimals have 38 digits
MOST_DIGITS = 400  # of a number as text, before it is looked at
MOST_PLACES = 38
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")  # of a parameter
NOT_BELOW = "not_below"  # the rule that names another parameter
LARGEST_COUNT = 10**9


@dataclass(frozen=True)
class Rule:
    """One rule: its name, the other spellings that are read, and its reader (raises ValueError)."""

    name: str
    aliases: tuple[str, ...]
    read: Callable[[Any], Any]


def read_rules(raw: Mapping[str, Any], known: Iterable[Rule]) -> dict[str, Any]:
    """Return the rules under their one name each, typed; those that nobody knows stay as they are.

    :raises Invalid: with ``details`` under ``validation_rules.<the name as written>``.
    """
    rest = {key: value for key, value in raw.items() if value is not None}
    rules: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for rule in known:
        for spelling in (rule.name, *rule.aliases):
            if spelling not in rest:
                continue
            value = rest.pop(spelling)
            try:
                typed = rule.read(value)
            except ValueError as error:
                wrong[f"validation_rules.{spelling}"] = [str(error)]
                continue
            if rules.setdefault(rule.name, typed) != typed:
                other = show(rules[rule.name])
                reason = f"{show(value)} contradicts {other} under another name; keep one of them"
                wrong[f"validation_rules.{spelling}"] = [reason]
    if wrong:
        raise Invalid("; ".join(f"{key}: {why[0]}" for key, why in wrong.items()), details=wrong)
    return rules | rest


def refuse_rule(name: str, reason: str) -> Invalid:
    """Return the error for a rule that cannot hold."""
    return Invalid.field(f"validation_rules.{name}", reason)


def refuse_crossed(rules: Rules, low: str, high: str) -> None:
    """Refuse a lower limit above the upper one.

    :raises Invalid: naming the lower one.
    """
    if low in rules and high in rules and rules[low] > rules[high]:
        reason = f"{rules[low]} is above {high} ({rules[high]}), so nothing would fit; correct one of them"
        raise refuse_rule(low, reason)


def read_count(value: object) -> int:
    """Read a whole number from 0 on, within reason."""
    if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value.strip()):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_COUNT:
        raise ValueError(f"{show(value)} is not a count; give a whole number from 0 to {LARGEST_COUNT:,}")
    return value


def read_flag(value: object) -> bool:
    """Read a boolean, also written as text."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in ("true", "yes", "on", "1"):
        return True
    if word in ("false", "no", "off", "0"):
        return False
    raise ValueError(f"{show(value)} is neither true nor false")


_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?|[+-]?\.[0-9]+")


def read_number(value: object) -> int | Decimal:
    """Read a number, also from text; a whole one becomes an int, any other a Decimal.

    :raises ValueError: for anything else, NaN, infinity, or more than 37 digits before or 38 after the point.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError("not a number")  # noqa: TRY004 - one error for all that cannot be read
    if isinstance(value, str) and (len(value) > MOST_DIGITS or not _NUMBER.fullmatch(value.strip())):
        raise ValueError("not a number")
    number = value if isinstance(value, int) else Decimal(str(value).strip())
    if isinstance(number, Decimal) and not number.is_finite():
        raise ValueError("not a number")
    if not -LARGEST <= number <= LARGEST:
        raise ValueError("too large" if number > 0 else "too small")
    return _shorten(number) if isinstance(number, Decimal) else number


def _shorten(number: Decimal) -> int | Decimal:
    """Drop zeros at the end; by hand, since Decimal's own way rounds to 28 digits."""
    sign, digits, exponent = number.as_tuple()
    kept = "".join(map(str, digits)).rstrip("0")
    places = int(exponent) + len(digits) - len(kept)
    if not kept or places >= 0:
        return int(number)
    if -places > MOST_PLACES:
        raise ValueError("too fine")
    return Decimal((sign, tuple(map(int, kept)), places))


def read_limit(value: object) -> int | Decimal:
    """Read a number that is a limit."""
    try:
        return read_number(value)
    except ValueError:
        raise ValueError(f"{show(value)} is not a number; give digits such as 10 or 0.5") from None


_DATE = re.compile(r"([12][0-9]{3}-[0-9]{2}-[0-9]{2})(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?")


def read_date(value: object) -> date:
    """Read a day: a date, ``YYYY-MM-DD``, or the same with a midnight behind it as older rows have it.

    :raises ValueError: for anything else.
    """
    if type(value) is date:
        return value
    found = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise ValueError(f"{show(value)} is not a date; write YYYY-MM-DD")
    try:
        return date.fromisoformat(found[1])
    except ValueError:
        raise ValueError(f"{show(value)} is not in the calendar; correct the day") from None


def read_pattern(value: object) -> Pattern:
    """Read a regular expression."""
    if isinstance(value, Pattern):
        return value
    if not isinstance(value, str):
        raise BadPattern(f"{show(value)} is not text; give a regular expression")
    return Pattern(value)


def read_name(value: object) -> str:
    """Read the name of another parameter."""
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ValueError(f"{show(value)} is not the name of a parameter; give one of the template")
    return value


def beside(rules: Rules) -> dict[str, str]:
    """Return for a browser which other field a value must not lie below, if there is such a rule."""
    return {"notBelow": rules[NOT_BELOW]} if NOT_BELOW in rules else {}


def read_word(*allowed: str) -> Callable[[object], str]:
    """Return a reader of one word out of a closed list."""

    def read(value: object) -> str:
        if value not in allowed:
            raise ValueError(f"{show(value)} is not known; give {' or '.join(allowed)}")
        return str(value)

    return read


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a closed list, and what a person sees of it."""

    value: Scalar
    label: str


def read_options(value: object) -> tuple[Option, ...]:
    """Read a closed list: plain values, or mappings with ``value`` and ``label``."""
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"{show(value)} is not a list of options; give at least one")
    options = tuple(_read_option(item) for item in value)
    if len({(type(option.value), option.value) for option in options}) < len(options):
        raise ValueError("an option occurs twice; keep one of them")
    return options


def _read_option(item: object) -> Option:
    if isinstance(item, Option):
        return item
    value, label = (item.get("value"), item.get("label")) if isinstance(item, Mapping) else (item, None)
    if isinstance(value, bool) or (isinstance(value, str) and value and is_text(value)):
        return Option(value, str(label or value))
    if isinstance(value, int | float | Decimal):
        return Option(read_limit(value), str(label or value))
    raise ValueError(f"{show(item)} is not an option; give text, a number, or {{value, label}}")


def rule_to_json(rule: Any) -> Any:
    """Return a typed rule as JSON, which its reader reads back to the same."""
    if isinstance(rule, Pattern):
        return rule.source
    if isinstance(rule, tuple):
        return [
            {"value": scalar_to_json(each.value), "label": each.label} if isinstance(each, Option) else each
            for each in rule
        ]
    return scalar_to_json(rule) if isinstance(rule, date | Decimal) else rule
