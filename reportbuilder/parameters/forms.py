"""From definitions to one form: a marshmallow schema for the server, JSON Schema and hints for browsers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields
from marshmallow.constants import missing

from reportbuilder.errors import Invalid
from reportbuilder.parameters.binding import MISSING, declare, refuse
from reportbuilder.parameters.choices import READ_ONLY
from reportbuilder.parameters.crossing import find_crossed
from reportbuilder.parameters.dates import today_in
from reportbuilder.parameters.definitions import RESERVED, Definition
from reportbuilder.parameters.hints import build_ui
from reportbuilder.parameters.kinds import SqlForm
from reportbuilder.parameters.messages import suggest
from reportbuilder.parameters.naming import window_part
from reportbuilder.parameters.values import JsonValue, Refused, TypedValue
from reportbuilder.parameters.visibility import find_hidden, read_conditions
from reportbuilder.parameters.windows import LAG_DAYS, parse_window, read_window, window_schema

UNKNOWN = "there is no field of that name; leave it out"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Strict(Schema):
    """A schema that refuses unknown fields."""

    error_messages: dict[str, str] = {"unknown": UNKNOWN}  # noqa: RUF012 - as marshmallow declares it

    class Meta:
        """How marshmallow is told so."""

        unknown = RAISE


class ParameterField(fields.Field[Any]):
    """One parameter as a marshmallow field: reads raw values by its definition, and drops empty ones."""

    def __init__(self, definition: Definition, today: date) -> None:
        super().__init__(
            required=definition.required
            and definition.default is None
            and definition.form is not SqlForm.ANY,
            allow_none=True,
            error_messages={"required": MISSING},
            metadata={"title": definition.title, "description": definition.description},
        )
        self.definition = definition
        self.today = today

    def deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Any:
        """Return the typed value; `missing` for what counts as no value.

        :raises ValidationError: with every reason.
        """
        if value is missing or self.definition.kind.is_empty(value):
            self._validate_missing(missing)
            return missing
        if self.definition.form is SqlForm.ANY:
            raise ValidationError(READ_ONLY)
        try:
            return self.definition.read(value, self.today)
        except Refused as error:
            raise ValidationError(error.reasons) from None

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> JsonValue:
        return self.definition.to_json(value)


class WindowField(fields.Field[Any]):
    """The wish for a time window; stays rolling, but must mean a window now."""

    def __init__(self, as_of: datetime, zone: str, lag_days: int) -> None:
        super().__init__(allow_none=True, metadata={"title": "Time window"})
        self.as_of, self.zone, self.lag_days = as_of, zone, lag_days

    def deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Any:
        """Return the wish in its one spelling (see `read_window`).

        :raises ValidationError: with every reason.
        """
        if value is missing or value in (None, ""):
            return missing
        if not isinstance(value, Mapping):
            raise ValidationError("it is not an object; give start and end, or preset, with time_zone")
        try:
            parse_window(value, as_of=self.as_of, default_zone=self.zone, lag_days=self.lag_days)
            return read_window(value, default_zone=self.zone, lag_days=self.lag_days)
        except Invalid as error:
            raise ValidationError([error.message.removeprefix(f"{RESERVED}: ")]) from None


@dataclass(frozen=True)
class Form:
    """The form of one template: what it takes, and how it looks.

    What the JSON Schema takes, `load` takes as well, but for the rules that the schema cannot say: days
    that are not in the calendar, ``allow_future``, ``min_days`` and ``max_days``, the order of a range's
    ends, limits of relative days, a ``step`` that is not whole, more than 38 places, characters that SQL
    cannot hold, time zones, rules between fields, and windows that end before they start or in the future.
    And `load` takes more: text for numbers and truths, pasted lists, doubles, empty values; what `dump`
    makes of the result, the schema takes.
    """

    definitions: tuple[Definition, ...]
    as_of: datetime
    zone: str = "UTC"
    window: bool = False
    lag_days: int = LAG_DAYS
    ui_schema: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    @cached_property
    def schema(self) -> type[Schema]:
        """The marshmallow schema; unknown fields are refused."""
        today = today_in(self.as_of, self.zone)
        members: dict[str, Any] = {each.name: ParameterField(each, today) for each in self.definitions}
        if self.window:
            members[RESERVED] = WindowField(self.as_of, self.zone, self.lag_days)
        return type("ParametersSchema", (_Strict,), members)

    def load(self, data: Mapping[str, Any], *, partial: bool = False) -> dict[str, TypedValue]:
        """Return the typed values of what was filled in; what was left empty or is hidden is left out.

        Defaults are not filled in: `render` does that, so that a rolling or corrected default stays so.

        :param partial: a form that is not yet filled in whole: nothing is missing.

        :raises Invalid: with ``details`` for every field that is wrong, missing or unknown.
        """
        if not isinstance(data, Mapping):
            raise Invalid.field("parameters", "it is not an object; give name: value pairs")
        hidden = self.hidden(data)
        shown = {name: value for name, value in data.items() if name not in hidden}
        if partial:
            shown = {name: value for name, value in shown.items() if not self._is_empty(name, value)}
        loaded, wrong = self._load_each(shown, partial=partial)
        today = today_in(self.as_of, self.zone)
        wrong |= find_crossed(self.definitions, loaded, today, hidden=hidden, wrong=wrong)
        refuse(wrong)
        return loaded

    def _load_each(
        self, shown: Mapping[str, Any], *, partial: bool
    ) -> tuple[dict[str, TypedValue], dict[str, list[str]]]:
        """Return the typed values of the fields that are right, and the reasons against the others."""
        try:
            return self.schema().load(shown, partial=partial), {}
        except ValidationError as error:
            right = error.valid_data if isinstance(error.valid_data, dict) else {}
            found = error.messages_dict.items()
            return right, {name: self._explain(str(name), reasons) for name, reasons in found}

    def _is_empty(self, name: object, value: object) -> bool:
        return any(each.name == name and each.kind.is_empty(value) for each in self.definitions)

    def hidden(self, data: Mapping[str, Any]) -> frozenset[str]:
        """Return the fields that do not show with these values (see `find_hidden`)."""
        return find_hidden(self.definitions, self._conditions, data)

    @cached_property
    def _conditions(self) -> dict[str, dict[str, list[Any]]]:
        return read_conditions(self.definitions, self.ui())

    def _explain(self, name: str, reasons: list[str]) -> list[str]:
        return [self._explain_unknown(name)] if reasons == [UNKNOWN] else reasons

    def _explain_unknown(self, name: str) -> str:
        if window_part(name, declare(self.definitions)):
            return f"the time window fills it in; send {RESERVED} instead"
        near = suggest(name, self.schema().fields)
        return f"there is no field of that name; {near}" if near else UNKNOWN

    def dump(self, values: Mapping[str, Any]) -> dict[str, JsonValue]:
        """Return typed values as JSON, which `load` reads back to the same."""
        declared = declare(self.definitions)
        return {
            name: declared[name].to_json(value) if name in declared else value
            for name, value in values.items()
            if value is not None
        }

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema (2020-12) of the filled-in form.

        ``x-messages`` beside a keyword has the server's own words for it, with ``{value}`` for the value;
        ``formatMinimum`` and ``formatMaximum`` limit dates as ajv-formats reads them; ``x-reading`` says how
        a value is made of what is typed, with the rules that JSON Schema cannot say.
        """
        properties = {each.name: describe(each) for each in self.definitions}
        if self.window:
            properties[RESERVED] = window_schema(self.zone, self.lag_days)
        members = self.schema().fields
        return {
            "$schema": _DIALECT,
            "type": "object",
            "properties": properties,
            "required": [name for name, member in members.items() if member.required],
            "additionalProperties": False,
            "x-messages": {"required": MISSING, "additionalProperties": UNKNOWN},
        }

    def ui(self) -> dict[str, Any]:
        """Return the hints for showing the form: order, widgets, help, groups and values to pick from."""
        return build_ui(self.definitions, self.ui_schema, self.choices, window=self.window)


