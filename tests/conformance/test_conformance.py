"""The facts of AMC and the tests that claim to prove them agree."""

import pytest

from reportbuilder.sandbox.vocabulary import FUNCTIONS
from tests.conformance.coverage import problems, table
from tests.conformance.facts import Fact, columns_by_table, known
from tests.conformance.plugin import NAMED, WHOLE

BULK = ("table", "column")


def _fact(name: str, why_not: str = "") -> Fact:
    return Fact(name, "does so", "somewhere", why_not)


def test_every_fact_has_a_line_a_place_and_one_fate() -> None:
    for fact in known().values():
        assert fact.says, fact.name
        assert fact.documented, fact.name


def test_the_independent_list_has_all_tables() -> None:
    assert len(columns_by_table()) == 35
    assert sum(len(columns) for columns in columns_by_table().values()) == 1628


def test_the_sandbox_knows_exactly_the_documented_functions() -> None:
    by_other_syntax = {"LIKE", "SIMILAR-TO", "OVER", "COUNT-DISTINCT", "COLLECT-DISTINCT"}
    named = {name.removeprefix("function:") for name in known() if name.startswith("function:")}
    assert named - by_other_syntax == set(FUNCTIONS)


def test_no_fact_that_is_marked_is_excused(request: pytest.FixtureRequest) -> None:
    excused = {name for name in request.config.stash[NAMED] if known()[name].why_not}
    assert not excused, "these are marked by tests, so their why_not has to go"


def test_every_fact_is_marked_or_excused(request: pytest.FixtureRequest) -> None:
    if not request.config.stash[WHOLE]:
        pytest.skip("only part of the tests is here")
    named = request.config.stash[NAMED]
    missing = {
        fact.name
        for fact in known().values()
        if fact.kind not in BULK and not fact.why_not and fact.name not in named
    }
    assert not missing, "no test is marked with these, and no why_not says why"


def test_a_fact_without_test_and_reason_is_a_problem() -> None:
    facts = {"limit:page": _fact("limit:page"), "limit:links": _fact("limit:links")}
    (line,) = problems(facts, {"limit:page"})
    assert line.startswith("limit:links: no passing test")


def test_a_reason_without_a_test_is_no_problem_and_is_printed() -> None:
    facts = {"limit:page": _fact("limit:page", "nobody knows")}
    assert problems(facts, set()) == []
    assert "limit:page: nobody knows" in table(facts, set())


def test_an_excuse_for_what_is_proved_and_an_unknown_name_are_problems() -> None:
    facts = {"limit:page": _fact("limit:page", "nobody knows")}
    unknown, excused = problems(facts, {"limit:page", "limit:pages"})
    assert unknown.startswith("limit:pages: no such fact")
    assert excused.startswith("limit:page: has a passing test")


def test_the_table_counts_by_kind() -> None:
    facts = {name: _fact(name) for name in ("limit:page", "limit:links", "alias:x")}
    lines = [line.split() for line in table(facts, {"limit:page"}).splitlines()]
    assert ["limit", "2", "1", "1"] in lines
    assert ["alias", "1", "0", "1"] in lines
    assert ["all", "3", "1", "2"] in lines


def test_the_table_ends_with_what_is_wrong_and_stays_readable() -> None:
    facts = {name: _fact(name) for name in (f"column:t.c{place}" for place in range(150))}
    lines = table(facts, set()).splitlines()
    assert sum(line.startswith("WRONG column:t.c") for line in lines) == 100
    assert lines[-1] == "... and 50 more"
