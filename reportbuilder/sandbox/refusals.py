"""What AMC does not accept although it parses, each rule with AMC's manner of saying so."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from sqlglot import exp
from sqlglot.parser import Parser
from sqlglot.tokenizer_core import Token, TokenType

from reportbuilder.sandbox.bindings import is_cte
from reportbuilder.sandbox.calls import Call, calls, refuse_calls
from reportbuilder.sandbox.dialect import RefusedError, between, place, span, tokenize
from reportbuilder.sandbox.grammar import check_grammar
from reportbuilder.sandbox.vocabulary import AGGREGATES_BY_NAME, EXTRACT_UNITS, SYNONYMS, TRUNC_UNITS, TYPES

_AGGREGATES = (exp.AggFunc, exp.Group, exp.Distinct)
_FOREIGN = ("==", "~", "!~")
_QUOTED = frozenset({TokenType.STRING, TokenType.NATIONAL_STRING, TokenType.IDENTIFIER})
_SIGNS = frozenset(
    {
        TokenType.L_BRACE,
        TokenType.R_BRACE,
        TokenType.DCOLON,
        TokenType.ARROW,
        TokenType.DARROW,
        TokenType.HASH_ARROW,
        TokenType.DHASH_ARROW,
        TokenType.PLACEHOLDER,
        TokenType.PARAMETER,
        TokenType.AMP,
        TokenType.PIPE,
        TokenType.CARET,
        TokenType.TILDE,
        TokenType.BACKSLASH,
        TokenType.HASH,
        TokenType.COLON,
        TokenType.UNKNOWN,
        TokenType.DAMP,
        TokenType.NULLSAFE_EQ,
        TokenType.ILIKE,
        TokenType.RLIKE,
        TokenType.IRLIKE,
        TokenType.GLOB,
        TokenType.DIV,
        TokenType.QUALIFY,
        TokenType.EXCEPT,
        TokenType.INTERSECT,
        TokenType.INTO,
        TokenType.LATERAL,
        TokenType.CURRENT_TIME,
        TokenType.CURRENT_USER,
        TokenType.ISNULL,
        TokenType.NOTNULL,
    }
)
# what has to follow a comma is none of these, and what a query begins with is no FROM
_ENDS = frozenset({TokenType.COMMA, TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.FROM})
_BEFORE_QUERIES = frozenset({TokenType.L_PAREN, TokenType.UNION, TokenType.ALL})
_VALUES = frozenset(
    {TokenType.VAR, TokenType.IDENTIFIER, TokenType.NUMBER, TokenType.STRING, TokenType.R_PAREN}
)
_TYPED_LITERALS = ("DATE", "TIMESTAMP", "INTERVAL")
_INDEXED = frozenset(
    {
        TokenType.ARRAY,
        TokenType.VAR,
        TokenType.IDENTIFIER,
        TokenType.R_BRACKET,
        TokenType.R_PAREN,
    }
)
_QUERIES = (TokenType.SELECT, TokenType.WITH, TokenType.VALUES, TokenType.L_PAREN)
_BEGINNINGS = (TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN, TokenType.SEMICOLON)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]*\w")  # begins once in each run of signs
_PHONE = re.compile(r"(?<![\w-])(\+\d[\d ().-]{6,}\d|\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4})(?![\w-])")


def check(sql: str, tree: exp.Query) -> None:
    """Go through the rules that need the tree.

    :raises RefusedError: for the first rule that is broken.
    """
    _refuse_order(tokenize(sql), tree)
    for rule in _TREE_RULES:
        rule(tree)


def check_tokens(sql: str) -> None:
    """Go through the rules that need no tree, so that their messages come before the parser's.

    :raises RefusedError: for the first rule that is broken.
    """
    words = tokenize(sql)
    for token_rule in _TOKEN_RULES:
        token_rule(words)


def _refuse_statements(words: list[Token]) -> None:
    if words and words[0].token_type not in _BEGINNINGS:
        text = f'Encountered "{words[0].text}" at {place(words[0])}.'
        raise RefusedError(f"{text} Only SELECT queries are supported.")


def _refuse_signs(words: list[Token]) -> None:
    for word in words:
        if word.token_type is TokenType.DPIPE:
            raise RefusedError(f"{between(word, word)}Unsupported scalar operation type ||")
        if word.token_type is TokenType.MOD:
            raise RefusedError(
                f"{between(word, word)}Percent remainder '%' is not allowed under the current SQL conformance"
                " level"
            )
        if word.token_type in _SIGNS or (word.token_type not in _QUOTED and word.text.startswith(_FOREIGN)):
            shown = ":" if word.token_type is TokenType.DCOLON else word.text
            raise RefusedError(f'Encountered "{shown}" at {place(word)}.')


def _refuse_lists(words: list[Token]) -> None:
    """A bracket follows ARRAY, or what has items."""
    before: Token | None = None
    for word in words:
        if word.token_type is TokenType.L_BRACKET and (before is None or before.token_type not in _INDEXED):
            raise RefusedError(f'Encountered "[" at {place(word)}.')
        before = word


def _refuse_pairs(words: list[Token]) -> None:
    """Other dialects end lists by a comma, begin queries by FROM, and write types before texts."""
    for first, second in pairwise(words):
        kinds = (first.token_type, second.token_type)
        typed = kinds[0] in Parser.TYPE_TOKENS and kinds[1] is TokenType.STRING
        if (
            (kinds[0] is TokenType.COMMA and kinds[1] in _ENDS)
            or (kinds[0] in _BEFORE_QUERIES and kinds[1] is TokenType.FROM)
            or (typed and first.text.upper() not in _TYPED_LITERALS)
        ):
            raise RefusedError(f'Encountered "{second.text}" at {place(second)}.')


def _refuse_triples(words: list[Token]) -> None:
    """There is IS NOT NULL, but no NOT NULL after a value; and no query begins with FROM."""
    for before, word, after in zip(words, words[1:], words[2:], strict=False):
        kinds = (before.token_type, word.token_type, after.token_type)
        if kinds == (TokenType.UNION, TokenType.DISTINCT, TokenType.FROM):
            raise RefusedError(f'Encountered "{after.text}" at {place(after)}.')
        if kinds[0] in _VALUES and kinds[1:] == (TokenType.NOT, TokenType.NULL):
            raise RefusedError(f'Encountered "{word.text} {after.text}" at {place(word)}.')


def _refuse_type_words(words: list[Token]) -> None:
    """The parser takes other dialects' names for AMC's types."""
    for call in calls(words):
        kind = _cast_to(call) if call.name == "CAST" else None
        if kind is not None and kind.text.upper().split()[0] not in TYPES | SYNONYMS:
            raise RefusedError(f"{between(kind, kind)}Unknown datatype name '{kind.text.upper()}'")


def _cast_to(call: Call) -> Token | None:
    """Return the first word of the type in a CAST."""
    depth = 0
    for word, following in pairwise(word for one in call.arguments for word in one):
        depth += (word.token_type is TokenType.L_PAREN) - (word.token_type is TokenType.R_PAREN)
        if depth == 0 and word.token_type is TokenType.ALIAS:
            return following
    return None


def _refuse_limits(words: list[Token]) -> None:
    for word in words:
        text = word.text.upper()
        if word.token_type in (TokenType.LIMIT, TokenType.OFFSET, TokenType.FETCH, TokenType.RECURSIVE):
            raise RefusedError(f'Encountered "{word.text}" at {place(word)}. {text} is not supported.')


def personal(text: str) -> bool:
    """Say whether a text looks like an e-mail address or a telephone number."""
    return _MAIL.search(text) is not None or _PHONE.search(text) is not None


def _refuse_people(words: list[Token]) -> None:
    for word in words:
        if word.token_type is TokenType.STRING and personal(word.text):
            raise RefusedError(
                f"The query contains personal information at line {word.line}: e-mail addresses and telephone"
                " numbers cannot be used."
            )


def _refuse_order(words: list[Token], tree: exp.Query) -> None:
    if any(not isinstance(order.parent, exp.Window) for order in tree.find_all(exp.Order)):
        word = _order_outside(words)
        at = f'Encountered "ORDER" at {place(word)}. ' if word else ""
        raise RefusedError(f"{at}ORDER BY is not supported outside of an OVER clause.")


def _order_outside(words: list[Token]) -> Token | None:
    """Return the first ORDER whose bracket does not follow OVER or a window's name."""
    openers: list[bool] = []
    for place_, word in enumerate(words):
        if word.token_type is TokenType.L_PAREN:
            before, after = words[max(place_ - 1, 0)], words[min(place_ + 1, len(words) - 1)]
            openers.append(before.text.upper() in ("OVER", "AS") and after.token_type not in _QUERIES)
        elif word.token_type is TokenType.R_PAREN and openers:
            openers.pop()
        elif word.token_type is TokenType.ORDER_BY and not (openers and openers[-1]):
            return word
    return None


