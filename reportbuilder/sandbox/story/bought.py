"""The columns of conversions, as expressions over what people did."""

from reportbuilder.sandbox.story.phrases import PERSON, times

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
    WHEN 'customerReview' THEN 'Review written'
    WHEN '134' THEN 'Off-Amazon purchase' WHEN '140' THEN 'Sign-up page viewed'
    ELSE 'Newsletter subscribed' END"""
EVENT_NAME = """CASE t.subtype WHEN '134' THEN 'Site checkout' WHEN '140' THEN 'Site sign-up'
    WHEN '141' THEN 'Site newsletter' END"""
SOURCE_NAME = "if(t.is_pixel, 'Amazon Ad Tag', NULL)"
ITEM = """CASE WHEN t.is_pixel THEN 'site-' || lower(r.asin)
    WHEN t.subtype = 'searchConversion' THEN 'keyword' WHEN t.subtype = 'brandStorePageView' THEN 'store page'
    ELSE r.asin END"""
ASIN = "if(t.is_pixel OR t.subtype IN ('searchConversion', 'brandStorePageView'), NULL, r.asin)"
PROGRAM = "if(t.is_order, if(chance(t.product_no, 'program') < 0.05, 'Amazon Fresh', 'Amazon.com'), NULL)"
OFF_AMAZON_SALES = f"if(t.subtype = '134', {SALES}, 0)"
OFF_AMAZON_VALUE = f"CASE t.subtype WHEN '134' THEN {SALES} WHEN '140' THEN 5 WHEN '141' THEN 1 ELSE 0 END"
COMBINED_SALES = f"if(t.is_order OR t.subtype = '134', {SALES}, 0)"

CONVERSIONS = {
    **PERSON,
    **{
        name: text for name, text in times("event", "t.utc_at", "t.local_at").items() if name.endswith("_utc")
    },
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
    "no_3p_trackers": "chance(t.h, 'trackers') < 0.05",
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
