"""Functions of numbers, and the aggregates that DuckDB has under other names."""

from sqlglot import exp

from reportbuilder.sandbox.functions.writing import Rule, call, phrase, renamed, size, spend, written


def extreme(name: str, args: list[exp.Expr]) -> exp.Expr:
    """Return GREATEST or LEAST: of numbers only, NULL if any is."""
    spend(sum(map(size, args)))
    missing = exp.or_(*(exp.Is(this=arg.copy(), expression=exp.Null()) for arg in args))
    numbers = [call('"+"', arg) for arg in args]  # the sign + is for numbers alone
    return exp.Case(ifs=[exp.If(this=missing, true=exp.Null())], default=call(name, *numbers))


def whole(value: exp.Expr, type_: str) -> exp.Expr:
    """Return the whole number that CAST makes: the fraction is cut off, where DuckDB would round."""
    return phrase(
        f"""CASE WHEN typeof(x) IN ('DOUBLE', 'FLOAT') OR starts_with(typeof(x), 'DECIMAL')
        THEN CAST(trunc(TRY_CAST(x AS DOUBLE)) AS {type_}) ELSE CAST(x AS {type_}) END""",
        x=value,
    )


def _logarithm(sql: str, *names: str) -> Rule:
    guard = " OR ".join(f"{name} <= 0" for name in names)
    return written(f"CASE WHEN {guard} THEN NULL ELSE {sql} END", *names)


RULES: dict[str, Rule] = {
    "E": lambda _: phrase("exp(1)"),
    "SQRT": written("CASE WHEN x < 0 THEN NULL ELSE sqrt(x) END", "x"),
    "LN": _logarithm("ln(x)", "x"),
    "LOG10": _logarithm("log10(x)", "x"),
    "LOG": written("CASE WHEN b > 0 AND b <> 1 AND x > 0 THEN log(b, x) END", "b", "x"),
    # no real number comes of these
    "POWER": written(
        """CASE WHEN (x = 0 AND y < 0) OR (x < 0 AND y <> trunc(y)) THEN NULL ELSE pow(x, y) END""", "x", "y"
    ),
    "PERCENTILE": renamed("quantile_cont"),
    "APPROX_PERCENTILE": renamed("approx_quantile"),
    "COLLECT": renamed("list"),
}
