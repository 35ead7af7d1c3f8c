"""The columns of Amazon Ad Server: traffic that it measured, and conversions on sites."""

from reportbuilder.sandbox.story import bought
from reportbuilder.sandbox.story.phrases import DEVICE, PERSON, PLACE, one_of, times

_IS_IMPRESSION = "t.what = 'impression'"
_IS_SEARCH = "t.what = 'search'"
_IS_VIDEO = f"{_IS_IMPRESSION} AND c.creative_category = 'Video'"
_IS_VIEWED = f"{_IS_IMPRESSION} AND chance(t.h, 'measured') < 0.82 AND chance(t.h, 'in view') < 0.68"
_LENGTH = "[15, 30, 6][1 + pick(t.h, 'creative', 3)]"
_WORDS = "['camping gear', 'kitchen knives', 'wireless earbuds', 'cat treats'][1 + t.brand_no]"
_VERTICALS = "['Sports and Outdoors', 'Home and Kitchen', 'Consumer Electronics', 'Pet Care'][1 + t.brand_no]"
_START, _END = "s.first_day::TIMESTAMP", "(s.end_day + 90)::TIMESTAMP"


def _flag(condition: str) -> str:
    return f"if({condition}, 1, 0)"


def _of_search(text: str) -> str:
    return f"if({_IS_SEARCH}, {text}, NULL)"


def _of_display(text: str) -> str:
    return f"if({_IS_SEARCH}, NULL, {text})"


def _run(prefix: str, *words: str) -> dict[str, str]:
    """Return when something of the Ad Server starts and ends."""
    return {
        f"{prefix}_{end}_{word}{suffix}": f"{at}{shift}"
        for end, at in (("start", _START), ("end", _END))
        for word in words
        for suffix, shift in (("", ""), ("_utc", " + INTERVAL 5 HOUR"))
    }


def _watched(share: float, also: str = "true") -> str:
    return _flag(f"{_IS_VIDEO} AND chance(t.h, 'watched') < {share} AND {also}")


_COMMON = {
    "account_currency": "'USD'",
    "account_timezone": "'America/New_York'",
    "advertiser": "b.name",
    "advertiser_id": "700100 + b.brand_no",
    "browser_family": DEVICE["browser_family"],
    "city": PLACE["city_name"],
    "device_brand": DEVICE["device_make"],
    "device_model": DEVICE["device_model"],
    "device_type": f"""CASE {DEVICE["device_type"]}
        WHEN 'Phone' THEN 'smartphone' WHEN 'PC' THEN 'desktop' ELSE lower({DEVICE["device_type"]}) END""",
    "dma_code": PLACE["dma_code"],
    "environment": f"if({DEVICE['environment_type']} = 'App', 'in-app', 'web')",
    "iso_country_code": PLACE["iso_country_code"],
    "iso_state_province_code": PLACE["iso_state_province_code"],
    "operating_system": DEVICE["operating_system"],
    "postal_code": PLACE["postal_code"],
    "user_id": PERSON["user_id"],
    "vertical": _VERTICALS,
    **times("event", "t.utc_at", "t.local_at"),
}

_SEARCH = {
    "search_account_id": _of_search("910000 + t.brand_no"),
    "search_ad": _of_search("b.name || ' - official site'"),
    "search_ad_click_through_url": _of_search("'https://shop.example/' || t.brand_no || '?from=search'"),
    "search_ad_display_url": _of_search("'shop.example/' || t.brand_no"),
    "search_ad_group": _of_search(
        "b.name || ' | Search | ' || if(chance(t.h, 'group') < 0.5, 'Brand', 'Generic')"
    ),
    "search_ad_group_id": _of_search("920000 + t.brand_no * 2 + (chance(t.h, 'group') < 0.5)::INTEGER"),
    "search_ad_id": _of_search("930000 + t.brand_no * 10 + pick(t.h, 'search ad', 3)"),
    "search_ad_text": _of_search("'Find ' || " + _WORDS + " || ' of ' || b.name"),
    "search_campaign_id": _of_search("940000 + t.brand_no"),
    "search_campaign_type": _of_search("if(chance(t.h, 'shopping') < 0.3, 'Shopping', 'Search')"),
    "search_clicks": _flag(_IS_SEARCH),
    "search_integration": _of_search("'Direct'"),
    "search_keyword_id": _of_search("950000 + t.brand_no * 10 + pick(t.h, 'keyword', 3)"),
    "search_keyword_text": _of_search("['', 'best ', 'buy '][1 + pick(t.h, 'keyword', 3)] || " + _WORDS),
    "search_keyword_type": _of_search("if(chance(t.h, 'shopping') < 0.3, 'product ID', 'keyword')"),
    "search_match_type": _of_search(one_of("match", "BROAD", "PHRASE", "EXACT")),
    "search_vendor": _of_search(one_of("vendor", "AdWords", "AdWords", "Bing")),
}

