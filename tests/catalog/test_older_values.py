"""Defaults, windows, displays and files of older templates, hostile ones too."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.catalog.older import displays
from reportbuilder.catalog.older.conversion import convert
from reportbuilder.catalog.older.defaults import Unsafe, read_default
from reportbuilder.catalog.older.files import (
    MOST_BYTES,
    MOST_TEMPLATES,
    decode,
    find_sources,
    read_json,
)
from reportbuilder.catalog.older.notes import Notes
from reportbuilder.errors import Invalid
from tests.catalog.test_older_shapes import SQL, made, parameters, sql_of, why

# ---------------------------------------------------------------- defaults


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("CURRENT_DATE", "today"),
        ("current_date - 30", "today-30"),
        ("CURRENT_DATE() - INTERVAL '30' DAY", "today-30"),
        ("CURRENT_DATE - INTERVAL 2 WEEKS", "today-14"),
        ("DATE_SUB(CURRENT_DATE(), INTERVAL 7 DAY)", "today-7"),
        ("DATEADD(day, -90, GETDATE())", "today-90"),
        ("DATE_ADD('day', -1, CURRENT_DATE)", "today-1"),
        ("now() - interval '7 days'", "today-7"),
        ("CAST('today' AS DATE)", "today"),
        ("'a','b'", ["a", "b"]),
        ("('a', 'it''s')", ["a", "it's"]),
        ("('a'),('b')", ["a", "b"]),
        ("VALUES ('a'), ('b')", ["a", "b"]),
        ("1, 2", [1, 2]),
        ("NULL", None),
        ("'Nike'", "Nike"),
        ("", None),
    ],
)
def test_sql_text_becomes_a_value(text: str, value: Any) -> None:
    assert read_default(text).value == value


@pytest.mark.parametrize(
    "text",
    [
        "DATE_TRUNC('month', CURRENT_DATE)",
        "CURRENT_DATE - INTERVAL '1' MONTH",
        "SELECT a FROM t",
        "(SELECT MAX(a) FROM t)",
        "CASE WHEN a THEN b END",
        "AND a = 1",
        "a LIKE '%x%'",
        "1=1",
        "-- AND a",
        "('a', 1), ('b', 2)",
        "CURRENT_DATE - 5000",
    ],
)
def test_other_sql_is_refused(text: str) -> None:
    with pytest.raises(Unsafe, match=r"give|write|correct"):
        read_default(text)


@pytest.mark.parametrize(
    "text",
    [
        "Update campaign",
        "Drop Shoulder Tee",
        "Select Comfort",
        "Case Study",
        "With love",
        "Interval training",
        "Now or never",
        "50% off",
        "a -- b",
        "O'Brien",
        "Reach (US)",
        "today",
    ],
)
def test_honest_values_stay(text: str) -> None:
    assert read_default(text).value == text


def test_the_raw_type_does_not_exist() -> None:
    sql = "SELECT campaign, SUM(clicks) AS n FROM dsp_clicks WHERE clicks > {{x}} GROUP BY campaign"
    assert "there is no raw type" in why(made(sql, {"x": {"type": "sql", "default": "f(1)"}}))
    for word in ("object", "json"):
        assert "no parameter is an object" in why(made(sql, {"x": {"type": word}}))


# ---------------------------------------------------------------- the window (failure 11)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("start_date", "end_date"),
        ("startDate", "endDate"),
        ("StartDate", "EndDate"),
        ("date_from", "date_to"),
        ("from_date", "to_date"),
        ("week_start", "week_end"),
        ("timeWindowStart", "timeWindowEnd"),
        ("beginDate", "end_date"),
    ],
)
def test_all_names_of_the_window_become_one_pair_without_dates_of_their_own(start: str, end: str) -> None:
    sql = (
        "SELECT campaign, SUM(clicks) AS n FROM dsp_clicks "
        f"WHERE click_date BETWEEN '{{{{{start}}}}}' AND {{{{ {end} }}}} GROUP BY campaign"
    )
    schema = {
        start: {"type": "date", "default": "2025-01-01"},
        end: {"type": "string", "default": "2025-01-31"},
    }
    conversion = made(sql, schema)
    assert "'{{start_date}}'" in sql_of(conversion)
    assert "{{end_date}}" in sql_of(conversion).replace("{{ ", "{{").replace(" }}", "}}")
    assert parameters(conversion) == {}
    assert sum("was dropped: the window of each run" in str(note) for note in conversion.warnings) == 2


def test_a_number_of_that_name_is_no_window() -> None:
    sql = "SELECT campaign, SUM(clicks) AS n FROM dsp_clicks WHERE clicks > {{week_start}} GROUP BY campaign"
    assert list(parameters(made(sql, {"week_start": {"type": "integer", "default": 1}}))) == ["week_start"]


# ---------------------------------------------------------------- widgets and hints


def test_widgets_in_older_words() -> None:
    notes = Notes()
    config = {
        "widgets": [
            {"type": "scatter_plot", "layout": {"x": 1, "y": 2, "w": 3, "h": 4}, "format": "currency"},
            {
                "widget_type": "chart",
                "config": {"chart_type": "line", "xField": "a"},
                "position_config": {"width": 13},
            },
            json.dumps({"type": "kpi", "value_field": "n", "position": {"x": -1, "height": 2}}),
        ]
    }
    assert displays.read_config(json.dumps(config), notes)["widgets"] == [
        {
            "type": "scatter_chart",
            "format": "currency",
            "position": {"x": 1, "y": 2, "width": 3, "height": 4},
        },
        {"type": "line_chart", "x_field": "a", "position": {"width": 12}},
        {"type": "metric_card", "value_field": "n", "position": {"height": 2}},
    ]
    assert not notes.refusals
    assert len(notes.warnings) == 2


def test_hints_nested_flat_and_without_prefix_are_one() -> None:
    wanted = {"ui:order": ["a"], "a": {"ui:placeholder": "x", "ui:widget": "text"}}
    for schema in (
        {"ui:order": ["b", "a"], "a": {"ui:widget": "text"}, "b": {"ui:help": "gone"}},
        {"fields": {"a": {"widget": "text"}}, "ui:order": ["a"]},
    ):
        assert displays.read_hints(schema, {"a": {"placeholder": "x"}}, ["a"], Notes()) == wanted


# ---------------------------------------------------------------- hostile files


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is not JSON"),
        (b"{", "it is not JSON"),
        (b"[" * 100_000, "nested deeper than 40 levels"),
        (b'{"a":' * 100_000, "nested deeper than 40 levels"),
        (b"[" * 60 + b"]" * 60, "nested deeper than 40 levels"),
        (b"\xff\xfe[]", "it is not UTF-8 at byte 0"),
        (b'{"a": 1, "a": 2}', '"a" occurs twice'),
        (b'{"sql_template": "a\\u0000b"}', "NUL or a lone surrogate"),
        (b'{"sql_template": "\\ud800"}', "NUL or a lone surrogate"),
        (b'{"\\ud800": 1}', "NUL or a lone surrogate"),
        (b"[NaN]", "NaN is no number"),
        (b"[1e999]", "is too large"),
        (b"[" + b"9" * 5000 + b"]", "has 5,000 digits"),
        (b"17", "neither a template nor a list"),
        (b'"text"', "neither a template nor a list"),
        (b"{}", "neither sql_template nor query_templates nor format"),
        (b'{"query_templates": 5}', "query_templates is 5"),
        (b'{"format": "x"}', 'its format is "x"'),
        (b'{"format": "amc-report-builder/templates", "version": 2, "templates": []}', "its version is 2"),
        (b'{"format": "amc-report-builder/templates", "version": 1}', "its templates are null"),
    ],
)
def test_a_hostile_file_gives_a_clear_error(content: bytes, said: str) -> None:
    with pytest.raises(Invalid) as caught:
        find_sources(read_json(content))
    assert said in caught.value.message


def test_limits_of_size_and_count() -> None:
    with pytest.raises(Invalid, match="bytes"):
        read_json(b" " * (MOST_BYTES + 1))
    with pytest.raises(Invalid, match="templates"):
        find_sources([{}] * (MOST_TEMPLATES + 1))


@pytest.mark.parametrize(
    "text", ["[" * 60 + "]" * 60, '{"a": "\\u0000"}', '{"a": 1, "a": 2}', "[1e999]", "[" * 100_000]
)
def test_a_text_in_a_column_is_read_as_strictly(text: str) -> None:
    for column in ("report_config", "parameters_schema", "default_parameters", "ui_schema"):
        conversion = made(SQL, **{column: text})
        assert column in why(conversion)
    (source,) = find_sources([{"name": "x", "sql_template": SQL, "parameters": text}])
    assert source.fault
    with pytest.raises(Invalid):
        decode(text)


def test_a_text_that_only_looks_like_json_is_a_text() -> None:
    assert decode("{broken") == "{broken"


COLUMNS = (
    "name",
    "category",
    "parameters_schema",
    "default_parameters",
    "report_config",
    "ui_schema",
    "tags",
    "is_public",
    "id",
    "template_id",
    "parameters",
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["CURRENT_DATE - 3", "NULL", "('a'),('b')", "-- AND a = 'b'", "{{x}}", "SELECT {{x}} FROM t"]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=8)
            | st.sampled_from(
                [
                    "name",
                    "title",
                    "type",
                    "default",
                    "enum",
                    "min",
                    "validation",
                    "properties",
                    "required",
                    "x",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    row=st.fixed_dictionaries(
        {
            "sql_template": json_values
            | st.just("SELECT a, SUM(b) AS b FROM t WHERE c = {{x}} AND d IN ({{y}}) GROUP BY a")
        },
        optional=dict.fromkeys(COLUMNS, json_values),
    )
)
def test_whatever_stands_in_a_row_is_told_and_never_a_crash(row: dict[str, Any]) -> None:
    for source in find_sources([row]):
        conversion = convert(source)
        assert (conversion.publication is None) == bool(conversion.refusals)
        for note in (*conversion.refusals, *conversion.warnings):
            assert note.field
            assert note.reason


@given(content=st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_whatever_a_file_holds_is_told_and_never_a_crash(content: bytes) -> None:
    try:
        sources = find_sources(read_json(content))
    except Invalid:
        return
    for source in sources:
        convert(source)
