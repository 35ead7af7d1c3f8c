"""SQL in numbered lines: nothing is lost, and what AMC means is marked."""

from hypothesis import given
from hypothesis import strategies as st

from admin.sql_words import COLOURED_MOST, lines_of
from reportbuilder.executions.advice import Spot

texts = st.text(st.sampled_from("SELECT from'\"-/*\n\r ,.x1é"), max_size=80)
numbers = st.integers(1, 12)
spots = st.none() | st.builds(Spot, numbers, st.none() | numbers, st.none() | numbers, st.none() | numbers)


@given(texts, spots)
def test_nothing_is_lost_but_line_ends(sql: str, spot: Spot | None) -> None:
    lines = lines_of(sql, spot)
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    shown = "\n".join("".join(piece.text for piece in line.pieces) for line in lines)
    assert shown == sql.replace("\r\n", "\n").replace("\r", "\n")


@given(texts, numbers, numbers, st.integers(0, 5))
def test_a_place_on_one_line_is_marked_there_alone(sql: str, line: int, column: int, more: int) -> None:
    found = lines_of(sql, Spot(line, column, line, column + more))
    plain = sql.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    wanted = plain[line - 1][column - 1 : column + more] if line <= len(plain) else ""
    meant = "".join(piece.text for each in found for piece in each.pieces if piece.is_meant)
    assert meant == wanted
    assert [each.number for each in found if each.is_meant] == [line] * (line <= len(plain))


def test_words_in_texts_and_comments_are_none() -> None:
    pieces = [piece for line in lines_of("SELECT 'FROM' -- WHERE\n, t.from") for piece in line.pieces]
    assert [piece.text for piece in pieces if piece.kind == "word"] == ["SELECT"]


def test_long_sql_is_not_coloured() -> None:
    sql = "SELECT " + "1," * COLOURED_MOST
    assert [piece.kind for piece in lines_of(sql)[0].pieces] == [""]
