"""Every documented function of AMC: a result, its rule for NULL, and the documented samples."""

import pytest

from tests.sandbox.dialect.tiny import Tiny, proving

NOON = "CAST('2026-03-07 10:11:12' AS TIMESTAMP)"
DAY = "CAST('2026-03-07' AS DATE)"

TEXTS = [
    ("CHARINDEX", "CHARINDEX('c', 'abc')", "3"),
    ("CHARINDEX", "CHARINDEX('a', 'abcabc', 2)", "4"),
    ("CHARINDEX", "CHARINDEX('z', 'abc', 2)", "0"),
    ("CHARINDEX semantics:null-propagates", "CHARINDEX(NULL, 'abc')", ""),
    ("LOCATE", "LOCATE('c', 'abcabc', 4)", "6"),
    ("INSTR", "INSTR('abc', 'c')", "3"),
    ("STRPOS", "STRPOS('abc', 'b')", "2"),
    ("POSITION", "POSITION('b' IN 'abc')", "2"),
    ("CONCAT semantics:concat-casts", "CONCAT('a', 1, CAST('2026-01-01' AS DATE), TRUE)", "a12026-01-01true"),
    ("CONCAT semantics:concat-null", "CONCAT('a', NULL, 'b')", "ab"),
    (
        "FORMAT",
        "FORMAT('%s has %d, %,d and %.2f%%', 'ada', 7, 1234567, 2.345)",
        "ada has 7, 1,234,567 and 2.35%",
    ),
    ("FORMAT", "FORMAT('%05d|%-4s|%x', 42, 'a', 255)", "00042|a   |ff"),
    ("FORMAT", "FORMAT('%s', NULL)", "null"),
    ("FORMAT", "FORMAT('%,9d|%-,9d|', 1234, 1234)", "    1,234|1,234    |"),
    ("FORMAT", "FORMAT('%.2s|%4.1s', 'abc', 'abc')", "ab|   a"),
    ("LEFT", "LEFT('abc', 2)", "ab"),
    ("RIGHT", "RIGHT('abc', 2)", "bc"),
    ("LEFT", "LEFT('abc', LENGTH('a') - 2)", ""),
    ("RIGHT", "RIGHT('abc', LENGTH('a') - 2)", ""),
    ("LENGTH", "LENGTH('straße')", "6"),
    ("LENGTH semantics:null-propagates", "LENGTH(NULL)", ""),
    ("LIKE statement:LIKE", "'abc' LIKE 'a%'", "true"),
    ("LIKE semantics:like-escapes", "'abc' LIKE 'a_c'", "true"),
    ("LIKE semantics:like-escapes", "'abc' LIKE 'a!_c' ESCAPE '!'", "false"),
    ("LIKE semantics:like-escapes", "'a_c' LIKE 'a!_c' ESCAPE '!'", "true"),
    ("LIKE semantics:like-escapes", "'a_c' LIKE 'a\\_c'", "false"),
    ("LIKE", "'abc' NOT LIKE 'b%'", "true"),
    ("LOWER", "LOWER('ÄB')", "äb"),
    ("UPPER", "UPPER('äb')", "ÄB"),
    ("LTRIM", "LTRIM('  a ')", "a "),
    ("RTRIM", "RTRIM(' a  ')", " a"),
    ("TRIM", "TRIM('  a ')", "a"),
    ("TRIM", "TRIM(BOTH 'x' FROM 'xxaxx')", "a"),
    ("TRIM", "TRIM(LEADING 'x' FROM 'xxaxx')", "axx"),
    ("TRIM", "TRIM(TRAILING 'x' FROM 'xxaxx')", "xxa"),
    ("REGEXP_REPLACE", "REGEXP_REPLACE('a1b22', '([0-9]+)', '<$1>')", "a<1>b<22>"),
    ("REGEXP_REPLACE", "REGEXP_REPLACE('a.b', '[.]', '\\$\\\\')", '"a$\\\\b"'),
    ("REGEXP_SUBSTR", "REGEXP_SUBSTR('abc123d4', '[0-9]+')", "123"),
    ("REGEXP_SUBSTR", "REGEXP_SUBSTR('abc', '[0-9]+')", ""),
    ("REGEXP_SPLIT", "REGEXP_SPLIT('a1b22c', '[0-9]+')", "[a, b, c]"),
    ("REPLACE", "REPLACE('abab', 'b', 'c')", "acac"),
    ("SIMILAR-TO statement:SIMILAR-TO semantics:similar-to-finds", "'Brand_STV' SIMILAR TO '_STV$'", "true"),
    ("SIMILAR-TO semantics:similar-to-finds", "'xBRAND_A' SIMILAR TO '^BRAND_A.*'", "false"),
    ("SIMILAR-TO semantics:similar-to-finds", "'my brand' SIMILAR TO '(?i)BRAND'", "true"),
    ("SIMILAR-TO", "'abc' NOT SIMILAR TO 'b|z'", "false"),
    ("SIMILAR-TO semantics:null-propagates", "NULL SIMILAR TO 'b'", ""),
    ("STR_TO_MAP", "STR_TO_MAP('a:1,b:2,c')", "{a=1, b=2, c=NULL}"),
    ("STR_TO_MAP", "STR_TO_MAP('a=1;a=2', ';', '=')", "{a=2}"),
    ("SUBSTRING", "SUBSTRING('abcdef' FROM 2 FOR 3)", "bcd"),
    ("SUBSTRING", "SUBSTRING('abcdef' FROM 4)", "def"),
    ("SUBSTRING", "SUBSTRING('abcdef', 2, 3)", "bcd"),
    ("SUBSTRING", "SUBSTRING('abc' FROM -1)", "abc"),
    ("SUBSTRING", "SUBSTRING('abc' FROM -1 FOR 3)", "a"),
    ("SUBSTRING", "SUBSTRING('abc' FROM 0 FOR 2)", "a"),
    ("SUBSTRING", "SUBSTRING('abc' FROM 2 FOR -1)", ""),
]
NUMBERS = [
    ("ABS", "ABS(-5)", "5"),
    ("CEIL", "CEIL(2.1)", "3"),
    ("E", "ROUND(E(), 5)", "2.71828"),
    ("EXP", "ROUND(EXP(2), 4)", "7.3891"),
    ("FLOOR", "FLOOR(-2.1)", "-3"),
    ("LN", "LN(E())", "1.0"),
    ("LN", "LN(0)", ""),
    ("LOG", "LOG(2, 8)", "3.0"),
    ("LOG", "LOG(1, 10)", ""),
    ("LOG10", "LOG10(1000)", "3.0"),
    ("POWER", "POWER(-2, 3)", "-8.0"),
    ("POWER", "POWER(-8, 0.5)", ""),
    ("POWER", "POWER(0, -1)", ""),
    ("EXP", "EXP(1000)", "Infinity"),
    ("POWER", "POWER(2, 10)", "1024.0"),
    ("RANDOM", "CASE WHEN RANDOM() >= 0 AND RANDOM() < 1 THEN 'in' ELSE 'out' END", "in"),
    ("ROUND", "ROUND(2.5)", "3"),
    ("ROUND", "ROUND(2.345, 2)", "2.35"),
    ("SQRT", "SQRT(9)", "3.0"),
    ("SQRT semantics:sqrt-negative", "SQRT(-1)", ""),
    ("TRUNC", "TRUNC(2.9)", "2"),
    ("TRUNC", "TRUNC(-2.349, 2)", "-2.34"),
    ("semantics:division-fractional", "18000000 / 100000000", "0.18"),
    ("semantics:division-fractional", "CAST(7 AS BIGINT) / CAST(2 AS INTEGER)", "3.5"),
    ("semantics:division-by-zero", "1 / 0", ""),
    ("GREATEST", "GREATEST(1, 3, 2.5)", "3.0"),
    ("LEAST", "LEAST(4, 2, 3)", "2"),
    ("GREATEST semantics:greatest-null", "GREATEST(1, NULL)", ""),
    ("LEAST semantics:greatest-null", "LEAST(NULL, 1)", ""),
]
MOMENTS = [
    (
        "CONVERT_TIME_ZONE_FROM_UTC",
        "CONVERT_TIME_ZONE_FROM_UTC(CAST('2026-07-01 12:00:00' AS TIMESTAMP), 'America/New_York')",
        "2026-07-01T08:00:00.000",
    ),
    (
        "CONVERT_TIME_ZONE_FROM_UTC semantics:zone-keeps-type",
        "CONVERT_TIME_ZONE_FROM_UTC(CAST('2026-07-01' AS DATE), 'America/New_York')",
        "2026-06-30",
    ),
    ("CURRENT_DATE", "CURRENT_DATE", "2026-03-04"),
    ("CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP", "2026-03-04T12:34:56.000"),
    ("CURRENT_DATE", "CURRENT_DATE()", "2026-03-04"),
    ("CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP()", "2026-03-04T12:34:56.000"),
    ("semantics:cast-today", "CAST('today' AS DATE)", "2026-03-04"),
    ("semantics:cast-today", "CAST('now' AS TIMESTAMP)", "2026-03-04T12:34:56.000"),
    ("DATE_TRUNC", f"DATE_TRUNC('SECOND', {NOON})", "2026-03-07T10:11:12.000"),
    ("DATE_TRUNC", f"DATE_TRUNC('MINUTE', {NOON})", "2026-03-07T10:11:00.000"),
    ("DATE_TRUNC", f"DATE_TRUNC('HOUR', {NOON})", "2026-03-07T10:00:00.000"),
    ("DATE_TRUNC", f"DATE_TRUNC('DAY', {NOON})", "2026-03-07T00:00:00.000"),
    ("DATE_TRUNC semantics:week-start", f"DATE_TRUNC('WEEK', {NOON})", "2026-03-02T00:00:00.000"),
    ("DATE_TRUNC", f"DATE_TRUNC('MONTH', {NOON})", "2026-03-01T00:00:00.000"),
    ("DATE_TRUNC", f"DATE_TRUNC('QUARTER', {NOON})", "2026-01-01T00:00:00.000"),
    ("DATE_TRUNC", f"DATE_TRUNC('YEAR', {DAY})", "2026-01-01T00:00:00.000"),
    ("DAYOFMONTH", f"DAYOFMONTH({DAY})", "7"),
    ("DAYOFWEEK semantics:dow-sunday", "DAYOFWEEK(CAST('2026-03-01' AS DATE))", "1"),
    ("DAYOFWEEK semantics:dow-sunday", f"DAYOFWEEK({DAY})", "7"),
    ("EXTRACT semantics:dow-sunday", "EXTRACT(DOW FROM CAST('2026-03-01' AS DATE))", "1"),
    ("EXTRACT", f"EXTRACT(SECOND FROM {NOON})", "12"),
    ("EXTRACT", f"EXTRACT(MINUTE FROM {NOON})", "11"),
    ("EXTRACT", f"EXTRACT(HOUR FROM {NOON})", "10"),
    ("EXTRACT", f"EXTRACT(DAY FROM {NOON})", "7"),
    ("EXTRACT", f"EXTRACT(WEEK FROM {NOON})", "10"),
    ("EXTRACT", f"EXTRACT(MONTH FROM {NOON})", "3"),
    ("EXTRACT", f"EXTRACT(YEAR FROM {NOON})", "2026"),
    ("EXTRACT semantics:extract-of-date", f"EXTRACT(HOUR FROM {DAY})", "0"),
    (
        "EPOCH_TO_UTC_TIMESTAMP semantics:epoch-by-size",
        "EPOCH_TO_UTC_TIMESTAMP(1767225600)",
        "2026-01-01T00:00:00.000",
    ),
    ("semantics:epoch-by-size", "EPOCH_TO_UTC_TIMESTAMP(1767225600250)", "2026-01-01T00:00:00.250"),
    ("HOUR", f"HOUR({NOON})", "10"),
    ("HOUR semantics:extract-of-date", f"HOUR({DAY})", "0"),
    ("MINUTE", f"MINUTE({NOON})", "11"),
    ("MONTH", f"MONTH({DAY})", "3"),
    ("SECOND", f"SECOND({NOON})", "12"),
    ("WEEK", f"WEEK({DAY})", "10"),
    ("YEAR", f"YEAR({DAY})", "2026"),
    ("SECONDS_BETWEEN semantics:seconds-between-sign", f"SECONDS_BETWEEN({DAY}, {NOON})", "36672"),
    ("SECONDS_BETWEEN semantics:seconds-between-sign", f"SECONDS_BETWEEN({NOON}, {DAY})", "-36672"),
    ("semantics:null-propagates", "YEAR(CAST(NULL AS DATE))", ""),
]
CHOICES = [
    ("COALESCE", "COALESCE(NULL, NULL, 2)", "2"),
    ("IF", "IF(1 > 2, 'a', 'b')", "b"),
    ("IF", "IF(NULL, 'a', 'b')", "b"),
    ("IFNULL", "IFNULL(NULL, 'x')", "x"),
    ("NVL", "NVL(NULL, 'x')", "x"),
    ("NVL2", "NVL2('y', 'set', 'unset')", "set"),
    ("NVL2", "NVL2(NULL, 'set', 'unset')", "unset"),
    ("NULLIF", "NULLIF(1, 1)", ""),
    ("NULLIF", "NULLIF(1, 2)", "1"),
    ("CONTAINED_IN", "CONTAINED_IN('b', 'a', 'b')", "true"),
    ("CONTAINED_IN", "CONTAINED_IN('z', 'a', 'b')", "false"),
    ("statement:CASE", "CASE WHEN 1 = 2 THEN 'one' ELSE 'other' END", "other"),
    ("statement:CASE", "CASE 2 WHEN 1 THEN 'one' WHEN 2 THEN 'two' END", "two"),
    ("statement:IN", "2 IN (1, 2)", "true"),
    ("statement:BETWEEN", "2 BETWEEN 1 AND 3", "true"),
    ("statement:IS-NULL", "NULL IS NULL AND 1 IS NOT NULL", "true"),
    ("semantics:quote-escape", "'it''s'", "it's"),
]
ARRAYS = [
    ("ARRAY_CAT statement:ARRAY-CONSTRUCTOR", "ARRAY_CAT(ARRAY[1, 2], ARRAY[2, 3])", "[1, 2, 2, 3]"),
    ("ARRAY_CAT semantics:null-propagates", "ARRAY_CAT(ARRAY[1], NULL)", ""),
    ("ARRAY_COMPLEMENT", "ARRAY_COMPLEMENT(ARRAY[3, 1, 2, 1], ARRAY[2])", "[3, 1]"),
    ("ARRAY_COMPLEMENT", "ARRAY_COMPLEMENT(ARRAY[1, NULL], ARRAY[NULL, 2])", "[1]"),
    ("ARRAY_CONTAINS", "ARRAY_CONTAINS(ARRAY['a', 'b'], 'b')", "true"),
    ("ARRAY_CONTAINS", "ARRAY_CONTAINS(ARRAY['a', 'b'], 'z')", "false"),
    (
        "ARRAY_DISTINCT semantics:array-distinct-order",
        "ARRAY_DISTINCT(ARRAY['b', 'a', 'b', 'c'])",
        "[b, a, c]",
    ),
    ("ARRAY_INTERSECT", "ARRAY_INTERSECT(ARRAY[3, 1, 2, 3], ARRAY[2, 3])", "[3, 2]"),
    ("ARRAY_REMOVE", "ARRAY_REMOVE(ARRAY['a', 'b', 'a'], 'a')", "[b]"),
    ("ARRAY_SORT", "ARRAY_SORT(ARRAY[3, 1, 2])", "[1, 2, 3]"),
    ("ARRAY_TO_STRING", "ARRAY_TO_STRING(ARRAY['a', 'b'], ' > ')", "a > b"),
    ("ARRAY_UNION", "ARRAY_UNION(ARRAY[1, 2], ARRAY[2, 3])", "[1, 2, 3]"),
    ("CARDINALITY", "CARDINALITY(ARRAY[1, NULL, 3])", "3"),
    ("semantics:item-from-1", "ARRAY['a', 'b'][1]", "a"),
    ("semantics:item-from-1", "STR_TO_MAP('a:1,b:2')['b']", "2"),
    ("FLATTEN", "FLATTEN(ARRAY[ARRAY[1, 2], ARRAY[3]])", "[1, 2, 3]"),
    (
        "semantics:csv-array",
        "ARRAY[NAMED_ROW('n', 1, 's', 'A'), NAMED_ROW('n', 2, 's', 'B')]",
        "[[1, A], [2, B]]",
    ),
    ("NAMED_ROW", "NAMED_ROW('place', 1, 'name', 'Spring')", "[1, Spring]"),
    ("semantics:csv-null", "IF(1 = 2, NAMED_ROW('n', 1), NULL)", ""),
    ("semantics:csv-array", "ARRAY[NAMED_ROW('n', 1), NULL]", "[[1], null]"),
]
OTHERS = [
    ("HASH64", "IF(HASH64('a') = HASH64('a') AND HASH64('a') <> HASH64('b'), 'same', 'not')", "same"),
    ("HASH64 semantics:null-propagates", "HASH64(CAST(NULL AS VARCHAR))", ""),
    ("MD5", "MD5('a')", "0cc175b9c0f1b6a831c399e269772661"),
    ("SHA1", "SHA1('a')", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
    ("TO_VARBINARY FROM_VARBINARY", "FROM_VARBINARY(TO_VARBINARY('añ', 'utf-8'), 'hex')", "61c3b1"),
    ("TO_VARBINARY FROM_VARBINARY", "FROM_VARBINARY(TO_VARBINARY('61c3b1', 'hex'), 'utf-8')", "añ"),
    ("FROM_VARBINARY", "FROM_VARBINARY(TO_VARBINARY('YWJj', 'base64'), 'base64')", "YWJj"),
    ("JSON_EXTRACT", "JSON_EXTRACT('{\"a\": {\"b\": [5, 6]}}', '$.a.b[1]')", "6"),
    ("JSON_EXTRACT", "JSON_EXTRACT('{\"a\": \"x\"}', '$.a')", "x"),
    ("JSON_EXTRACT", "JSON_EXTRACT('{\"a\": 1}', '$.z')", ""),
    ("JSON_EXTRACT", "JSON_EXTRACT('no JSON', '$.a')", ""),
    (
        "JSON_SERIALIZE",
        "JSON_SERIALIZE(NAMED_ROW('a', 1, 'b', ARRAY['x']))",
        '"{\\"a\\":1,\\"b\\":[\\"x\\"]}"',
    ),
    ("UUID", "LENGTH(CAST(UUID() AS VARCHAR))", "36"),
]
CASTS = [
    ("CAST", "CAST('true' AS BOOLEAN)", "true"),
    ("CAST", "CAST('12' AS TINYINT)", "12"),
    ("CAST", "CAST('12' AS SMALLINT)", "12"),
    ("CAST", "CAST('12' AS INTEGER)", "12"),
    ("CAST", "CAST('12' AS BIGINT)", "12"),
    ("CAST", "CAST(2.9 AS BIGINT)", "2"),
    ("CAST", "CAST(-2.9 AS INTEGER)", "-2"),
    ("CAST", "CAST('2.345' AS DECIMAL(10, 2))", "2.35"),
    ("CAST", "CAST('2.5' AS DECIMAL)", "2.5000"),
    ("CAST", "CAST('2.5' AS FLOAT)", "2.5"),
    ("CAST", "CAST('2.5' AS REAL)", "2.5"),
    ("CAST", "CAST('2.5' AS DOUBLE)", "2.5"),
    ("CAST semantics:csv-date", "CAST('2026-01-02' AS DATE)", "2026-01-02"),
    (
        "CAST semantics:csv-timestamp",
        "CAST('2026-01-02 03:04:05.678' AS TIMESTAMP)",
        "2026-01-02T03:04:05.678",
    ),
    ("CAST", "CAST('abcdef' AS CHAR(3))", "abc"),
    ("CAST", "CAST(12345 AS VARCHAR(2))", "12"),
    ("CAST", "CAST(5 AS VARCHAR)", "5"),
    ("CAST", "FROM_VARBINARY(CAST('ab' AS BINARY), 'hex')", "6162"),
    ("CAST", "CAST(ARRAY['1', '2'] AS ARRAY<INTEGER>)", "[1, 2]"),
    ("CAST", "CAST(NULL AS BIGINT)", ""),
]


@pytest.mark.parametrize(
    ("expression", "expected"),
    proving("function", [*TEXTS, *NUMBERS, *MOMENTS, *CHOICES, *ARRAYS, *OTHERS, *CASTS]),
)
def test_the_function_gives(tiny: Tiny, expression: str, expected: str) -> None:
    assert tiny.cell(expression) == expected


SAMPLE = "WITH t (x) AS (VALUES (20), (45), (30), (66), (50), (60), (85), (70), (NULL))"
AGGREGATES = [
    ("STDDEV semantics:sample-statistics", "ROUND(STDDEV(x), 5)", "21.45261"),
    ("VARIANCE semantics:sample-statistics", "TRUNC(VARIANCE(x), 4)", "460.2142"),
    ("STDDEV_SAMP", "ROUND(STDDEV_SAMP(x), 5)", "21.45261"),
    ("VAR_SAMP", "TRUNC(VAR_SAMP(x), 4)", "460.2142"),
    ("STDDEV_POP", "ROUND(STDDEV_POP(x), 5)", "20.06708"),
    ("VAR_POP", "ROUND(VAR_POP(x), 4)", "402.6875"),
    ("SKEWNESS", "ROUND(SKEWNESS(x), 5)", "-0.2091"),
    ("PERCENTILE", "PERCENTILE(x, 0.25)", "41.25"),
    ("PERCENTILE MEDIAN", "PERCENTILE(x, 0.5)", "55.0"),
    ("MEDIAN", "MEDIAN(x)", "55.0"),
    ("APPROX_PERCENTILE", "APPROX_PERCENTILE(x, 0.5)", "55"),
    ("AVG semantics:aggregates-skip-null", "AVG(x)", "53.25"),
    ("COUNT semantics:aggregates-skip-null", "COUNT(x)", "8"),
    ("COUNT", "COUNT(*)", "9"),
    ("COUNT-DISTINCT", "COUNT(DISTINCT x / 100 > 0.5)", "2"),
    ("MIN semantics:aggregates-skip-null", "MIN(x)", "20"),
    ("MAX semantics:aggregates-skip-null", "MAX(x)", "85"),
    ("SUM semantics:aggregates-skip-null", "SUM(x)", "426"),
    ("COLLECT semantics:collect-keeps-null", "CARDINALITY(COLLECT(x))", "9"),
    ("COLLECT-DISTINCT", "ARRAY_SORT(COLLECT(DISTINCT x > 50))", "[false, true, null]"),
]


@pytest.mark.parametrize(("expression", "expected"), proving("function", AGGREGATES))
def test_the_aggregate_gives(tiny: Tiny, expression: str, expected: str) -> None:
    assert tiny.lines(f"{SAMPLE} SELECT {expression} AS x FROM t") == [expected]


RANKED = "WITH t (k, v) AS (VALUES ('a', 1), ('a', 2), ('a', 2), ('a', 3), ('b', 5))"
WINDOWS = [
    ("RANK", "RANK() OVER (PARTITION BY k ORDER BY v)", "1 1 2 2 4"),
    ("DENSE_RANK", "DENSE_RANK() OVER (PARTITION BY k ORDER BY v)", "1 1 2 2 3"),
    ("ROW_NUMBER", "ROW_NUMBER() OVER (PARTITION BY k ORDER BY v)", "1 1 2 3 4"),
    ("OVER", "SUM(v) OVER (PARTITION BY k)", "5 8 8 8 8"),
    ("OVER", "SUM(v) OVER (PARTITION BY k ORDER BY v ROWS UNBOUNDED PRECEDING)", "1 3 5 5 8"),
]


@pytest.mark.parametrize(("expression", "expected"), proving("function", WINDOWS))
def test_the_window_function_gives(tiny: Tiny, expression: str, expected: str) -> None:
    assert tiny.lines(f"{RANKED} SELECT {expression} AS x FROM t") == expected.split()


@pytest.mark.conforms("function:EXPLODE")
def test_explode_makes_a_row_of_each_item(tiny: Tiny) -> None:
    assert tiny.lines("WITH t (a) AS (VALUES (ARRAY[1, 2]), (ARRAY[3])) SELECT EXPLODE(a) AS x FROM t") == [
        "1",
        "2",
        "3",
    ]


TYPES = [
    ("semantics:sum-long", "SUM(impressions)", "FROM dsp_impressions", "LONG"),
    ("semantics:sum-double", "SUM(total_cost)", "FROM dsp_impressions", "DOUBLE"),
    (
        "semantics:sum-decimal",
        "SUM(product_sales)",
        "FROM amazon_attributed_events_by_traffic_time",
        "DECIMAL(38,4)",
    ),
    ("semantics:avg-double", "AVG(impressions)", "FROM dsp_impressions", "DOUBLE"),
    ("semantics:count-long", "COUNT(*)", "FROM dsp_impressions", "LONG"),
    ("semantics:division-fractional", "SUM(spend) / 100000000", "FROM sponsored_ads_traffic", "DOUBLE"),
    ("semantics:zone-keeps-type", "CONVERT_TIME_ZONE_FROM_UTC(CURRENT_DATE, 'Europe/Paris')", "", "DATE"),
    (
        "semantics:zone-keeps-type",
        "CONVERT_TIME_ZONE_FROM_UTC(CURRENT_TIMESTAMP, 'Europe/Paris')",
        "",
        "TIMESTAMP",
    ),
    ("function:HASH64", "HASH64('a')", "", "LONG"),
    ("function:CAST", "CAST('1' AS TINYINT)", "", "BYTE"),
    ("function:CAST", "CAST('1' AS SMALLINT)", "", "SHORT"),
    ("function:CAST", "CAST('1' AS INTEGER)", "", "INTEGER"),
    ("function:CAST", "CAST('1' AS BIGINT)", "", "LONG"),
    ("function:CAST", "CAST('1' AS REAL)", "", "FLOAT"),
    ("function:CAST", "CAST('a' AS BINARY)", "", "BINARY"),
    ("function:CAST", "CAST('a' AS VARCHAR)", "", "STRING"),
    ("function:CAST", "CAST('1' AS DECIMAL(12, 3))", "", "DECIMAL(12,3)"),
    ("function:COALESCE", "COALESCE(CAST(NULL AS BOOLEAN), TRUE)", "", "BOOLEAN"),
]


@pytest.mark.parametrize(("expression", "source", "expected"), proving("semantics", TYPES))
def test_the_results_type(tiny: Tiny, expression: str, source: str, expected: str) -> None:
    assert tiny.type(expression, source) == expected
