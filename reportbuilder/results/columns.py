"""Columns of a result: what AMC declares, the type each gets in Parquet, and when a text fits that type."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAX_DIGITS = 38  # of a DECIMAL
MISFIT = "a value does not fit"  # the error of a conversion begins so

_WHOLE = ("BYTE", "SHORT", "INTEGER", "LONG")
_APPROXIMATE = ("FLOAT", "DOUBLE")


@dataclass(frozen=True)
class OutputColumn:
    """One entry of AMC's ``outputColumns``; ``data_type`` is in upper case, ARRAY for an array."""

    name: str
    data_type: str = "STRING"
    column_type: str = ""  # DIMENSION or METRIC
    precision: int | None = None
    scale: int | None = None

    @classmethod
    def from_amc(cls, entry: Mapping[str, Any]) -> "OutputColumn":
        """Read ``{name, columnType, dataType[, precision, scale]}``; ``dataType`` of an array is an
        object."""
        kind = entry.get("dataType") or "STRING"
        return cls(
            name=str(entry["name"]),
            data_type=str(kind.get("type", "ARRAY") if isinstance(kind, Mapping) else kind).upper(),
            column_type=str(entry.get("columnType") or ""),
            precision=_whole(entry.get("precision")),
            scale=_whole(entry.get("scale")),
        )


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


@dataclass(frozen=True)
class ColumnType:
    """A type in Parquet, with the condition under which a text becomes that type without any loss."""

    sql: str
    fits: str = "TRUE"  # over ``{c}``; may be NULL for NULL

    def condition(self, column: str) -> str:
        """Return the condition for a quoted column; a text that cannot be cast at all may pass it."""
        return self.fits.format(c=column)

    def conversion(self, column: str) -> str:
        """Return the expression that makes this type of the text, or stops the whole statement."""
        if self.fits == "TRUE":
            return column if self == TEXT else f"CAST({column} AS {self.sql})"
        fault = f"error('{MISFIT} {self.sql}')"
        return f"CASE WHEN NOT ({self.condition(column)}) THEN {fault} ELSE CAST({column} AS {self.sql}) END"


# Each condition runs on every value of a gigabyte: one scan for one byte is cheap, a regular expression is
# not, and a bare cast is done by the CSV reader without making a text at all.
# The cast alone would round 1.5 and 15E-1: no point, and no minus but the first character.
TEXT = ColumnType("VARCHAR")
WHOLE = ColumnType("BIGINT", "NOT contains({c}, '.') AND strpos({c}, '-') <= 1")
HUGE = ColumnType(f"DECIMAL({MAX_DIGITS},0)", "regexp_full_match({c}, '-?(0|[1-9][0-9]*)')")
APPROXIMATE = ColumnType(  # too large a number would become infinite
    "DOUBLE", "NOT isinf(TRY_CAST({c} AS DOUBLE)) OR lower({c}) IN ('infinity', '-infinity', 'inf', '-inf')"
)
TRUTH = ColumnType("BOOLEAN")  # the cast takes 1, t and yes too, which mean the same
# The casts alone would drop a time of day from a date, and an offset or the name of a zone from a timestamp.
DATE = ColumnType("DATE", "strlen({c}) = 10 AND {c} > '0001'")
_INSTANT = r"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]{{1,6}})?Z?"
TIMESTAMP = ColumnType(
    "TIMESTAMP",
    "{c} > '0001' AND CASE WHEN strlen({c}) = 23 AND strpos({c}, '.') = 20 THEN TRUE"
    f" ELSE regexp_full_match({{c}}, '{_INSTANT}') END",
)


def exact(precision: int, scale: int) -> ColumnType:
    """Return the decimal of so many digits, so many of them after the point.

    The cast alone would round: so there may be no more digits than that after the point, an exponent moving
    it (Java prints a zero of 18 places as 0E-18).
    """
    short = f"(strlen({{c}}) - strpos({{c}}, '.') <= {scale} OR NOT contains({{c}}, '.'))"
    shift = "TRY_CAST(regexp_extract({c}, '[eE](.*)$', 1) AS INTEGER)"
    places = f"strlen(regexp_extract({{c}}, '\\.([0-9]*)', 1)) - {shift}"
    zero = "regexp_full_match({c}, '-?[0.]+([eE].*)?')"
    return ColumnType(
        f"DECIMAL({precision},{scale})",
        f"CASE WHEN strpos({{c}}, '-') <= 1 AND {short} THEN TRUE"
        f" ELSE coalesce({places} <= {scale}, FALSE) OR {zero} END",
    )


def declared_type(column: OutputColumn) -> ColumnType | None:
    """Return the type for what AMC declares; None if the values must be measured first.

    Whole numbers of any width are BIGINT, and FLOAT is DOUBLE, so that no digit of the text is lost. What has
    no counterpart (arrays, BINARY, CALENDAR_INTERVAL, words unknown) stays the text that AMC printed.
    """
    kind = column.data_type
    if kind == "DECIMAL":
        precision, scale = column.precision, column.scale
        if precision is None or scale is None or not 0 <= scale <= precision <= MAX_DIGITS or not precision:
            return None
        return exact(precision, scale)
    if kind in _WHOLE:
        return WHOLE
    if kind in _APPROXIMATE:
        return APPROXIMATE
    return {"BOOLEAN": TRUTH, "DATE": DATE, "TIMESTAMP": TIMESTAMP}.get(kind, TEXT)


def type_word(sql: str) -> str:
    """Return our word for a type of DuckDB: text, integer, decimal, double, boolean, date or timestamp."""
    words = {
        "BIGINT": "integer",
        "DOUBLE": "double",
        "BOOLEAN": "boolean",
        "DATE": "date",
        "TIMESTAMP": "timestamp",
    }
    return "decimal" if sql.startswith("DECIMAL") else words.get(sql, "text")


@dataclass(frozen=True)
class ResultColumn:
    """A column as it stands in the Parquet file."""

    name: str
    type: str  # our word: text, integer, decimal, double, boolean, date or timestamp
    sql: str  # DuckDB's
    declared: str = ""  # AMC's, if it gave one


def quoted(name: str) -> str:
    """Return the name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(path: Path) -> str:
    """Return the path as an SQL literal."""
    return "'" + str(path).replace("'", "''") + "'"