def _refuse_joins(tree: exp.Query) -> None:
    for join in tree.find_all(exp.Join):
        kind = join.side if join.side.upper() == "RIGHT" else join.method or join.kind
        if kind.upper() not in ("", "INNER", "OUTER", "CROSS"):
            raise RefusedError(f"{span(join.this)}Unsupported join type {kind.upper()}")


def _refuse_clauses(tree: exp.Query) -> None:
    for kind, word in (
        (exp.Pivot, "PIVOT"),
        (exp.Lock, "FOR"),
        (exp.GroupingSets, "GROUPING SETS"),
    ):
        if tree.find(kind):
            raise RefusedError(f'Encountered "{word}".')
    if any(group.args.get("all") is not None for group in tree.find_all(exp.Group)):
        raise RefusedError('Encountered "ALL".')
    if any(distinct.args.get("on") is not None for distinct in tree.find_all(exp.Distinct)):
        raise RefusedError('Encountered "ON".')


def _refuse_star(tree: exp.Query) -> None:
    for select in final_selects(tree):
        if any(_is_star(item) for item in select.expressions):
            raise RefusedError("SELECT * is not supported in the final SELECT; name the columns.")


def _is_star(item: exp.Expr) -> bool:
    return isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star))


def _refuse_units(tree: exp.Query) -> None:
    for node in tree.find_all(exp.Extract):
        _refuse_unit(node.this.name, EXTRACT_UNITS)
    for call in tree.find_all(exp.Anonymous):
        if str(call.this).upper() == "DATE_TRUNC":
            unit = call.expressions[0]
            if not (isinstance(unit, exp.Literal) and unit.is_string):
                raise RefusedError(f"{span(call)}DATE_TRUNC takes its unit as a literal, such as 'DAY'.")
            _refuse_unit(unit.name, TRUNC_UNITS)


