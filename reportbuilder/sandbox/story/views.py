"""AMC's tables as views over the facts: one SQL expression for each documented column."""

from collections.abc import Mapping

from reportbuilder.sandbox.story.attributed import ATTRIBUTED
from reportbuilder.sandbox.story.bought import CONVERSIONS
from reportbuilder.sandbox.story.displayed import DSP_CLICKS, DSP_IMPRESSIONS
from reportbuilder.sandbox.story.sponsored import SPONSORED
from reportbuilder.sandbox.tables import Table, documented

_CAMPAIGN = "JOIN campaign AS c ON c.campaign_no = t.campaign_no"
_PERSON = "LEFT JOIN person AS p ON p.user_no = t.user_no LEFT JOIN place AS l ON l.place_no = p.place_no"
_KEYWORD = """LEFT JOIN keyword AS k ON k.brand_no = c.brand_no AND c.kind IN (3, 4, 6)
    AND k.branded = (c.kind = 3) AND k.place = pick(t.h, 'keyword', if(c.kind = 3, 3, 6))"""
_PRODUCT = "JOIN product AS r ON r.product_no = t.product_no"

# what a table is made from, and how its columns are said
_SOURCES: dict[str, tuple[str, Mapping[str, str]]] = {
    "dsp_impressions": (f"impression AS t {_CAMPAIGN} AND t.kind < 3 {_PERSON}", DSP_IMPRESSIONS),
    "dsp_clicks": (f"click AS t {_CAMPAIGN} AND t.kind < 3 {_PERSON}", DSP_CLICKS),
    "sponsored_ads_traffic": (f"sponsored AS t {_CAMPAIGN} {_PERSON} {_KEYWORD}", SPONSORED),
    "amazon_attributed_events_by_conversion_time": (
        f"credited AS t {_CAMPAIGN} {_PERSON} {_KEYWORD} {_PRODUCT}",
        ATTRIBUTED,
    ),
    "amazon_attributed_events_by_traffic_time": (
        f"credited AS t {_CAMPAIGN} {_PERSON} {_KEYWORD} {_PRODUCT}",
        ATTRIBUTED,
    ),
    "conversions": (f"conversion AS t {_PERSON} {_PRODUCT}", CONVERSIONS),
}


def views_sql() -> str:
    """Return the statements that make every documented table."""
    return "\n".join(_view(table) for table in documented().values() if table.name in _SOURCES)


def _view(table: Table) -> str:
    source, said = _SOURCES[table.name]
    columns = ",\n  ".join(
        f'CAST({said[column.name]} AS {column.duckdb}) AS "{column.name}"' for column in table.columns
    )
    return f'CREATE VIEW "{table.name}" AS SELECT\n  {columns}\nFROM {source};'
