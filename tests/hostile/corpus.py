"""Values that nobody should send, and for each type of parameter a query with every place for it."""

# ruff: noqa: E501, RUF001 - tables of signs, some of which are there because they look like others

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

QUOTES = [
    "'", "''", "'''", "\"", "\"\"", "`", "´", "’", "‘", "ʼ", "＇", "′", "\\'", "\\\\'", "\\", "\\\\", "a'b", "O'Brien",
    "'; DROP TABLE x; --", "' OR '1'='1", "' OR 1=1 --", "') OR ('1'='1", "1; SELECT 1", "1 OR 1=1", "'||'", "' || 'a",
    "' UNION SELECT user_id FROM dsp_impressions --", "x' AND (SELECT 1)='1", "'/*", "*/'", "$$", "$$a$$", "$tag$x$tag$",
    "E'\\''", "U&'\\0027'", "N'x'", "x'27'", "q'[a]'", "%27", "&#39;", "\\u0027", "\\x27", "''';--", "a\\", "a\\' OR 1=1 --",
]  # fmt: skip
COMMENTS = [
    "--", "-- ", "--\n", "/*", "*/", "/**/", "/*!50000 1 */", "/*+ hint */", "#", "//", ";--", "a -- b", "a /* b */ c",
    "*/ OR 1=1 /*", "--\r", "-- \r\n1", "\n--\n", "{#", "#}", "<!--", "-->",
]  # fmt: skip
MARKS = [
    "{{x}}", "{{ x }}", "{{y}}", "{{", "}}", "{{x", "x}}", "{{{{x}}}}", "{x}", "${x}", "$x", ":x", "%(x)s", "%s", "?", "@x",
    "{% raw %}", "{{#if x}}", "{{x.start}}", "{{constructor}}", "{{__class__}}", "{0}", "%d%n", "$(id)", "`id`", "#{x}",
]  # fmt: skip
SIGNS = [
    "\0", "a\0b", "\x01", "\x07", "\x08", "\x0b", "\x0c", "\x1a", "\x1b[31m", "\x7f", "\x80", "\x85", "\u00a0", "\u00ad",
    "\u200b", "\u200d", "\u202e", "\u2028", "\u2029", "\u2066x\u2069", "\ufeff", "\ufffd", "\ufffe", "\uffff", "\U0010ffff",
    "\ud800", "\udfff", "\ud83d", "😀", "👩‍👩‍👧", "é", "e\u0301", "ﬁ", "İ", "ß", "Ω", "К", "ａｂｃ", "١٢٣", "零", "𝟏𝟐", "²", "Ⅷ",
    "Z̷̢̛", "\r", "\n", "\r\n", "\t", " ", "  ", "\u3000", "a\nb", "a\tb", "\\n", "\\0", "\\", "\x1f", "\x9f", "⁄", "；", "，", "－－",
]  # fmt: skip
WORDS = [
    "", "null", "NULL", "None", "nil", "undefined", "true", "FALSE", "nan", "NaN", "inf", "-Infinity", "SELECT", "DROP TABLE",
    "Update campaign", "Drop Shoulder Tee", "Delete & Co", "UNION", "CAST(1 AS INT)", "CURRENT_DATE", "CURRENT_DATE - 30",
    "today()", "now", "DEFAULT", "*", "%", "_", "**", "%%", "[a-z]", "(?i)", "^a", "a|b", "(", ")", "()", "[", "]", "[]", "{}",
    ",", ",,", ";", ";;", "a,b", "a;b", "a, 'b'", "('a','b')", "('a'),('b')", "VALUES ('a')", "= 1", "> 1", "1=1", "javascript:",
    "<script>alert(1)</script>", "&lt;", "../../etc/passwd", "file:///etc/passwd", "http://127.0.0.1/", "=cmd|'/c'!A1", "+1",
]  # fmt: skip
DIGITS = [
    "0", "-0", "00", "007", "1.0", "1.", ".1", "1,000", "1.000,5", "1e3", "1E400", "1e-400", "0x10", "0b1", "0o7", "1_000", "+5",
    "- 1", "1 2", "１", "٣", "1/2", "50%", "$5", "1L", "1f", "9" * 30, "-" + "9" * 400, "0." + "1" * 400, "1e9999999",
    "9223372036854775808", "-9223372036854775809", "1e308", "1.7976931348623159e308", "5e-324",
]  # fmt: skip
DAYS = [
    "2026-02-30", "2026-13-01", "0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01", "-0001-01-01", "2026-3-4", "20260304",
    "04.03.2026", "03/04/2026", "2026-03-04T00:00:00", "2026-03-04T00:00:00Z", "2026-03-04T24:00:00", "2026-03-04'", "2026-03-04;",
    "today", "today-1", "today-99999999999", "today+1", "today--1", "yesterday'", "last_0_days", "last_-1_days", "last_30_days",
    "last_99999999999999999999_days", "last_month; DROP", "this_fortnight", "mtd", "2026-W10", "2026-060", "1772582400", "２０２６-03-04",
]  # fmt: skip
LONG = [
    "x" * 10_001, "'" * 5_000, "é" * 5_000, "😀" * 3_000, "(" * 3_000, "/*" * 2_000, "{{x}}" * 1_000, "a," * 1_001, "\\" * 5_000,
    "-" * 5_000, "1" * 5_000, " " * 5_000, "a\n" * 2_000, "B000000001 " * 1_001,
]  # fmt: skip
TEXTS = [*QUOTES, *COMMENTS, *MARKS, *SIGNS, *WORDS, *DIGITS, *DAYS, *LONG]

