"""SQL in marked pieces, and thumbnails: whatever they are made of, nothing is lost and nothing breaks."""

import re

from hypothesis import given
from hypothesis import strategies as st

from admin.sqlmarks import Mark, cut, marked
from admin.thumbnails import HEIGHT, WIDTH, WORDS, draw
from reportbuilder.catalog.abouts import Widget, about_of
from reportbuilder.catalog.judging import judge
from reportbuilder.catalog.library import read_library
from reportbuilder.catalog.samples import Sample

TEXT = st.text(st.sampled_from("ab '\"{}\n\r-/*,()"), max_size=60)
MARKS = st.lists(st.builds(Mark, st.integers(0, 60), st.integers(0, 60), st.sampled_from("xy"), st.just("")))
VALUES = st.one_of(st.none(), st.text(max_size=4), st.floats(), st.integers())


@given(TEXT, MARKS)
def test_no_character_is_lost_by_marking(sql: str, marks: list[Mark]) -> None:
    lines = ["".join(piece.text for piece in line) for line in cut(sql, marks)]
    expected = re.split(r"\r\n|\r|\n", sql)
    assert lines == (expected[:-1] if len(expected) > 1 and not expected[-1] else expected)


@given(TEXT, MARKS)
def test_a_character_is_marked_exactly_where_a_mark_lies_over_it(sql: str, marks: list[Mark]) -> None:
    found = [(char, piece.kinds) for line in cut(sql, marks) for piece in line for char in piece.text]
    expected = [
        (char, {mark.kind for mark in marks if mark.start <= at < mark.end})
        for at, char in enumerate(sql)
        if char not in "\r\n"
    ]
    assert [(char, set(kinds)) for char, kinds in found] == expected


@given(TEXT)
def test_any_text_can_be_judged_and_marked(sql: str) -> None:
    assert marked(sql, {}, judge(sql)) is not None


def test_findings_are_marked_at_their_words() -> None:
    sql = "SELECT *\nFROM dsp_impressons\n"
    marks = {piece.text: piece.kinds for line in marked(sql, {}, judge(sql)) for piece in line if piece.kinds}
    assert marks == {"*": ("finding-error",), "dsp_impressons": ("finding-error",)}


@given(
    st.sampled_from([*WORDS, "nothing"]),
    st.integers(1, 9),
    st.booleans(),
    st.lists(st.tuples(VALUES, VALUES), max_size=8),
)
def test_a_thumbnail_stays_in_its_frame(
    kind: str, series: int, lies: bool, rows: list[tuple[object, object]]
) -> None:
    widget = Widget(kind, "Title", series, ("a", "b", "c"), is_horizontal=lies)
    picture = draw(widget, Sample(("a", "b"), tuple(rows)))
    assert picture.shapes
    for shape in picture.shapes:
        x, y = float(shape.attributes.get("x", 0)), float(shape.attributes.get("y", 0))
        assert 0 <= x <= x + float(shape.attributes.get("width", 0)) <= WIDTH
        assert -0.05 <= y <= y + float(shape.attributes.get("height", 0)) <= HEIGHT + 0.1
        for point in shape.attributes.get("points", "").split():
            across, down = map(float, point.split(","))
            assert 0 <= across <= WIDTH
            assert 0 <= down <= HEIGHT


def test_every_shipped_template_has_a_picture_of_its_first_chart() -> None:
    for shipped in read_library():
        about = about_of(shipped.draft.report_config)
        assert about.picture is not None, shipped.key
        assert draw(about.picture).label.endswith(about.picture.title), shipped.key
        assert about.typical_minutes, shipped.key


@given(
    st.recursive(
        st.none() | st.text() | st.integers() | st.booleans(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["about", "widgets", "columns", "question", "type", "y_field", "name", "sample"]
                ),
                inner,
            )
        ),
    )
)
def test_any_report_config_can_be_read(config: object) -> None:
    about = about_of(config)
    assert draw(about.picture).shapes
