"""Functions of dates and times."""

from sqlglot import exp

from reportbuilder.sandbox.functions.writing import Args, Rule, call, phrase, text, written


def part(unit: str, value: exp.Expr) -> exp.Expr:
    """Return a part of a date or time as a whole number; 1 is Sunday among the days of a week."""
    if unit.lower() in ("dow", "dayofweek"):
        return phrase("date_part('dow', CAST(x AS TIMESTAMP)) + 1", x=value)
    return call("date_part", text(unit.lower()), exp.cast(value, "TIMESTAMP"))


def _part(unit: str) -> Rule:
    return lambda args: part(unit, args[0])


def _to_zone(args: Args) -> exp.Expr:
    """Return the local time of a zone, as a DATE if that was given."""
    at, zone = args
    if isinstance(at, exp.Null):
        return exp.cast(at, "TIMESTAMP")
    return phrase("cast_to_type(timezone(z, timezone('UTC', CAST(x AS TIMESTAMP))), x)", x=_typed(at), z=zone)


def _typed(at: exp.Expr) -> exp.Expr:
    """A literal has no type of its own."""
    return exp.cast(at, "TIMESTAMP") if isinstance(at, exp.Literal) else at


RULES: dict[str, Rule] = {
    "CONVERT_TIME_ZONE_FROM_UTC": _to_zone,
    "DATE_TRUNC": lambda args: call("date_trunc", text(args[0].name.lower()), exp.cast(args[1], "TIMESTAMP")),
    "DAYOFMONTH": _part("day"),
    "DAYOFWEEK": _part("dow"),
    "HOUR": _part("hour"),
    "MINUTE": _part("minute"),
    "MONTH": _part("month"),
    "SECOND": _part("second"),
    "WEEK": _part("week"),
    "YEAR": _part("year"),
    "EPOCH_TO_UTC_TIMESTAMP": written(
        """CASE WHEN abs(CAST(x AS BIGINT)) >= 100000000000 THEN make_timestamp(CAST(x AS BIGINT) * 1000)
        ELSE make_timestamp(CAST(x AS BIGINT) * 1000000) END""",
        "x",
    ),
    "SECONDS_BETWEEN": written("date_sub('second', CAST(a AS TIMESTAMP), CAST(b AS TIMESTAMP))", "a", "b"),
}