NUMBERS: list[Any] = [
    0, -1, 1.5, -0.0, 1e308, -1e308, 5e-324, 10**15, 2**53, 2**63, -(2**63) - 1, 10**30, 10**400, 1e22, 0.1 + 0.2, 3.0000000000000004,
]  # fmt: skip
NOT_JSON = [float("nan"), float("inf"), float("-inf")]


def _deep(levels: int) -> Any:
    found: Any = "x"
    for level in range(levels):
        found = [found] if level % 2 else {"x": found}
    return found


NESTED: list[Any] = [
    None, True, False, [], {}, [[]], [{}], {"": ""}, {"a": 1}, [None], [True], [1, "a"], ["a", ["b"]], [["a"]], {"value": "a"},
    {"start": "2026-01-01"}, {"end": "2026-01-01"}, {"start": "2026-02-01", "end": "2026-01-01"}, {"start": "'", "end": "--"},
    {"start": None, "end": None}, {"start": ["2026-01-01"], "end": {}}, {"start": "2026-01-01", "end": "2026-01-31", "x": 1},
    {"preset": "last_30_days"}, {"preset": "'"}, {"preset": 30}, {"preset": "last_30_days", "start": "2026-01-01"},
    {"__proto__": {"x": 1}}, {"$gt": ""}, {"x": {"x": {"x": {}}}}, _deep(5), _deep(40), ["a"] * 1_000, ["a"] * 1_001,
    [f"v{n}" for n in range(1_001)], [f"B{n:09}" for n in range(1_001)], [f"B{n:09}" for n in range(1_000)], list(range(1_001)),
    ["x" * 200] * 1_000, ["'"] * 999, ["'", "''", "\\"], ["'a'", "'b'"], ["a\0"], ["\ud800"], [""], [" "], ["", "a"], ["a", "a"],
    ["{{x}}"], ["--", "/*"], ["a,b"], ["B000000001", "b000000001"], ["B00000000'"], ["Ｂ000000001"], [1, 2.5], [10**400], [-0.0],
    [{"a": 1}], [None, "a"], [[1, 2], [3]], ["%"], ["*"], ["a" * 10_001],
]  # fmt: skip
VALUES: list[Any] = [*TEXTS, *NUMBERS, *NESTED]


