"""What AMC does not accept although it parses, each rule with AMC's manner of saying so."""

import itertools
from collections.abc import Callable, Iterator

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from reportbuilder.sandbox.bindings import is_cte
from reportbuilder.sandbox.dialect import RefusedError, place, span, tokenize


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTIONS = _words(
    """
    CHARINDEX CONCAT INSTR LEFT LENGTH LOCATE LOWER LTRIM POSITION REGEXP_REPLACE REGEXP_SUBSTR REGEXP_SPLIT
    REPLACE RIGHT RTRIM STRPOS SUBSTRING TRIM UPPER
    ABS CEIL E EXP FLOOR LN LOG LOG10 POWER RANDOM ROUND SQRT TRUNC
    AVG COUNT MIN MAX SUM STDDEV VARIANCE STDDEV_SAMP VAR_SAMP STDDEV_POP VAR_POP SKEWNESS PERCENTILE
    APPROX_PERCENTILE MEDIAN COLLECT
    CONVERT_TIME_ZONE_FROM_UTC CURRENT_DATE CURRENT_TIMESTAMP DATE_TRUNC DAYOFMONTH DAYOFWEEK
    EPOCH_TO_UTC_TIMESTAMP EXTRACT HOUR MINUTE MONTH SECOND WEEK YEAR SECONDS_BETWEEN
    COALESCE IF IFNULL NVL NVL2 NULLIF CONTAINED_IN
    ARRAY_CAT ARRAY_CONTAINS ARRAY_DISTINCT ARRAY_INTERSECT ARRAY_REMOVE ARRAY_SORT
    ARRAY_TO_STRING CARDINALITY EXPLODE FLATTEN
    DENSE_RANK RANK ROW_NUMBER GREATEST LEAST
    HASH64 MD5 SHA1 JSON_EXTRACT JSON_SERIALIZE CAST NAMED_ROW UUID
    BUILT_IN_PARAMETER CUSTOM_PARAMETER EXTEND_TIME_WINDOW
    """
)
NOT_YET = _words("FORMAT STR_TO_MAP ARRAY_COMPLEMENT ARRAY_UNION FROM_VARBINARY TO_VARBINARY")
# words that may stand before a bracket without being a function
_SYNTAX = _words(
    """
    ALL AND ANY ARRAY AS BETWEEN BIGINT BINARY BY CASE CHAR CROSS DECIMAL DISTINCT ELSE END EXCEPT EXISTS
    FILTER FROM FULL GROUP HAVING IN INNER INTERSECT IS JOIN LATERAL LEFT LIKE NOT NULL ON OR OVER PARTITION
    RIGHT ROW ROWS SELECT SETS SOME STRUCT TABLE THEN TO UNION USING VALUES VARCHAR WHEN WHERE WINDOW WITH
    """
)
_AGGREGATES = (exp.AggFunc, exp.Group, exp.Distinct)


def check(sql: str, tree: exp.Query) -> None:
    """Go through every rule.

    :raises RefusedError: for the first rule that is broken.
    """
    words = tokenize(sql)
    for token_rule in _TOKEN_RULES:
        token_rule(words)
    _refuse_functions(words, tree)
    for rule in _TREE_RULES:
        rule(tree)


def check_tokens(sql: str) -> None:
    """Go through the rules that need no tree, so that their messages come before the parser's.

    :raises RefusedError: for the first rule that is broken.
    """
    words = tokenize(sql)
    for token_rule in _TOKEN_RULES:
        token_rule(words)


def _refuse_braces(words: list[Token]) -> None:
    for word in words:
        if word.token_type in (TokenType.L_BRACE, TokenType.R_BRACE):
            raise RefusedError(f'Encountered "{word.text}" at {place(word)}.')


def _refuse_signs(words: list[Token]) -> None:
    for word in words:
        if word.token_type is TokenType.DPIPE:
            raise RefusedError("Unsupported scalar operation type ||")
        if word.token_type is TokenType.DCOLON:
            raise RefusedError(f'Encountered ":" at {place(word)}.')


