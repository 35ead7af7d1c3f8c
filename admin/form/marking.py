"""SQL with the values in it marked: pieces whose texts, one after the other, are the SQL to the letter."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reportbuilder.parameters.rendering import Substitution


@dataclass(frozen=True)
class Piece:
    """A stretch of SQL. ``name``: the parameter that it is the value of; empty for the template's own text.

    ``is_off``: a condition that is switched off, since the parameter has no value.
    """

    text: str
    name: str = ""
    is_off: bool = False


def mark(sql: str, places: Sequence[Substitution]) -> list[Piece]:
    """Return the SQL in pieces, the values apart from what is around them."""
    pieces: list[Piece] = []
    at = 0
    for place in sorted(places, key=lambda place: place.start):
        pieces.append(Piece(sql[at : place.start]))
        pieces.append(Piece(sql[place.start : place.end], place.name, place.place is None))
        at = place.end
    return _shown([*pieces, Piece(sql[at:])])


def _shown(pieces: Iterable[Piece]) -> list[Piece]:
    return [piece for piece in pieces if piece.text]