@dataclass(frozen=True)
class Form:
    """A parameter of some type, a query that has it at each place where it may stand, and a plain value."""

    kind: str
    sql: str
    plain: Any
    rules: dict[str, Any] = field(default_factory=dict)

    @property
    def row(self) -> dict[str, Any]:
        """The definition, as it is published."""
        return {
            "parameter_name": "x",
            "parameter_type": self.kind,
            "required": True,
            "validation_rules": self.rules,
        }


def _query(*conditions: str, source: str = "dsp_impressions") -> str:
    return (
        f"SELECT campaign, SUM(impressions) AS n FROM {source} -- {{{{x}}}}\n"
        f"WHERE {' AND '.join(conditions)} GROUP BY campaign"
    )


TEXT_PLACES = (
    "campaign = {{x}}", "campaign = ' {{x}} '", "campaign LIKE {{x}}", "campaign LIKE '%{{x}}%'", "campaign IN ({{x}})",
    "LENGTH('P{{x}}D') > 0", "CONCAT({{x}}, 'a', \"campaign\") <> '--'",
)  # fmt: skip
LIST_PLACES = (
    "campaign IN {{x}}", "campaign IN ({{x}})", "campaign IN ('first', {{x}})", "NOT (campaign IN ({{x}}))",
    "campaign IN (SELECT v FROM (VALUES {{x}}) AS t (v))",
)  # fmt: skip
NUMBER_PLACES = (
    "line_item_id > {{x}}",
    "line_item_id BETWEEN 0 AND {{x}}",
    "line_item_id + {{x}} * 2 > 1",
    "'{{x}}' <> ''",
)
DAY_PLACES = ("impression_date >= {{x}}", "impression_date < CAST({{x}} AS DATE)", "'{{x}}' <> 'a'")
RANGE_PLACES = ("impression_date >= {{x.start}}", "impression_date < {{x.end}}", "'{{x.start}}' <> ''")
OPTIONS = ["a", "b'c", "d--", "e/*"]

FORMS = (
    Form("string", _query(*TEXT_PLACES), "a"),
    Form("string", _query("x_{{x}} > 1", source="conversions_{{x}}"), "all", {"identifier": True}),
    Form("campaign_filter", _query("campaign LIKE {{x}}", "campaign LIKE '{{x}}'"), "a"),
    Form("number", _query(*NUMBER_PLACES), 1),
    Form("number", _query(*NUMBER_PLACES, source="within_{{x}}_days"), 1, {"type": "integer", "min": 0}),
    Form("threshold_numeric", _query(*NUMBER_PLACES), 1, {"min": 1, "max": 1000, "step": 0.5}),
    Form("percentage", _query(*NUMBER_PLACES), 1, {"as_decimal": True}),
    Form("boolean", _query("({{x}} = TRUE OR {{x}})"), True),
    Form("date", _query(*DAY_PLACES), "2026-01-01"),
    Form("date_range", _query(*RANGE_PLACES), {"start": "2026-01-01", "end": "2026-01-31"}),
    Form("date_expression", _query(*RANGE_PLACES), "last_30_days"),
    Form("string_list", _query(*LIST_PLACES), ["a"]),
    Form("campaign_list", _query(*LIST_PLACES), ["a"]),
    Form("asin_list", _query(*LIST_PLACES), ["B000000001"]),
    Form("enum_select", _query(*TEXT_PLACES), "a", {"options": OPTIONS}),
    Form("enum_select", _query(*LIST_PLACES), ["a"], {"options": OPTIONS, "multiple": True}),
)


def cases() -> Iterator[tuple[Form, Any]]:
    """Yield every value for every type."""
    return itertools.product(FORMS, VALUES)


def as_json(value: Any) -> bytes:
    """Return a value as JSON, lone surrogates and all."""
    return json.dumps(value).encode("ascii")
