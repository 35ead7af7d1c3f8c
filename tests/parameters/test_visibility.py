"""Fields that show only with certain values of others: nothing of them counts while they are hidden."""

from datetime import UTC, datetime
from typing import Any

import pytest

from reportbuilder.errors import Invalid
from reportbuilder.parameters import Definition, build_form
from reportbuilder.parameters.visibility import read_conditions

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MODE = Definition("mode", "enum_select", rules={"options": ["all", "some", 2]}, default="all", required=True)
LIMIT = Definition("limit", "number", default=10, required=True, ui={"visible_if": {"mode": ["some", 2]}})
DEEP = Definition("deep", "string", ui={"visible_if": {"limit": 5}})
NEEDED = Definition("needed", "number", required=True, ui={"visible_if": {"mode": "some"}})


@pytest.mark.parametrize(
    ("values", "hidden"),
    [
        ({}, {"limit", "deep"}),
        ({"mode": "all", "limit": 5}, {"limit", "deep"}),
        ({"mode": "some"}, {"deep"}),
        ({"mode": "some", "limit": "5"}, set()),
        ({"mode": 2, "limit": 6}, {"deep"}),
        ({"mode": "none of these"}, {"deep"}),
        ({"mode": "some", "limit": "many"}, set()),
    ],
)
def test_fields_hide_by_the_values_of_others(values: dict[str, Any], hidden: set[str]) -> None:
    assert build_form([MODE, LIMIT, DEEP], as_of=NOON).hidden(values) == hidden


def test_what_is_hidden_is_neither_checked_nor_kept() -> None:
    form = build_form([MODE, LIMIT], as_of=NOON)
    assert form.load({"mode": "all", "limit": "many"}) == {"mode": "all"}
    with pytest.raises(Invalid, match="limit"):
        form.load({"mode": "some", "limit": "many"})


def test_a_field_that_cannot_run_empty_never_hides() -> None:
    form = build_form([MODE, NEEDED], as_of=NOON)
    assert form.hidden({"mode": "all"}) == set()
    with pytest.raises(Invalid, match="needed"):
        form.load({"mode": "all"})


def test_fields_that_look_at_each_other_or_at_none_show() -> None:
    one = Definition("one", "boolean", ui={"visible_if": {"two": True}})
    two = Definition("two", "boolean", ui={"visible_if": {"one": True}})
    lost = Definition("lost", "string", ui={"visible_if": {"gone": 1, "lost": 2}})
    odd = Definition("odd", "string", ui={"visible_if": ["mode"]})
    form = build_form([one, two, lost, odd], as_of=NOON)
    assert form.hidden({"one": True, "two": True}) == set()
    assert read_conditions(form.definitions, form.ui()).keys() == {"one", "two"}


def test_a_form_that_is_filled_in_part_misses_nothing() -> None:
    form = build_form([MODE, NEEDED, Definition("asins", "asin_list", required=True)], as_of=NOON)
    assert form.load({"mode": "some", "asins": " "}, partial=True) == {"mode": "some"}
    with pytest.raises(Invalid, match="not an ASIN"):
        form.load({"asins": "x"}, partial=True)
