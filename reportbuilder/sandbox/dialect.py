"""AMC SQL as a sqlglot dialect, the places in a text, and the error of a query that AMC would refuse."""

import re
from typing import Any

from sqlglot import exp, parser, tokens
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from reportbuilder.sandbox.vocabulary import words

_LINE = re.compile(r"\r\n|\r|\n")
# what can stand in a text; the last is anything that opens and does not close
_PIECE = re.compile(r"""--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?P<open>'|"|/\*)|.""", re.DOTALL)
# all other functions are left as they are written, with their arguments in AMC's order
_TYPED = words(
    """
    COUNT SUM MIN MAX AVG STDDEV STDDEV_SAMP STDDEV_POP VARIANCE VAR_SAMP VAR_POP SKEWNESS MEDIAN
    CURRENT_DATE CURRENT_TIMESTAMP ROW_NUMBER RANK DENSE_RANK
    COALESCE IFNULL NVL NVL2 NULLIF GREATEST LEAST CONCAT REGEXP_REPLACE
    """
)
_LIST, _CLOSE = "list", "close"
# some texts make the parser try and return without end; what people write takes two steps a word
_FEWEST_STEPS, _STEPS = 20_000, 10
_DEEPEST = 50  # brackets in brackets
_OPENING = (TokenType.L_PAREN, TokenType.L_BRACKET)
_CLOSING = (TokenType.R_PAREN, TokenType.R_BRACKET)
COMMA = "comma"
_OWN_SYNTAX = ("CAST", "EXTRACT", "POSITION", "SUBSTRING", "TRIM")


class RefusedError(Exception):
    """AMC would refuse this query; the text is AMC's reason."""


class AMC(Dialect):
    """AMC's grammar as far as it differs from plain SQL when parsed."""

    INDEX_OFFSET = 1

    class Tokenizer(tokens.Tokenizer):
        """No comment in braces, as templates have them."""

        COMMENTS = ["--", ("/*", "*/")]  # noqa: RUF012 - sqlglot's own way to say it
        KEYWORDS = {  # noqa: RUF012 - sqlglot's own way to say it
            word: kind
            for word, kind in tokens.Tokenizer.KEYWORDS.items()
            if not word.startswith(("{", "/*+"))  # a hint is a comment
        }

    class Parser(parser.Parser):
        """Only AMC's functions, and errors that say where AMC would stop reading."""

        FUNCTIONS = {name: parser.Parser.FUNCTIONS[name] for name in _TYPED}  # noqa: RUF012 - as above
        FUNCTION_PARSERS = {  # noqa: RUF012 - as above
            name: parser.Parser.FUNCTION_PARSERS[name] for name in _OWN_SYNTAX
        }

        NO_PAREN_FUNCTIONS = {  # noqa: RUF012 - as above
            TokenType.CURRENT_DATE: exp.CurrentDate,
            TokenType.CURRENT_TIMESTAMP: exp.CurrentTimestamp,
        }

        def _parse_join(self, *args: Any, **named: Any) -> exp.Join | None:
            """Note which joins are commas, which need no condition."""
            is_comma = bool(self._curr) and self._curr.token_type is TokenType.COMMA
            join = super()._parse_join(*args, **named)
            if join is not None and is_comma:
                join.meta[COMMA] = True
            return join

        _left = 0

        def parse(self, raw_tokens: list[Token], sql: str) -> list[exp.Expr | None]:
            """Parse, with a limit to the steps."""
            self._left = max(_FEWEST_STEPS, _STEPS * len(raw_tokens))
            return super().parse(raw_tokens, sql)

        def _advance(self, times: int = 1) -> None:
            self._left -= 1
            if self._left < 0:
                raise RefusedError("The query cannot be parsed: it is ambiguous in too many ways.")
            super()._advance(times)

        def raise_error(self, message: str, token: Any = None) -> None:
            """Raise at the word that cannot be read, or at the end of the text."""
            at = token or self._curr
            sql = str(self.sql)
            start = at.start if at else len(sql.rstrip())
            line, column = position(sql, start)
            text = sql[at.start : at.end + 1] if at else "<EOF>"
            raise ParseError.new(message, line=line, col=column, highlight=text)


