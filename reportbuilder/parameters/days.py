"""The types whose value is a day or days: date, date_range, date_expression."""

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from reportbuilder.parameters.dates import (
    EXPRESSION,
    EXPRESSIONS,
    ISO_DAY,
    NO_EXPRESSION,
    TOO_FAR,
    DateRange,
    read_expression,
    read_relative_day,
    resolve_days,
    resolve_relative_day,
)
from reportbuilder.parameters.kinds import Kind, Schema, SqlForm
from reportbuilder.parameters.rules import (
    NOT_BELOW,
    Rule,
    Rules,
    beside,
    read_count,
    read_date,
    read_flag,
    read_name,
    refuse_crossed,
)
from reportbuilder.parameters.values import JsonValue, Refused, Rolling, TypedValue, read_json_text

RELATIVE_DAY = "today|yesterday|today-[0-9]{1,3}"
_LIMITED = (
    Rule("min", ("minimum", "min_date", "minDate"), read_date),
    Rule("max", ("maximum", "max_date", "maxDate"), read_date),
    Rule("allow_future", ("allowFuture",), read_flag),
)


class Day(Kind):
    """One calendar day, or a day that moves on with today: ``today``, ``yesterday``, ``today-7``."""

    name = "date"
    form = SqlForm.DAY
    widget = "date"
    known: ClassVar[tuple[Rule, ...]] = (*_LIMITED, Rule(NOT_BELOW, ("notBelow",), read_name))

    def check_rules(self, rules: Rules) -> None:
        """Refuse crossed limits."""
        refuse_crossed(rules, "min", "max")

    def read(self, value: object, rules: Rules, today: date | None) -> TypedValue:
        """Check a day."""
        value = _preset_of(value)
        word = value.expression if isinstance(value, Rolling) else value
        if isinstance(word, str) and (relative := read_relative_day(word)):
            if today:
                self.check_day(resolve_relative_day(relative, today), rules, today, value)
            return Rolling(relative)
        day = self.read_day(value, rules)
        self.check_day(day, rules, today, value)
        return day

    def read_day(self, value: object, rules: Rules) -> date:
        """Read a fixed day, without its limits."""
        try:
            return read_date(value)
        except ValueError as error:
            if "calendar" in str(error):
                raise self.refusal("calendar", rules, value) from None
        raise self.refusal("pattern" if isinstance(value, str) else "type", rules, value)

    def check_day(self, day: date, rules: Rules, today: date | None, value: object) -> None:
        """Check a day against the limits."""
        if "min" in rules and day < rules["min"]:
            raise self.refusal("formatMinimum", rules, value)
        if "max" in rules and day > rules["max"]:
            raise self.refusal("formatMaximum", rules, value)
        if today and not rules.get("allow_future", True) and day > today:
            raise self.refusal("future", rules, value, today=today)

    def to_json(self, value: Any) -> JsonValue:
        """Return ``YYYY-MM-DD`` or the relative day."""
        return value.expression if isinstance(value, Rolling) else str(value)

    def schema(self, rules: Rules) -> Schema:
        """Return the schema; ``formatMinimum`` and ``formatMaximum`` hold for fixed days."""
        schema: Schema = {"type": "string", "pattern": f"^(?:{RELATIVE_DAY}|{ISO_DAY})$"}
        if limits := _limits(rules):  # a relative day is no "date" to a browser
            schema |= {"if": {"pattern": "^[0-9]"}, "then": limits}
        return schema

    def reading(self, rules: Rules) -> dict[str, Any]:
        """Return the way, with the limits of relative days too."""
        limits = {name: str(rules[name]) for name in ("min", "max") if name in rules}
        return {"as": "day", "future": bool(rules.get("allow_future", True))} | limits | beside(rules)

    def words(self, rules: Rules) -> dict[str, str]:
        """Return the messages."""
        form = "{value} is not a date; write YYYY-MM-DD, today, yesterday or today-7"
        return {
            "type": form,
            "pattern": form,
            "calendar": "{value} is not in the calendar; correct the day",
            "formatMinimum": f"{{value}} is too early; take {rules.get('min')} or a later day",
            "formatMaximum": f"{{value}} is too late; take {rules.get('max')} or an earlier day",
            "future": "{value} lies in the future; take {today} or a day before",
            NOT_BELOW: "{own} is before “{title}”, which is {other}; take {other} or a later day",
        }


def _limits(rules: Rules) -> Schema:
    limits = {"formatMinimum": rules.get("min"), "formatMaximum": rules.get("max")}
    return (
        {"format": "date"} | {key: str(day) for key, day in limits.items() if day}
        if any(limits.values())
        else {}
    )


def _preset_of(value: object) -> object:
    """Return the word of ``{"preset": word}``; anything else as it is."""
    value = read_json_text(value)
    if isinstance(value, Mapping) and set(value) == {"preset"} and isinstance(value["preset"], str):
        return value["preset"]
    return value


