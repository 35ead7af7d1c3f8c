"""Which widget shows which parameter: by its type and rules, and by what hints ask for."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from reportbuilder.parameters.definitions import Definition


class Widget(StrEnum):
    """The widgets there are; ``templates/form/fields.html`` has a macro for each."""

    TEXT = "text"
    TEXTAREA = "textarea"
    NUMBER = "number"
    SLIDER = "slider"
    TOGGLE = "toggle"
    TRUTH = "truth"
    SELECT = "select"
    RADIO = "radio"
    CHECKBOXES = "checkboxes"
    MULTISELECT = "multiselect"
    DATE = "date"
    DATES = "dates"
    PASTE = "paste"
    TAGS = "tags"
    PICKER = "picker"
    FILTER = "filter"
    READ_ONLY = "read_only"


FEW: Final = 8  # choices that are shown at once
_SINGLE: Final = {"radio": Widget.RADIO}
_SEVERAL: Final = {"checkboxes": Widget.CHECKBOXES, "select": Widget.MULTISELECT}
_TEXTS: Final = {"textarea": Widget.TEXTAREA}
_NUMBERS: Final = {"range": Widget.SLIDER, "slider": Widget.SLIDER}
_PLAIN: Final = {"updown": Widget.NUMBER, "number": Widget.NUMBER}
_LISTS: Final = {"textarea": Widget.PASTE, "paste": Widget.PASTE, "tags": Widget.TAGS}


def choose(definition: Definition, hint: object = "") -> Widget:
    """Return the widget of a parameter; a hint that does not suit its type is passed over."""
    usual, others = _CHOICES[definition.type](definition)
    return others.get(hint, usual) if isinstance(hint, str) else usual


def _number(definition: Definition) -> tuple[Widget, Mapping[str, Widget]]:
    return Widget.NUMBER, _NUMBERS if _is_bounded(definition) else {}


def _scale(definition: Definition) -> tuple[Widget, Mapping[str, Widget]]:
    return Widget.SLIDER if _is_bounded(definition) else Widget.NUMBER, _PLAIN


def _percentage(_definition: Definition) -> tuple[Widget, Mapping[str, Widget]]:
    return Widget.SLIDER, _PLAIN


def _is_bounded(definition: Definition) -> bool:
    return definition.rule("min") is not None and definition.rule("max") is not None


def _truth(definition: Definition) -> tuple[Widget, Mapping[str, Widget]]:
    # what may also be nothing has three states
    is_plain = definition.required or definition.default is not None
    return (Widget.TOGGLE if is_plain else Widget.TRUTH), {}


def _choice(definition: Definition) -> tuple[Widget, Mapping[str, Widget]]:
    if not definition.rule("multiple"):
        return Widget.SELECT, _SINGLE
    few = len(definition.rule("options")) <= FEW
    return (Widget.CHECKBOXES, {"tags": Widget.MULTISELECT}) if few else (Widget.MULTISELECT, _SEVERAL)


_CHOICES: Final[dict[str, Callable[[Definition], tuple[Widget, Mapping[str, Widget]]]]] = {
    "date": lambda _: (Widget.DATE, {}),
    "date_range": lambda _: (Widget.DATES, {}),
    "date_expression": lambda _: (Widget.DATES, {}),
    "string": lambda _: (Widget.TEXT, _TEXTS),
    "number": _number,
    "threshold_numeric": _scale,
    "percentage": _percentage,
    "boolean": _truth,
    "enum_select": _choice,
    "string_list": lambda _: (Widget.TAGS, _LISTS),
    "campaign_list": lambda _: (Widget.PICKER, _LISTS),
    "asin_list": lambda _: (Widget.PASTE, _LISTS),
    "campaign_filter": lambda _: (Widget.FILTER, {}),
    "mapped_from_node": lambda _: (Widget.READ_ONLY, {}),
}
