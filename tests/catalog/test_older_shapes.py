"""Templates of before as publications of today: shapes, words and rewriting."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.catalog.drafts import read_draft
from reportbuilder.catalog.lint import ERROR, lint
from reportbuilder.catalog.older import fragments, rewriting
from reportbuilder.catalog.older.conversion import Conversion, convert
from reportbuilder.catalog.older.files import (
    Source,
    find_sources,
    read_json,
)
from reportbuilder.catalog.older.notes import Notes
from reportbuilder.parameters.literals import escape

FOLDER = Path(__file__).parent / "older"
FILES = sorted(FOLDER.glob("*.json"))


def made(sql: str, schema: Any = None, **more: Any) -> Conversion:
    row = {"name": "Clicks", "category": "c", "sql_template": sql, "parameters_schema": schema, **more}
    return convert(Source(row))


def parameters(conversion: Conversion) -> dict[str, dict[str, Any]]:
    assert conversion.publication is not None, conversion.refusals
    return {row["parameter_name"]: row for row in conversion.publication["parameter_definitions"]}


def sql_of(conversion: Conversion) -> str:
    assert conversion.publication is not None, conversion.refusals
    return str(conversion.publication["sql_template"])


def why(conversion: Conversion) -> str:
    assert conversion.publication is None
    return "\n".join(map(str, conversion.refusals))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_imported_is_publishable_and_free_of_faults(path: Path) -> None:
    for source in find_sources(read_json(path.read_bytes())):
        conversion = convert(source)
        assert (conversion.publication is None) == bool(conversion.refusals)
        if conversion.publication is not None:
            draft = read_draft(conversion.publication)
            assert not [each for each in lint(draft.sql_template) if each.severity == ERROR]


# ---------------------------------------------------------------- shapes of the schema

SQL = "SELECT campaign, SUM(clicks) AS n FROM dsp_clicks WHERE clicks >= {{least}} GROUP BY campaign"
SHAPES: list[Any] = [
    {"least": {"type": "integer", "default": 3, "description": "At least"}},
    {"least": {"type": "integer", "default_value": "3", "definition": "At least"}},
    {"least": {"type": "integer", "defaultValue": 3, "description": "At least"}},
    [{"name": "least", "type": "integer", "default": 3, "description": "At least"}],
    [{"title": "least", "type": "integer", "default": 3, "description": "At least"}],
    {
        "type": "object",
        "properties": {"least": {"type": "integer", "default": 3, "description": "At least"}},
        "required": [],
    },
]


@pytest.mark.parametrize("schema", [*SHAPES, *map(json.dumps, SHAPES), json.dumps(json.dumps(SHAPES[0]))])
def test_every_shape_says_the_same(schema: Any) -> None:
    row = parameters(made(SQL, schema))["least"]
    assert (row["parameter_type"], row["validation_rules"]["type"]) == ("number", "integer")
    assert int(row["default_value"]) == 3
    assert row["description"] == "At least"


def test_a_plain_default_says_the_type() -> None:
    row = parameters(made(SQL, {"least": 3}))["least"]
    assert (row["parameter_type"], row["default_value"]) == ("number", 3)


def test_rows_win_over_the_schema() -> None:
    rows = [{"parameter_name": "least", "parameter_type": "number", "default_value": 7}]
    source = Source(
        {"name": "n", "category": "c", "sql_template": SQL, "parameters_schema": {"least": 3}}, False, rows
    )
    assert parameters(convert(source))["least"]["default_value"] == 7


def test_the_original_schema_is_kept_with_what_nobody_reads() -> None:
    schema = {"least": {"type": "integer", "default": 1, "x-odd": [1, {"a": None}]}}
    conversion = made(SQL, schema, default_parameters={"least": 1})
    assert conversion.origin == {"parameters_schema": schema, "default_parameters": {"least": 1}}


@pytest.mark.parametrize(
    ("word", "place", "kind"),
    [
        ("integer", "clicks >= {{p}}", "number"),
        ("FLOAT", "clicks >= {{p}}", "number"),
        ("string", "campaign = {{p}}", "string"),
        ("text", "campaign = '{{p}}'", "string"),
        ("array", "campaign IN ({{p}})", "string_list"),
        ("list", "campaign IN {{p}}", "string_list"),
        ("string", "campaign IN ({{p}})", "string_list"),
        ("datetime", "click_date >= {{p}}", "date"),
        ("boolean", "{{p}} = TRUE", "boolean"),
        ("pattern", "campaign LIKE {{p}}", "campaign_filter"),
        ("pattern", "campaign = {{p}}", "string"),
        ("asin_list", "campaign IN ({{p}})", "asin_list"),
        ("campaignList", "campaign IN ({{p}})", "campaign_list"),
        ("string[]", "campaign IN ({{p}})", "string_list"),
        ("percent", "clicks >= {{p}}", "percentage"),
        ("mapped_from_node", "campaign = {{p}}", "mapped_from_node"),
    ],
)
def test_words_for_types(word: str, place: str, kind: str) -> None:
    sql = f"SELECT campaign, SUM(clicks) AS n FROM dsp_clicks WHERE {place} GROUP BY campaign"
    assert parameters(made(sql, {"p": {"type": word}}))["p"]["parameter_type"] == kind


def test_enumerations_in_all_their_spellings() -> None:
    sql = "SELECT campaign, SUM(clicks) AS n FROM dsp_clicks WHERE device_type = {{p}} GROUP BY campaign"
    for options in (
        {"enum": ["PC", "Phone"]},
        {"options": [{"value": "PC", "label": "x"}, {"value": "Phone"}]},
        {"values": ["PC", "Phone"]},
        {"oneOf": [{"const": "PC", "title": "x"}, {"const": "Phone"}]},
        {"validation": {"enum": ["PC", "Phone"]}},
        {"options": {"PC": "Computer", "Phone": "Telephone"}},
    ):
        row = parameters(made(sql, {"p": {"type": "string", "default": "PC", **options}}))["p"]
        assert row["parameter_type"] == "enum_select"
        values = [
            item["value"] if isinstance(item, dict) else item for item in row["validation_rules"]["options"]
        ]
        assert values == ["PC", "Phone"]


# ---------------------------------------------------------------- the SQL


@pytest.mark.parametrize(
    ("sql", "written"),
    [
        ("SELECT a FROM t WHERE b = :x", "SELECT a FROM t WHERE b = {{x}}"),
        ("SELECT a FROM t WHERE b = $x AND c=:x", "SELECT a FROM t WHERE b = {{x}} AND c={{x}}"),
        ("SELECT a FROM t WHERE b IN (:x)", "SELECT a FROM t WHERE b IN ({{x}})"),
        ("SELECT ':x' FROM t WHERE b = 'at 12:x'", None),
        ('SELECT ":x" FROM t -- :x and $x', None),
        ("SELECT a /* :x */ FROM t", None),
        ("SELECT a::x FROM t", None),
        ("SELECT doc:x FROM t", None),
        ("SELECT list[1:x] FROM t", None),
        ("SELECT JSON_EXTRACT(doc, '$.x') FROM t", None),
        ("SELECT a FROM t WHERE b = $$x$$", None),
        ("SELECT a FROM t WHERE at > '2025-01-01 10:20:30'", None),
    ],
)
def test_colons_and_dollars_are_marks_only_where_sql_would_read_one(sql: str, written: str | None) -> None:
    notes = Notes()
    assert rewriting.rewrite_marks(sql, {"x"}, notes) == (written or sql)
    assert not notes.refusals


@given(text=st.text(alphabet=":$x' \n-y{", max_size=20))
def test_no_text_inside_quotes_is_ever_rewritten(text: str) -> None:
    sql = f"SELECT a FROM t WHERE b = '{escape(text)}' AND c = 1"
    assert rewriting.rewrite_marks(sql, {"x", "y"}, Notes()) == sql


def test_a_mark_without_a_declaration_is_refused_with_its_place() -> None:
    assert "line 2, column 11: $y is declared nowhere" in why(made("SELECT a FROM t\nWHERE b = $y", {"x": 1}))


@pytest.mark.parametrize(
    ("sql", "written"),
    [
        ("SELECT a FROM t ORDER BY a", "SELECT a FROM t"),
        ("SELECT a FROM t\nORDER BY a DESC, b;", "SELECT a FROM t;"),
        ("SELECT a FROM t -- why\nORDER BY a", "SELECT a FROM t -- why\n"),
        ("SELECT a FROM (SELECT a FROM t ORDER BY a) AS s", "SELECT a FROM (SELECT a FROM t) AS s"),
        ("SELECT a FROM t ORDER BY a LIMIT 5", None),
        ("SELECT a FROM (SELECT a FROM t ORDER BY a LIMIT 5) AS s", None),
        ("SELECT RANK() OVER (ORDER BY a) AS r FROM t", None),
        ("SELECT ARRAY_AGG(a ORDER BY a) AS r FROM t", None),
        ("SELECT 'ORDER BY a' AS r FROM t", None),
    ],
)
def test_an_order_is_dropped_only_where_it_changes_nothing(sql: str, written: str | None) -> None:
    assert rewriting.drop_orders(sql, Notes()) == (written or sql)


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT a FROM t WHERE b = 1 {{x}}", {"x": [(28, False)]}),
        ("SELECT a FROM t WHERE {{x}} AND b = 1", {"x": [(22, True)]}),
        ("SELECT a FROM t WHERE b BETWEEN 1 AND {{x}}", {}),
        ("SELECT a FROM t WHERE b BETWEEN {{y}} AND {{x}} AND c = 2", {}),
        ("SELECT a FROM t WHERE b = {{x}}", {}),
        ("SELECT a FROM t WHERE b >= DATE {{x}}", {}),
        ("SELECT a FROM t WHERE b IN ({{x}})", {}),
        ("SELECT a FROM t WHERE b = c {{x}} GROUP BY a", {"x": [(28, False)]}),
        ("SELECT a FROM t WHERE b SIMILAR TO {{x}}", {}),
        ("SELECT a {{x}} FROM t", {"x": [(9, False)]}),
        ("SELECT COUNT(a) {{x}} FROM t", {"x": [(16, False)]}),
        ("SELECT a FROM t {{x}}", {"x": [(16, False)]}),
        ("SELECT a FROM t GROUP BY a {{x}}", {"x": [(27, False)]}),
        ("SELECT CASE WHEN b THEN {{x}} ELSE {{y}} END AS c FROM t", {}),
        ("SELECT {{x}} AS a, b_{{y}}_c, t.{{z}}, {{v}} + 1 AS n FROM t", {}),
        ("SELECT a FROM t WHERE b > CURRENT_DATE - INTERVAL {{x}} DAY", {}),
        ("SELECT TRIM(BOTH {{x}} FROM a) AS a FROM t JOIN u USING (a) LIMIT {{y}}", {}),
    ],
)
def test_where_only_a_piece_of_sql_could_stand(sql: str, found: dict[str, Any]) -> None:
    assert fragments.find_fragments(sql) == found


@pytest.mark.parametrize(
    ("text", "value", "commented"),
    [
        ("AND a IN ('x', 'y''s')", ["x", "y's"], False),
        ("-- AND a IN (1, -2)", [1, -2], True),
        ("/* AND t.a = 'x' */", "x", True),
        ("AND a >= 1.5", 1.5, False),
        ("AND a NOT LIKE '%x%'", "%x%", False),
    ],
)
def test_conditions_that_can_be_read(text: str, value: Any, commented: bool) -> None:
    found = fragments.read_condition(text)
    assert found is not None
    assert (found.value, found.commented, found.joined) == (value, commented, True)


@pytest.mark.parametrize(
    "text",
    [
        "AND a = b",
        "OR a = 1",
        "AND a = 1 OR b = 2",
        "AND a IN (SELECT b FROM t)",
        "AND f(a) = 1",
        "AND a",
        "1=1",
        "AND a = 'x",
        "",
    ],
)
def test_conditions_that_are_too_much(text: str) -> None:
    assert fragments.read_condition(text) is None


def test_a_commented_condition_is_off_until_somebody_gives_a_value() -> None:
    sql = "SELECT campaign, SUM(clicks) AS n FROM dsp_clicks WHERE clicks > 0\n{{only}}\nGROUP BY campaign"
    conversion = made(sql, {"only": {"type": "string", "default": "-- AND device_type IN ('PC')"}})
    assert "AND device_type IN ({{only}})" in sql_of(conversion)
    row = parameters(conversion)["only"]
    assert (row["default_value"], row["validation_rules"]["empty"], row["required"]) == (
        None,
        "neutral",
        False,
    )
