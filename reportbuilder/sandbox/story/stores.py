"""The columns of brand stores: pages that people view there, and what they do on them."""

from reportbuilder.sandbox.story.phrases import DEVICE, MARKETPLACE, NO_TRACKERS, PERSON, one_of, times

_IS_AD = "(t.campaign_no IS NOT NULL)"
_TITLES = "['Home', 'Best sellers', 'What is fresh', 'Gifts', 'Our story']"
_PLACE = "if(t.page = 0, 0, 1 + pick(t.h, 'page' || t.page, 4))"
_UTC = {
    name: text
    for name, text in times("event", "t.utc_at", "t.utc_at").items()
    if name in ("event_dt_utc", "event_date_utc")
}

_PAGE = {
    **PERSON,
    **_UTC,
    "advertiser_id": "b.advertiser_id",
    "channel": f"if({_IS_AD}, 'ads-' || t.brand_no, if(chance(t.h, 'tag') < 0.1, 'mail', NULL))",
    "device_type": DEVICE["device_type"],
    # 4 is advertising; the rest are search, a product's byline, other stores' advice, and unknown
    "ingress_type": f"if({_IS_AD}, '4', {one_of('ingress', '0', '1', '1', '2', '2', '6')})",
    "marketplace_id": MARKETPLACE["marketplace_id"],
    "no_3p_trackers": NO_TRACKERS,
    "page_id": f"upper(substr(md5('page' || t.brand_no || '-' || {_PLACE}), 1, 12))",
    "page_title": f"{_TITLES}[1 + {_PLACE}]",
    "reference_id": "CAST(c.campaign_id AS VARCHAR)",
    "referrer_domain": f"if(NOT {_IS_AD} AND chance(t.h, 'referrer') < 0.3, 'search.example', 'amazon.com')",
    "session_id": "hex(hash(coalesce(t.user_no, t.h), CAST(t.utc_at AS DATE)))",
    "store_name": "b.name",
    "visit_id": "hex(hash(t.h, 'visit'))",
}

PAGE_VIEWS = {**_PAGE, "dwell_time": "20 + pick(t.h, 'dwell', 70)"}

# what happened on a page: it was shown, or a widget of it was used
DEEDS = "range(1 + pick(t.h, 'deeds' || t.page, 4))"
_WIDGET = "if(u.deed = 0, 0, 1 + pick(t.h, 'widget' || t.page || u.deed, 4))"

ENGAGEMENTS = {
    **_PAGE,
    "asin": f"if({_WIDGET} IN (1, 2), r.asin, NULL)",
    "event_type": "if(u.deed = 0, 'VIEW', 'CLICK')",
    "event_sub_type": f"['PAGE_RENDER', 'PRODUCT', 'ADD_TO_CART', 'NAVIGATION', 'VIDEO_PLAY'][1 + {_WIDGET}]",
    "widget_type": f"['PAGE', 'PRODUCT_GRID', 'PRODUCT_GRID', 'NAVIGATION', 'VIDEO'][1 + {_WIDGET}]",
    "widget_sub_type": f"['FULL', 'TALL', 'WIDE', 'HEADER', 'BACKGROUND'][1 + {_WIDGET}]",
}
