"""From a value to a literal: the only place that writes quotes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from reportbuilder.parameters.messages import fill
from reportbuilder.parameters.tokens import Kinds
from reportbuilder.parameters.values import Refused, Scalar, is_text

SEPARATOR = ","
ROW_SEPARATOR = ", "


@dataclass(frozen=True, slots=True)
class Literal:
    """SQL text, and the tokens that it must consist of."""

    text: str
    shape: tuple[Kinds, ...]


NULL = Literal("NULL", (Kinds.NULL,))
TRUE = Literal("TRUE", (Kinds.TRUE,))
FALSE = Literal("FALSE", (Kinds.FALSE,))


def escape(text: str) -> str:
    """Return the text as it stands inside a quoted string: each quote doubled, all else as it is.

    :raises Refused: for NUL and lone surrogates, which no SQL text can hold.
    """
    if not is_text(text):
        raise Refused(
            fill("{value} has a character that SQL cannot hold (NUL, lone surrogate); remove it", text)
        )
    return text.replace("'", "''")


def write_text(text: str) -> Literal:
    """Return a string literal."""
    return Literal(f"'{escape(text)}'", (Kinds.STRING,))


def write_digits(number: int | Decimal) -> str:
    """Return a number as digits, never with an exponent.

    :raises Refused: for NaN and infinity.
    """
    if isinstance(number, int):
        return str(int(number))
    if not number.is_finite():
        raise Refused(f"{number} is not a number that SQL can hold; give digits")
    return format(number, "f")


def write_number(number: int | Decimal) -> Literal:
    """Return a number literal; a negative one stands in brackets, so that no ``--`` can arise."""
    digits = write_digits(number)
    if digits.startswith("-"):
        return Literal(f"({digits})", (Kinds.L_PAREN, Kinds.DASH, Kinds.NUMBER, Kinds.R_PAREN))
    return Literal(digits, (Kinds.NUMBER,))


def write_scalar(value: Scalar) -> Literal:
    """Return the literal of one value; a date becomes a quoted ``YYYY-MM-DD``."""
    if isinstance(value, bool):
        return TRUE if value else FALSE
    if isinstance(value, int | Decimal):
        return write_number(value)
    return write_text(plain_text(value))


def plain_text(value: Scalar) -> str:
    """Return the text of one value, as it goes into a quoted string (not yet escaped)."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | Decimal):
        return write_digits(value)
    return value.isoformat() if isinstance(value, date) else value


def join(literals: Iterable[Literal], separator: Literal) -> Literal:
    """Return the literals one after the other."""
    text: list[str] = []
    shape: list[Kinds] = []
    for number, literal in enumerate(literals):
        text += [separator.text, literal.text] if number else [literal.text]
        shape += (*separator.shape, *literal.shape) if number else literal.shape
    return Literal("".join(text), tuple(shape))


def write_items(values: Iterable[Scalar]) -> Literal:
    """Return ``'a','b'``."""
    return join(map(write_scalar, values), Literal(SEPARATOR, (Kinds.COMMA,)))


def write_row_items(values: Iterable[Scalar]) -> Literal:
    """Return ``'a'), ('b'``: rows of one column each, without the outer brackets."""
    between = Literal(f"){ROW_SEPARATOR}(", (Kinds.R_PAREN, Kinds.COMMA, Kinds.L_PAREN))
    return join(map(write_scalar, values), between)


def in_brackets(literal: Literal) -> Literal:
    """Return the literal in brackets."""
    return Literal(f"({literal.text})", (Kinds.L_PAREN, *literal.shape, Kinds.R_PAREN))


def write_pattern(text: str) -> Literal:
    """Return the pattern for LIKE: the text anywhere, unless it has a wildcard of its own."""
    return write_text(text if "%" in text else f"%{text}%")
