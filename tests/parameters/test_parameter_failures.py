"""What went wrong in production before, and must not again."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from reportbuilder.errors import Invalid
from reportbuilder.parameters import (
    Definition,
    Window,
    build_form,
    check_template,
    default_window,
    find_placeholders,
    parse_window,
    render,
)

NOW = datetime(2025, 9, 14, 12, tzinfo=UTC)
AUGUST = Window.of_days(date(2025, 8, 1), date(2025, 8, 31))


def test_failure_11_rolling_window_beats_old_fixed_dates() -> None:
    declared = [
        Definition("start_date", "date", required=True),
        Definition("end_date", "date", default="2024-01-31"),
    ]
    sql = "SELECT a FROM t WHERE d BETWEEN '{{start_date}}' AND '{{end_date}}'"
    saved = {"start_date": "2024-01-01", "end_date": "2024-01-31", "endDate": "2024-01-31"}
    for week in (14, 21):
        now = datetime(2025, 9, week, tzinfo=UTC)
        window = default_window(as_of=now, lookback_days=7)
        rendered = render(sql, declared, saved, window=window, as_of=now)
        assert f"'{window.days.start}' AND '{window.days.end}'" in rendered.sql
        assert "2024" not in rendered.sql
        assert rendered.window == window.to_json()


def test_failure_12_preview_is_what_runs() -> None:
    definitions = [Definition("xs", "string_list"), Definition("day", "date", default="yesterday")]
    sql = "SELECT a FROM t WHERE b IN ({{xs}}) AND d = {{day}}"
    preview = render(sql, definitions, {"xs": "a, b"}, window=AUGUST, as_of=NOW)
    executed = render(
        sql, definitions, preview.values, window=parse_window(preview.window, as_of=NOW), as_of=NOW
    )
    assert executed == preview


def test_failure_13_quotes_are_not_doubled_and_percent_signs_stay() -> None:
    sql = "SELECT a FROM t WHERE b = '{{x}}' AND c LIKE '%{{x}}%' AND d LIKE {{x}}"
    rendered = render(sql, [Definition("x")], {"x": "O'Brien 100%"}, window=None, as_of=NOW)
    assert rendered.sql == (
        "SELECT a FROM t WHERE b = 'O''Brien 100%' AND c LIKE '%O''Brien 100%%' AND d LIKE 'O''Brien 100%'"
    )


@pytest.mark.parametrize("rows", ["VALUES {{asins}}", "VALUES ({{asins}})"])
def test_failure_14_a_list_after_values_is_one_row_an_item(rows: str) -> None:
    sql = f"WITH t (asin) AS ({rows}) SELECT asin FROM t"
    rendered = render(
        sql, [Definition("asins", "asin_list")], {"asins": "B000000001,B000000002"}, window=None, as_of=NOW
    )
    assert "(VALUES ('B000000001'), ('B000000002'))" in rendered.sql


def test_failure_15_no_placeholder_is_ever_sent() -> None:
    with pytest.raises(Invalid, match="not declared"):
        render("SELECT {{nobody}}", [], {}, window=AUGUST, as_of=NOW)
    with pytest.raises(Invalid, match="no placeholder"):
        render("SELECT {{no body}}", [], {}, window=AUGUST, as_of=NOW)
    (problem,) = check_template("SELECT 1,\n {{nobody}}", [Definition("somebody")])
    assert (
        str(problem)
        == "line 2, column 2: {{nobody}}: it is not declared; declare it, or use what is: somebody"
    )


def test_failure_30_template_and_values_are_enough_to_make_the_sql_again() -> None:
    definitions = [
        Definition("n", "number", default=5),
        Definition("p", "date_range", default={"preset": "mtd"}),
    ]
    sql = "SELECT a FROM t WHERE n > {{n}} AND d >= {{p.start}}"
    first = render(sql, definitions, {}, window=None, as_of=NOW)
    later = datetime(2026, 2, 2, tzinfo=UTC)
    assert render(sql, definitions, first.values, window=None, as_of=later).sql == first.sql
    assert first.values == {"n": 5, "p": {"start": "2025-09-01", "end": "2025-09-14"}}


def test_failure_30_a_number_of_another_step_that_json_cannot_keep_is_refused() -> None:
    definition = Definition("n", "mapped_from_node")
    exact = render("SELECT {{n}}", [definition], {"n": Decimal("0.1")}, window=None, as_of=NOW)
    again = render("SELECT {{n}}", [definition], exact.values, window=None, as_of=NOW)
    assert exact.sql == again.sql == "SELECT 0.1"
    with pytest.raises(Invalid, match="not a plain value"):
        render("SELECT {{n}}", [definition], {"n": Decimal("0.12345678901234567890")}, window=None, as_of=NOW)


def test_failure_31_form_and_server_have_the_same_field_names() -> None:
    definitions = [Definition("min_spend", "number"), Definition("asins", "asin_list", required=True)]
    form = build_form(definitions, as_of=NOW, window=True)
    names = {"min_spend", "asins", "time_window"}
    assert set(form.json_schema()["properties"]) == set(form.schema().fields) == names
    assert set(form.ui()) - {"ui:order", "ui:groups"} == names == set(form.ui()["ui:order"])
    with pytest.raises(Invalid) as caught:
        form.load({"asins": ["B000000001"], "minSpend": 5})
    assert caught.value.details == {"minSpend": ["there is no field of that name; did you mean min_spend?"]}


def test_failure_36_valid_sql_with_comments_and_values_is_accepted() -> None:
    sql = """-- Set {{asins}} below; don't forget "quotes" and 'these'
