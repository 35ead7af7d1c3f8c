"""Conditions that an empty value switches off."""

import pytest

from reportbuilder.errors import Invalid
from reportbuilder.parameters import (
    Definition,
    check_template,
)
from tests.parameters.rendered import run


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("WHERE a = {{x}}", "WHERE TRUE"),
        ("WHERE a = {{x}} AND b = 1", "WHERE TRUE AND b = 1"),
        ("WHERE b = 1 AND LOWER(a) LIKE {{x}} GROUP BY c", "WHERE b = 1 AND TRUE GROUP BY c"),
        ("WHERE b = 1 AND a NOT IN ({{x}})", "WHERE b = 1 AND TRUE"),
        ("WHERE a IN {{x}} ORDER BY c", "WHERE TRUE ORDER BY c"),
        ("WHERE NOT a = {{x}} AND b", "WHERE TRUE AND b"),
        ("WHERE NOT (a = {{x}}) AND b", "WHERE TRUE AND b"),
        (
            "WHERE b BETWEEN 1 AND 2 AND a BETWEEN {{x}} AND {{x}} AND c = 1",
            "WHERE b BETWEEN 1 AND 2 AND TRUE AND c = 1",
        ),
        ("GROUP BY b HAVING SUM(a) > {{x}}", "GROUP BY b HAVING TRUE"),
        (
            "JOIN u ON t.id = u.id AND u.a = {{x}} LEFT JOIN v ON TRUE",
            "JOIN u ON t.id = u.id AND TRUE LEFT JOIN v ON TRUE",
        ),
        (
            "WHERE c IN (SELECT c FROM u WHERE a = {{x}}) AND d = 1",
            "WHERE c IN (SELECT c FROM u WHERE TRUE) AND d = 1",
        ),
        ("WHERE a = {{x}} -- {{x}}\nAND b = 1", "WHERE TRUE -- x\nAND b = 1"),
        ("WHERE a = '{{x}}' UNION ALL SELECT 1", "WHERE TRUE UNION ALL SELECT 1"),
        ("WHERE (a = {{x}}) AND b", "WHERE TRUE AND b"),
        ("WHERE a = {{x}} GROUP/* by */BY b", "WHERE TRUE GROUP/* by */BY b"),
        ("WHERE a = {{x}} GROUP -- by\nBY b", "WHERE TRUE GROUP -- by\nBY b"),
        ("WHERE a = {{x}} MINUS SELECT b FROM u", "WHERE TRUE MINUS SELECT b FROM u"),
        ("JOIN u ON u.a = {{x}} SEMI JOIN v ON b", "JOIN u ON TRUE SEMI JOIN v ON b"),
        ("WHERE t.or = 1 AND t.on = {{x}} AND t.and", "WHERE t.or = 1 AND TRUE AND t.and"),
        (
            "GROUP BY b HAVING COUNT(*) FILTER (WHERE a = {{x}}) > 5",
            "GROUP BY b HAVING COUNT(*) FILTER (WHERE TRUE) > 5",
        ),
    ],
)
def test_an_empty_optional_value_makes_its_whole_condition_neutral(template: str, expected: str) -> None:
    definition = Definition("x", "string", rules={"empty": "neutral"})
    assert check_template(f"SELECT t.a FROM t {template}", [definition]) == []
    assert run(f"SELECT t.a FROM t {template}", definition).sql == f"SELECT t.a FROM t {expected}"
    assert "TRUE AND" not in run(f"SELECT t.a FROM t {template}", definition, x="v").sql


@pytest.mark.parametrize(
    "template",
    [
        "SELECT a = {{x}} FROM t",
        "SELECT a FROM t WHERE a = {{x}} OR b = 1",
        "SELECT a FROM t WHERE b = 1 OR c = 2 AND a = {{x}}",
        "SELECT a FROM t WHERE (a = {{x}} OR b = 1) AND c = 1",
        "SELECT a FROM t WHERE (a = {{x}} AND b = 1) AND c = 1",
        "SELECT a FROM t WHERE (NOT a = {{x}}) AND c = 1",
        "SELECT CASE WHEN a = {{x}} THEN 1 END FROM t",
        "SELECT a FROM t WHERE CASE WHEN b AND a = {{x}} AND c THEN TRUE END",
        "SELECT a FROM t WHERE b = 1 GROUP BY a = {{x}}",
        "SELECT a FROM t ORDER BY a + {{x}}",
        "SELECT a FROM t WHERE z = 1 OR t.on = {{x}}",
        "SELECT a FROM t WHERE a = {{x}} SUBTRACT SELECT b FROM u",
        "SELECT a FROM t WHERE a = {{x}} TABLESAMPLE (5)",
        "SELECT a FROM t JOIN u JOIN v ON a = {{x}} ON b",
    ],
)
def test_a_condition_that_others_depend_on_cannot_become_neutral(template: str) -> None:
    definition = Definition("x", "string", rules={"empty": "neutral"})
    (problem,) = check_template(template, [definition])
    assert "AND condition of its own" in problem.reason
    with pytest.raises(Invalid, match="AND condition of its own"):
        run(template, definition)


def test_a_bracket_that_is_never_closed_is_refused() -> None:
    definition = Definition("x", "string", rules={"empty": "neutral"})
    for condition in ("b IN ({{x}} AND c", "{{x}} = (b", "b AND {{x}} IN (SELECT c FROM u"):
        with pytest.raises(Invalid, match="never closed"):
            run(f"SELECT a FROM t WHERE {condition}", definition)


def test_an_optional_condition_stands_in_few_brackets_however_many_a_template_has() -> None:
    definition = Definition("x", "string", rules={"empty": "neutral"})
    for depth, words in ((99, ""), (20_000, "more than 100 brackets")):
        sql = f"SELECT a FROM t WHERE {'(' * depth}{{{{x}}}}{')' * depth}"
        reasons = [problem.reason for problem in check_template(sql, [definition])]
        assert [words in reason for reason in reasons] == ([True] if words else [])


def test_two_optional_values_of_one_condition_go_together() -> None:
    optional = [Definition(name, "number", rules={"empty": "neutral"}) for name in ("x", "y")]
    sql = "SELECT a FROM t WHERE a BETWEEN {{x}} AND {{y}} AND b"
    assert run(sql, *optional, x=1).sql == run(sql, *optional).sql == "SELECT a FROM t WHERE TRUE AND b"
    assert run(sql, *optional, x=1, y=2).sql == "SELECT a FROM t WHERE a BETWEEN 1 AND 2 AND b"
