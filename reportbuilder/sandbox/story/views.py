"""AMC's tables as views over the facts: one SQL expression for each documented column.

Conversions that are reported late show only from then on: a connection's variable ``as_of`` (TIMESTAMP, UTC)
says at what time a query looks; where it is not set, all show.
"""

from collections.abc import Mapping

from reportbuilder.sandbox.story import audiences, bought, offline, seen, served, stores, streaming
from reportbuilder.sandbox.story.attributed import ATTRIBUTED
from reportbuilder.sandbox.story.displayed import DSP_CLICKS, DSP_IMPRESSIONS
from reportbuilder.sandbox.story.sponsored import SPONSORED
from reportbuilder.sandbox.tables import Table, documented

_CAMPAIGN = "JOIN campaign AS c ON c.campaign_no = t.campaign_no"
_PLACE = "LEFT JOIN place AS l ON l.place_no = p.place_no"
_PERSON = f"LEFT JOIN person AS p ON p.user_no = t.user_no {_PLACE}"
_KEYWORD = """LEFT JOIN keyword AS k ON k.brand_no = c.brand_no AND c.kind IN (3, 4, 6)
    AND k.branded = (c.kind = 3) AND k.place = pick(t.h, 'keyword', if(c.kind = 3, 3, 6))"""
_PRODUCT = "JOIN product AS r ON r.product_no = t.product_no"
_BRAND = "JOIN brand AS b ON b.brand_no = t.brand_no"
_REPORTED = "WHERE (getvariable('as_of') IS NULL OR t.reported_at <= getvariable('as_of'))"

_DISPLAYED = f"impression AS t {_CAMPAIGN} AND t.kind < 3 {_PERSON}"
_CREDITED = f"credited AS t {_CAMPAIGN} {_PERSON} {_KEYWORD} {_PRODUCT} {_REPORTED}"
# one row for each segment of the person
_SEGMENTED = f"""impression AS t {_CAMPAIGN} AND t.kind < 3
    JOIN person AS p ON p.user_no = t.user_no {_PLACE},
    unnest(p.segments) AS u(held) JOIN segment AS g ON g.segment_id = u.held.id
    WHERE u.held.joined <= CAST(t.utc_at AS DATE)"""
_MATCHED = f"{_SEGMENTED} AND {seen.SEGMENTED['behavior_segment_matched']} = 1"
# what a table is made from, and how its columns are said
_SOURCES: dict[str, tuple[str, Mapping[str, str]]] = {
    "dsp_impressions": (_DISPLAYED, DSP_IMPRESSIONS),
    "dsp_clicks": (f"click AS t {_CAMPAIGN} AND t.kind < 3 {_PERSON}", DSP_CLICKS),
    "dsp_views": (f"{_DISPLAYED}, unnest({seen.VIEWS}) AS u(word)", seen.DSP_VIEWS),
    "dsp_impressions_by_matched_segments": (_MATCHED, seen.SEGMENTED),
    "dsp_impressions_by_user_segments": (_SEGMENTED, seen.SEGMENTED),
    "dsp_video_events_feed": (
        f"{_DISPLAYED}, unnest({seen.PLAYED}) AS u(word) WHERE c.creative_category = 'Video'",
        seen.VIDEO_EVENTS,
    ),
    "sponsored_ads_traffic": (f"sponsored AS t {_CAMPAIGN} {_PERSON} {_KEYWORD}", SPONSORED),
    "amazon_attributed_events_by_conversion_time": (_CREDITED, ATTRIBUTED),
    "amazon_attributed_events_by_traffic_time": (_CREDITED, ATTRIBUTED),
    "conversions": (f"conversion AS t {_PERSON} {_PRODUCT} {_REPORTED}", bought.CONVERSIONS),
    "conversions_all": (f"act AS t {_PERSON} {_PRODUCT} {_REPORTED}", bought.ALL_CONVERSIONS),
    # a campaign tracks every product of its brand; only Amazon DSP has pixels
    "conversions_with_relevance": (
        f"""conversion AS t JOIN campaign AS c ON c.brand_no = t.brand_no AND (c.kind < 3 OR NOT t.is_pixel)
        {_PERSON} {_PRODUCT} {_REPORTED}""",
        bought.RELEVANT_CONVERSIONS,
    ),
    "amazon_retail_purchases": (
        f"purchase AS t {_PERSON} {_PRODUCT} JOIN brand AS b ON b.brand_no = r.brand_no",
        bought.RETAIL_PURCHASES,
    ),
    "amazon_brand_store_page_views": (
        f"store_page AS t {_BRAND} LEFT {_CAMPAIGN} {_PERSON}",
        stores.PAGE_VIEWS,
    ),
    "amazon_brand_store_engagement_events": (
        f"store_page AS t {_BRAND} LEFT {_CAMPAIGN} {_PERSON} {_PRODUCT}, unnest({stores.DEEDS}) AS u(deed)",
        stores.ENGAGEMENTS,
    ),
    "amazon_pvc_enrollments": (f"enrolled AS t {_PERSON}", streaming.ENROLLMENTS),
    "amazon_pvc_streaming_events_feed": (f"streamed AS t {_PERSON}", streaming.STREAMS),
    "ncs_cpg_insights_stream": (f"basket AS t {_PERSON}", offline.GROCERIES),
    "amazon_your_garage": (f"garage AS t {_PERSON}", offline.GARAGE),
    "experian_vehicle_purchases": (
        f"registration AS t {_PERSON}",
        offline.VEHICLES,
    ),
    "segment_metadata": (audiences.METADATA_SOURCE, audiences.METADATA),
    **{name: (source, audiences.MEMBERSHIP) for name, source in audiences.membership_sources().items()},
    "adserver_traffic": (
        f"served AS t {_BRAND} LEFT {_CAMPAIGN} {_PERSON} CROSS JOIN span AS s",
        served.TRAFFIC,
    ),
    "adserver_conversions": (
        f"conversion AS t {_CAMPAIGN} {_BRAND} {_PERSON} {_PRODUCT} {_REPORTED} AND t.is_pixel",
        served.CONVERSIONS,
    ),
}


def views_sql() -> str:
    """Return the statements that make every documented table."""
    return "\n".join(_view(table) for table in documented().values())


def _view(table: Table) -> str:
    source, said = _SOURCES[table.name]
    columns = ",\n  ".join(
        f'CAST({said[column.name]} AS {column.duckdb}) AS "{column.name}"' for column in table.columns
    )
    return f'CREATE VIEW "{table.name}" AS SELECT\n  {columns}\nFROM {source};'