_PLAYED = {
    "video_full_screen_duration": f"if({_IS_VIDEO} AND chance(t.h, 'full') < 0.1, {_LENGTH}, 0)",
    "video_full_screen_ended": _watched(0.68, "chance(t.h, 'full') < 0.1"),
    "video_full_screen_muted": _watched(1, "chance(t.h, 'full') < 0.1 AND chance(t.h, 'mute') < 0.06"),
    "video_full_screen_paused": _watched(1, "chance(t.h, 'full') < 0.1 AND chance(t.h, 'pause') < 0.04"),
    "video_full_screen_started": _watched(0.97, "chance(t.h, 'full') < 0.1"),
    "video_muted": _watched(1, "chance(t.h, 'mute') < 0.06"),
    "video_paused": _watched(1, "chance(t.h, 'pause') < 0.04"),
    "video_percentage_complete": f"""if({_IS_VIDEO}, CASE WHEN chance(t.h, 'watched') < 0.68 THEN 100
        WHEN chance(t.h, 'watched') < 0.74 THEN 75 WHEN chance(t.h, 'watched') < 0.80 THEN 50
        WHEN chance(t.h, 'watched') < 0.88 THEN 25 ELSE 0 END, 0)""",
    "video_played_duration": f"if({_IS_VIDEO}, ({_LENGTH} * (1 - chance(t.h, 'watched') * 0.3))::BIGINT, 0)",
    "video_played_with_sound": _watched(0.97, "chance(t.h, 'mute') >= 0.06"),
    "video_replayed": _watched(0.01),
    "video_skipped": _watched(1, "chance(t.h, 'skip_forward') < 0.05"),
    "video_started": _watched(0.97),
    "video_unmuted": _watched(1, "chance(t.h, 'unmute') < 0.03"),
}
for _share, _limit in (("25", 0.88), ("50", 0.80), ("75", 0.74), ("100", 0.68)):
    _PLAYED[f"video_played_{_share}pc"] = _watched(_limit)
    _PLAYED[f"video_played_{_share}pc_viewable"] = _watched(_limit, _IS_VIEWED)

