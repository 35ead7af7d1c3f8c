"""AMC's functions in DuckDB's words, keeping AMC's meaning where the two differ."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from sqlglot import exp

from reportbuilder.sandbox.dialect import RefusedError

MOMENTS = {"today": 0, "now": 0, "yesterday": -1, "tomorrow": 1}
Args = list[exp.Expr]


def translate(tree: exp.Expr, now: datetime) -> exp.Expr:
    """Return ``tree`` with every function in DuckDB's words; ``now`` is what CURRENT_TIMESTAMP gives.

    :raises RefusedError: for wrong arguments.
    """

    def one(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Anonymous):
            rule = _BY_NAME.get(str(node.this).upper())
            return rule(node.expressions) if rule else node
        for kind, change in _BY_KIND.items():
            if isinstance(node, kind):
                return change(node)
        return _moment(node, now)

    # children first, so that what a rule is given is DuckDB's already
    for node in reversed(list(tree.walk(bfs=False))):
        changed = one(node)
        if node is tree:
            tree = changed
        elif changed is not node:
            node.replace(changed)
    return tree


def _moment(node: exp.Expr, now: datetime) -> exp.Expr:
    if isinstance(node, exp.CurrentDate):
        return date_literal(now)
    if isinstance(node, exp.CurrentTimestamp):
        return timestamp_literal(now)
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal) and node.this.is_string:
        word = node.this.name.strip().lower()
        if word in MOMENTS and node.to.is_type("date"):
            return (
                _call("add", date_literal(now), exp.Literal.number(MOMENTS[word]))
                if MOMENTS[word]
                else (date_literal(now))
            )
        if word == "now" and node.to.is_type("timestamp"):
            return timestamp_literal(now)
    return node


def timestamp_literal(at: datetime) -> exp.Expr:
    """Return a TIMESTAMP of this instant in UTC."""
    text = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return exp.cast(exp.Literal.string(text), "TIMESTAMP")


def date_literal(at: datetime) -> exp.Expr:
    """Return the DATE of this instant in UTC."""
    return exp.cast(exp.Literal.string(at.astimezone(UTC).strftime("%Y-%m-%d")), "DATE")


def _call(name: str, *args: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(args))


def _renamed(name: str) -> Callable[[Args], exp.Expr]:
    return lambda args: _call(name, *args)


def _exactly(count: int, args: Args, name: str) -> Args:
    if len(args) != count:
        raise RefusedError(
            f"Invalid number of arguments to function '{name}'. Was expecting {count} arguments"
        )
    return args


def _null_if_any(name: str) -> Callable[[exp.Expr], exp.Expr]:
    def change(node: exp.Expr) -> exp.Expr:
        args = [node.this, *node.expressions]
        missing = exp.or_(*(exp.Is(this=arg.copy(), expression=exp.Null()) for arg in args))
        return exp.Case(ifs=[exp.If(this=missing, true=exp.Null())], default=_call(name, *args))

    return change


def _seconds_between(args: Args) -> exp.Expr:
    first, second = _exactly(2, args, "SECONDS_BETWEEN")
    return _call(
        "date_sub", exp.Literal.string("second"), exp.cast(first, "TIMESTAMP"), exp.cast(second, "TIMESTAMP")
    )


def _to_zone(args: Args) -> exp.Expr:
    at, zone = _exactly(2, args, "CONVERT_TIME_ZONE_FROM_UTC")
    return _call("timezone", zone, _call("timezone", exp.Literal.string("UTC"), exp.cast(at, "TIMESTAMP")))


def _from_epoch(args: Args) -> exp.Expr:
    (number,) = _exactly(1, args, "EPOCH_TO_UTC_TIMESTAMP")
    sql = (
        "CASE WHEN abs(x) >= 100000000000 THEN make_timestamp(x * 1000) ELSE make_timestamp(x * 1000000) END"
    )
    return _phrase(sql, exp.cast(number, "BIGINT"))


def _phrase(sql: str, x: exp.Expr) -> exp.Expr:
    """Return DuckDB's ``sql`` with this value in the place of the column ``x``."""
    tree: exp.Expr = exp.maybe_parse(sql, dialect="duckdb")
    return tree.transform(
        lambda node: x.copy() if isinstance(node, exp.Column) and node.name == "x" else node, copy=False
    )


def _contained_in(args: Args) -> exp.Expr:
    return exp.In(this=args[0], expressions=args[1:])


