"""SQL as tokens, by the lexical rules of AMC: the ground on which places and shapes are decided."""

from functools import cached_property
from typing import ClassVar

from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType
from sqlglot.tokens import Tokenizer

from reportbuilder.errors import Invalid

Kinds = TokenType
STRINGS = (TokenType.STRING, TokenType.NATIONAL_STRING)
OPENERS = (TokenType.L_PAREN, TokenType.L_BRACKET)
CLOSERS = (TokenType.R_PAREN, TokenType.R_BRACKET)


_SETS = ("UNION", "INTERSECT", "EXCEPT")
_FILTERS = ("ON", "USING", "WHERE", "HAVING", "WINDOW", "QUALIFY", "LIMIT", "OFFSET", "FETCH")
_CLAUSES = {"WITH", "SELECT", "FROM", "JOIN", *_FILTERS, *_SETS}
_CLAUSE_KINDS = (Kinds.GROUP_BY, Kinds.ORDER_BY)


class _AmcTokenizer(Tokenizer):
    """Standard SQL: ``''`` escapes a quote, a backslash is nothing special, comments do not nest.

    The template marks and hints that sqlglot knows by itself are no part of it, nor are statements whose
    rest is free text.
    """

    COMMANDS: ClassVar[set[TokenType]] = set()
    NESTED_COMMENTS = False
    KEYWORDS: ClassVar[dict[str, TokenType]] = {
        word: kind
        for word, kind in Tokenizer.KEYWORDS.items()
        if not {"{", "}"} & set(word) and word != "/*+"
    }


_AmcTokenizer._COMMENTS.pop("{#")  # noqa: SLF001 - sqlglot adds it to every dialect, and offers no switch


# Words with a meaning of their own in AMC's grammar that the lexer takes for names.
_RESERVED = frozenset((
    "ASYMMETRIC", "AT", "BOTH", "BY", "CAST", "CURRENT", "CURRENT_PATH", "CURRENT_ROLE", "EXTRACT", "GROUP",
    "LEADING", "MINUS", "MULTISET", "ORDER", "SIMILAR", "SYMMETRIC", "SYSTEM_USER", "TO", "TRAILING", "USER",
    "WITHIN",
))  # fmt: skip


def is_reserved(word: str) -> bool:
    """Say whether a word cannot be a name without quotes."""
    return tokenize(word)[0].token_type is not TokenType.VAR or word.upper() in _RESERVED


def locate(sql: str, offset: int) -> tuple[int, int]:
    """Return line and column, both from 1, of an offset."""
    lines = sql[:offset].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return len(lines), len(lines[-1]) + 1


def tokenize(sql: str) -> list[Token]:
    """Cut SQL into tokens; white space and comments lie in the gaps between them.

    :raises Invalid: when a quote, a quoted name or a comment is never closed.
    """
    try:
        return _AmcTokenizer().tokenize(sql)
    except TokenError:
        reason = "a quote, a quoted name or a comment is opened and never closed; close it"
        raise Invalid.field("sql_template", reason) from None


class Layout:
    """The tokens of a text, and which bracket each stands in."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self.tokens = tokenize(sql)

    @cached_property
    def opener(self) -> list[int]:
        """For each token the index of the bracket that it stands in, -1 outside of all.

        A bracket itself stands in the one around it.
        """
        stack, openers = [-1], []
        for index, token in enumerate(self.tokens):
            if token.token_type in CLOSERS and len(stack) > 1:
                stack.pop()
            openers.append(stack[-1])
            if token.token_type in OPENERS:
                stack.append(index)
        return openers

    @cached_property
    def closer(self) -> dict[int, int]:
        """For each opening bracket the index of the one that closes it."""
        stack, pairs = [], {}
        for index, token in enumerate(self.tokens):
            if token.token_type in OPENERS:
                stack.append(index)
            elif token.token_type in CLOSERS and stack:
                pairs[stack.pop()] = index
        return pairs

    @cached_property
    def clause(self) -> list[str]:
        """For each token the clause of the query that it stands in; empty in no query's own bracket.

        A bracket without SELECT, such as that of ``TRIM(BOTH 'x' FROM y)``, has no clauses.
        """
        levels: dict[int, str] = {}
        clauses = []
        for index, token in enumerate(self.tokens):
            home, word = self.opener[index], self.word(index)
            clauses.append(levels.get(home, ""))
            compares = word == "FROM" and self.word(index - 1) == "DISTINCT"
            starts = word in _CLAUSES or token.token_type in _CLAUSE_KINDS
            if word == "SELECT" or (starts and home in levels and not compares):
                levels[home] = word
        return clauses

    @cached_property
    def in_rows(self) -> list[bool]:
        """For each token whether only rows lie between it and a VALUES before it in the same bracket."""
        levels: dict[int, bool] = {}
        rows = []
        for index, token in enumerate(self.tokens):
            home = self.opener[index]
            rows.append(levels.get(home, False))
            between = token.token_type in (Kinds.COMMA, Kinds.L_PAREN, Kinds.R_PAREN)
            levels[home] = token.token_type is Kinds.VALUES or (between and rows[-1])
        return rows

    def kind(self, index: int) -> TokenType | None:
        """Return the kind of a token; None before the first and after the last."""
        return self.tokens[index].token_type if 0 <= index < len(self.tokens) else None

    def raw(self, index: int) -> str:
        """Return a token as it stands in the text."""
        token = self.tokens[index]
        return self.sql[token.start : token.end + 1]

    def word(self, index: int) -> str:
        """Return a token as upper-case text; empty before the first and after the last."""
        return self.raw(index).upper() if 0 <= index < len(self.tokens) else ""

    def touches(self, index: int) -> bool:
        """Say whether a token follows the one before it without a gap."""
        return index > 0 and self.tokens[index - 1].end + 1 == self.tokens[index].start