TRAFFIC = {
    **_COMMON,
    **_SEARCH,
    **_PLAYED,
    **_run("campaign", "date", "dt"),
    **_run("package", "date"),
    **_run("placement", "date"),
    "ad": _of_display("c.name || ' | Ad ' || (1 + pick(t.h, 'creative', 3))"),
    "ad_duration": f"if({_IS_VIEWED}, 2 + pick(t.h, 'in view', 20), 0)",
    "ad_format": _of_display("if(c.creative_category = 'Video', 'in-stream video', 'in-banner')"),
    "ad_id": _of_display("c.campaign_id * 100 + 50 + pick(t.h, 'creative', 3)"),
    "ad_length": f"if(c.creative_category = 'Video', {_LENGTH}, NULL)",
    "ad_size": _of_display("CAST(40 + 5 * pick(t.h, 'creative', 3) AS VARCHAR)"),
    "ad_started": _flag(f"{_IS_IMPRESSION} AND chance(t.h, 'loaded') < 0.98"),
    "adserver_brand": "b.name",
    "adserver_brand_id": "710100 + b.brand_no",
    "adserver_session_id": "hex(hash(t.h, 'served session'))",
    "adserver_site": f"if({_IS_SEARCH}, 'Search', 'Amazon DSP')",
    "campaign": f"if({_IS_SEARCH}, b.name || ' | Search', c.name)",
    "campaign_id": f"if({_IS_SEARCH}, 940000 + t.brand_no, c.campaign_id)",
    "campaign_type": f"if({_IS_SEARCH}, 'search', 'display')",
    "clicks": _flag("t.what IN ('click', 'search')"),
    "clicks_default_ad": _flag("t.what = 'click' AND chance(t.h, 'default') < 0.01"),
    "clicks_hard_stop": _flag("t.what = 'click' AND chance(t.h, 'stopped') < 0.005"),
    "clicks_no_script": _flag("t.what = 'click' AND chance(t.h, 'no script') < 0.01"),
    "clicks_sivt": _flag("t.what = 'click' AND chance(t.h, 'invalid') < 0.02"),
    "clicks_ssai": _flag("t.what = 'click' AND c.kind = 2"),
    "cost_model_type": f"if({_IS_SEARCH}, 'CPC', 'CPM')",
    "cost_per_unit": f"if({_IS_SEARCH}, '0.85', CAST(c.mille_price AS VARCHAR))",
    "impressions": _flag(_IS_IMPRESSION),
    "impressions_default_ad": _flag(f"{_IS_IMPRESSION} AND chance(t.h, 'default') < 0.01"),
    "impressions_hard_stop": _flag(f"{_IS_IMPRESSION} AND chance(t.h, 'stopped') < 0.005"),
    "impressions_no_script": _flag(f"{_IS_IMPRESSION} AND chance(t.h, 'no script') < 0.01"),
    "impressions_sivt": _flag(f"{_IS_IMPRESSION} AND chance(t.h, 'invalid') < 0.02"),
    "impressions_ssai": _flag(f"{_IS_IMPRESSION} AND c.kind = 2"),
    "is_dco_ad": _of_display("pick(t.h, 'creative', 3) = 2"),
    "measurable_impressions": _flag(f"{_IS_IMPRESSION} AND chance(t.h, 'measured') < 0.92"),
    "ordered_units": _of_display("c.budget * 10"),
    "package": _of_display("c.name || ' | Package'"),
    "package_id": _of_display("c.campaign_id * 10 + 8"),
    "placement": _of_display("c.name || ' | Placement'"),
    "placement_dimensions": _of_display(
        f"if(c.kind = 2, '1920x1080', {one_of('size', '300x250', '728x90', '160x600', '320x50')})"
    ),
    "placement_id": _of_display("c.campaign_id * 10 + 9"),
    "placement_type": _of_display("if(c.kind = 2, 'in-stream video tracking', 'in-banner')"),
    "recordable_impressions": _flag(f"{_IS_IMPRESSION} AND chance(t.h, 'measured') < 0.82"),
    "request_tag": _of_display("hex(t.h)"),
    "section": _of_display("if(c.kind = 2, 'Streaming', 'Run of network')"),
    "section_id": _of_display("if(c.kind = 2, 12, 11)"),
    "smart_items_list": _of_display("if(pick(t.h, 'creative', 3) = 2, 'headline,image,price', NULL)"),
    "target_audience_id": _of_display("c.campaign_id * 10 + pick(t.h, 'line', 2)"),
    "target_audience_name": _of_display(
        "['In-market audience', 'Lookalike audience'][1 + pick(t.h, 'line', 2)]"
    ),
    "version_id": _of_display(
        "if(pick(t.h, 'creative', 3) = 2, c.campaign_id * 1000 + pick(t.h, 'version', 4), NULL)"
    ),
    "version_name": _of_display(
        "if(pick(t.h, 'creative', 3) = 2, 'Version ' || (1 + pick(t.h, 'version', 4)), NULL)"
    ),
    "viewable_impressions": _flag(_IS_VIEWED),
}

CONVERSIONS = {
    **_COMMON,
    "conversion_activity": bought.EVENT_NAME,
    "conversion_activity_id": "t.subtype",
    "conversion_currency": "'USD'",
    "conversion_id": "hex(t.h)",
    "conversion_type": "if(t.subtype = '134', 'sales', 'counter')",
    "conversions": "1",
    "order_id": "if(t.subtype = '134', 'S-' || upper(hex(hash(t.h, 'order id'))), NULL)",
    "product_id": "if(t.subtype = '134', 'site-' || lower(r.asin), NULL)",
    "product_info": "if(t.subtype = '134', r.title, NULL)",
    "quantity": "if(t.subtype = '134', t.units, 0)",
    "referrer": "'https://shop.example/' || t.brand_no",
    "revenue": bought.OFF_AMAZON_SALES,
    "tag_manager": "b.name || ' site tags'",
    "tag_manager_id": "720100 + b.brand_no",
}
