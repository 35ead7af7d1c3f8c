"""The words of AMC's SQL: its functions with how many arguments they take, its units and its types."""

from dataclasses import dataclass

MANY = 255


@dataclass(frozen=True)
class Function:
    """A documented function and the least and most arguments it takes."""

    name: str
    least: int
    most: int

    @property
    def wanted(self) -> str:
        """How many arguments, in words."""
        if self.least == self.most:
            return f"{self.least} arguments"
        return f"at least {self.least}" if self.most == MANY else f"{self.least} to {self.most} arguments"


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


def _functions(text: str) -> dict[str, Function]:
    """Read words such as ``UPPER:1``, ``CHARINDEX:2-3`` and ``COALESCE:1+``."""
    found = {}
    for word in text.split():
        name, _, counts = word.partition(":")
        least, _, most = counts.rstrip("+").partition("-")
        top = MANY if counts.endswith("+") else int(most or least)
        found[name] = Function(name, int(least), top)
    return found


FUNCTIONS = _functions(
    """
    CHARINDEX:2-3 CONCAT:1+ FORMAT:1+ INSTR:2 LEFT:2 LENGTH:1 LOCATE:2-3 LOWER:1 LTRIM:1 POSITION:1
    REGEXP_REPLACE:3 REGEXP_SUBSTR:2 REGEXP_SPLIT:2 REPLACE:3 RIGHT:2 RTRIM:1 STRPOS:2 STR_TO_MAP:1-3
    SUBSTRING:1-3 TRIM:1 UPPER:1
    ABS:1 CEIL:1 E:0 EXP:1 FLOOR:1 LN:1 LOG:2 LOG10:1 POWER:2 RANDOM:0 ROUND:1-2 SQRT:1 TRUNC:1-2
    AVG:1 COUNT:1+ MIN:1 MAX:1 SUM:1 STDDEV:1 VARIANCE:1 STDDEV_SAMP:1 VAR_SAMP:1 STDDEV_POP:1 VAR_POP:1
    SKEWNESS:1 PERCENTILE:2 APPROX_PERCENTILE:2 MEDIAN:1 COLLECT:1
    CONVERT_TIME_ZONE_FROM_UTC:2 CURRENT_DATE:0 CURRENT_TIMESTAMP:0 DATE_TRUNC:2 DAYOFMONTH:1 DAYOFWEEK:1
    EPOCH_TO_UTC_TIMESTAMP:1 EXTRACT:1 HOUR:1 MINUTE:1 MONTH:1 SECOND:1 WEEK:1 YEAR:1 SECONDS_BETWEEN:2
    COALESCE:1+ IF:3 IFNULL:2 NVL:1+ NVL2:3 NULLIF:2 CONTAINED_IN:2+
    ARRAY_CAT:2+ ARRAY_COMPLEMENT:2 ARRAY_CONTAINS:2 ARRAY_DISTINCT:1 ARRAY_INTERSECT:2 ARRAY_REMOVE:2
    ARRAY_SORT:1 ARRAY_TO_STRING:2 ARRAY_UNION:2 CARDINALITY:1 EXPLODE:1 FLATTEN:1
    DENSE_RANK:0 RANK:0 ROW_NUMBER:0 GREATEST:1+ LEAST:1+
    HASH64:1+ MD5:1 SHA1:1 FROM_VARBINARY:2 TO_VARBINARY:2 JSON_EXTRACT:2 JSON_SERIALIZE:1 CAST:1
    NAMED_ROW:2+ UUID:0 BUILT_IN_PARAMETER:1 CUSTOM_PARAMETER:1 EXTEND_TIME_WINDOW:3
    """
)
AGGREGATES_BY_NAME = frozenset({"COLLECT", "PERCENTILE", "APPROX_PERCENTILE"})
# words that may stand before a bracket without being a function
SYNTAX = words(
    """
    ALL AND ANY ARRAY AS BETWEEN BIGINT BINARY BY CASE CHAR CROSS DECIMAL DISTINCT ELSE END ESCAPE EXCEPT
    EXISTS FILTER FROM FULL GROUP HAVING IN INNER INTERSECT IS JOIN LATERAL LIKE NOT NULL ON OR OVER PARTITION
    ROW ROWS SELECT SOME STRUCT TABLE THEN TO UNION USING VALUES VARCHAR WHEN WHERE WINDOW WITH
    """
)
TRUNC_UNITS = ("SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
EXTRACT_UNITS = ("SECOND", "MINUTE", "HOUR", "DAY", "DOW", "WEEK", "MONTH", "YEAR")
# as they may be written in a CAST
TYPES = words(
    """
    BOOLEAN TINYINT SMALLINT INTEGER INT BIGINT DECIMAL FLOAT REAL DOUBLE DATE TIMESTAMP CHAR VARCHAR BINARY
    VARBINARY ARRAY STRUCT ROW
    """
)
# what Calcite's parser takes for DECIMAL and CHAR
SYNONYMS = words("NUMERIC DEC CHARACTER")
