"""Lines side by side: every line is there once, in its order, and only what differs is said to differ."""

from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.catalog.differences import pair_lines, texts_of

LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=12).map("\n".join)


@given(LINES, LINES)
def test_both_texts_are_read_off_their_sides(before: str, after: str) -> None:
    pairs = pair_lines(before, after, around=100)
    if before.splitlines() == after.splitlines():
        assert pairs == ()
        return
    assert [pair.left for pair in pairs if pair.left is not None] == before.splitlines()
    assert [pair.right for pair in pairs if pair.right is not None] == after.splitlines()
    for pair in pairs:
        assert (pair.kind == "same") == (pair.left == pair.right)
        assert (pair.kind == "added") == (pair.left is None)
        assert (pair.kind == "removed") == (pair.right is None)


@given(LINES, LINES)
def test_numbers_are_those_of_the_lines(before: str, after: str) -> None:
    for pair in pair_lines(before, after, around=0):
        if pair.left_number is not None:
            assert before.splitlines()[pair.left_number - 1] == pair.left
        if pair.right_number is not None:
            assert after.splitlines()[pair.right_number - 1] == pair.right


def test_what_lies_between_is_left_out() -> None:
    before = "\n".join(map(str, range(40)))
    kinds = [pair.kind for pair in pair_lines(before, before.replace("20", "x"), around=1)]
    assert kinds == ["gap", "same", "changed", "same"]


def test_configuration_is_compared_by_its_lines() -> None:
    texts = texts_of({"sql_template": "SELECT 1", "report_config": {"b": 1, "a": "ü"}, "ui_schema": {}})
    assert texts["report_config"] == '{\n  "a": "ü",\n  "b": 1\n}'
    assert texts["ui_schema"] == texts["parameter_definitions"] == ""
