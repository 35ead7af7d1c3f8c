"""The types whose value is a list: asin_list, campaign_list, string_list."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

from reportbuilder.parameters.kinds import Kind, Schema, SqlForm
from reportbuilder.parameters.messages import fill
from reportbuilder.parameters.patterns import SPACE_CLASS, SPACES
from reportbuilder.parameters.quantities import Number
from reportbuilder.parameters.rules import (
    Rule,
    Rules,
    read_count,
    read_number,
    read_word,
    refuse_crossed,
    refuse_rule,
)
from reportbuilder.parameters.texts import MOST_CHARACTERS
from reportbuilder.parameters.values import (
    JsonValue,
    Refused,
    digits_as_text,
    is_text,
    number_to_json,
    read_json_text,
)

MOST_ITEMS = 1000
MOST_PASTED = 200_000  # characters; a query has room for half of it
MOST_SHOWN = 3
COUNTS = (
    Rule("min_items", ("minItems", "min_selections", "minSelections"), read_count),
    Rule("max_items", ("maxItems", "max_selections", "maxSelections"), read_count),
)


class List(Kind):
    """Texts (or whole numbers, by ``item_type``) without doubles; an empty list is no value."""

    form = SqlForm.LIST
    widget = "list"
    cut: ClassVar[str] = "separators"
    separators = "\r\n"
    known: ClassVar[tuple[Rule, ...]] = (
        *COUNTS,
        Rule("item_type", ("itemType",), read_word("string", "integer")),
    )

    def check_rules(self, rules: Rules) -> None:
        """Refuse crossed counts and more items than one query may hold."""
        refuse_crossed(rules, "min_items", "max_items")
        for name in ("min_items", "max_items"):
            if rules.get(name, 0) > MOST_ITEMS:
                raise refuse_rule(
                    name, f"{rules[name]} is above {MOST_ITEMS}, the most that is taken; lower it"
                )
        if rules.get("max_items") == 0:
            raise refuse_rule("max_items", "0 would allow nothing; give at least 1")

    def is_empty(self, value: object) -> bool:
        """No item at all is no value; nor are blanks and separators alone."""
        value = read_json_text(value)
        if isinstance(value, str):
            return len(value) <= MOST_PASTED and not any(self.split(value))
        return super().is_empty(value) or (isinstance(value, list | tuple) and not value)

    def read(self, value: object, rules: Rules, today: date | None) -> tuple[str | int, ...]:  # noqa: ARG002
        """Check a list, or the text of one as it is pasted."""
        value = read_json_text(value)
        given: Iterable[object] = [value] if isinstance(value, int) and not isinstance(value, bool) else []
        if isinstance(value, str) and len(value) > MOST_PASTED:
            raise self.refusal("maxItems", rules, value)
        if isinstance(value, str):
            given = self.split(value)
        elif isinstance(value, list | tuple):
            given = value
        elif not given:
            raise self.refusal("type", rules, value)
        items = tuple(dict.fromkeys(self._read_items(given, rules)))
        if len(items) < max(1, rules.get("min_items", 1)):
            raise self.refusal("minItems", rules, list(items))
        if len(items) > rules.get("max_items", MOST_ITEMS):
            raise self.refusal("maxItems", rules, list(items))
        return items

    def split(self, text: str) -> list[str]:
        """Split pasted text at the separators that stand outside single quotes; blanks are dropped."""
        pieces = re.findall(rf"(?:'(?:[^']|'')*'|[^{self.separators}])+", text)
        return [bare for piece in pieces if (bare := unquote(piece))]

    def _read_items(self, given: Iterable[object], rules: Rules) -> list[str | int]:
        items, wrong = [], []
        for item in given:
            try:
                items += self.read_item(item, rules)
            except ValueError:
                wrong.append(item)
        if wrong:
            more = f" and {len(wrong) - MOST_SHOWN} more" if len(wrong) > MOST_SHOWN else ""
            words = self.words(rules)["items"]
            raise Refused(
                *(fill(words, item) for item in wrong[:MOST_SHOWN]), *([f"…{more}"] if more else [])
            )
        return items

    def read_item(self, item: object, rules: Rules) -> list[str | int]:
        """Return the items that one entry holds: none if it is blank.

        :raises ValueError: when it does not fit.
        """
        if rules.get("item_type") == "integer":
            number = read_number(unquote(item) if isinstance(item, str) else item)
            if not isinstance(number, int):
                raise ValueError(item)
            return [number]
        text = digits_as_text(item)
        if not isinstance(text, str) or len(text) > MOST_CHARACTERS or not is_text(text):
            raise ValueError(item)
        bare = unquote(text)
        return [bare] if bare.strip(SPACES + "'") else []

    def to_json(self, value: Any) -> JsonValue:
        """Return the list."""
        return list(value)

    def schema(self, rules: Rules) -> Schema:
        """Return the schema."""
        return {
            "type": "array",
            "items": self.item_schema(rules),
            "minItems": max(1, rules.get("min_items", 1)),
            "maxItems": rules.get("max_items", MOST_ITEMS),
            "uniqueItems": True,
        }

    def item_schema(self, rules: Rules) -> Schema:
        """Return the schema of one item."""
        if rules.get("item_type") == "integer":
            low, high = number_to_json(int(Number.lowest)), number_to_json(int(Number.highest))
            return {"type": "integer", "minimum": low, "maximum": high}
        return {"type": "string", "maxLength": MOST_CHARACTERS, "pattern": f"[^'{SPACE_CLASS}]"}

    def reading(self, rules: Rules) -> dict[str, Any]:
        """Return the way: how a paste is cut, and what an item is."""
        item = rules.get("item_type", "string")
        return {"as": "list", "split": self.cut, "separators": self.separators, "item": item}

    def words(self, rules: Rules) -> dict[str, str]:
        """Return the messages; ``items`` is that for one item."""
        least, most = max(1, rules.get("min_items", 1)), rules.get("max_items", MOST_ITEMS)
        integer = rules.get("item_type") == "integer"
        return {
            "type": "{value} is not a list; give the values one by one",
            "items": f"{{value}} is not {'a whole number' if integer else 'a text'}; correct or remove it",
            "minItems": f"there are too few values; give at least {least}",
            "maxItems": f"there are too many values; give at most {most}",
            "uniqueItems": "a value occurs twice; remove one",
        }


def unquote(text: str) -> str:
    """Return the text without blanks and whole pairs of single quotes around it, as SQL would read them."""
    text = text.strip(SPACES)
    if len(text) > MOST_CHARACTERS:
        return text  # too long for an item anyway, and peeling quote after quote would take long
    while len(text) > 1 and text[0] == text[-1] == "'":
        text = text[1:-1].replace("''", "'").strip(SPACES)
    return text


class StringList(List):
    """Texts; pasted text is split at commas, semicolons and line ends outside quotes."""

    name = "string_list"
    separators = ",;\r\n"


class CampaignList(List):
    """Names or ids of campaigns; pasted text is split at line ends only, for names contain commas."""

    name = "campaign_list"
    widget = "campaign-picker"
    cut = "names"

    def split(self, text: str) -> list[str]:
        """Split a paste; a list of quoted names is split at its commas."""
        quoted = re.fullmatch(r"\s*'(?:[^']|'')*'(?:\s*,\s*'(?:[^']|'')*')*\s*", text)
        return (
            [unquote(name) for name in re.findall(r"'(?:[^']|'')*'", text)] if quoted else super().split(text)
        )


class AsinList(List):
    """Amazon's ten-character product ids, upper case; pasted text is split at blanks, commas, semicolons."""

    name = "asin_list"
    widget = "asin-picker"
    cut = "asins"
    separators = " ,;\t\r\n"
    known = COUNTS

    def split(self, text: str) -> list[str]:
        """Split a paste."""
        return [bare for piece in re.split(rf"[{SPACE_CLASS},;]+", text) if (bare := unquote(piece))]

    def read_item(self, item: object, rules: Rules) -> list[str | int]:  # noqa: ARG002 - there is one rule for all
        """Return the ids in one entry, which may itself be a paste."""
        if not isinstance(item, str):
            raise ValueError(item)  # noqa: TRY004 - the caller collects what does not fit
        ids = [piece.upper() for piece in self.split(item)]
        if not all(re.fullmatch("[A-Z0-9]{10}", each) for each in ids):
            raise ValueError(item)
        return [*ids]

    def item_schema(self, rules: Rules) -> Schema:  # noqa: ARG002 - there is one rule for all
        """Return the schema of one id."""
        return {"type": "string", "pattern": "^[A-Z0-9]{10}$"}

    def reading(self, rules: Rules) -> dict[str, Any]:
        """Return the way."""
        return super().reading(rules) | {"item": "asin"}

    def words(self, rules: Rules) -> dict[str, str]:
        """Return the messages."""
        return super().words(rules) | {
            "items": "{value} is not an ASIN; give 10 letters or digits such as B07XYZ1234"
        }
