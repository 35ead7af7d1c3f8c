"""Functions that have a law: AMC gives what Python gives."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox.dialect.tiny import Tiny

FEW = settings(max_examples=25)
numbers = st.lists(st.one_of(st.none(), st.integers(-(10**6), 10**6)), min_size=1, max_size=5)


@pytest.mark.conforms("function:GREATEST", "function:LEAST", "semantics:greatest-null")
@FEW
@given(numbers)
def test_greatest_and_least_are_pythons_unless_anything_is_null(tiny: Tiny, values: list[int | None]) -> None:
    listed = ", ".join("CAST(NULL AS BIGINT)" if value is None else str(value) for value in values)
    known = [value for value in values if value is not None]
    wanted = ("", "") if len(known) < len(values) else (str(max(known)), str(min(known)))
    assert tiny.row(f"GREATEST({listed})", f"LEAST({listed})") == wanted


@pytest.mark.conforms("function:CHARINDEX", "function:SUBSTRING", "function:LEFT")
@FEW
@given(st.text("ab", max_size=6), st.text("ab", min_size=1, max_size=2), st.integers(1, 6))
def test_charindex_finds_what_python_finds(tiny: Tiny, whole: str, part: str, start: int) -> None:
    found, rest, first = tiny.row(
        f"CHARINDEX('{part}', '{whole}', {start})",
        f"CONCAT('<', SUBSTRING('{whole}' FROM {start}), '>')",
        f"CONCAT('<', LEFT('{whole}', {start}), '>')",
    )
    assert found == str(whole.find(part, start - 1) + 1)
    assert (rest, first) == (f"<{whole[start - 1 :]}>", f"<{whole[:start]}>")


items = st.lists(st.integers(0, 5), min_size=1, max_size=6)


@pytest.mark.conforms("function:ARRAY_UNION", "function:ARRAY_INTERSECT", "function:ARRAY_COMPLEMENT")
@FEW
@given(items, items)
def test_arrays_as_sets_keep_the_order(tiny: Tiny, first: list[int], second: list[int]) -> None:
    def shown(values: list[int]) -> str:
        return f"[{', '.join(map(str, dict.fromkeys(values)))}]"

    a, b = f"ARRAY{first}", f"ARRAY{second}"
    assert tiny.row(*(f"ARRAY_{name}({a}, {b})" for name in ("UNION", "INTERSECT", "COMPLEMENT"))) == (
        shown(first + second),
        shown([item for item in first if item in second]),
        shown([item for item in first if item not in second]),
    )


@pytest.mark.conforms("function:SIMILAR-TO", "semantics:similar-to-finds")
@FEW
@given(st.text("ab_", max_size=5), st.sampled_from(["^a", "b$", "_", "a.*b", "^ab$", "(?i)A", "a|b", "[^a]"]))
def test_similar_to_is_a_search(tiny: Tiny, whole: str, pattern: str) -> None:
    assert tiny.cell(f"'{whole}' SIMILAR TO '{pattern}'") == str(bool(re.search(pattern, whole))).lower()


@pytest.mark.conforms("function:CAST")
@FEW
@given(st.floats(-1e9, 1e9))
def test_a_cast_to_a_whole_number_cuts_off(tiny: Tiny, number: float) -> None:
    assert tiny.cell(f"CAST(CAST('{number!r}' AS DOUBLE) AS BIGINT)") == str(math.trunc(number))
