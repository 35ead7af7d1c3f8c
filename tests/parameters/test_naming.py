"""What a template that declares nothing seems to want."""

import pytest

from reportbuilder.parameters import Definition, check_template, guess_definitions, uses_window
from reportbuilder.parameters.naming import guess_type, window_part


@pytest.mark.parametrize(
    ("name", "type_name"),
    [
        ("report_date", "date"),
        ("dateRange", "date_range"),
        ("date_expression", "date_expression"),
        ("reporting_date_period", "date_expression"),
        ("asins", "asin_list"),
        ("tracked_asin_list", "asin_list"),
        ("campaign_ids", "campaign_list"),
        ("campaignFilter", "campaign_filter"),
        ("campaign_name_pattern", "campaign_filter"),
        ("spend_threshold", "threshold_numeric"),
        ("row_limit", "threshold_numeric"),
        ("discount_percent", "percentage"),
        ("ctr_rate", "percentage"),
        ("include_views", "boolean"),
        ("isActive", "boolean"),
        ("min_count", "number"),
        ("qty", "number"),
        ("brand_list", "string_list"),
        ("brand", "string"),
        ("iterate_candidates", "string"),
        ("updated", "string"),
    ],
)
def test_a_name_suggests_a_type(name: str, type_name: str) -> None:
    assert guess_type(name) == type_name


@pytest.mark.parametrize(
    ("sql", "type_name"),
    [
        ("SELECT a WHERE b IN ({{brands}})", "string_list"),
        ("SELECT a FROM (VALUES {{brands}})", "string_list"),
        ("SELECT a WHERE b = {{brands}}", "string"),
        ("SELECT a WHERE b = {{campaign}}", "string"),
        ("SELECT a WHERE b LIKE {{campaign_filter}}", "campaign_filter"),
        ("SELECT a WHERE b = {{campaign_filter}}", "string"),
        ("SELECT a WHERE b LIKE {{campaign}}", "string"),
        ("SELECT x - INTERVAL '{{days}}' DAY", "number"),
        ("SELECT sales_within_{{days}}_days", "number"),
        ("SELECT a LIMIT {{rows}}", "number"),
        ("SELECT a WHERE b IN ({{rates}})", "percentage"),
        ("SELECT a WHERE b > {{span.start}} AND b < {{span_end}}", "date_range"),
    ],
)
def test_the_sql_around_corrects_the_name(sql: str, type_name: str) -> None:
    (definition,) = guess_definitions(sql)
    assert definition.type == type_name
    assert definition.required
    assert check_template(sql, [definition]) == [], "what is guessed can be rendered"


def test_a_guess_leaves_out_the_window_and_comments() -> None:
    sql = "SELECT {{start_date}}, '{{endDate}}', {{x}} -- {{y}}"
    assert [definition.name for definition in guess_definitions(sql)] == ["x"]


@pytest.mark.parametrize(
    ("sql", "uses"),
    [
        ("SELECT {{start_date}}", True),
        ("SELECT '{{timeWindowEnd}}'", True),
        ("SELECT BUILT_IN_PARAMETER('TIME_WINDOW_START')", True),
        ("SELECT {{other}}", False),
        ("SELECT TIME_WINDOW_START", False),
    ],
)
def test_whether_a_template_looks_at_the_window(sql: str, uses: bool) -> None:
    assert uses_window(sql) is uses


def test_a_window_name_of_another_type_is_a_parameter() -> None:
    weekday = Definition("week_start", "enum_select", rules={"options": ["monday"]})
    assert window_part("week_start", {"week_start": weekday}) == ""
    assert window_part("week_start", {}) == "start"
    assert uses_window("SELECT {{week_start}}", [weekday]) is False


@pytest.mark.parametrize(
    ("sql", "definition", "words"),
    [
        ("SELECT {{xs}}", Definition("xs", "string_list"), "write IN ({{xs}}) without quotes"),
        ("SELECT a IN ('{{xs}}')", Definition("xs", "asin_list"), "without quotes"),
        ("SELECT a LIKE {{xs}}", Definition("xs", "campaign_list"), "a list cannot stand as a pattern"),
        ("SELECT a = {{f}}", Definition("f", "campaign_filter"), "write LIKE {{x}}"),
        ("SELECT {{r}}", Definition("r", "date_range"), "BETWEEN {{x.start}} AND {{x.end}}"),
        ("SELECT {{d.start}}", Definition("d", "date"), "a date cannot stand"),
        ("SELECT a LIMIT {{s}}", Definition("s"), "as a whole number"),
        ("SELECT a FROM {{t}}", Definition("t"), "needs a closed list"),
        ("SELECT a_{{t}}", Definition("t", "enum_select", rules={"options": ["a b"]}), "needs a closed list"),
        ("SELECT a_{{t}}", Definition("t", rules={"options": ["a"]}), "needs a closed list"),
        ("SELECT a FROM {{n}}", Definition("n", "number"), "needs a closed list"),
        ("SELECT t.{{e}}", Definition("e", "enum_select", rules={"options": ["a", "1a"]}), "closed list"),
        ("SELECT {{i}}", Definition("i", rules={"identifier": True}), "it would be text, not a name"),
        ("SELECT a IN ({{i}})", Definition("i", rules={"identifier": True}), "it would be text, not a name"),
        ("SELECT a FROM {{start_date}}", Definition("x"), "a date of the window cannot stand as a name"),
        ("SELECT a LIKE {{n}}", Definition("n", "number", rules={"empty": "null"}), "NULL cannot stand"),
        ("SELECT a LIKE {{b}}", Definition("b", "boolean"), "true or false cannot stand as a pattern"),
    ],
)
def test_publishing_is_refused_where_no_value_could_stand(
    sql: str, definition: Definition, words: str
) -> None:
    (problem,) = check_template(sql, [definition])
    assert words in problem.reason
    assert (problem.line, problem.column) == (1, sql.index("{{") + 1)
