"""Defaults that are SQL text: read as typed values where that keeps their meaning, else refused."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from reportbuilder.parameters.messages import show

MOST_DAYS: Final = 999  # a relative day has three digits


class Unsafe(ValueError):
    """A default that cannot become a value; the message says why, and the way out."""


@dataclass(frozen=True)
class Reading:
    """What a default is: a value, or nothing; ``kind`` is ``day``, ``list``, ``rows``, ``null`` or empty.

    ``changed``: the SQL text was something else than the value, which one should know.
    """

    value: Any
    kind: str = ""
    changed: bool = False
    rules: dict[str, Any] = field(default_factory=dict)


_NOW = (
    r"(?:CURRENT_DATE(?: ?\( ?\))?|CURRENT_TIMESTAMP(?: ?\( ?\))?|GETDATE ?\( ?\)|NOW ?\( ?\)|CURDATE ?\( ?\)"
    r"|TODAY ?\( ?\)|SYSDATE|CAST ?\( ?'TODAY' AS DATE ?\)|CAST ?\( ?'NOW' AS TIMESTAMP ?\)"
    r"|CAST ?\( ?CURRENT_TIMESTAMP AS DATE ?\)|DATE ?\( ?NOW ?\( ?\) ?\))"
)
_UNIT = r"'?(?P<unit>DAY|WEEK)S?'?"
_COUNT = r"'?(?P<count>[0-9]{1,4})'?"
_AGO = [
    re.compile(pattern)
    for pattern in (
        rf"{_NOW} ?- ?(?P<count>[0-9]{{1,4}})",
        rf"{_NOW} ?- ?INTERVAL ?'?(?P<count>[0-9]{{1,4}})'? ?{_UNIT}",
        rf"DATE_SUB ?\( ?{_NOW} ?, ?INTERVAL ?{_COUNT} {_UNIT} ?\)",
        rf"DATE_SUB ?\( ?{_NOW} ?, ?(?P<count>[0-9]{{1,4}}) ?\)",
        rf"DATE_?ADD ?\( ?{_UNIT} ?, ?- ?(?P<count>[0-9]{{1,4}}) ?, ?{_NOW} ?\)",
        rf"DATE_?ADD ?\( ?{_NOW} ?, ?INTERVAL ?'?- ?(?P<count>[0-9]{{1,4}})'? {_UNIT} ?\)",
        rf"DATE_?ADD ?\( ?{_NOW} ?, ?- ?(?P<count>[0-9]{{1,4}}) ?\)",
    )
]
_DATES = re.compile(
    r"\b(?:CURRENT_DATE|CURRENT_TIMESTAMP|SYSDATE)\b|\b(?:GETDATE|NOW|CURDATE)\s*\(\s*\)|\bINTERVAL\s*'?-?[0-9]"
    r"|\b(?:DATE_SUB|DATE_?ADD|DATE_TRUNC|DATE_?DIFF|LAST_DAY|TO_DATE)\s*\("
)
_TEXT = r"'(?:[^']|'')*'"
_DIGITS = r"-?[0-9]+(?:\.[0-9]+)?"
_ITEM = rf"(?:{_TEXT}|{_DIGITS})"
_ITEMS = re.compile(rf"{_ITEM}(?: ?, ?{_ITEM})*")
_TEXTS = re.compile(rf"{_TEXT}(?:\s*,\s*{_TEXT})+")
_ROW = re.compile(rf"\( ?({_ITEM}) ?\)")
_ROWS = re.compile(rf"(?:VALUES ?)?\( ?{_ITEM} ?\)(?: ?, ?\( ?{_ITEM} ?\))*", re.IGNORECASE)
_WIDE_ROWS = re.compile(
    rf"(?:VALUES ?)?\( ?{_ITEM}(?: ?, ?{_ITEM})+ ?\) ?, ?\(.*|VALUES ?\(.*", re.IGNORECASE
)
_QUERY = re.compile(
    r"\(? ?SELECT (?:.+ FROM .+|[0-9'*].*)|\(? ?CASE WHEN .+ END ?\)?|\(? ?WITH \w+ AS ?\(.+", re.IGNORECASE
)
_CONDITION = re.compile(
    r"(?:(?:AND|OR|WHERE) )?[\w.\"]+ ?"
    r"(?:=|<>|!=|>=?|<=?|(?:NOT )?IN ?\(|(?:NOT )?LIKE|BETWEEN|IS (?:NOT )?NULL)"
    rf"(?: ?{_ITEM}.*)?|(?:AND|OR) .*(?:[=<>]|\bIN\b|\bLIKE\b).*|--.*|/\*.*|[0-9]+ ?= ?[0-9]+",
    re.IGNORECASE,
)


def read_default(text: str) -> Reading:
    """Read a text default.

    >>> read_default("CURRENT_DATE - 30").value, read_default("'a', 'b'").value, read_default("NULL").kind
    ('today-30', ['a', 'b'], 'null')

    :raises Unsafe: for a piece of SQL that is no value.
    """
    bare = " ".join(text.split())
    if not bare:
        return Reading(None, "null")
    if bare.upper() == "NULL" or bare == "None":
        return Reading(None, "null", changed=True)
    if day := _read_day(bare):
        return Reading(day, "day", changed=True)
    if found := _read_list(bare):
        return found
    if re.fullmatch(_TEXT, bare):
        inner = _literal(text.strip())
        return Reading(inner, changed=True) if inner else Reading(None, "null", changed=True)
    _refuse_sql(bare)
    return Reading(text)


def read_split(text: str) -> list[str] | None:
    """Return the items of a text whose first and last quotes stand in the SQL around it; None if it is none.

    >>> read_split("a','b"), read_split("O'Brien")
    (['a', 'b'], None)
    """
    quoted = f"'{text}'"
    if "'," not in quoted or not _TEXTS.fullmatch(quoted):
        return None
    return [str(_literal(item)) for item in re.findall(_TEXT, quoted)]


def _read_day(text: str) -> str:
    text = text.upper()
    if re.fullmatch(_NOW, text):
        return "today"
    for pattern in _AGO:
        if found := pattern.fullmatch(text):
            days = int(found["count"]) * (7 if found.groupdict().get("unit") == "WEEK" else 1)
            if days > MOST_DAYS:
                raise Unsafe(f"{show(text)} is {days} days ago; a day may be {MOST_DAYS} ago, correct it")
            return f"today-{days}" if days else "today"
    return ""


def _read_list(text: str) -> Reading | None:
    """Return a list in quotes, in brackets or in rows; a single bare item is none."""
    inner = text[1:-1].strip() if text[:1] == "(" and text[-1:] == ")" else text
    if _ROWS.fullmatch(text) and (text[:1] != "(" or "," in _ROW.sub("", text)):
        return _listed([match[1] for match in _ROW.finditer(text)], "rows")
    if _ITEMS.fullmatch(inner) and (inner != text or not re.fullmatch(_ITEM, inner)):
        return _listed(re.findall(_ITEM, inner), "list")
    if _WIDE_ROWS.fullmatch(text):
        raise Unsafe(f"{show(text)} has rows of several columns; a list has one, write the rows into the SQL")
    return None


def _listed(items: list[str], kind: str) -> Reading:
    values = [_literal(item) for item in items]
    whole = all(isinstance(value, int) for value in values)
    if not whole:
        values = [value if isinstance(value, str) else str(value) for value in values]
    return Reading(values, kind, changed=True, rules={"item_type": "integer"} if whole else {})


def _literal(text: str) -> Any:
    if text[:1] == "'":
        return text[1:-1].replace("''", "'").strip()
    return int(text) if "." not in text else float(text)


def _refuse_sql(text: str) -> None:
    if _DATES.search(text.upper()):
        raise Unsafe(
            f"{show(text)} is no fixed number of days ago; give a day, today-30, or a date range such as "
            "last_month"
        )
    if _QUERY.fullmatch(text) or _CONDITION.fullmatch(text):
        raise Unsafe(
            f"{show(text)} is a piece of SQL and no value; there is no raw type, write it into the SQL with "
            "a placeholder for its value"
        )