def _refuse_unit(unit: str, known: tuple[str, ...]) -> None:
    if unit.upper() not in known:
        raise RefusedError(f"'{unit}' is not a valid time frame; expected one of {', '.join(known)}.")


def _refuse_types(tree: exp.Query) -> None:
    for cast in tree.find_all(exp.Cast):
        for kind in cast.to.find_all(exp.DataType):
            word = kind.this.value if isinstance(kind.this, exp.DataType.Type) else str(kind.this)
            if word.upper() not in TYPES:
                raise RefusedError(f"Unknown datatype name '{kind.sql().upper()}'")


def check_aggregation(tree: exp.Query) -> None:
    """Refuse a query that would put out rows of events; for after its tables have been found.

    :raises RefusedError: for a query without any aggregation.
    """
    if not _aggregates(tree) and not all(is_cte(table) for table in tree.find_all(exp.Table)):
        raise RefusedError("The query must aggregate: event-level rows cannot be in the output.")


def _aggregates(tree: exp.Query) -> bool:
    if isinstance(tree, exp.Union) and tree.args.get("distinct"):
        return True
    found = [
        *tree.find_all(*_AGGREGATES),
        *(call for call in tree.find_all(exp.Anonymous) if str(call.this).upper() in AGGREGATES_BY_NAME),
    ]
    return any(node.find_ancestor(exp.Where) is None for node in found)  # a condition puts no rows together


def final_selects(tree: exp.Expr) -> Iterator[exp.Select]:
    """Yield the selects whose rows are the output: one, or those that a UNION combines."""
    if isinstance(tree, exp.SetOperation):
        yield from final_selects(tree.left)
        yield from final_selects(tree.right)
    elif isinstance(tree, exp.Subquery):
        yield from final_selects(tree.this)
    elif isinstance(tree, exp.Select):
        yield tree


_TOKEN_RULES: tuple[Callable[[list[Token]], None], ...] = (
    _refuse_statements,
    _refuse_signs,
    _refuse_lists,
    _refuse_limits,
    _refuse_pairs,
    _refuse_triples,
    _refuse_people,
    refuse_calls,
    _refuse_type_words,
)
_TREE_RULES: tuple[Callable[[exp.Query], None], ...] = (
    _refuse_joins,
    _refuse_clauses,
    _refuse_star,
    _refuse_units,
    _refuse_types,
    check_grammar,
)
