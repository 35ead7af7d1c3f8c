"""The shipped files: each is read strictly, and says what a form and a dashboard need."""

import tomllib
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from reportbuilder.catalog.library import Shipped, read_file, read_library
from reportbuilder.catalog.lint import INFO, lint
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.preparing import form_of
from reportbuilder.catalog.publishing import fill
from reportbuilder.errors import Invalid
from reportbuilder.parameters.naming import window_part

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
LIBRARY = read_library()
each_template = pytest.mark.parametrize("shipped", LIBRARY, ids=lambda shipped: shipped.key)
FOLDER = files("reportbuilder.catalog") / "library"


def template_of(shipped: Shipped) -> QueryTemplate:
    template = QueryTemplate()
    fill(template, shipped.draft)
    return template


def content_of(key: str) -> str:
    return (FOLDER / f"{key}.toml").read_text(encoding="utf-8")


def test_the_first_six_are_there() -> None:
    assert {shipped.key for shipped in LIBRARY} >= {
        "dsp_campaign_performance",
        "new_to_brand",
        "search_terms",
        "sponsored_campaign_performance",
        "time_to_conversion",
        "weekly_roas",
    }


@each_template
def test_amc_has_nothing_to_object(shipped: Shipped) -> None:
    assert [found for found in lint(shipped.draft.sql_template) if found.severity != INFO] == []


@each_template
def test_the_default_form_is_valid_in_the_browser_and_on_the_server(shipped: Shipped) -> None:
    form = form_of(template_of(shipped), as_of=NOON)
    schema = form.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    defaults = {
        name: described["default"]
        for name, described in schema["properties"].items()
        if "default" in described and name != "time_window"
    }
    jsonschema.Draft202012Validator(schema).validate(defaults)
    assert form.dump(form.load(defaults)) == defaults
    assert form.load({}) == {}


@each_template
def test_every_field_has_title_help_and_group(shipped: Shipped) -> None:
    form = form_of(template_of(shipped), as_of=NOON)
    hints = form.ui()
    names = [definition.name for definition in shipped.draft.definitions]
    assert hints["ui:order"][: len(names)] == names
    assert [name for group in hints["ui:groups"] for name in group["fields"]] == names
    for definition in shipped.draft.definitions:
        assert definition.display_name
        assert definition.description.endswith(".")
        assert hints[definition.name]["ui:help"] == definition.description
        assert window_part(definition.name, {}) == ""


@each_template
def test_what_may_be_left_empty_says_what_empty_means(shipped: Shipped) -> None:
    for definition in shipped.draft.definitions:
        assert definition.required == (definition.default is not None)
        if not definition.required:
            assert definition.rules["empty"] in ("neutral", "null")
            assert "Empty: " in definition.description


@each_template
def test_it_tells_what_it_answers_and_from_which_tables(shipped: Shipped) -> None:
    about = shipped.draft.report_config["about"]
    assert about["question"].endswith("?")
    assert about["typical_minutes"] > 0
    sql = shipped.draft.sql_template
    for table in about["tables"]:
        assert table.partition("_by_")[0] in sql  # what follows may be a parameter
    sums = {column["name"] for column in about["columns"] if "ratio" not in column}
    for column in about["columns"]:
        assert set(column.get("ratio", ())) <= sums, "a ratio is made of sums, never of ratios"


def test_several_types_of_parameters_are_in_use() -> None:
    types = {each.type for shipped in LIBRARY for each in shipped.draft.definitions}
    assert types >= {
        "asin_list",
        "boolean",
        "campaign_filter",
        "campaign_list",
        "date",
        "date_range",
        "enum_select",
        "number",
        "percentage",
        "string",
        "string_list",
        "threshold_numeric",
    }


GOOD = content_of("weekly_roas")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('category = "Performance"', "", "category"),
        ('category = "Performance"', "category = 7", "category"),
        ('category = "Performance"', 'category = "P"\ncolour = "red"', "colour"),
        ("typical_minutes = 8", 'typical_minutes = "8"', "typical_minutes"),
        ('name = "clock"\ntype = "enum_select"', 'name = "clock"', "parameters.4.type"),
        ('name = "clock"\ntype', 'name = "clock"\nhelp = "?"\ntype', "parameters.4.help"),
        (
            'name = "clock"\ntype = "enum_select"',
            'name = "clock"\ntype = "enum"',
            "parameter_definitions.4.parameter_type",
        ),
        ("default = 4", "default = 4000", "parameter_definitions.6.default_value"),
        ('format = "currency"\nsample = 612.4', 'format = "dollars"\nsample = 612.4', "columns.7.format"),
        ('ratio = ["sales", "spend"]', 'ratio = ["sales", "cost"]', "columns.10.ratio"),
        ('type = "area_chart"', 'type = "doughnut"', "report_config.widgets.2.type"),
        ('y_field = "spend"', 'y_field = "cost"', "report_config.widgets.2.y_field"),
        ("FROM weekly", "FROM weekly ORDER BY 1 --", "sql_template"),
        ("{{min_days}}", "{{least_days}}", "sql_template"),
        ('name = "Weekly', 'name = "Weekly" "', ""),
    ],
)
def test_a_wrong_file_is_refused_with_file_and_field(old: str, new: str, field: str) -> None:
    assert old in GOOD
    with pytest.raises(Invalid, match=r"^mine\.toml: ") as caught:
        read_file("mine.toml", GOOD.replace(old, new, 1).encode())
    expected = f"mine.toml: {field}" if field else "mine.toml"
    assert expected in caught.value.details


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(Invalid, match="not readable as TOML"):
        read_file("mine.toml", b"name = '\xff'")


def test_the_digest_is_that_of_the_bytes() -> None:
    first, again = (read_file("mine.toml", GOOD.encode()) for _ in range(2))
    other = read_file("mine.toml", (GOOD + "\n# a remark\n").encode())
    assert first == again
    assert first.key == "mine"
    assert first.digest != other.digest


@each_template
def test_samples_fit_their_columns(shipped: Shipped) -> None:
    columns: list[dict[str, Any]] = tomllib.loads(content_of(shipped.key))["columns"]
    for column in columns:
        is_number = isinstance(column["sample"], int | float)
        assert is_number == ("format" in column)
        if column.get("format") == "integer":
            assert isinstance(column["sample"], int)


def test_no_two_templates_have_one_name() -> None:
    names = [shipped.draft.name.lower() for shipped in read_library()]
    assert len(names) == len(set(names))
