"""What every parameter type must answer; the types themselves stand in the modules beside."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Any, ClassVar

from reportbuilder.parameters.messages import fill
from reportbuilder.parameters.rules import Rule, Rules, read_word
from reportbuilder.parameters.values import JsonValue, Refused, TypedValue

Schema = dict[str, Any]


class SqlForm(Enum):
    """What a value looks like in SQL; decides where its placeholder may stand."""

    TEXT = "text"
    FILTER = "a filter pattern"
    NUMBER = "a number"
    BOOLEAN = "true or false"
    DAY = "a date"
    RANGE = "a range of dates"
    LIST = "a list"
    ANY = "what another step gives"


class Kind(ABC):
    """One parameter type: reads raw values into typed ones, and describes itself for a browser.

    ``rules`` are always those that `Definition` has read: known names, typed.
    """

    name: ClassVar[str]
    form: ClassVar[SqlForm]
    widget: ClassVar[str]
    known: ClassVar[tuple[Rule, ...]] = ()
    common: ClassVar[tuple[Rule, ...]] = (Rule("empty", (), read_word("neutral", "null")),)

    def check_rules(self, rules: Rules) -> None:  # noqa: B027 - a type without rules has nothing to check
        """Refuse rules that contradict each other.

        :raises Invalid: with ``details`` under ``validation_rules.<name>``.
        """

    def form_of(self, rules: Rules) -> SqlForm:  # noqa: ARG002 - some kinds look at their rules
        """Return what the values look like in SQL."""
        return self.form

    def is_empty(self, value: object) -> bool:
        """Say whether the raw value counts as no value at all."""
        return value is None or value == "" or (isinstance(value, Mapping) and not value)

    @abstractmethod
    def read(self, value: object, rules: Rules, today: date | None) -> TypedValue:
        """Return the typed value of a raw one that is not empty; of a typed one, the same.

        :param today: the day in the zone of the run; None leaves out the rules that need it.
        :raises Refused: with every reason.
        """

    @abstractmethod
    def to_json(self, value: Any) -> JsonValue:
        """Return the normalised value as JSON, which `read` takes and `schema` describes."""

    @abstractmethod
    def schema(self, rules: Rules) -> Schema:
        """Return the JSON Schema (2020-12) of what `to_json` gives."""

    @abstractmethod
    def reading(self, rules: Rules) -> dict[str, Any]:
        """Return how a browser makes a value of what is typed: ``as`` names the way.

        The rest belongs to it: limits as digits, and rules that the schema cannot say.
        """

    def words(self, rules: Rules) -> dict[str, str]:  # noqa: ARG002 - most kinds name their limits
        """Return the message for each keyword of the schema, with ``{value}`` where the value goes.

        So it is for the rules that `reading` adds; some have further places, such as ``{today}``.
        """
        return {}

    def refusal(self, keyword: str, rules: Rules, value: object, **places: object) -> Refused:
        """Return the error for a value that breaks one keyword."""
        return Refused(fill(self.words(rules)[keyword], value, **places))
