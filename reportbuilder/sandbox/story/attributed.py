"""The columns of attributed events: a conversion, and the touch of the same person that it is credited to."""

from reportbuilder.sandbox.story import bought
from reportbuilder.sandbox.story.displayed import DISPLAYED
from reportbuilder.sandbox.story.phrases import spans, times
from reportbuilder.sandbox.story.sponsored import SPONSORED

_IS_DSP = "c.ad_product IS NULL"
_MEASURES = {
    "add_to_cart": ("t.subtype = 'shoppingCart'", "1"),
    "detail_page_view": ("t.subtype = 'detailPageView'", "1"),
    "purchases": ("t.is_order", "1"),
    "units_sold": ("t.is_order", "t.units"),
    "product_sales": ("t.is_order", bought.SALES),
}
_SIGN_UPS = (
    "digital_app_subscription_signup_purchases",
    "digital_free_trial_app_subscription_signup_purchases",
    "digital_free_trial_subscription_signup_purchases",
    "digital_paid_app_subscription_signup_purchases",
    "digital_paid_subscription_signup_purchases",
    "digital_subscription_signup_purchases",
)


def _sides(name: str, condition: str, value: str) -> dict[str, str]:
    """Return a measure, and the parts of it that are credited to clicks and to views."""
    return {
        name: f"if({condition}, {value}, 0)",
        f"{name}_clicks": f"if({condition} AND t.is_click, {value}, 0)",
        f"{name}_views": f"if({condition} AND NOT t.is_click, {value}, 0)",
    }


def _measures() -> dict[str, str]:
    """Return each measure for promoted products, for others of the brand (halo), and for both."""
    found: dict[str, str] = {}
    for name, (condition, value) in _MEASURES.items():
        promoted, halo = f"{condition} AND t.is_promoted", f"{condition} AND NOT t.is_promoted"
        for prefix, extra in (("", ""), ("new_to_brand_", " AND t.new_to_brand")):
            found |= _sides(f"{prefix}{name}", promoted + extra, value)
            found |= _sides(f"{prefix}brand_halo_{name}", halo + extra, value)
            found |= _sides(f"{prefix}total_{name}", condition + extra, value)
    for name in _SIGN_UPS:  # these brands sell no subscriptions
        found |= _sides(name, "false", "1")
    return found


def _touch() -> dict[str, str]:
    """Return what the touch tells of itself: Amazon DSP's columns, sponsored ones, or by its product."""
    found: dict[str, str] = {}
    for name in DISPLAYED | SPONSORED:
        display, sponsored = DISPLAYED.get(name, "NULL"), SPONSORED.get(name, "NULL")
        same = display == sponsored
        found[name] = display if same else f"if({_IS_DSP}, {display}, {sponsored})"
    return found


ATTRIBUTED = {
    **_touch(),
    **spans("campaign", "date", "dt"),
    **_measures(),
    **times("traffic_event", "t.utc_at", "t.local_at"),
    **times("impression", "t.seen_utc_at", "t.seen_local_at"),
    **times("click", "if(t.is_click, t.utc_at, NULL)", "if(t.is_click, t.local_at, NULL)"),
    **times("conversion_event", "t.conversion_utc_at", "t.conversion_local_at"),
    **{name: DISPLAYED[name] for name in ("device_type", "device_make", "device_model", "browser_family")},
    "advertiser_id": "c.advertiser_id",
    "impressions": "if(t.is_click, 0, 1)",
    "clicks": "if(t.is_click, 1, 0)",
    "click_cost": f"if({_IS_DSP} AND t.is_click, t.millicents, NULL)",
    "combined_sales": bought.COMBINED_SALES,
    "conversion_event_category": bought.CATEGORY,
    "conversion_event_marketplace_name": "if(t.is_pixel, NULL, 'AMAZON.COM')",
    "conversion_event_name": bought.EVENT_NAME,
    "conversion_event_source_name": bought.SOURCE_NAME,
    "conversion_event_subtype": "t.subtype",
    "conversion_event_type": "'CONVERSION'",
    "conversion_event_type_class": bought.CLASS,
    "conversion_event_type_description": bought.DESCRIPTION,
    "conversions": "1",
    "new_to_brand": "t.new_to_brand",
    "off_amazon_conversion_value": bought.OFF_AMAZON_VALUE,
    "off_amazon_product_sales": bought.OFF_AMAZON_SALES,
    "purchase_currency": "if(t.unit_price IS NULL, NULL, 'USD')",
    "purchase_retail_program": bought.PROGRAM,
    "purchase_unit_price": "t.unit_price",
    "request_tag": f"if({_IS_DSP}, hex(t.h), NULL)",
    "tracked_asin": bought.ASIN,
    "tracked_item": bought.ITEM,
    "traffic_event_id": f"if({_IS_DSP}, hex(t.h), hex(hash(t.h, t.is_click)))",
    "traffic_event_marketplace_name": f"if({_IS_DSP}, NULL, 'AMAZON.COM')",
    "traffic_event_subtype": "if(t.is_click, 'AD_CLICK', 'AD_IMP')",
    "traffic_event_type": "'TRAFFIC'",
}
