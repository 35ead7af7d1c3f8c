"""What a person might choose: a value for every field of every shipped template, by its key."""

from typing import Any

from tests.catalog.filled_commerce import FILLED_COMMERCE
from tests.catalog.filled_journeys import FILLED_JOURNEYS

FILLED: dict[str, dict[str, Any]] = {
    "campaigns_dsp": {},
    "campaigns_sponsored": {},
    "products": {},
    "dsp_campaign_performance": {
        "campaigns": "Northwind Outdoors | Prospecting | Display\nHalden Audio | Retargeting | Display",
        "campaign_filter": "*Display",
        "breakdown": "device_type",
        "attribution": "traffic",
        "include_brand_halo": False,
        "min_impressions": 100,
        "min_spend": 0.5,
    },
    "new_to_brand": {
        "ad_products": ["amazon_dsp", "sponsored_products"],
        "campaigns": [
            "Northwind Outdoors | SP | Branded keywords",
            "Juniper Kitchen | SP | Branded keywords",
        ],
        "campaign_filter": "SP",
        "asins": [],  # filled from the data by the test
        "include_brand_halo": True,
        "min_purchases": 1,
        "min_new_share": 1,
    },
    "search_terms": {
        "term": "TENT",
        "excluded_terms": "camping tent, head torch",
        "ad_products": ["sponsored_products"],
        "match_types": ["EXACT", "BROAD"],
        "campaign_filter": "Northwind*SP*",
        "breakdown": "targeting",
        "attribution": "conversion",
        "include_brand_halo": True,
        "only_converting": False,
        "min_clicks": 2,
        "min_spend": 1,
    },
    "sponsored_campaign_performance": {
        "ad_products": ["sponsored_products", "sponsored_brands"],
        "campaigns": ["Northwind Outdoors | SP | Category keywords", "Northwind Outdoors | SB | Brand video"],
        "campaign_filter": "Northwind*",
        "excluded_days": {"start": "2026-01-25", "end": "2026-01-31"},
        "breakdown": "match_type",
        "attribution": "conversion",
        "include_brand_halo": False,
        "min_impressions": 100,
        "min_acos": "1%",
    },
    "time_to_conversion": {
        "events": ["order", "shoppingCart", "detailPageView"],
        "ad_products": ["amazon_dsp", "sponsored_products"],
        "campaigns": ["Northwind Outdoors | SP | Branded keywords"],
        "campaign_filter": "Northwind*",
        "asins": [],
        "breakdown": "touch",
        "longest_days": 7,
        "min_people": 2,
    },
    "weekly_roas": {
        "ad_products": ["amazon_dsp", "sponsored_products"],
        "campaign_filter": "Northwind*",
        "attribution": "traffic",
        "include_brand_halo": False,
        "clock": "dt_hour",
        "agency_fee": 12.5,
        "target_roas": 3.5,
        "change_date": "2026-02-02",
        "min_days": 5,
    },
    **FILLED_COMMERCE,
    **FILLED_JOURNEYS,
}