def _named_row(args: Args) -> exp.Expr:
    if len(args) % 2 or not all(isinstance(label, exp.Literal) for label in args[::2]):
        raise RefusedError("NAMED_ROW takes pairs of a literal label and a value.")
    pairs = zip(args[::2], args[1::2], strict=True)
    return exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(label.name), expression=value) for label, value in pairs
        ]
    )


def _regexp_substr(node: exp.Expr) -> exp.Expr:
    text, pattern = node.this, node.expression
    found = _call("regexp_extract", text, pattern)
    matches = _call("regexp_matches", text.copy(), pattern.copy())
    return exp.Case(ifs=[exp.If(this=matches, true=found)])


def _regexp_replace(node: exp.Expr) -> exp.Expr:
    replacement = node.args.get("replacement") or exp.Literal.string("")
    if isinstance(replacement, exp.Literal):  # Java writes groups as $1, RE2 as \1
        replacement = exp.Literal.string(re.sub(r"\$(\d)", r"\\\1", replacement.name))
    return _call("regexp_replace", node.this, node.expression, replacement, exp.Literal.string("g"))


def _sqrt(node: exp.Expr) -> exp.Expr:
    negative = exp.LT(this=node.this.copy(), expression=exp.Literal.number(0))
    return exp.Case(ifs=[exp.If(this=negative, true=exp.Null())], default=_call("sqrt", node.this))


def _day_of_week(value: exp.Expr) -> exp.Expr:
    return exp.paren(exp.Add(this=_call("dayofweek", value), expression=exp.Literal.number(1)))


def _extract(node: exp.Expr) -> exp.Expr:
    unit = node.this.name.lower()
    if unit in ("dow", "dayofweek"):
        return _day_of_week(node.expression)
    if unit == "second":  # whole seconds
        return _call("date_part", exp.Literal.string("second"), exp.cast(node.expression, "TIMESTAMP"))
    return _call("date_part", exp.Literal.string(unit), exp.cast(node.expression, "TIMESTAMP"))


def _json_extract(node: exp.Expr) -> exp.Expr:
    path = node.expression
    text = path.sql() if isinstance(path, exp.JSONPath) else None
    return _call("json_extract_string", node.this, exp.Literal.string(text.strip("'")) if text else path)


def _hash64(args: Args) -> exp.Expr:
    hashed = _call("hash", *args)
    return exp.cast(exp.BitwiseRightShift(this=hashed, expression=exp.Literal.number(1)), "BIGINT")


_BY_NAME: dict[str, Callable[[Args], exp.Expr]] = {
    "PERCENTILE": _renamed("quantile_cont"),
    "APPROX_PERCENTILE": _renamed("approx_quantile"),
    "COLLECT": _renamed("list"),
    "SECONDS_BETWEEN": _seconds_between,
    "CONVERT_TIME_ZONE_FROM_UTC": _to_zone,
    "EPOCH_TO_UTC_TIMESTAMP": _from_epoch,
    "CONTAINED_IN": _contained_in,
    "NAMED_ROW": _named_row,
    "HASH64": _hash64,
    "EXPLODE": _renamed("unnest"),
    "E": lambda _: _call("exp", exp.Literal.number(1)),
    "JSON_SERIALIZE": _renamed("to_json"),
    "ARRAY_REMOVE": lambda args: _call("list_filter", args[0], _not_equal(args[1])),
}


def _not_equal(value: exp.Expr) -> exp.Expr:
    item = exp.to_identifier("item")
    differs = exp.NullSafeNEQ(this=exp.column("item"), expression=value)
    return exp.Lambda(this=differs, expressions=[item])


_BY_KIND: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.SimilarTo: lambda node: _call("regexp_matches", node.this, node.expression),
    exp.Greatest: _null_if_any("greatest"),
    exp.Least: _null_if_any("least"),
    exp.DayOfWeek: lambda node: _day_of_week(node.this),
    exp.Sqrt: _sqrt,
    exp.Extract: _extract,
    exp.RegexpReplace: _regexp_replace,
    exp.RegexpSubstr: _regexp_substr,
    exp.JSONExtract: _json_extract,
    exp.Concat: lambda node: _call("concat", *node.expressions),
    exp.ArrayDistinct: lambda node: _phrase("list_filter(x, (e, i) -> list_position(x, e) = i)", node.this),
    exp.Length: lambda node: _call("length", node.this),
}
