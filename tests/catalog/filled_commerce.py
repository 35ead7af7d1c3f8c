"""What a person might choose in the templates on products, days, carts, customers and brand words, by key."""

from typing import Any

EVERY_AD = [
    "amazon_dsp",
    "sponsored_products",
    "sponsored_brands",
    "sponsored_display",
    "sponsored_television",
]

FILLED_COMMERCE: dict[str, dict[str, Any]] = {
    "asin_purchases": {
        "ad_products": ["amazon_dsp", "sponsored_products"],
        "advertisers": "Northwind Outdoors\nPetal & Paw",
        "campaign_filter": "Northwind*",
        "asins": [],  # filled from the data by the test
        "relations": ["brand_halo"],
        "breakdown": "campaign",
        "attribution": "traffic",
        "min_buyers": 2,
        "min_halo_share": 50,
    },
    "asin_overlap": {
        "asins": [],
        "other_asins": ["B0CE34F556", "B0D409CC47", "B0DB587E7A", "B0F66D32F8"],
        "event": "detailPageView",
        "lookback_days": 90,
        "min_people": 2,
        "min_lift": 0.1,
    },
    "daily_spend_trend": {
        "ad_products": ["amazon_dsp", "sponsored_brands"],
        "advertisers": ["Northwind Outdoors"],
        "campaign_filter": "Northwind*",
        "breakdown": "ad_product",
        "attribution": "traffic",
        "include_brand_halo": False,
        "clock": "dt_hour",
        "agency_fee": 12.5,
        "budget": 2500,
    },
    "cart_abandonment": {
        "ad_products": EVERY_AD,
        "advertisers": ["Northwind Outdoors", "Halden Audio"],
        "campaign_filter": "*SP*",
        "asins": [],
        "breakdown": "campaign",
        "days_to_buy": 14,
        "min_people": 2,
        "min_rate": 5,
    },
    "customer_lifetime_by_first_product": {"asins": [], "follow_days": 30, "min_customers": 3},
    "branded_search_trend": {
        "brand_words": "Northwind, petal tent",
        "use_advertiser_name": False,
        "whole_words": False,
        "ad_products": ["sponsored_products"],
        "advertisers": ["Northwind Outdoors", "Petal & Paw"],
        "campaign_filter": "*SP*",
        "breakdown": "campaign",
        "attribution": "traffic",
        "include_brand_halo": False,
        "clock": "dt_hour",
        "min_days": 2,
    },
    "campaign_opportunity": {
        "ad_products": EVERY_AD[:3],
        "advertisers": ["Halden Audio"],
        "campaign_filter": "Halden*",
        "include_brand_halo": False,
        "target_roas": 2.5,
        "max_frequency": 1.2,
        "weak_ctr": 90,
        "min_new_share": 75,
        "min_spend": 25,
        "min_people": 100,
    },
    "brand_store_visits": {
        "stores": ["Northwind Outdoors", "Juniper Kitchen"],
        "asins": [],
        "breakdown": "referrer_domain",
        "with_purchases": True,
        "days_to_buy": 28,
        "currency": "USD",
        "min_people": 5,
    },
}
