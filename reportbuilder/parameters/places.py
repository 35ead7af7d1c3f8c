"""Where in the SQL a placeholder stands, decided from the tokens around it."""

import re
from enum import Enum

from reportbuilder.parameters.tokens import STRINGS, Kinds, Layout


class Place(Enum):
    """The places; each says what a value may be there, and how it is written."""

    EXPRESSION = "an expression"  # a literal: = {{x}}
    QUOTED = "a quoted string"  # text without quotes of its own: '%{{x}}%'
    LIST = "a list without brackets"  # ('a','b'): IN {{xs}}
    ITEMS = "a list in brackets"  # 'a','b': IN ({{xs}}), ANY({{xs}})
    ROWS = "rows without brackets"  # ('a'), ('b'): VALUES {{xs}}
    ROW_ITEMS = "a row of VALUES"  # 'a'), ('b': VALUES ({{xs}})
    LIKE = "a pattern"  # '%a%': LIKE {{x}}
    COUNT = "a whole number"  # LIMIT {{n}}, INTERVAL {{n}} DAY
    QUOTED_COUNT = "a whole number in quotes"  # INTERVAL '{{n}}' DAY
    NAME = "a name"  # part of an identifier, a table, an alias
    COMMENT = "a comment"  # never gets a value, only the parameter's name

    @property
    def is_quoted(self) -> bool:
        """Whether the value becomes a part of a string that the template opened."""
        return self in (Place.QUOTED, Place.QUOTED_COUNT)

    @property
    def is_bare(self) -> bool:
        """Whether the value becomes tokens of its own."""
        return not (self.is_quoted or self in (Place.NAME, Place.COMMENT))


class Misplaced(ValueError):
    """A placeholder stands where no value is safe; the message says why, and the way out."""


_LIKES = (Kinds.LIKE, Kinds.ILIKE)
_WRAPPERS = ("LOWER", "UPPER", "TRIM")
_BUILDERS = ("CONCAT", "REPLACE")
_LIST_FUNCTIONS = ("CONTAINED_IN", "ARRAY")
_QUANTIFIERS = (Kinds.IN, Kinds.ANY, Kinds.SOME, Kinds.ALL)
_CLAUSE_KINDS = (Kinds.GROUP_BY, Kinds.ORDER_BY)


def place_of(layout: Layout, index: int, start: int, end: int) -> Place:
    """Return the place of the stand-in for a placeholder, ``sql[start:end]``, in the token at ``index``.

    :raises Misplaced: where no value could be written safely.
    """
    kind, token = layout.kind(index), layout.tokens[index]
    if kind in STRINGS:
        return _place_in_string(layout, index)
    if kind is Kinds.IDENTIFIER:
        return Place.NAME
    _refuse_touching(layout, index)
    if (token.start, token.end + 1) != (start, end) or _is_name(layout, index):
        return Place.NAME
    return _place_by_left(layout, index)


def _place_in_string(layout: Layout, index: int) -> Place:
    before = layout.kind(index - 1)
    if layout.touches(index) and before in (Kinds.VAR, Kinds.AMP):
        raise Misplaced(
            f"a string with the prefix {layout.raw(index - 1)} has rules of its own; drop the prefix"
        )
    _refuse_charset(layout, index)
    sign = before in (Kinds.DASH, Kinds.PLUS)
    return Place.QUOTED_COUNT if layout.kind(index - 1 - sign) is Kinds.INTERVAL else Place.QUOTED


def _refuse_touching(layout: Layout, index: int) -> None:
    """Refuse a bare word that a neighbour could become one token with, once the value stands there."""
    token = layout.tokens[index]
    before, after = layout.sql[token.start - 1 : token.start], layout.sql[token.end + 1 : token.end + 2]
    for char in (before, after):
        if char and (char in "'\"`$#@\\{}" or char.isalnum()):
            raise Misplaced(f"it touches {char}; put a space or an operator between them")
    if layout.touches(index) and layout.kind(index - 1) is Kinds.NUMBER:
        raise Misplaced(f"it touches {layout.raw(index - 1)}; put a space or an operator between them")
    if layout.kind(index - 1) is Kinds.PARAMETER:
        raise Misplaced("it follows @, which some engines read as a part of it; drop the @")
    _refuse_charset(layout, index)
    if before and before in "&?":
        raise Misplaced(f"it touches {before}, which may change how it is read; put a space between them")


_CHARSET = re.compile(r"(?<![\w$])_[A-Za-z0-9:._-]*[:.-]")


def _refuse_charset(layout: Layout, index: int) -> None:
    """Refuse ``_a-'x'``: to AMC's lexer ``_a-`` may be the character set of the text."""
    start = layout.tokens[index].start
    if layout.sql[start - 1 : start] in (":", ".", "-") and layout.kind(index - 1) is not Kinds.DOT:
        before = re.split(r"[^\w$:.-]", layout.sql[max(0, start - 100) : start])[-1]
        if _CHARSET.search(before):
            raise Misplaced(f"it touches {before}, which may be read as a character set; put a space between")