def tokenize(sql: str) -> list[Token]:
    """Return the tokens of a query.

    :raises RefusedError: for text that has none, such as an open string.
    """
    try:
        return AMC().tokenize(sql)
    except TokenError:
        for piece in _PIECE.finditer(sql):
            if piece["open"]:
                line, column = position(sql, piece.start())
                text = f'Lexical error at line {line}, column {column}. Encountered: "{piece["open"]}"'
                raise RefusedError(f"{text} that is never closed.") from None
        raise RefusedError("Lexical error: the text is no SQL.") from None


def parse(sql: str) -> exp.Query:
    """Return the tree of the one query in ``sql``.

    :raises RefusedError: with the position of what does not parse.
    """
    _refuse_depth(tokenize(sql))
    try:
        trees = AMC().parse(sql)
        found = [tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)]
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        text, line, column = first.get("highlight"), first.get("line"), first.get("col")
        raise RefusedError(f'Encountered "{text}" at line {line}, column {column}.') from None
    except (SqlglotError, RecursionError) as error:
        raise RefusedError(f"The query cannot be parsed: {error}") from None
    if len(found) != 1:
        raise RefusedError(f"Expected exactly one query, found {len(found)}.")
    tree = found[0]
    while isinstance(tree, exp.Subquery) and not tree.alias:
        tree = tree.this
    if not isinstance(tree, exp.Select | exp.SetOperation):
        word = tokenize(sql)[0]
        raise RefusedError(f'Encountered "{word.text}" at {place(word)}. Only SELECT queries are supported.')
    _note_brackets(tree, tokenize(sql))
    return tree


def _refuse_depth(tokens_: list[Token]) -> None:
    depth = 0
    for word in tokens_:
        depth += (word.token_type in _OPENING) - (word.token_type in _CLOSING)
        if depth > _DEEPEST:
            raise RefusedError(f"{between(word, word)}More than {_DEEPEST} brackets in each other")


def position(sql: str, offset: int) -> tuple[int, int]:
    """Return line and column, both from 1, of the character at this offset; a tab is one column."""
    line, begin = 1, 0
    for end in _LINE.finditer(sql, 0, offset):
        line, begin = line + 1, end.end()
    return line, offset - begin + 1


def place(token: Token) -> str:
    """Return where a one-line token begins, as AMC's messages say it."""
    return f"line {token.line}, column {token.col - (token.end - token.start)}"


def between(first: Token, last: Token) -> str:
    """Return where the text from one token to another stands, as AMC's messages begin."""
    return f"From {place(first)} to line {last.line}, column {last.col}: "


def span(node: exp.Expr) -> str:
    """Return where a name, a call or an expression stands, as AMC's messages begin, or an empty text."""
    metas = [part.meta for part in node.walk() if "line" in part.meta]
    if not metas:
        return ""
    first = min(metas, key=lambda meta: int(meta["start"]))
    column = first["col"] - (first["end"] - first["start"])
    _, line, last = max(meta.get(_CLOSE) or (meta["end"], meta["line"], meta["col"]) for meta in metas)
    return f"From line {first['line']}, column {column} to line {line}, column {last}: "


def list_span(alias: exp.Expr) -> str:
    """Return where the bracket with a table's column names stands, as AMC's messages begin."""
    return str(alias.meta.get(_LIST, ""))


def _note_brackets(tree: exp.Expr, tokens_: list[Token]) -> None:
    """Write down where the bracket of each call, and of each list of a table's columns, stands."""
    places = {word.start: place for place, word in enumerate(tokens_)}
    closing = _closing(tokens_)
    for node in tree.walk():
        if isinstance(node, exp.Func) and "start" in node.meta:
            end = closing.get(places.get(node.meta["start"], -2) + 1)
            if end is not None:
                node.meta[_CLOSE] = (tokens_[end].end, tokens_[end].line, tokens_[end].col)
        elif isinstance(node, exp.TableAlias) and node.args.get("columns"):
            opening = places.get(node.args["columns"][0].meta.get("start", -1), 0) - 1
            if opening in closing:
                node.meta[_LIST] = between(tokens_[opening], tokens_[closing[opening]])


def _closing(tokens_: list[Token]) -> dict[int, int]:
    """Return the place of the closing bracket for that of each opening one."""
    found, opened = {}, []
    for place, word in enumerate(tokens_):
        if word.token_type is TokenType.L_PAREN:
            opened.append(place)
        elif word.token_type is TokenType.R_PAREN and opened:
            found[opened.pop()] = place
    return found
