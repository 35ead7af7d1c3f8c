"""The shape check, tried with literals that break their promise."""

import pytest

from reportbuilder.errors import Invalid
from reportbuilder.parameters import (
    Place,
    ShapeBroken,
    find_placeholders,
)
from reportbuilder.parameters.literals import Literal
from reportbuilder.parameters.shapes import Edit, apply, check_shape
from reportbuilder.parameters.tokens import Kinds, Layout


@pytest.mark.parametrize(
    ("template", "literal", "place"),
    [
        ("SELECT {{x}}, 1", Literal("'a' OR 1=1", (Kinds.STRING,)), Place.EXPRESSION),
        ("SELECT {{x}}, 1", Literal("'a", (Kinds.STRING,)), Place.EXPRESSION),
        ("SELECT {{x}}\n, 1", Literal("1 -- ", (Kinds.NUMBER,)), Place.EXPRESSION),
        ("SELECT {{x}}, 1", Literal("1 /* */", (Kinds.NUMBER,)), Place.EXPRESSION),
        ("SELECT {{x}}, 1", Literal("1  ", (Kinds.NUMBER,)), Place.EXPRESSION),
        ("SELECT {{x}}, 1", Literal("", ()), Place.EXPRESSION),
        ("SELECT '{{x}}', 1", Literal("a' OR 'b", ()), Place.QUOTED),
        ("SELECT '{{x}}', 1", Literal("'", ()), Place.QUOTED),
        ("SELECT '{{x}}', 'b'", Literal("' --", ()), Place.QUOTED),
        ("SELECT a_{{x}}, 1", Literal("b, c", ()), Place.NAME),
        ("SELECT a FROM {{x}}", Literal("(SELECT 1)", ()), Place.NAME),
        ("SELECT 1 -- {{x}}\n", Literal("a\n, 2", ()), Place.COMMENT),
        ("SELECT 1 /* {{x}} */", Literal("*/ , 2 /*", ()), Place.COMMENT),
        ("SELECT a WHERE {{x}} AND b", Literal("TRUE OR TRUE", (Kinds.TRUE,)), None),
    ],
)
def test_the_shape_check_sees_every_escape(template: str, literal: Literal, place: Place | None) -> None:
    (found,) = find_placeholders(template)
    edits = [Edit(found.start, found.end, literal, place)]
    sql, spans = apply(template, edits)
    stand_in = template[: found.start] + "q" * (found.end - found.start) + template[found.end :]
    with pytest.raises((ShapeBroken, Invalid)):
        check_shape(Layout(stand_in), edits, sql, spans)


def test_a_broken_shape_is_our_fault_and_no_answer_to_a_caller() -> None:
    assert not issubclass(ShapeBroken, Invalid)