/* {{ start_date }} is filled in; it's a window */
WITH list (asin) AS (VALUES {{asins}})
SELECT asin, 'a -- b' AS note FROM list -- the end"""
    definitions = [Definition("asins", "asin_list", required=True)]
    assert check_template(sql, definitions) == []
    rendered = render(sql, definitions, {"asins": ["B000000001"]}, window=None, as_of=NOW)
    assert "{{" not in rendered.sql
    assert "-- Set asins below" in rendered.sql
    assert len(find_placeholders(sql)) == 3


def test_failure_37_large_lists_stand_in_the_sql_itself() -> None:
    asins = [f"B{number:09}" for number in range(1000)]
    rendered = render(
        "SELECT a FROM t WHERE a IN ({{asins}})",
        [Definition("asins", "asin_list")],
        {"asins": asins},
        window=None,
        as_of=NOW,
    )
    assert rendered.sql.count("'") == 2000
    assert "CUSTOM_PARAMETER" not in rendered.sql


def test_a_value_is_substituted_once() -> None:
    definitions = [Definition("a"), Definition("b")]
    rendered = render(
        "SELECT {{a}}, '{{b}}'", definitions, {"a": "{{b}}", "b": "{{a}}"}, window=None, as_of=NOW
    )
    assert rendered.sql == "SELECT '{{b}}', '{{a}}'"


@pytest.mark.parametrize(
    "value", ["\\", "\\1", "\\g<0>", "a\\'b", "Update campaign", "Drop Shoulder Tee", "SELECT; --"]
)
def test_honest_values_pass_and_backslashes_do_not_crash(value: str) -> None:
    rendered = render("SELECT {{a}}", [Definition("a")], {"a": value}, window=None, as_of=NOW)
    assert rendered.sql == "SELECT '{}'".format(value.replace("'", "''"))


def test_an_empty_list_is_refused_by_name_and_never_written() -> None:
    for required in (True, False):
        definition = Definition("brands", "string_list", required=required)
        with pytest.raises(Invalid) as caught:
            render("SELECT a IN ({{brands}})", [definition], {"brands": []}, window=None, as_of=NOW)
        assert list(caught.value.details) == ["brands"]


def test_a_render_error_never_falls_back_to_the_raw_template() -> None:
    with pytest.raises(Invalid):
        render("SELECT {{a}}", [Definition("a", "number")], {"a": "x"}, window=None, as_of=NOW)
