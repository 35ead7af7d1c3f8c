"""The columns of conversions and purchases, as expressions over what people did."""

from reportbuilder.sandbox.story.phrases import ADVERTISER, MARKETPLACE, NO_TRACKERS, PERSON, spans, times

SALES = "t.unit_price * t.units"

# How an event is described, by its subtype; pixels have numbers as subtypes.
CATEGORY = "CASE WHEN t.is_pixel THEN 'off-Amazon' WHEN t.is_order THEN 'purchase' ELSE 'website' END"
CLASS = """CASE WHEN t.is_order OR t.subtype = '134' THEN 'conversion'
    WHEN t.subtype <> 'searchConversion' THEN 'consideration' END"""
DESCRIPTION = """CASE t.subtype
    WHEN 'order' THEN 'Product purchased' WHEN 'detailPageView' THEN 'Product detail page viewed'
    WHEN 'shoppingCart' THEN 'Product added to cart' WHEN 'searchConversion' THEN 'Branded search'
    WHEN 'brandStorePageView' THEN 'Brand store page viewed'
    WHEN 'wishList' THEN 'Product added to a wish list'
    WHEN 'babyRegistry' THEN 'Product added to a baby registry'
    WHEN 'weddingRegistry' THEN 'Product added to a wedding registry'
    WHEN 'customerReview' THEN 'Review written' WHEN 'snsSubscription' THEN 'Subscribe & Save begun'
    WHEN '134' THEN 'Off-Amazon purchase' WHEN '140' THEN 'Sign-up page viewed'
    ELSE 'Newsletter subscribed' END"""
EVENT_NAME = """CASE t.subtype WHEN '134' THEN 'Site checkout' WHEN '140' THEN 'Site sign-up'
    WHEN '141' THEN 'Site newsletter' END"""
SOURCE_NAME = "if(t.is_pixel, 'Amazon Ad Tag', NULL)"
ITEM = """CASE WHEN t.is_pixel THEN 'site-' || lower(r.asin)
    WHEN t.subtype = 'searchConversion' THEN 'keyword' WHEN t.subtype = 'brandStorePageView' THEN 'store page'
    ELSE r.asin END"""
# only what is bought has an ASIN here; what is looked at has it as its item
ASIN = "if(t.is_order, r.asin, NULL)"
PROGRAM = "if(t.is_order, if(chance(t.product_no, 'program') < 0.05, 'Amazon Fresh', 'Amazon.com'), NULL)"
OFF_AMAZON_SALES = f"if(t.subtype = '134', {SALES}, 0)"
OFF_AMAZON_VALUE = f"CASE t.subtype WHEN '134' THEN {SALES} WHEN '140' THEN 5 WHEN '141' THEN 1 ELSE 0 END"
COMBINED_SALES = f"if(t.is_order OR t.subtype = '134', {SALES}, 0)"

# the other tables have another word for it
_PIXEL = f"if(t.is_pixel, 'pixel', {CATEGORY})"
_UTC = {
    name: text for name, text in times("event", "t.utc_at", "t.local_at").items() if name.endswith("_utc")
}
_TIED = "(t.product_no + c.kind) % 3"
_IS_SEARCH = "t.subtype = 'searchConversion'"
_IS_STORE = "t.subtype = 'brandStorePageView'"

CONVERSIONS = {
    **PERSON,
    **_UTC,
    "combined_sales": COMBINED_SALES,
    "conversion_event_name": EVENT_NAME,
    "conversion_event_source_name": SOURCE_NAME,
    "conversion_id": "hex(t.h)",
    "conversions": "1",
    "event_category": CATEGORY,
    "event_subtype": "t.subtype",
    "event_type": "'CONVERSION'",
    "event_type_class": CLASS,
    "event_type_description": DESCRIPTION,
    "marketplace_name": "if(t.is_pixel, NULL, 'AMAZON.COM')",
    "new_to_brand": "t.new_to_brand",
    "no_3p_trackers": NO_TRACKERS,
    "off_amazon_conversion_value": OFF_AMAZON_VALUE,
    "off_amazon_product_sales": OFF_AMAZON_SALES,
    "purchase_currency": "if(t.unit_price IS NULL, NULL, 'USD')",
    "purchase_retail_program": PROGRAM,
    "purchase_unit_price": "t.unit_price",
    "total_product_sales": f"if(t.is_order, {SALES}, 0)",
    "total_units_sold": "if(t.is_order, t.units, 0)",
    "tracked_asin": ASIN,
    "tracked_item": ITEM,
}

