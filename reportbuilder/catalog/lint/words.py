"""What AMC refuses although it is SQL, as far as single words tell it: no tree is needed for these rules."""

from collections.abc import Callable, Iterator
from typing import Final

from reportbuilder.catalog.lint.findings import Fault
from reportbuilder.catalog.outlines import Outline
from reportbuilder.parameters.tokens import CLOSERS, OPENERS, STRINGS, Kinds

Find = Callable[[Outline], Iterator[int]]  # gives the indexes of the words that break a rule


def find_words(outline: Outline) -> Iterator[Fault]:
    """Yield every fault that words tell."""
    for code, find in _FINDS:
        for index in find(outline):
            if index < len(outline.tokens):
                token = outline.tokens[index]
                yield Fault(code, (token.start, token.end + 1))
            else:
                yield Fault(code, (0, 0))


def _token(*kinds: Kinds) -> Find:
    """Find every token of these kinds."""

    def find(outline: Outline) -> Iterator[int]:
        for index, token in enumerate(outline.tokens):
            if token.token_type in kinds:
                yield index

    return find


def _getdate(outline: Outline) -> Iterator[int]:
    layout = outline.layout
    for index in range(len(outline.tokens)):
        if layout.word(index) == "GETDATE" and layout.kind(index + 1) is Kinds.L_PAREN:
            yield index


_AMOUNTS = (Kinds.NUMBER, Kinds.VAR, Kinds.ALL, Kinds.L_PAREN, Kinds.PARAMETER, Kinds.PLACEHOLDER)
_ENDS = (Kinds.VAR, Kinds.IDENTIFIER, Kinds.NUMBER, Kinds.R_PAREN, *STRINGS)


def _limits(outline: Outline) -> Iterator[int]:
    # a column may have such a name; then no number and no placeholder follows, or a dot stands before
    layout = outline.layout
    for index, token in enumerate(outline.tokens):
        before, follows = layout.kind(index - 1), layout.kind(index + 1)
        if token.token_type in (Kinds.LIMIT, Kinds.OFFSET) and before is not Kinds.DOT:
            signed = follows in (Kinds.DASH, Kinds.PLUS) and before in _ENDS
            if follows in _AMOUNTS or signed:
                yield index
        elif (token.token_type is Kinds.FETCH and follows in (Kinds.FIRST, Kinds.NEXT)) or _is_top(
            outline, index
        ):
            yield index


def _is_top(outline: Outline, index: int) -> bool:
    layout = outline.layout
    amount = layout.kind(index + 1) in (Kinds.NUMBER, Kinds.VAR, Kinds.L_PAREN)
    return amount and layout.word(index) == "TOP" and layout.word(index - 1) in ("SELECT", "DISTINCT", "ALL")


def _orders(outline: Outline) -> Iterator[int]:
    layout = outline.layout
    for index, token in enumerate(outline.tokens):
        parted = layout.word(index) == "ORDER" and layout.word(index + 1) == "BY"  # by a comment
        if (parted or token.token_type is Kinds.ORDER_BY) and not outline.is_in_window(index):
            yield index


def _right_joins(outline: Outline) -> Iterator[int]:
    layout = outline.layout
    for index in range(len(outline.tokens)):
        if layout.word(index) == "RIGHT" and layout.word(index + 1) in ("JOIN", "OUTER"):
            yield index


_BEFORE_STAR = ("SELECT", "DISTINCT", "ALL", ",", ".")


def _stars(outline: Outline) -> Iterator[int]:
    layout = outline.layout
    for index, token in enumerate(outline.tokens):
        if token.token_type is not Kinds.STAR or layout.word(index - 1) not in _BEFORE_STAR:
            continue
        if outline.clause[index] == "SELECT" and outline.gives_output[layout.opener[index]]:
            yield index


def _starts(outline: Outline) -> Iterator[int]:
    layout = outline.layout
    first = next((i for i in range(len(layout.tokens)) if layout.kind(i) is not Kinds.L_PAREN), None)
    if first is None or layout.word(first) not in ("SELECT", "WITH"):
        yield len(layout.tokens) if first is None else first


def _seconds(outline: Outline) -> Iterator[int]:
    for index, token in enumerate(outline.tokens[:-1]):
        if token.token_type is Kinds.SEMICOLON:
            yield index + 1


def _brackets(outline: Outline) -> Iterator[int]:
    closer = outline.layout.closer
    paired = {*closer, *closer.values()}
    for index, token in enumerate(outline.tokens):
        if token.token_type in (*OPENERS, *CLOSERS) and index not in paired:
            yield index


_NO_MARKS = (Kinds.L_BRACE, Kinds.PARAMETER, Kinds.PLACEHOLDER)
_NOTHING_BEFORE = (Kinds.FROM, Kinds.R_PAREN, Kinds.R_BRACKET, Kinds.WHERE, Kinds.GROUP_BY, Kinds.HAVING)


def find_foreign(outline: Outline) -> Iterator[Fault]:
    """Yield what parsers of other dialects let through: foreign marks for parameters, commas too many."""
    layout = outline.layout
    for index, token in enumerate(outline.tokens):
        is_name = token.token_type is Kinds.VAR and layout.raw(index) == "$"
        before = layout.kind(index - 1) if index else None
        is_colon = token.token_type is Kinds.COLON and before in _BEFORE_MARK
        if token.token_type in _NO_MARKS or is_colon or is_name:
            if layout.raw(index - 1) != "$":
                reason = "a placeholder is written {{name}}, and nothing else is"
                yield Fault("syntax", (token.start, token.end + 1), {"reason": reason})
        elif token.token_type is Kinds.COMMA and layout.kind(index + 1) in _NOTHING_BEFORE:
            yield Fault("syntax", (token.start, token.end + 1), {"reason": "nothing follows this comma"})


_BEFORE_MARK = (
    None, Kinds.EQ, Kinds.NEQ, Kinds.GT, Kinds.GTE, Kinds.LT, Kinds.LTE, Kinds.LIKE, Kinds.L_PAREN,
    Kinds.COMMA, Kinds.BETWEEN, Kinds.AND, Kinds.OR, Kinds.NOT, Kinds.PLUS, Kinds.DASH, Kinds.STAR,
    Kinds.SLASH, Kinds.IN, Kinds.SELECT, Kinds.WHERE, Kinds.WHEN, Kinds.THEN, Kinds.ELSE, Kinds.FROM,
    Kinds.JOIN,
)  # fmt: skip


_FINDS: Final[tuple[tuple[str, Find], ...]] = (
    ("query-only", _starts),
    ("one-query", _seconds),
    ("brackets", _brackets),
    ("order-by", _orders),
    ("limit", _limits),
    ("select-star", _stars),
    ("right-join", _right_joins),
    ("double-pipe", _token(Kinds.DPIPE)),
    ("getdate", _getdate),
    ("double-colon", _token(Kinds.DCOLON)),
    ("qualify", _token(Kinds.QUALIFY)),
    ("interval", _token(Kinds.INTERVAL)),
)