def describe(definition: Definition) -> dict[str, Any]:
    """Return the JSON Schema of one parameter."""
    kind, rules = definition.kind, definition.own_rules
    described: dict[str, Any] = {"title": definition.title}
    if definition.description:
        described["description"] = definition.description
    if definition.default is not None:
        described["default"] = definition.to_json(definition.default)
    described |= kind.schema(rules)
    described["x-reading"] = kind.reading(rules)
    described["x-messages"] = kind.words(rules)
    if definition.required:
        described["x-messages"] |= {"required": MISSING}
    return described


def build_form(
    definitions: Iterable[Definition],
    ui_schema: Mapping[str, Any] | None = None,
    *,
    as_of: datetime,
    zone: str = "UTC",
    window: bool = False,
    lag_days: int = LAG_DAYS,
    choices: Mapping[str, Sequence[Any]] | None = None,
) -> Form:
    """Build the form of a template.

    :param ui_schema: hints in the manner of react-jsonschema-form, also nested as ``{"fields": {...}}``;
        they win over those of the definitions.
    :param as_of: the instant, and ``zone`` the calendar, for rules and rolling dates.
    :param window: whether to ask for the time window (see `uses_window`); it then takes the place of
        parameters such as ``start_date``.
    :param choices: values of the instance to pick from, by parameter or by type: plain, or
        ``{value, label}``. They are offered, other values stay allowed.
    """
    declared = tuple(definitions)
    names = declare(declared)
    shown = tuple(each for each in declared if not (window and window_part(each.name, names)))
    return Form(shown, as_of, zone, window, lag_days, ui_schema or {}, choices or {})
