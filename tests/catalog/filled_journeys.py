"""What a person might choose in the templates on reach, overlap, paths, devices, hours and views, by key."""

from typing import Any

SPONSORED = ["sponsored_products", "sponsored_brands", "sponsored_display", "sponsored_television"]

FILLED_JOURNEYS: dict[str, dict[str, Any]] = {
    "audience_overlap": {
        "advertisers": ["Northwind Outdoors", "Juniper Kitchen"],
        "campaign_filter": "*Display",
        "membership": "matched",
        "segment_filter": "*",
        "other_filter": "LS",
        "min_segment": 20,
        "min_people": 3,
        "min_share": 1,
    },
    "device_and_geography": {
        "advertisers": "Northwind Outdoors\nJuniper Kitchen",
        "campaigns": [
            "Northwind Outdoors | Prospecting | Display",
            "Juniper Kitchen | Retargeting | Display",
        ],
        "campaign_filter": "*Display",
        "device": "operating_system",
        "place": "dma_code",
        "attribution": "traffic",
        "include_brand_halo": False,
        "min_impressions": 100,
        "min_people": 20,
    },
    "dsp_sponsored_overlap": {
        "advertisers": ["Northwind Outdoors", "Petal & Paw"],
        "dsp_campaigns": "*Display",
        "sponsored_products": SPONSORED[:2],
        "sponsored_campaigns": "keywords",
        "asins": [],  # filled from the data by the test
        "breakdown": "advertiser",
        "count_views": False,
        "include_brand_halo": False,
        "min_people": 10,
    },
    "hour_of_day": {
        "ad_products": ["amazon_dsp", "sponsored_products"],
        "advertisers": "Northwind Outdoors",
        "campaign_filter": "Northwind*",
        "asins": [],  # filled from the data by the test
        "attribution": "conversion",
        "include_brand_halo": False,
        "clock": "dt_hour_utc",
        "min_impressions": 10,
        "min_people": 3,
    },
    "path_to_conversion": {
        "ad_products": ["amazon_dsp", *SPONSORED],
        "advertisers": "Northwind Outdoors, Juniper Kitchen",
        "campaign_filter": "*|*",
        "asins": [],  # filled from the data by the test
        "step": "campaign",
        "longest_path": 3,
        "precision": "dt_hour_utc",
        "count_views": True,
        "include_brand_halo": False,
        "min_people": 5,
        "min_buyers": 2,
    },
    "reach_and_frequency": {
        "advertisers": "Northwind Outdoors",
        "campaigns": "Northwind Outdoors | Prospecting | Display\nNorthwind Outdoors | Retargeting | Display",
        "campaign_filter": "Display",
        "asins": [],  # filled from the data by the test
        "breakdown": "campaign",
        "last_frequency": 5,
        "attribution": "conversion",
        "include_brand_halo": False,
        "min_people": 10,
    },
    "streaming_tv_overlap": {
        "advertisers": ["Northwind Outdoors", "Halden Audio"],
        "tv_devices": ["TV"],
        "tv_campaigns": "Streaming TV",
        "include_sponsored_tv": True,
        "asins": [],  # filled from the data by the test
        "breakdown": "advertiser",
        "count_views": False,
        "include_brand_halo": False,
        "min_people": 5,
    },
    "viewability": {
        "advertisers": "Northwind Outdoors, Halden Audio",
        "campaigns": "Northwind Outdoors | Prospecting | Display\nHalden Audio | Retargeting | Display",
        "campaign_filter": "Display",
        "breakdown": "environment_type",
        "min_impressions": 100,
        "most_viewable_rate": 95,
        "min_people": 5,
    },
}