def _is_name(layout: Layout, index: int) -> bool:
    """Say whether a name must stand here: of a column, table, type, function or alias."""
    before, after = layout.kind(index - 1), layout.kind(index + 1)
    if before in (Kinds.DOT, Kinds.DCOLON, Kinds.ALIAS, *_CLAUSE_KINDS) or after in (
        Kinds.DOT,
        Kinds.L_PAREN,
    ):
        return True
    clause = layout.clause[index].split()[:1]  # GROUP BY is one word of the lexer, with any blanks between
    return (before in (Kinds.FROM, Kinds.JOIN) and clause in (["FROM"], ["JOIN"])) or (
        before is Kinds.COMMA and clause in (["FROM"], ["JOIN"], ["GROUP"], ["ORDER"])
    )


def follows_like(layout: Layout, index: int) -> bool:
    """Say whether a token is the pattern of a LIKE, or a part of it inside of LOWER, CONCAT or the like."""
    while layout.kind(index - 1) not in _LIKES:
        opener = layout.opener[index]
        if opener < 0:
            return False
        index = opener - 1 if layout.word(opener - 1) in (*_WRAPPERS, *_BUILDERS) else opener
    return True


def _is_pattern(layout: Layout, index: int) -> bool:
    """Say whether a bare placeholder is a whole pattern: after LIKE, or alone in LOWER( ) after it."""
    opener = layout.opener[index]
    wrapped = opener == index - 1 >= 0 and layout.closer.get(opener) == index + 1
    wrapped = wrapped and layout.word(opener - 1) in (*_WRAPPERS, "LIKE", "ILIKE")
    return follows_like(layout, index) and (layout.kind(index - 1) in _LIKES or wrapped)


def _place_by_left(layout: Layout, index: int) -> Place:
    before = layout.kind(index - 1)
    if _is_pattern(layout, index):
        return Place.LIKE
    if before is Kinds.IN:
        return Place.LIST
    if before is Kinds.VALUES:
        return Place.ROWS
    if before in (Kinds.LIMIT, Kinds.OFFSET) or (
        before in (Kinds.FIRST, Kinds.NEXT) and layout.kind(index - 2) is Kinds.FETCH
    ):
        return Place.COUNT
    sign = before in (Kinds.DASH, Kinds.PLUS)
    if layout.kind(index - 1 - sign) is Kinds.INTERVAL:
        return Place.COUNT
    return _place_in_brackets(layout, index)


def _place_in_brackets(layout: Layout, index: int) -> Place:
    opener = layout.opener[index]
    alone = layout.kind(index - 1) in (Kinds.L_PAREN, Kinds.L_BRACKET, Kinds.COMMA) and layout.kind(
        index + 1
    ) in (
        Kinds.R_PAREN,
        Kinds.R_BRACKET,
        Kinds.COMMA,
    )
    if opener < 0 or not alone or layout.word(opener + 1) in ("SELECT", "WITH"):
        return Place.EXPRESSION
    if layout.in_rows[opener]:
        only = layout.kind(index - 1) is Kinds.L_PAREN and layout.kind(index + 1) is Kinds.R_PAREN
        return Place.ROW_ITEMS if only else Place.EXPRESSION
    listed = layout.kind(opener - 1) in _QUANTIFIERS or layout.word(opener - 1) in _LIST_FUNCTIONS
    return Place.ITEMS if listed else Place.EXPRESSION


_MIDNIGHT = re.compile(r"(?:[T ]00:00(?::00(?:\.0+)?)?)?'")
_CASTS = ("CAST", "DATE", "TIMESTAMP", "TO_DATE", "TRY_CAST")
_STARTS = (Kinds.LT, Kinds.L_PAREN, Kinds.AND, Kinds.OR, Kinds.NOT, Kinds.WHERE, Kinds.HAVING, Kinds.ON)


def is_open_end(layout: Layout, index: int, end: int) -> bool:
    """Say whether something is compared to be *less than* this placeholder, so that its day is left out.

    True for ``dt < {{x}}``, ``dt < CAST('{{x}}' AS DATE)``, ``dt < DATE '{{x}} 00:00:00'`` and their mirrors
    (``{{x}} > dt``); not where something is added to it, nor for ``'{{x}} 23:59:59'``.
    """
    if layout.kind(index) in STRINGS and not _MIDNIGHT.fullmatch(
        layout.sql[end : layout.tokens[index].end + 1]
    ):
        return False
    first, last = _day_around(layout, index)
    sums = (Kinds.PLUS, Kinds.DASH)
    return (layout.kind(first - 1) is Kinds.LT and layout.kind(last + 1) not in sums) or (
        layout.kind(last + 1) is Kinds.GT and layout.kind(first - 1) not in sums
    )


def _day_around(layout: Layout, index: int) -> tuple[int, int]:
    """Return the first and the last token of what is still the same day: casts of it, and brackets."""
    first = last = index
    while True:
        first -= layout.kind(first - 1) in (Kinds.DATE, Kinds.TIMESTAMP)
        while layout.kind(last + 1) is Kinds.DCOLON:
            last += 2
        opener = layout.opener[index]
        closer = layout.closer.get(opener, -1)
        if opener < 0 or closer < 0 or opener + 1 != first:
            return first, last
        if layout.word(opener - 1) in _CASTS and layout.kind(last + 1) in (
            Kinds.ALIAS,
            Kinds.COMMA,
            Kinds.R_PAREN,
        ):
            first, last = opener - 1, closer
        elif closer == last + 1 and layout.kind(opener - 1) in _STARTS:
            first, last = opener, closer
        else:
            return first, last
        index = opener
