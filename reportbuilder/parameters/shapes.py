"""The check after rendering: the SQL must have the template's tokens, but for the literals."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, takewhile

from sqlglot.tokenizer_core import Token

from reportbuilder.parameters.literals import Literal
from reportbuilder.parameters.places import Place
from reportbuilder.parameters.tokens import STRINGS, Kinds, Layout


class ShapeBroken(RuntimeError):
    """Rendering changed more than the literals: a fault of ours, never of the caller; nothing may be sent."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One piece of the template, ``[start, end)``, and the text that takes its place."""

    start: int
    end: int
    literal: Literal
    place: Place | None  # None: a whole condition, replaced by TRUE


def apply(sql: str, edits: Sequence[Edit]) -> tuple[str, list[tuple[int, int]]]:
    """Return the text with all edits made, in one pass, and where each piece then stands."""
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    at = length = 0
    for edit in edits:
        kept = sql[at : edit.start]
        pieces += [kept, edit.literal.text]
        spans.append((length + len(kept), length + len(kept) + len(edit.literal.text)))
        length, at = spans[-1][1], edit.end
    return "".join([*pieces, sql[at:]]), spans


def check_shape(template: Layout, edits: Sequence[Edit], sql: str, spans: Sequence[tuple[int, int]]) -> None:
    """Compare the tokens of the rendered SQL with those of the template.

    Outside of the edits both must have the same tokens. A bare edit must be exactly the tokens that its
    literal announces; one inside a string or a name must leave it one token; one in a comment none.

    :raises ShapeBroken: at the first difference.
    """
    rendered = Layout(sql)
    kept = _outside(template, [(edit.start, edit.end) for edit in edits])
    if kept != _outside(rendered, spans):
        raise ShapeBroken("the tokens around the values changed")
    cursor = 0
    for edit, (start, end) in zip(edits, spans, strict=True):
        while cursor < len(rendered.tokens) and rendered.tokens[cursor].end < start:
            cursor += 1
        _check_edit(rendered, cursor, edit, start, end)


def _outside(layout: Layout, spans: Sequence[tuple[int, int]]) -> list[tuple[Kinds, str]]:
    """Return kind and text of the tokens that lie in no span."""
    kept, number = [], 0
    for index, token in enumerate(layout.tokens):
        while number < len(spans) and spans[number][1] <= token.start:
            number += 1
        if number == len(spans) or token.end < spans[number][0]:
            kept.append((token.token_type, layout.raw(index)))
    return kept


def _check_edit(rendered: Layout, cursor: int, edit: Edit, start: int, end: int) -> None:
    tokens = islice(rendered.tokens, cursor, None)
    inside = list(takewhile(lambda token: token.start < end, tokens))
    kinds = tuple(token.token_type for token in inside)
    if edit.place is Place.COMMENT:
        fits = not inside
    elif edit.place is not None and (edit.place.is_quoted or edit.place is Place.NAME):
        allowed = STRINGS if edit.place.is_quoted else (Kinds.VAR, Kinds.IDENTIFIER)
        fits = len(inside) == 1 and kinds[0] in allowed
        fits = fits and _is_within(
            inside[0].start, inside[0].end, start, end, quoted=kinds[0] is not Kinds.VAR
        )
    else:
        fits = bool(inside) and kinds == edit.literal.shape
        fits = fits and (inside[0].start, inside[-1].end + 1) == (start, end)
        fits = fits and all(_gap(rendered, left, right) in ("", " ") for left, right in pairwise(inside))
    if not fits:
        raise ShapeBroken(f"the value at offset {edit.start} of the template became {len(inside)} tokens")


def _is_within(first: int, last: int, start: int, end: int, *, quoted: bool) -> bool:
    return first < start and end <= last if quoted else first <= start and end - 1 <= last


def _gap(rendered: Layout, left: Token, right: Token) -> str:
    return rendered.sql[left.end + 1 : right.start]
