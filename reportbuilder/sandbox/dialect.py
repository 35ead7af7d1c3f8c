"""AMC SQL as a sqlglot dialect, and the error of a query that AMC would not run."""

from sqlglot import exp, tokens
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.tokenizer_core import Token


class RefusedError(Exception):
    """AMC would refuse this query; the text is AMC's reason."""


class AMC(Dialect):
    """AMC's grammar as far as it differs from plain SQL when parsed."""

    class Tokenizer(tokens.Tokenizer):
        """No comment in braces, as templates have them."""

        COMMENTS = ["--", ("/*", "*/")]  # noqa: RUF012 - sqlglot's own way to say it
        KEYWORDS = {  # noqa: RUF012 - sqlglot's own way to say it
            word: kind for word, kind in tokens.Tokenizer.KEYWORDS.items() if not word.startswith("{")
        }


def tokenize(sql: str) -> list[Token]:
    """Return the tokens of a query.

    :raises RefusedError: for text that has none, such as an open string.
    """
    try:
        return AMC().tokenize(sql)
    except TokenError as error:
        raise RefusedError(f"Lexical error: {error}") from None


def parse(sql: str) -> exp.Query:
    """Return the tree of the one query in ``sql``.

    :raises RefusedError: with the position of what does not parse.
    """
    try:
        found = [tree for tree in AMC().parse(sql) if tree is not None]
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
    return tree


def place(token: Token) -> str:
    """Return where a token begins, as AMC's messages say it."""
    return f"line {token.line}, column {token.col - len(token.text) + 1}"


def span(node: exp.Expr) -> str:
    """Return where a name stands, as AMC's messages begin, or an empty text."""
    found = node.find(exp.Identifier)
    meta = found.meta if found is not None else {}
    if "line" not in meta:
        return ""
    line, last = meta["line"], meta["col"]
    first = last - (meta["end"] - meta["start"])
    return f"From line {line}, column {first} to line {line}, column {last}: "
