"""Rendering: each value once, at its place, and nothing else of the template changed."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from reportbuilder.errors import Invalid
from reportbuilder.parameters import (
    Definition,
    Limits,
    Place,
    Window,
    check_template,
    find_placeholders,
    render,
)
from tests.parameters.rendered import NOW, run, text

quick = settings(max_examples=80, deadline=None)
AUGUST = Window.of_days(date(2025, 8, 1), date(2025, 8, 31))
NASTY = "'\"\\{}()-/*%_;$\n\r\t `ab#@&|,?:\u00a0\u2028\ufeff\u0085😀"
TEXTS = st.one_of(st.text(min_size=1, max_size=40), st.text(NASTY, min_size=1, max_size=40)).filter(
    lambda text: "\0" not in text
)
database = duckdb.connect()


def query(sql: str, *bound: object) -> list[Any]:
    return database.execute(sql, bound).fetchall()


# Any text, at every place that takes text


@given(TEXTS)
@example("{{x}}")
@example("\\")
@example("' OR '1'='1")
@example("*/ -- ")
@quick
def test_bare_text_round_trips(value: str) -> None:
    assert query(text("SELECT 1, {{x}}, 2", x=value)) == [(1, value, 2)]


@given(TEXTS)
@example("'")
@quick
def test_quoted_text_round_trips(value: str) -> None:
    sql = text("SELECT '{{x}}', ' {{x}} ', '%{{x}}%', 'it''s {{x}}' -- {{x}}\n, /* {{x}} */ 2", x=value)
    assert query(sql) == [(value, f" {value} ", f"%{value}%", f"it's {value}", 2)]


@given(
    st.lists(TEXTS, min_size=1, max_size=5, unique=True),
    st.sampled_from(["IN {{x}}", "IN ({{x}})", "= ANY(ARRAY[{{x}}])"]),
)
@quick
def test_lists_round_trip(values: list[str], condition: str) -> None:
    sql = run(
        f"SELECT v FROM (SELECT unnest(?) AS v) WHERE v {condition}",
        Definition("x", "mapped_from_node"),
        x=values,
    ).sql
    assert query(sql, [*values, "something else"]) == [(value,) for value in values]


@given(st.lists(TEXTS, min_size=1, max_size=5), st.sampled_from(["VALUES {{x}}", "VALUES ({{x}})"]))
@quick
def test_rows_round_trip(values: list[str], rows: str) -> None:
    sql = run(f"WITH t (v) AS ({rows}) SELECT v FROM t", Definition("x", "mapped_from_node"), x=values).sql
    assert query(sql) == [(value,) for value in values]


@given(value=TEXTS, before=TEXTS, after=TEXTS)
@quick
def test_like_finds_the_text_anywhere(value: str, before: str, after: str) -> None:
    sql = text("SELECT ? LIKE {{x}}, ? NOT LIKE {{x}}", x=value)
    assume("%" not in value)
    assert query(sql, before + value + after, before + value + after) == [(True, False)]
    assume("_" not in value and value not in before)
    assert query(sql, before, before) == [(False, True)]


@given(st.text("ab'\\{}", min_size=1, max_size=6), st.text("ab'\\{}", min_size=1, max_size=6))
@quick
def test_a_campaign_filter_reads_its_star_as_anything(first: str, last: str) -> None:
    sql = text("SELECT ? LIKE {{x}}, ? LIKE '{{x}}'", "campaign_filter", x=f"{first}*{last}")
    whole = f"{first} and more {last}"
    assert query(sql, whole, whole) == [(True, True)]
    assert query(sql, f"z{whole}", f"{whole}z") == [(False, False)]


# Any template whatever: what may be published can be rendered, or says what is wrong with the value

FILLED = st.sampled_from(
    ["{{s}}", "{{n}}", "{{b}}", "{{xs}}", "{{f}}", "{{i}}", "{{o}}", "{{r.end}}", "{{end_date}}"]
)
MARKS = st.sampled_from([*"'\" \n()[],.-+/*&@?:$_qaé1", "--", "/*", "*/", "1.", "1e", "N", "U&", "_utf8"])
WORDS = st.sampled_from(
    ["IN (", "LIKE", "VALUES (", "AND", "OR", "WHERE", "FROM", "GROUP BY", "AS", "LIMIT", "INTERVAL", "DATE"]
)
PIECES = st.one_of(FILLED, MARKS, WORDS.map(lambda word: f" {word} "))
ANYTHING = [
    Definition("s"),
    Definition("n", "number"),
    Definition("b", "boolean"),
    Definition("xs", "string_list"),
    Definition("f", "campaign_filter"),
    Definition("i", rules={"identifier": True}),
    Definition("o", rules={"empty": "neutral"}),
    Definition("r", "date_range", default="mtd"),
]


@given(
    pieces=st.lists(PIECES, min_size=2, max_size=9),
    value=TEXTS,
    number=st.sampled_from([0, -1, 0.5, -0.25, 10**37]),
    name=st.sampled_from(["a", "e5", "U", "N", "_utf8", "ect", "select", "x0", "BY"]),
)
@settings(max_examples=400, deadline=None)
def test_no_template_lets_a_value_change_its_shape(
    pieces: list[str], value: str, number: float, name: str
) -> None:
    sql = f"SELECT {''.join(pieces)}"
    values = {"s": value, "n": number, "b": True, "xs": [value, "'x'"], "f": value, "i": name}
    try:
        if check_template(sql, ANYTHING):
            return
        rendered = render(sql, ANYTHING, values, window=AUGUST, as_of=NOW)
    except Invalid:
        return
    assert rendered.sql  # and no ShapeBroken on the way


# The table of places


@pytest.mark.parametrize(
    ("template", "kind", "value", "expected"),
    [
        ("dt >= {{x}}", "date", "2025-08-01", "dt >= '2025-08-01'"),
        ("CAST({{x}} AS DATE)", "date", "2025-08-01", "CAST('2025-08-01' AS DATE)"),
        ("n > {{x}}", "number", "100", "n > 100"),
        ("n > {{x}}", "number", 0.1, "n > 0.1"),
        ("n -{{x}}", "number", -5, "n -(-5)"),
        ("flag = {{x}}", "boolean", "true", "flag = TRUE"),
        ("s = {{x}}", "string", "100", "s = '100'"),
        ("'P{{x}}D'", "number", 28, "'P28D'"),
        ("a LIKE '%{{x}}%'", "string", "O'Brien", "a LIKE '%O''Brien%'"),
        ("'https://{{x}}/'", "string", "a.example", "'https://a.example/'"),
        ("a IN {{x}}", "string_list", ["a", "b"], "a IN ('a','b')"),
        ("a IN ({{x}})", "string_list", ["a", "b"], "a IN ('a','b')"),
        ("a = ANY({{x}})", "string_list", "'a','b'", "a = ANY('a','b')"),
        ("a IN ({{x}})", "string", "one", "a IN ('one')"),
        ("a IN {{x}}", "number", 1, "a IN (1)"),
        ("(VALUES {{x}})", "asin_list", "b000000001 B000000002", "(VALUES ('B000000001'), ('B000000002'))"),
        ("(VALUES ({{x}}))", "string_list", ["a", "b"], "(VALUES ('a'), ('b'))"),
        ("a LIKE {{x}}", "string", "Nike", "a LIKE '%Nike%'"),
        ("a LIKE {{x}}", "campaign_filter", "Nike*", "a LIKE 'Nike%'"),
        ("a LIKE {{x}}", "campaign_filter", "Nike", "a LIKE '%Nike%'"),
        ("a LIKE LOWER('%{{x}}%')", "campaign_filter", "N*e", "a LIKE LOWER('%N%e%')"),
        ("a LIKE CONCAT({{x}}, '%')", "campaign_filter", "N*e", "a LIKE CONCAT('N%e', '%')"),
        ("x LIMIT {{x}}", "threshold_numeric", 10, "x LIMIT 10"),
        ("x - INTERVAL {{x}} DAY", "number", 7, "x - INTERVAL 7 DAY"),
        ("x - INTERVAL '{{x}}' DAY", "number", 7, "x - INTERVAL '7' DAY"),
        ("conversions_within_{{x}}_days", "number", 14, "conversions_within_14_days"),
        ("-- for {{x}}\n1", "string", "a\nb", "-- for x\n1"),
        ("p = {{x}}", "percentage", "15%", "p = 15"),
        ("a = {{x}}", "mapped_from_node", 5, "a = 5"),
        ("a IN ({{x}})", "mapped_from_node", [5, "b"], "a IN (5,'b')"),
        ("{{x.start}}, {{x_end}}", "date_range", ["2025-08-01", "2025-08-02"], "'2025-08-01', '2025-08-02'"),
        ("a < '{{x_end}}'", "date_expression", "last_month", "a < '2025-09-01'"),
    ],
)  # fmt: skip
def test_what_a_literal_looks_like(template: str, kind: str, value: object, expected: str) -> None:
    if kind == "date_range" and isinstance(value, list):
        value = dict(zip(("start", "end"), value, strict=True))
    assert text(f"SELECT {template}", kind, x=value) == f"SELECT {expected}"


def test_integers_are_unquoted_in_lists() -> None:
    assert (
        text("SELECT a IN ({{x}})", "campaign_list", {"item_type": "integer"}, x=["1", 2])
        == "SELECT a IN (1,2)"
    )


def test_a_share_is_written_as_a_decimal_where_asked() -> None:
    assert text("SELECT {{x}}", "percentage", {"as_decimal": True}, x=15) == "SELECT 0.15"
    assert text("SELECT {{x}}", "percentage", {"as_decimal": True}, x=100) == "SELECT 1"


@pytest.mark.parametrize(
    ("template", "kind", "rules", "value", "words"),
    [
        ("LIMIT {{x}}", "number", {}, 1.5, "not a whole number"),
        ("LIMIT {{x}}", "number", {}, -1, "not a whole number"),
        ("a_{{x}}", "string", {"identifier": True}, "b c", "wrong form"),
        ("a FROM {{x}}", "string", {"identifier": True}, "select", "reserved word"),
        ("a FROM {{x}}", "string", {"identifier": True}, "session_user", "reserved word"),
        ("t.{{x}} FROM t", "string", {"identifier": True}, "Group", "reserved word"),
        ("a FROM sel{{x}}", "string", {"identifier": True}, "ect", '"select" is a reserved word'),
        ("{{x}}er FROM t", "string", {"identifier": True}, "ord", '"order" is a reserved word'),
        ("a FROM {{x}}", "number", {}, 5, "cannot be a name"),
        ("a = {{x}}", "mapped_from_node", {}, ["a"], "a list cannot stand as an expression"),
        ("a = {{x}}", "date_range", {}, {"preset": "mtd"}, "a range of dates cannot stand"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_stand_there_is_refused(
    template: str, kind: str, rules: dict[str, Any], value: object, words: str
) -> None:
    with pytest.raises(Invalid) as caught:
        text(f"SELECT {template}", kind, rules, x=value)
    assert words in caught.value.details["x"][0]


def test_names_come_from_closed_lists_or_identifiers() -> None:
    enum = {"options": ["dsp_impressions", "dsp_clicks"]}
    assert text("SELECT a FROM {{x}}", "enum_select", enum, x="dsp_clicks") == "SELECT a FROM dsp_clicks"
    assert text('SELECT "{{x}}"', "string", {"identifier": True}, x="spend") == 'SELECT "spend"'
    assert text('SELECT "{{x}}"', "string", {"identifier": True}, x="select") == 'SELECT "select"'


def test_names_of_two_values_are_looked_at_as_a_whole() -> None:
    names = [Definition(name, rules={"identifier": True}) for name in ("a", "b")]
    assert run("SELECT {{a}}{{b}}.c FROM t", *names, a="con", b="ect").sql == "SELECT conect.c FROM t"
    with pytest.raises(Invalid) as caught:
        run("SELECT {{a}}{{b}}.c FROM t", *names, a="sel", b="ect")
    assert set(caught.value.details) == {"a", "b"}


def test_only_rules_of_the_type_count() -> None:
    assert text("SELECT {{x}}", "number", {"as_decimal": "false"}, x=15) == "SELECT 15"


# The flow: given, default, error, or not in the template


def test_given_then_default_then_error() -> None:
    wanted = Definition("x", "number", required=True)
    assert run("SELECT {{x}}", Definition("x", "number", default="7", required=True)).sql == "SELECT 7"
    assert run("SELECT {{x}}", Definition("x", "number", default=7), x=8).sql == "SELECT 8"
    with pytest.raises(Invalid) as caught:
        run("SELECT 1", wanted)
    assert caught.value.details == {"x": ["a value is needed; give one"]}


def test_an_optional_parameter_without_a_value_must_not_be_used() -> None:
    optional = Definition("x", "string")
    assert run("SELECT 1 -- {{x}}", optional).sql == "SELECT 1 -- x"
    with pytest.raises(Invalid, match=r"no value, but the template uses it.*line 1, column 8"):
        run("SELECT {{x}}", optional)


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        run("SELECT {{x}}, {{y}}", Definition("x", "number"), Definition("y", "date"), x="one", y="soon", z=1)
    assert list(caught.value.details) == ["x", "y", "z"]


def test_rolling_values_are_resolved_by_the_instant_and_the_zone() -> None:
    definition = Definition("x", "date", default="today-7")
    late = datetime(2025, 9, 14, 23, 30, tzinfo=UTC)
    assert run("SELECT {{x}}", definition).sql == "SELECT '2025-09-07'"
    assert (
        render("SELECT {{x}}", [definition], {}, window=None, as_of=late, zone="Asia/Tokyo").sql
        == "SELECT '2025-09-08'"
    )


@pytest.mark.parametrize("kind", ["date_range", "date_expression"])
@pytest.mark.parametrize(("word", "first", "after"), [("today", 14, 15), ("yesterday", 13, 14)])
def test_a_range_of_one_day_is_a_range(kind: str, word: str, first: int, after: int) -> None:
    sql = "SELECT 1 WHERE d >= {{x.start}} AND d < {{x_end}} AND e <= {{x.end}}"
    rendered = run(sql, Definition("x", kind), x=word)
    assert rendered.sql == (
        f"SELECT 1 WHERE d >= '2025-09-{first}' AND d < '2025-09-{after}' AND e <= '2025-09-{first}'"
    )
    assert rendered.values == {"x": {"start": f"2025-09-{first}", "end": f"2025-09-{first}"}}


def test_null_only_where_the_template_says_so() -> None:
    nullable = Definition("x", "number", rules={"empty": "null"})
    assert run("SELECT COALESCE({{x}}, 1)", nullable).sql == "SELECT COALESCE(NULL, 1)"
    assert run("SELECT COALESCE({{x}}, 1)", nullable, x=2).sql == "SELECT COALESCE(2, 1)"


# The window


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
        ("beginDate", "endDate"),
    ],
)
def test_the_window_fills_every_spelling_of_its_names(start: str, end: str) -> None:
    sql = "SELECT d BETWEEN {{S}} AND '{{E}}', d < {{E}}, d <= CAST({{E}} AS DATE)"
    sql = sql.replace("S}}", start + "}}").replace("E}}", end + "}}")
    assert run(sql, window=AUGUST).sql == (
        "SELECT d BETWEEN '2025-08-01' AND '2025-08-31', d < '2025-09-01', d <= CAST('2025-08-31' AS DATE)"
    )


def test_a_declared_parameter_of_another_type_keeps_its_name() -> None:
    weekday = Definition("week_start", "enum_select", rules={"options": ["monday", "sunday"]})
    assert run("SELECT {{week_start}}", weekday, window=AUGUST, week_start="sunday").sql == "SELECT 'sunday'"


def test_without_a_window_its_names_are_missing_or_ordinary_parameters() -> None:
    with pytest.raises(Invalid, match="time window is missing"):
        run("SELECT {{start_date}}")
    declared = Definition("start_date", "date")
    assert run("SELECT {{start_date}}", declared, start_date="2025-01-01").sql == "SELECT '2025-01-01'"


def test_the_window_is_shown() -> None:
    assert run("SELECT 1", window=AUGUST).window == {
        "start": "2025-08-01T00:00:00",
        "end": "2025-09-01T00:00:00",
        "time_zone": "UTC",
    }


# Limits


def test_lists_and_queries_have_limits() -> None:
    definition = Definition("x", "string_list")
    with pytest.raises(Invalid, match="it has 3 values, 2 are allowed"):
        render(
            "SELECT a IN ({{x}})",
            [definition],
            {"x": ["a", "b", "c"]},
            window=None,
            as_of=NOW,
            limits=Limits(2),
        )
    with pytest.raises(Invalid, match="bytes, 15 are allowed"):
        render(
            "SELECT a IN ({{x}})", [definition], {"x": ["ä"]}, window=None, as_of=NOW, limits=Limits(2, 15)
        )
    thousand = [f"B{number:09}" for number in range(1000)]
    assert len(run("SELECT a IN ({{x}})", definition, x=thousand).sql) > 12_000


# Preview and execution are one


@given(st.text(NASTY, min_size=1, max_size=20), st.lists(st.text("ab'c", min_size=1), min_size=1, max_size=3))
@quick
def test_what_was_rendered_renders_again_to_the_same(value: str, names: list[str]) -> None:
    definitions = (
        Definition("s", "string"),
        Definition("xs", "string_list"),
        Definition("d", "date", default="today-3"),
        Definition("p", "date_expression", default="last_month"),
        Definition("n", "number", default=Decimal("0.1")),
    )
    sql = "SELECT {{s}}, {{xs}} IN ({{xs}}), '{{d}}', {{p_start}}, {{n}} /* {{s}} */".replace(
        "{{xs}} IN", "s IN"
    )
    assume(any(name.strip("'") for name in names))
    first = run(sql, *definitions, s=value, xs=names)
    later = datetime(2026, 1, 1, tzinfo=UTC)
    again = render(sql, definitions, first.values, window=None, as_of=later)
    assert (again.sql, again.values) == (first.sql, first.values)


def test_the_places_say_where_each_value_went() -> None:
    rendered = run("SELECT '{{x}}',\n{{x}} -- {{x}}", Definition("x"), x="a'b")
    assert [rendered.sql[each.start : each.end] for each in rendered.places] == ["a''b", "'a''b'", "x"]
    assert [each.text for each in rendered.places] == ["a''b", "'a''b'", "x"]
    assert [(each.name, each.line) for each in rendered.places] == [("x", 1), ("x", 2), ("x", 2)]
    assert [each.place for each in rendered.places] == [Place.QUOTED, Place.EXPRESSION, Place.COMMENT]


def test_a_template_without_placeholders_is_sent_as_it_is() -> None:
    sql = "-- note\nSELECT 'a' /* x */ FROM t;\n"
    assert run(sql).sql == sql
    assert find_placeholders(sql) == ()