class Days(Day):
    """A range of days, both ends counted, fixed or rolling (``{"preset": "last_30_days"}``)."""

    name = "date_range"
    form = SqlForm.RANGE
    widget = "date-range"
    known = (
        *_LIMITED,
        Rule("min_days", ("minDays",), read_count),
        Rule("max_days", ("maxDays",), read_count),
    )

    def check_rules(self, rules: Rules) -> None:
        """Refuse crossed limits and lengths."""
        super().check_rules(rules)
        refuse_crossed(rules, "min_days", "max_days")

    def read(self, value: object, rules: Rules, today: date | None) -> TypedValue:
        """Check a range, or the word for one."""
        value = _preset_of(value)
        word = value.expression if isinstance(value, Rolling) else value
        if isinstance(word, str):
            return self._read_word(word, rules, today)
        if isinstance(value, DateRange):
            value = {"start": value.start, "end": value.end}
        if not isinstance(value, Mapping) or set(value) != {"start", "end"}:
            raise self.refusal("anyOf", rules, value)
        days = DateRange(self.read_day(value["start"], rules), self.read_day(value["end"], rules))
        if days.end < days.start:
            raise self.refusal("order", rules, value, start=days.start, end=days.end)
        self._check_days(days, rules, today, value)
        return days

    def _read_word(self, word: str, rules: Rules, today: date | None) -> Rolling:
        try:
            rolling = Rolling(read_expression(word))
        except ValueError as error:
            raise Refused(str(error)) from None
        if today:
            self._check_days(resolve_days(rolling.expression, today), rules, today, word)
        return rolling

    def _check_days(self, days: DateRange, rules: Rules, today: date | None, value: object) -> None:
        for day in (days.start, days.end):
            self.check_day(day, rules, today, value)
        least, most = rules.get("min_days", 1), rules.get("max_days", days.days)
        if not least <= days.days <= most:
            keyword = "minDays" if days.days < least else "maxDays"
            raise self.refusal(keyword, rules, value, days=days.days)

    def to_json(self, value: Any) -> JsonValue:
        """Return ``{"start", "end"}`` or ``{"preset"}``."""
        return {"preset": value.expression} if isinstance(value, Rolling) else dict(value.to_json())

    def schema(self, rules: Rules) -> Schema:
        """Return the schema; the order of the ends and ``min_days``/``max_days`` are for the server only."""
        preset = {"type": "string", "pattern": EXPRESSION}
        return {"anyOf": [_fixed(rules), _closed({"preset": preset})]}

    def reading(self, rules: Rules) -> dict[str, Any]:
        """Return the way, with the limits of its length."""
        counts = {"minDays": rules.get("min_days", 1), "maxDays": rules.get("max_days")}
        return super().reading(rules) | {"as": "days", "word": False} | counts

    def words(self, rules: Rules) -> dict[str, str]:
        """Return the messages; ``reach`` and ``expression`` are for words."""
        words = super().words(rules)
        words["type"] = words["pattern"] = "{value} is not a date; write YYYY-MM-DD"
        counted = "{value} has {days} days, both ends counted; take"
        return words | {
            "order": "the end {end} comes before the start {start}; swap them",
            "minDays": f"{counted} at least {rules.get('min_days', 1)}",
            "maxDays": f"{counted} at most {rules.get('max_days')}",
            "reach": TOO_FAR,
            "expression": NO_EXPRESSION,
            "anyOf": '{value} is not a range of dates; give {"start": "YYYY-MM-DD", "end": "YYYY-MM-DD"} '
            'or {"preset": "last_30_days"}',
        }


def _closed(properties: dict[str, Any]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _fixed(rules: Rules) -> Schema:
    day = {"type": "string", "pattern": f"^{ISO_DAY}$"} | _limits(rules)
    return _closed({"start": day, "end": day})


class Expression(Days):
    """Days named by a word, resolved when the query runs; the days themselves are taken too."""

    name = "date_expression"
    widget = "date-expression"

    def to_json(self, value: Any) -> JsonValue:
        """Return the word, or ``{"start", "end"}``."""
        return value.expression if isinstance(value, Rolling) else dict(value.to_json())

    def schema(self, rules: Rules) -> Schema:
        """Return the schema."""
        return {"anyOf": [{"type": "string", "pattern": EXPRESSION}, _fixed(rules)]}

    def reading(self, rules: Rules) -> dict[str, Any]:
        """Return the way; a word stays one."""
        return super().reading(rules) | {"word": True}

    def words(self, rules: Rules) -> dict[str, str]:
        """Return the messages."""
        return super().words(rules) | {
            "anyOf": f"{{value}} is not a date expression; write one of {', '.join(EXPRESSIONS)}"
        }


SUGGESTED = [word for word in EXPRESSIONS if word not in ("today", "this_year")]


def resolve(value: TypedValue, today: date, form: SqlForm) -> TypedValue:
    """Return the day or the days that a rolling value means on a day; any other value as it is.

    :param form: of the parameter; ``yesterday`` is one day to a date, and a range of one day to a range.
    """
    if not isinstance(value, Rolling):
        return value
    if form is SqlForm.DAY:
        return resolve_relative_day(value.expression, today)
    return resolve_days(value.expression, today)