ALL_CONVERSIONS = {
    **CONVERSIONS,
    **MARKETPLACE,
    "marketplace_name": CONVERSIONS["marketplace_name"],
    "conversion_event_source": SOURCE_NAME,
    "event_category": _PIXEL,
    "event_source": "if(t.is_pixel, 'AMAZON_AD_TAG', 'AMAZON_RETAIL')",
    "exposure_type": """CASE WHEN t.is_pixel THEN 'pixel'
        WHEN t.campaign_no IS NULL THEN 'non-ad-exposed' ELSE 'ad-exposed' END""",
    "sns_subscription_id": "if(t.subtype = 'snsSubscription', hex(hash(t.h, 'subscription')), NULL)",
}

RELEVANT_CONVERSIONS = {
    **ADVERTISER,
    **CONVERSIONS,
    **spans("campaign", "date", "dt"),
    **times("event", "t.utc_at", "t.local_at"),
    "advertiser_id": "c.advertiser_id",
    "campaign": "c.name",
    "campaign_budget_amount": "c.budget * 100000",
    "campaign_id": "c.campaign_id",
    "campaign_id_string": "CAST(c.campaign_id AS VARCHAR)",
    "campaign_sales_type": "if(c.ad_product IS NULL, 'BILLABLE', NULL)",
    "campaign_source": "if(c.ad_product IS NULL, 'DSP', 'SPONSORED_ADS')",
    "engagement_scope": f"""CASE WHEN t.is_pixel THEN 'PROMOTED' WHEN {_IS_STORE} THEN NULL
        WHEN {_IS_SEARCH} THEN 'BRAND_HALO' WHEN {_TIED} = 0 THEN 'PROMOTED' ELSE 'BRAND_HALO' END""",
    "event_category": _PIXEL,
    "halo_code": f"""CASE WHEN t.is_pixel OR {_IS_STORE} THEN NULL
        WHEN {_IS_SEARCH} THEN if(chance(t.h, 'halo') < 0.8, 'BRAND_KEYWORD', 'CATEGORY_KEYWORD')
        WHEN {_TIED} = 0 THEN if(chance(t.product_no, 'variation') < 0.2, 'VARIATIONAL_ASIN', 'TRACKED_ASIN')
        ELSE ['BRAND_SUBCATEGORY', 'BRAND_CATEGORY', 'BRAND_GL_PRODUCT', 'BRAND_MARKETPLACE']
            [1 + pick(hash(t.product_no, c.kind), 'halo', 4)] END""",
}

_PURCHASED = {f"purchase_{name.removeprefix('event_')}": text for name, text in _UTC.items()}

RETAIL_PURCHASES = {
    **PERSON,
    **MARKETPLACE,
    **_PURCHASED,
    "asin": "r.asin",
    "asin_brand": "b.name",
    "asin_name": "b.name || ' ' || r.title",
    # three neighbours are sizes or colours of one thing
    "asin_parent": "'B0' || upper(substr(md5('parent' || (r.product_no // 3)), 1, 8))",
    "currency_code": "'USD'",
    "event_id": "hex(hash(t.h, 'retail'))",
    "is_business_flag": "chance(t.user_no, 'business') < 0.04",
    "is_gift_flag": "chance(t.h, 'gift') < 0.06",
    "no_3p_trackers": NO_TRACKERS,
    "origin_session_id": "hex(hash(t.h, 'origin'))",
    # what a person buys on one day is one order
    "purchase_id": "hex(hash(coalesce(t.user_no, t.h), CAST(t.utc_at AS DATE)))",
    "purchase_month_utc": "month(t.utc_at)",
    "purchase_order_method": "['S', 'S', 'S', 'S', 'B', 'B', '1'][1 + pick(t.h, 'method', 7)]",
    "purchase_order_type": "if(chance(t.user_no, 'prime') < 0.7, 'Prime', 'NON-PRIME')",
    "purchase_program_name": "if(chance(t.h, 'program') < 0.08, 'Subscribe and Save', 'Amazon.com')",
    "purchase_session_id": "hex(hash(t.h, 'session'))",
    "purchase_units_sold": "t.units",
    "unit_price": "t.unit_price",
}
