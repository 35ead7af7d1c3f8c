"""Placeholders: found with their place from tokens; what is unsafe is refused with line and column."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportbuilder.errors import Invalid
from reportbuilder.parameters import Place, find_placeholders
from reportbuilder.parameters.placeholders import read_template

quick = settings(max_examples=80, deadline=None)


@pytest.mark.parametrize(
    ("sql", "place"),
    [
        ("SELECT a WHERE x = {{p}}", Place.EXPRESSION),
        ("SELECT a WHERE x >= {{ p }}", Place.EXPRESSION),
        ("SELECT a WHERE x BETWEEN {{p}} AND {{p}}", Place.EXPRESSION),
        ("SELECT CAST({{p}} AS DATE)", Place.EXPRESSION),
        ("SELECT {{p}}::date", Place.EXPRESSION),
        ("SELECT DATE {{p}}", Place.EXPRESSION),
        ("SELECT COALESCE(x, {{p}}, 1)", Place.EXPRESSION),
        ("SELECT TRIM(BOTH 'x' FROM {{p}})", Place.EXPRESSION),
        ("SELECT EXTRACT(DAY FROM {{p}}) FROM t", Place.EXPRESSION),
        ("SELECT a FROM t WHERE x IS NOT DISTINCT FROM {{p}}", Place.EXPRESSION),
        ("SELECT a WHERE x SIMILAR TO {{p}}", Place.EXPRESSION),
        ("SELECT a WHERE x IN (SELECT b, {{p}} FROM u)", Place.EXPRESSION),
        ("SELECT a WHERE x IN (LOWER({{p}}))", Place.EXPRESSION),
        ("SELECT a WHERE x IN (1 + {{p}}, 2)", Place.EXPRESSION),
        ("SELECT a FROM (VALUES ({{p}}, 1)) AS t", Place.EXPRESSION),
        ("SELECT '{{p}}'", Place.QUOTED),
        ("SELECT ' {{p}} '", Place.QUOTED),
        ("SELECT 'P{{p}}D'", Place.QUOTED),
        ("SELECT '%{{p}}%'", Place.QUOTED),
        ("SELECT 'https://{{p}}/'", Place.QUOTED),
        ("SELECT 'it''s {{p}}'", Place.QUOTED),
        (r"SELECT '\' || '{{p}}'", Place.QUOTED),
        ("SELECT N'{{p}}'", Place.QUOTED),
        ("SELECT DATE'{{p}}'", Place.QUOTED),
        ("SELECT '-- {{p}}'", Place.QUOTED),
        ("SELECT '/* {{p}} */'", Place.QUOTED),
        ("SELECT a WHERE x IN {{p}}", Place.LIST),
        ("SELECT a WHERE x NOT IN /* all */ {{p}}", Place.LIST),
        ("SELECT a WHERE x IN ({{p}})", Place.ITEMS),
        ("SELECT a WHERE x NOT IN (\n{{p}}\n)", Place.ITEMS),
        ("SELECT a WHERE x IN ('y', {{p}}, 'z')", Place.ITEMS),
        ("SELECT a WHERE x = ANY({{p}})", Place.ITEMS),
        ("SELECT a WHERE CONTAINED_IN(x, {{p}})", Place.ITEMS),
        ("SELECT ARRAY[{{p}}]", Place.ITEMS),
        ("WITH t (a) AS (VALUES {{p}}) SELECT a FROM t", Place.ROWS),
        ("WITH t (a) AS (VALUES ({{p}})) SELECT a FROM t", Place.ROW_ITEMS),
        ("WITH t (a) AS (VALUES ('x'), ({{p}})) SELECT a FROM t", Place.ROW_ITEMS),
        ("SELECT a WHERE x IN (VALUES {{p}})", Place.ROWS),
        ("SELECT a WHERE x LIKE {{p}}", Place.LIKE),
        ("SELECT a WHERE x NOT LIKE {{p}}", Place.LIKE),
        ("SELECT a WHERE LOWER(x) LIKE LOWER({{p}})", Place.LIKE),
        ("SELECT a WHERE x LIKE ({{p}})", Place.LIKE),
        ("SELECT a WHERE x LIKE CONCAT('%', {{p}}, '%')", Place.EXPRESSION),
        ("SELECT a LIMIT {{p}}", Place.COUNT),
        ("SELECT a LIMIT 5 OFFSET {{p}}", Place.COUNT),
        ("SELECT a FETCH FIRST {{p}} ROWS ONLY", Place.COUNT),
        ("SELECT x - INTERVAL {{p}} DAY", Place.COUNT),
        ("SELECT x - INTERVAL '{{p}}' DAY", Place.QUOTED_COUNT),
        ("SELECT x + INTERVAL -'{{p}}' DAY", Place.QUOTED_COUNT),
        ("SELECT conversions_within_{{p}}_days", Place.NAME),
        ("SELECT {{p}}_days", Place.NAME),
        ('SELECT "{{p}}"', Place.NAME),
        ("SELECT a FROM {{p}}", Place.NAME),
        ("SELECT a FROM u, {{p}}", Place.NAME),
        ("SELECT a FROM u JOIN {{p}} ON 1 = 1", Place.NAME),
        ("SELECT t.{{p}} FROM t", Place.NAME),
        ("SELECT {{p}}.a FROM t", Place.NAME),
        ("SELECT a AS {{p}}", Place.NAME),
        ("SELECT {{p}}(a)", Place.NAME),
        ("SELECT a GROUP BY {{p}}", Place.NAME),
        ("SELECT CAST(a AS {{p}})", Place.NAME),
        ("SELECT a -- {{p}}", Place.COMMENT),
        ("-- it's {{p}}\nSELECT a", Place.COMMENT),
        ("SELECT a /* 'x' {{p}} */ + 1", Place.COMMENT),
        ("SELECT /*+ {{p}} */ a", Place.COMMENT),
        ("SELECT /* -- */ {{p}} -- /* \n", Place.EXPRESSION),
        ("SELECT a GROUP BY b, {{p}}", Place.NAME),
        ("SELECT a ORDER\n BY b, {{p}}", Place.NAME),
    ],
)
def test_the_place_is_decided_from_tokens(sql: str, place: Place) -> None:
    assert {found.place for found in find_placeholders(sql)} == {place}


def test_a_word_nearby_in_a_string_or_comment_decides_nothing() -> None:
    sql = "SELECT 'IN (' || {{a}} /* LIKE */ , {{b}} -- LIMIT\n, {{c}}"
    assert [found.place for found in find_placeholders(sql)] == [Place.EXPRESSION] * 3


@pytest.mark.parametrize(
    ("sql", "open_end"),
    [
        ("SELECT 1 WHERE d < {{p}}", True),
        ("SELECT 1 WHERE d < '{{p}}'", True),
        ("SELECT 1 WHERE d < '{{p}}T00:00:00'", True),
        ("SELECT 1 WHERE d < CAST('{{p}}' AS DATE)", True),
        ("SELECT 1 WHERE d < DATE '{{p}}'", True),
        ("SELECT 1 WHERE {{p}} > d", True),
        ("SELECT 1 WHERE d <= {{p}}", False),
        ("SELECT 1 WHERE d BETWEEN {{p}} AND {{p}}", False),
        ("SELECT 1 WHERE d < '{{p}} 23:59:59'", False),
        ("SELECT 1 WHERE d < CAST('{{p}}' AS DATE) + INTERVAL '1' DAY", False),
        ("SELECT 1 WHERE d < {{p}} + 1", False),
        ("SELECT 1 WHERE d < ({{p}})", True),
        ("SELECT 1 WHERE ({{p}}) > d", True),
        ("SELECT 1 WHERE d < CAST(DATE '{{p}}' AS TIMESTAMP)", True),
        ("SELECT 1 WHERE d < CAST(CAST({{p}} AS DATE) AS TIMESTAMP)", True),
        ("SELECT 1 WHERE d < {{p}}::date", True),
        ("SELECT 1 WHERE d < {{p}}::date + 1", False),
        ("SELECT 1 WHERE d < ({{p}} + 1)", False),
        ("SELECT 1 WHERE d < CAST({{p}} + INTERVAL '1' DAY AS TIMESTAMP)", False),
        ("SELECT 1 WHERE d < CAST(DATE {{p}} + INTERVAL '1' DAY AS TIMESTAMP)", False),
        ("SELECT 1 WHERE y < YEAR({{p}})", False),
        ("SELECT 1 WHERE YEAR({{p}}) > y", False),
    ],
)
def test_less_than_leaves_the_day_out(sql: str, open_end: bool) -> None:
    assert {found.is_open_end for found in find_placeholders(sql)} == {open_end}


def test_positions_count_lines_and_columns_from_one() -> None:
    sql = "SELECT {{a}},\r\n  '{{ b.start }}'\n\n-- {{c}}"
    found = find_placeholders(sql)
    assert [(each.name, each.part, each.line, each.column) for each in found] == [
        ("a", "", 1, 8),
        ("b", "start", 2, 4),
        ("c", "", 4, 4),
    ]
    assert [sql[each.start : each.end] for each in found] == ["{{a}}", "{{ b.start }}", "{{c}}"]


@pytest.mark.parametrize(
    ("sql", "where", "words"),
    [
        ("SELECT 1\n{{#if x}} + 1 {{/if}}", "line 2, column 1", "control syntax"),
        ("SELECT {% if x %} 1 {% endif %}", "line 1, column 8", "control syntax"),
        ("SELECT {{else}}", "line 1, column 8", "control syntax"),
        ("SELECT {{ if x }}", "line 1, column 8", "control syntax"),
        ("SELECT '{{#each xs}}'", "line 1, column 9", "control syntax"),
        ("-- {{^x}}", "line 1, column 4", "control syntax"),
        ("SELECT {{}}", "line 1, column 8", "no placeholder"),
        ("SELECT {{ a b }}", "line 1, column 8", "no placeholder"),
        ("SELECT {{a|upper}}", "line 1, column 8", "no placeholder"),
        ("SELECT {{{a}}}", "line 1, column 8", "no placeholder"),
        ("SELECT {{a", "line 1, column 8", "no placeholder"),
        ("SELECT {{1a}}", "line 1, column 8", "no placeholder"),
        ("SELECT {{a.middle}}", "line 1, column 8", "no placeholder"),
        ("SELECT {{a\n}}", "line 1, column 8", "no placeholder"),
        ("SELECT 'x'{{a}}", "line 1, column 11", "touches '"),
        ("SELECT {{a}}'x'", "line 1, column 8", "touches '"),
        ("SELECT U&{{a}}", "line 1, column 10", "touches &"),
        ("SELECT 1{{a}}", "line 1, column 9", "touches 1"),
        ("SELECT :{{a}}, ${{b}}", "line 1, column 17", ""),
        ("SELECT X'{{a}}'", "line 1, column 10", "prefix X"),
        ("SELECT U&'{{a}}'", "line 1, column 11", "prefix &"),
        ("SELECT e'{{a}}'", "line 1, column 10", "prefix e"),
        ("SELECT 1 // {{a}}\n", "line 1, column 10", "comment"),
        ("SELECT `{{a}}`", "line 1, column 8", "quoted with"),
        ("SELECT $$ {{a}} $$", "line 1, column 8", "quote"),
        ("SELECT '\0' {{a}}", "line 1, column 9", "U+0000"),
        ("SELECT a\n -- \ud800", "line 2, column 5", "U+D800"),
        ("SELECT 1.{{a}}", "line 1, column 10", "touches 1."),
        ("SELECT 1{{a}}_b", "line 1, column 9", "touches 1"),
        ("SELECT 1e-{{a}}", "line 1, column 8", "breaks off"),
        ("SELECT @ {{a}}", "line 1, column 10", "follows @"),
        ("SELECT ?{{a}}", "line 1, column 9", "touches ?"),
        ("SELECT U{{a}}'x'", "line 1, column 9", "touches '"),
        ("SELECT /* /* */ {{a}} /* */", "line 1, column 11", "drop the /*"),
        ("SELECT 1 -- x\n/* ' /*/ {{a}}", "line 2, column 6", "drop the /*"),
        ("SELECT\u00a0{{a}}", "line 1, column 7", "U+00A0: AMC reads no space"),
        ("SELECT a, -- \u00a0\n /* \u00a0 */ \u2028 {{a}}", "line 2, column 10", "U+2028"),
        ("\ufeffSELECT {{a}}", "line 1, column 1", "U+FEFF: no character"),
        ("SELECT a\u200b, {{a}}", "line 1, column 9", "U+200B: no character"),
        (
            "SELECT a = \u2018{{a}}\u2019",
            "line 1, column 12",
            "\u2018: no character of SQL; texts are quoted with '",
        ),
        ("SELECT _utf8-{{a}}", "line 1, column 14", "character set"),
        ("SELECT _a.b-'{{a}}'", "line 1, column 14", "character set"),
        ("SELECT {{a}} {{b}}", "line 1, column 14", "side by side"),
        ("SELECT 'x'\n{{a}}", "line 2, column 1", "side by side"),
        ("SELECT {{a}} /* */\n'{{b}}'", "line 1, column 8", "side by side"),
        ("SELECT {{a}} 5", "line 1, column 8", "side by side"),
    ],
)
def test_what_is_unsafe_is_refused_with_its_place(sql: str, where: str, words: str) -> None:
    if words == "":
        assert [found.place for found in find_placeholders(sql)] == [Place.EXPRESSION, Place.NAME]
        return
    with pytest.raises(Invalid) as caught:
        find_placeholders(sql)
    (reason,) = caught.value.details["sql_template"]
    assert reason.startswith(where)
    assert words in reason


@pytest.mark.parametrize("sql", ["SELECT 'a", 'SELECT "a', "SELECT /* a", "SELECT '{{a}}"])
def test_what_is_never_closed_is_refused(sql: str) -> None:
    with pytest.raises(Invalid, match="never closed"):
        find_placeholders(sql)


@pytest.mark.parametrize("sql", ['SELECT \'{"a": {"b": 1}}\'', "SELECT '{%' || x", "SELECT 1", ""])
def test_braces_that_are_no_placeholders_are_left_alone(sql: str) -> None:
    if "{%" in sql:
        with pytest.raises(Invalid, match="control syntax"):
            find_placeholders(sql)
    else:
        assert find_placeholders(sql) == ()


def test_deep_brackets_and_many_placeholders_are_no_harm() -> None:
    (found,) = find_placeholders("SELECT " + "(" * 5000 + "{{a}}" + ")" * 5000)
    assert found.place is Place.EXPRESSION
    assert len(find_placeholders("SELECT 1 FROM " + "{{a}}, " * 499 + "{{b}}")) == 500
    with pytest.raises(Invalid, match="may have 500 placeholders"):
        find_placeholders("SELECT " + "{{a}}, " * 500 + "{{b}}")


pieces = st.sampled_from(
    [
        "SELECT",
        " ",
        "\n",
        "{{a}}",
        "{{ b }}",
        "'",
        "''",
        '"',
        "--",
        "/*",
        "*/",
        "(",
        ")",
        ",",
        "IN",
        "x",
        "1",
        "\\",
        "LIKE",
        ".",
    ]
)


@given(st.lists(pieces, max_size=14).map("".join))
@quick
def test_any_text_is_either_read_or_refused_and_reading_it_is_stable(sql: str) -> None:
    try:
        found = find_placeholders(sql)
    except Invalid:
        return
    assert [sql[each.start : each.end].strip("{} ") for each in found] == [each.name for each in found]
    read_template.cache_clear()
    assert find_placeholders(sql) == found
    padded = find_placeholders("-- a line before\n" + sql)
    assert [each.place for each in padded] == [each.place for each in found]
