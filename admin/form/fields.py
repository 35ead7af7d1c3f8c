"""A template's form as its page shows it: sections of fields, with what is typed and what is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate
from typing import Any

from admin.form import controls
from admin.form.controls import Typed
from admin.form.widgets import Widget, choose
from reportbuilder.catalog.older.files import read_object
from reportbuilder.parameters.dates import DateRange, resolve_days, resolve_relative_day
from reportbuilder.parameters.definitions import Definition
from reportbuilder.parameters.forms import Form
from reportbuilder.parameters.kinds import SqlForm
from reportbuilder.parameters.values import Refused, Rolling
from reportbuilder.parameters.visibility import read_conditions
from reportbuilder.valuelists.finding import kind_of

Errors = Mapping[str, Sequence[str]]  # by the name of a control, such as p.asins
PRESETS = {
    "today": "Today",
    "yesterday": "Yesterday",
    "last_full_day": "Last settled day",
    "last_full_week": "Last settled week, Monday to Sunday",
    "last_full_month": "Last settled month",
    "last_full_quarter": "Last settled quarter",
    "this_week": "This week",
    "last_week": "Last week, Monday to Sunday",
    "this_month": "This month",
    "last_month": "Last month",
    "this_quarter": "This quarter",
    "last_quarter": "Last quarter",
    "this_year": "This year",
    "last_year": "Last year",
    "mtd": "Month to date",
    "qtd": "Quarter to date",
    "ytd": "Year to date",
}


@dataclass(frozen=True)
class Choice:
    """One option of a control."""

    value: str
    label: str


@dataclass(frozen=True)
class Field:
    """One parameter on the page. ``id`` begins the names of its controls; ``typed``: the texts in these."""

    definition: Definition
    widget: Widget
    hints: Mapping[str, Any]
    typed: Typed
    errors: Sequence[str] = ()
    is_hidden: bool = False
    note: str = ""  # the days that are meant
    offered: Sequence[Choice] = ()

    @property
    def id(self) -> str:
        """The name of its first control."""
        return controls.VALUE + self.definition.name

    @property
    def name(self) -> str:
        """The name of the parameter."""
        return self.definition.name

    @property
    def title(self) -> str:
        """What stands above it."""
        return str(self.hints.get("ui:title") or self.definition.title)

    @property
    def help(self) -> str:
        """What it is for, and what happens if it is left empty."""
        return " ".join(part for part in (str(self.hints.get("ui:help") or ""), self._empty) if part)

    @property
    def _empty(self) -> str:
        if self.definition.default is None or self.widget in _ALWAYS_FILLED:
            return ""
        labels = {choice.value: choice.label for choice in self.choices}
        return f"Left empty, it is {_shorten(self.definition.to_json(self.definition.default), labels)}."

    @property
    def fallback(self) -> str:
        """The text of a plain default, empty if there is none."""
        default = self.definition.to_json(self.definition.default)
        return controls.spell(default) if isinstance(default, str | int | float) else ""

    @property
    def is_required(self) -> bool:
        """Whether it has to be filled in; what has a default does not."""
        return self.definition.required and self.definition.default is None

    @property
    def placeholder(self) -> str:
        """What stands in it while it is empty."""
        return str(self.hints.get("ui:placeholder") or "")

    @property
    def rules(self) -> Mapping[str, Any]:
        """The rules of its type, as text."""
        return self.definition.kind.reading(self.definition.own_rules)

    @property
    def texts(self) -> Sequence[str]:
        """The texts of its first control."""
        return self.typed.get(self.id, ())

    @property
    def text(self) -> str:
        """The text of its first control."""
        return self.texts[-1] if self.texts else ""

    def part(self, part: str) -> str:
        """Return the text of another control of it, such as ``start``."""
        return controls.text_of(self.typed, f"{self.id}.{part}") or ""

    @property
    def choices(self) -> Sequence[Choice]:
        """What there is to choose from, of a closed list."""
        options = self.definition.rule("options") or ()
        return [Choice(controls.spell(option.value), option.label) for option in options]

    @property
    def presets(self) -> Sequence[Choice]:
        """The words for days that are offered."""
        words = read_object(self.hints.get("ui:options")).get("presets") or ()
        known = [word for word in words if word in PRESETS]
        mode = self.part("preset")
        return [Choice(word, PRESETS[word]) for word in [*known, *({mode} & set(PRESETS) - set(known))]]

    @property
    def is_suggested(self) -> bool:
        """Whether a new form does not begin with its default, so that to empty it says something."""
        return bool(suggestion(self.hints))

    @property
    def value_list(self) -> str:
        """Which list of the instance it picks from: brand, campaign or asin; empty for none."""
        return kind_of(self.definition) or ""


_ALWAYS_FILLED = (Widget.SELECT, Widget.RADIO, Widget.TOGGLE, Widget.READ_ONLY)


@dataclass(frozen=True)
class Section:
    """Fields that belong together; ``title`` is empty for those that no group takes."""

    title: str
    fields: list[Field] = field(default_factory=list)


def widgets_of(form: Form) -> dict[str, Widget]:
    """Return the widget of each parameter of a form."""
    hints = form.ui()
    return {each.name: choose(each, hints[each.name].get("ui:widget")) for each in form.definitions}


def begin(form: Form, hints: Mapping[str, Any], *, is_new: bool = True) -> dict[str, list[str]]:
    """Return what stands in a form at first: the defaults, and in a new one what the instance suggests."""
    typed: dict[str, list[str]] = {}
    for each in form.definitions:
        suggested = suggestion(hints[each.name]) if is_new else ()
        value = suggested or each.to_json(each.default)
        typed |= controls.write_value(each, choose(each, hints[each.name].get("ui:widget")), value)
    return typed


def suggestion(hints: Mapping[str, Any]) -> Sequence[str]:
    """Return the values of the instance that a field begins with, by its hints."""
    found: Sequence[str] = read_object(hints.get("ui:options")).get("prefill") or ()
    return found


def raw_values(form: Form, typed: Typed) -> dict[str, Any]:
    """Return the raw values of what is typed; what is empty is left out."""
    widgets = widgets_of(form)
    found = {each.name: controls.read_value(each, widgets[each.name], typed) for each in form.definitions}
    return {name: value for name, value in found.items() if value is not None}


def sections(
    form: Form, hints: Mapping[str, Any], typed: Typed, errors: Errors, today: date
) -> list[Section]:
    """Return the fields in their order, by group."""
    hidden = form.hidden(raw_values(form, typed))
    made = {
        each.name: _field(each, hints[each.name], typed, errors, today, is_hidden=each.name in hidden)
        for each in form.definitions
    }
    groups = {name: group["title"] for group in hints["ui:groups"] for name in group["fields"]}
    found: dict[str, Section] = {}
    for name in hints["ui:order"]:
        if name in made:
            title = groups.get(name, "")
            found.setdefault(title, Section(title)).fields.append(made[name])
    return list(found.values())


def _field(
    definition: Definition,
    hints: Mapping[str, Any],
    typed: Typed,
    errors: Errors,
    today: date,
    *,
    is_hidden: bool,
) -> Field:
    widget = choose(definition, hints.get("ui:widget"))
    name = controls.VALUE + definition.name
    offered = read_object(hints.get("ui:options")).get("choices") or ()
    return Field(
        definition,
        widget,
        hints,
        typed,
        errors.get(name, ()),
        is_hidden,
        days_of(definition, controls.read_value(definition, widget, typed), today),
        [Choice(str(each["value"]), str(each["label"])) for each in offered],
    )


def days_of(definition: Definition, raw: Any, today: date) -> str:
    """Return in words which days a raw value means; empty for what means none."""
    if definition.form not in (SqlForm.RANGE, SqlForm.DAY):
        return ""
    try:
        value = definition.read(raw, today) or definition.read(definition.default, today)
    except Refused:
        return ""
    if isinstance(value, Rolling):
        if definition.form is SqlForm.DAY:
            return f"{resolve_relative_day(value.expression, today):%a %d %b %Y}"
        value = resolve_days(value.expression, today)
    return say_days(value) if isinstance(value, DateRange) else ""


def say_days(days: DateRange) -> str:
    """Return days in words.

    >>> say_days(DateRange(date(2026, 2, 1), date(2026, 2, 28)))
    'Sun 01 Feb 2026 to Sat 28 Feb 2026, 28 days'
    """
    first, last = (f"{day:%a %d %b %Y}" for day in (days.start, days.end))
    return f"{first}, 1 day" if first == last else f"{first} to {last}, {days.days} days"


def conditions_of(form: Form) -> dict[str, dict[str, list[Any]]]:
    """Return which fields show only with which values of others."""
    return read_conditions(form.definitions, form.ui())


def _shorten(value: Any, labels: Mapping[str, str], most: int = 80) -> str:
    """Return a default in words: all of what there is to choose, or as many items as there is room for.

    >>> _shorten(["b", "a"], {"a": "A", "b": "B"}), _shorten(["B1", "B2", "B3"], {}, most=5)
    ('all of them', 'B1 and 2 more')
    """
    single = value.get("preset", value) if isinstance(value, dict) else value
    items = [controls.spell(item) for item in (single if isinstance(single, list) else [single])]
    if len(items) > 1 and set(items) == set(labels):
        return "all of them"
    named = [labels.get(item, item) for item in items]
    text = ", ".join(named)
    if len(text) <= most or len(named) == 1:
        return text if len(text) <= most else f"{text[: most - 1]}…"
    lengths = accumulate(len(name) + 2 for name in named)
    shown = max(1, sum(length - 2 <= most for length in lengths))
    return f"{', '.join(named[:shown])} and {len(named) - shown} more"
