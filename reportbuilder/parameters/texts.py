"""The types whose value is a text: string and campaign_filter."""

from datetime import date
from typing import Any, ClassVar

from reportbuilder.parameters.kinds import Kind, Schema, SqlForm
from reportbuilder.parameters.patterns import LONGEST_TEXT, SPACE_CLASS, SPACES
from reportbuilder.parameters.rules import (
    Rule,
    Rules,
    read_count,
    read_flag,
    read_pattern,
    refuse_crossed,
    refuse_rule,
)
from reportbuilder.parameters.values import JsonValue, digits_as_text, is_text

MOST_CHARACTERS = 10_000
IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]{0,127}"


class Text(Kind):
    """Any text as it is, blanks included; only the empty text is no value."""

    name = "string"
    form = SqlForm.TEXT
    widget = "text"
    known: ClassVar[tuple[Rule, ...]] = (
        Rule("min_length", ("minLength",), read_count),
        Rule("max_length", ("maxLength",), read_count),
        Rule("pattern", ("regex",), read_pattern),
        Rule("identifier", (), read_flag),
    )

    def check_rules(self, rules: Rules) -> None:
        """Refuse crossed lengths, a length out of bounds, and two patterns at once."""
        refuse_crossed(rules, "min_length", "max_length")
        bound = LONGEST_TEXT if "pattern" in rules else MOST_CHARACTERS
        for name in ("min_length", "max_length"):
            if rules.get(name, 0) > bound:
                raise refuse_rule(name, f"{rules[name]} is above {bound}, the most that is taken; lower it")
        if "pattern" in rules and rules.get("identifier"):
            raise refuse_rule("pattern", "an identifier has its own pattern; drop one of the two rules")

    def read(self, value: object, rules: Rules, today: date | None) -> str:  # noqa: ARG002 - no day needed
        """Check a text; a whole number is taken as its digits."""
        text = digits_as_text(self._bare(value))
        if not isinstance(text, str):
            raise self.refusal("type", rules, value)
        if len(text) < rules.get("min_length", 1):
            raise self.refusal("minLength", rules, value)
        if len(text) > self._longest(rules):
            raise self.refusal("maxLength", rules, value)
        if not is_text(text):
            raise self.refusal("characters", rules, value)
        if (pattern := self._pattern(rules)) and not pattern.matches(text):
            raise self.refusal("pattern", rules, value)
        return text

    def to_json(self, value: Any) -> JsonValue:
        """Return the text."""
        return str(value)

    def schema(self, rules: Rules) -> Schema:
        """Return the schema; lengths count characters, not bytes."""
        schema: Schema = {"type": "string", "minLength": max(1, rules.get("min_length", 1))}
        schema["maxLength"] = self._longest(rules)
        if pattern := self._pattern(rules):
            schema["pattern"] = pattern.portable
        return schema

    def reading(self, rules: Rules) -> dict[str, Any]:  # noqa: ARG002 - they are in the schema
        """Return the way: as it is."""
        return {"as": "text"}

    def words(self, rules: Rules) -> dict[str, str]:
        """Return the messages."""
        pattern = self._pattern(rules)
        wanted = (
            "write letters, digits and underscores, a letter first"
            if rules.get("identifier")
            else f"write it as {pattern.source if pattern else ''}"
        )
        return {
            "type": "{value} is not text; put it into quotes",
            "characters": "{value} has a character that SQL cannot hold (NUL, lone surrogate); remove it",
            "minLength": f"{{value}} is too short; write at least {rules.get('min_length', 1)} characters",
            "maxLength": f"{{value}} is too long; write at most {self._longest(rules)} characters",
            "pattern": f"{{value}} has the wrong form; {wanted}",
        }

    def _bare(self, value: object) -> object:
        """Return the raw value without what may stand around it."""
        return value

    def _longest(self, rules: Rules) -> int:
        bound = LONGEST_TEXT if self._pattern(rules) else MOST_CHARACTERS
        return int(rules.get("max_length", bound))

    def _pattern(self, rules: Rules) -> Any:
        return _IDENTIFIER if rules.get("identifier") else rules.get("pattern")


_IDENTIFIER = read_pattern(IDENTIFIER)


class CampaignFilter(Text):
    """A pattern for campaign names, with ``*`` for any characters; ``%`` is read as the same."""

    name = "campaign_filter"
    form = SqlForm.FILTER
    widget = "campaign-filter"
    known = Text.known[:2]

    def read(self, value: object, rules: Rules, today: date | None) -> str:
        """Check the pattern, without the blanks around it."""
        if not (text := super().read(value, rules, today)):
            raise self.refusal("pattern", rules, value)
        return text

    def _bare(self, value: object) -> object:
        return value.strip(SPACES) if isinstance(value, str) else value

    def schema(self, rules: Rules) -> Schema:
        """Return the schema."""
        return super().schema(rules) | {"pattern": f"[^{SPACE_CLASS}]"}

    def reading(self, rules: Rules) -> dict[str, Any]:  # noqa: ARG002 - they are in the schema
        """Return the way: without the blanks around it."""
        return {"as": "pattern"}

    def is_empty(self, value: object) -> bool:
        """Blanks alone are no filter."""
        return super().is_empty(value) or (isinstance(value, str) and not value.strip(SPACES))

    def words(self, rules: Rules) -> dict[str, str]:
        """Return the messages."""
        return super().words(rules) | {
            "pattern": "{value} is blank; write part of a name, * for any characters"
        }