def _refuse_functions(words: list[Token], tree: exp.Query) -> None:
    named = {alias.name.upper() for alias in tree.find_all(exp.TableAlias) if alias.name}
    for word, following in itertools.pairwise(words):
        name = word.text.upper()
        if following.token_type is not TokenType.L_PAREN or not name.replace("_", "a")[:1].isalnum():
            continue
        if word.token_type in (TokenType.STRING, TokenType.NUMBER):
            continue
        if word.token_type is TokenType.IDENTIFIER and name not in named:
            raise RefusedError(f"At {place(word)}: No match found for function signature {name}")
        if name in NOT_YET:
            raise RefusedError(f"Function {name} is documented, but this sandbox does not have it.")
        if name not in FUNCTIONS and name not in _SYNTAX and name not in named:
            raise RefusedError(f"At {place(word)}: No match found for function signature {name}")
    for word in words:
        if word.token_type is not TokenType.IDENTIFIER and word.text.upper() == "GETDATE":
            raise RefusedError(f"At {place(word)}: No match found for function signature GETDATE()")


def _refuse_limits(tree: exp.Query) -> None:
    for kind, word in ((exp.Limit, "LIMIT"), (exp.Offset, "OFFSET"), (exp.Fetch, "FETCH")):
        if tree.find(kind):
            raise RefusedError(f"{word} is not supported.")


def _refuse_order(tree: exp.Query) -> None:
    for order in tree.find_all(exp.Order):
        if not isinstance(order.parent, exp.Window):
            raise RefusedError("ORDER BY is not supported outside of an OVER clause.")


def _refuse_joins(tree: exp.Query) -> None:
    for join in tree.find_all(exp.Join):
        if join.side.upper() == "RIGHT":
            raise RefusedError("Unsupported join type RIGHT")
        if join.method:
            raise RefusedError(f"Unsupported join type {join.method.upper()}")


def _refuse_clauses(tree: exp.Query) -> None:
    for kind, word in ((exp.Qualify, "QUALIFY"), (exp.Pivot, "PIVOT"), (exp.Into, "INTO"), (exp.Lock, "FOR")):
        if tree.find(kind):
            raise RefusedError(f'Encountered "{word}".')
    for with_ in tree.find_all(exp.With):
        if with_.recursive:
            raise RefusedError('Encountered "RECURSIVE".')


def _refuse_widths(tree: exp.Query) -> None:
    """A WITH query names all of its columns or none."""
    for cte in tree.find_all(exp.CTE):
        named = len(cte.args["alias"].columns)
        if named and named != (_width(cte.this) or named):
            raise RefusedError(
                f"{span(cte.args['alias'])}Number of columns must match number of query columns"
            )


def _width(query: exp.Expr) -> int | None:
    """Return how many columns a query has, None if that takes more than a look."""
    values = query if isinstance(query, exp.Values) else query.find(exp.Values)
    if values is not None and values.parent in (query, query.args.get("from_")):
        row = values.expressions[0]
        return len(row.expressions) if isinstance(row, exp.Tuple) else 1
    if isinstance(query, exp.Select) and not any(_is_star(item) for item in query.expressions):
        return len(query.expressions)
    return None


def _refuse_star(tree: exp.Query) -> None:
    for select in final_selects(tree):
        if any(_is_star(item) for item in select.expressions):
            raise RefusedError("SELECT * is not supported in the final SELECT; name the columns.")


def _is_star(item: exp.Expr) -> bool:
    return isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star))


def check_aggregation(tree: exp.Query) -> None:
    """Refuse a query that would put out rows of events; for after its tables have been found.

    :raises RefusedError: for a query without any aggregation.
    """
    if not _aggregates(tree) and not all(is_cte(table) for table in tree.find_all(exp.Table)):
        raise RefusedError("The query must aggregate: event-level rows cannot be in the output.")


def _aggregates(tree: exp.Query) -> bool:
    if isinstance(tree, exp.Union) and tree.args.get("distinct"):
        return True
    return tree.find(*_AGGREGATES) is not None or any(
        str(call.this).upper() in ("COLLECT", "PERCENTILE", "APPROX_PERCENTILE")
        for call in tree.find_all(exp.Anonymous)
    )


def final_selects(tree: exp.Expr) -> Iterator[exp.Select]:
    """Yield the selects whose rows are the output: one, or those that a UNION combines."""
    if isinstance(tree, exp.SetOperation):
        yield from final_selects(tree.left)
        yield from final_selects(tree.right)
    elif isinstance(tree, exp.Subquery):
        yield from final_selects(tree.this)
    elif isinstance(tree, exp.Select):
        yield tree


_TOKEN_RULES: tuple[Callable[[list[Token]], None], ...] = (_refuse_braces, _refuse_signs)
_TREE_RULES: tuple[Callable[[exp.Query], None], ...] = (
    _refuse_limits,
    _refuse_order,
    _refuse_joins,
    _refuse_clauses,
    _refuse_widths,
    _refuse_star,
)
