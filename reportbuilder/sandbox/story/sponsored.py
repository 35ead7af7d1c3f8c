"""The columns of sponsored advertisements' traffic, as expressions over impressions and clicks."""

from reportbuilder.sandbox.story.phrases import (
    ADVERTISER,
    CAMPAIGN,
    DEVICE,
    LINE,
    PERSON,
    matched,
    one_of,
    spans,
    times,
)

_AUTO = one_of("auto", "close-match", "loose-match", "substitutes", "complements")
_MATCHED = f"array_to_string({matched('t.utc_at')}, ',')"
_IS_VIEWED = "NOT t.is_click AND chance(t.h, 'viewed') < 0.72"
_IS_VIDEO = "NOT t.is_click AND c.creative_category = 'Video'"
# what people typed: the keyword itself, or words around it
_TERM = f"""if(k.branded OR chance(t.h, 'term') < 0.45, k.term,
    if(chance(t.h, 'term') < 0.6, {one_of("before", "best", "small", "cheap")} || ' ' || k.term,
       k.term || ' ' || {one_of("after", "for kids", "set", "gift", "sale")}))"""
_FREE_WORDS = one_of("free", "gift ideas", "birthday gift", "new arrivals", "deals")
_FREE_TERM = f"if(chance(t.h, 'term') < 0.7, {_FREE_WORDS}, NULL)"
_DISPLAY_PLACES = one_of("placement", "Detail Page on-Amazon", "Homepage on-Amazon", "Off Amazon")
_SEARCH_PLACES = one_of("placement", "Top of Search on-Amazon", "Detail Page on-Amazon", "Other on-Amazon")
_SEEN_IN = "c.kind IN (3, 4, 5, 6)"


def _watched(share: float) -> str:
    """Return 1 for impressions of a video that were watched so far."""
    return f"if({_IS_VIDEO} AND chance(t.h, 'watched') < {share}, 1, 0)"


SPONSORED = {
    **ADVERTISER,
    **CAMPAIGN,
    **PERSON,
    **{name: DEVICE[name] for name in ("operating_system", "os_version")},
    **spans("campaign", "date", "dt"),
    **spans("ad_group", "dt"),
    **spans("line_item", "date"),
    **times("event", "t.utc_at", "t.local_at"),
    "ad_group": f"c.name || ' | ' || ['Core', 'Extended'][1 + {LINE}]",
    "ad_group_status": "'ENABLED'",
    "ad_group_type": "if(c.kind = 5, 'AUTO', 'MANUAL')",
    "ad_product_type": "c.ad_product",
    "campaign_budget_type": "if(c.kind = 8, 'LIFETIME_BUDGET', 'DAILY_BUDGET')",
    "clicks": "if(t.is_click, 1, 0)",
    "creative": "c.name || ' | Creative ' || (1 + pick(t.h, 'creative', 3))",
    # one of the five products that this campaign promotes
    "creative_asin": "'B0' || upper(substr(md5('product' || c.brand_no || '-' || "
    "((3 - c.kind % 3) % 3 + 3 * pick(t.h, 'creative', 5))), 1, 8))",
    "creative_type": "if(c.creative_category = 'Video', 'VIDEO', if(c.kind = 7, 'IMAGE', 'PRODUCT'))",
    "customer_search_term": f"if({_SEEN_IN}, coalesce({_TERM}, {_FREE_TERM}), NULL)",
    "event_id": "hex(hash(t.h, t.is_click))",
    "five_sec_views": _watched(0.62),
    "impressions": "if(t.is_click, 0, 1)",
    "line_item": f"c.name || ' | ' || ['Core', 'Extended'][1 + {LINE}]",
    "line_item_id": f"c.campaign_id * 10 + {LINE}",
    "line_item_price_type": "if(c.kind IN (7, 8), 'vCPM', 'CPC')",
    "line_item_status": "'ENABLED'",
    "line_item_type": "upper(c.ad_product)",
    "marketplace_name": "'AMAZON.COM'",
    "match_type": "CASE c.kind WHEN 3 THEN 'EXACT' WHEN 4 THEN "
    + one_of("match", "BROAD", "BROAD", "PHRASE", "EXACT")
    + " WHEN 6 THEN "
    + one_of("match", "BROAD", "PHRASE")
    + " END",
    "matched_behavior_segment_ids": f"if(c.kind = 7, nullif({_MATCHED}, ''), NULL)",
    "placement_type": f"""CASE WHEN c.kind = 8 THEN 'Off Amazon'
        WHEN c.kind = 7 THEN {_DISPLAY_PLACES}
        ELSE {_SEARCH_PLACES} END""",
    "portfolio_id": "880000 + c.brand_no",
    "portfolio_name": "c.advertiser || ' always on'",
    "spend": "t.microcents",
    "targeting": f"""CASE WHEN k.term IS NOT NULL THEN k.term WHEN c.kind = 5 THEN {_AUTO}
        WHEN c.kind = 7 THEN 'views=(30 days)' ELSE 'interest=(streaming)' END""",
    "unmeasurable_viewable_impressions": "if(NOT t.is_click AND chance(t.h, 'viewed') > 0.95, 1, 0)",
    "video_complete_views": _watched(0.34),
    "video_first_quartile_views": _watched(0.70),
    "video_midpoint_views": _watched(0.55),
    "video_third_quartile_views": _watched(0.44),
    "video_unmutes": _watched(0.05),
    "view_definition": "'MRC'",
    "viewable_impressions": f"if({_IS_VIEWED}, 1, 0)",
}
