"""The words of older rows: for types, and for what a definition says, in all their spellings."""

import re
from typing import Any, Final

TYPE: Final = ("type", "parameter_type", "parameterType", "data_type", "dataType")
DEFAULT: Final = ("default", "default_value", "defaultValue")
TITLE: Final = ("display_name", "displayName", "label", "title")
DESCRIPTION: Final = ("description", "definition", "help", "help_text", "helpText")
REQUIRED: Final = ("required", "is_required", "isRequired")
OPTIONS: Final = ("enum", "options", "values", "choices", "allowed_values", "allowedValues", "oneOf")
RULES: Final = ("validation", "validation_rules", "validationRules")
HINTS: Final = ("ui", "ui_config", "uiConfig")
ORDER: Final = ("display_order", "displayOrder", "order")
GROUP: Final = ("group_name", "groupName", "group")
NAME: Final = ("name", "parameter_name", "parameterName", "title")
# what a row of a table has besides, and nobody needs
ROW: Final = ("id", "template_id", "created_at", "updated_at")
HINT: Final = ("placeholder", "widget")
RULE: Final = (
    "min",
    "max",
    "minimum",
    "maximum",
    "min_value",
    "max_value",
    "minValue",
    "maxValue",
    "min_date",
    "max_date",
    "minDate",
    "maxDate",
    "min_length",
    "max_length",
    "minLength",
    "maxLength",
    "min_items",
    "max_items",
    "minItems",
    "maxItems",
    "min_selections",
    "max_selections",
    "minSelections",
    "maxSelections",
    "min_days",
    "max_days",
    "minDays",
    "maxDays",
    "step",
    "multipleOf",
    "pattern",
    "regex",
    "as_decimal",
    "asDecimal",
    "allow_future",
    "allowFuture",
    "multiple",
    "identifier",
    "item_type",
    "itemType",
    "empty",
)
DEFINING: Final = frozenset(
    (
        *TYPE,
        *DEFAULT,
        *TITLE,
        *DESCRIPTION,
        *REQUIRED,
        *OPTIONS,
        *RULES,
        *HINTS,
        *RULE,
        "placeholder",
        "items",
    )
)

_WHOLE: Final = {"type": "integer"}
_TYPES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    **dict.fromkeys(("date", "datetime", "date_time", "timestamp", "day"), ("date", {})),
    **dict.fromkeys(("date_range", "daterange", "range_of_dates"), ("date_range", {})),
    **dict.fromkeys(("date_expression", "relative_date", "period"), ("date_expression", {})),
    **dict.fromkeys(("string", "text", "str", "varchar", "char", "textarea"), ("string", {})),
    **dict.fromkeys(("integer", "int", "bigint", "long", "whole_number"), ("number", _WHOLE)),
    **dict.fromkeys(("number", "float", "double", "decimal", "numeric"), ("number", {})),
    **dict.fromkeys(("boolean", "bool", "flag", "checkbox"), ("boolean", {})),
    **dict.fromkeys(("array", "list", "string_list", "text_list", "multi_string"), ("string_list", {})),
    **dict.fromkeys(("integer_list", "int_list", "number_list"), ("string_list", {"item_type": "integer"})),
    **dict.fromkeys(("enum", "select", "enum_select", "dropdown", "radio", "choice"), ("enum_select", {})),
    **dict.fromkeys(("multiselect", "multi_select", "enum_list"), ("enum_select", {"multiple": True})),
    **dict.fromkeys(("pattern", "campaign_filter", "campaign_pattern"), ("campaign_filter", {})),
    **dict.fromkeys(("asin_list", "asins", "asin"), ("asin_list", {})),
    **dict.fromkeys(("campaign_list", "campaigns"), ("campaign_list", {})),
    **dict.fromkeys(("threshold_numeric", "threshold", "slider"), ("threshold_numeric", {})),
    **dict.fromkeys(("percentage", "percent"), ("percentage", {})),
    **dict.fromkeys(
        ("identifier", "table", "table_name", "column", "column_name"), ("string", {"identifier": True})
    ),
    "mapped_from_node": ("mapped_from_node", {}),
}
RAW: Final = frozenset(
    ("sql", "raw", "raw_sql", "sql_fragment", "fragment", "condition", "where_clause", "clause")
)
GENERIC_LISTS: Final = frozenset(("array", "list", "string_list", "text_list", "multi_string"))
_ARRAY = re.compile(r"(?:array|list)[<\[(](\w+)[>\])]|(\w+)\[\]")


def normalise(word: str) -> str:
    """Return a type word in one spelling.

    >>> normalise(" Campaign List "), normalise("campaignList")
    ('campaign_list', 'campaign_list')
    """
    word = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word.strip())
    return re.sub(r"[\s\-]+", "_", word).lower()


def read_type(word: str) -> tuple[str, dict[str, Any]] | None:
    """Return our type for a word, and the rules that the word says; None for an unknown one.

    >>> read_type("Integer"), read_type("string[]"), read_type("blob")
    (('number', {'type': 'integer'}), ('string_list', {}), None)
    """
    word = normalise(word)
    if array := _ARRAY.fullmatch(word):
        item = read_type(array[1] or array[2])
        whole = item is not None and item[1] == _WHOLE
        return _TYPES["integer_list" if whole else "list"]
    found = _TYPES.get(word)
    return None if found is None else (found[0], dict(found[1]))
