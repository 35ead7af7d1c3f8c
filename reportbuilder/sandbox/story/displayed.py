"""The columns of Amazon DSP's tables, as expressions over impressions and clicks."""

from reportbuilder.sandbox.story.phrases import (
    ADVERTISER,
    CAMPAIGN,
    DEVICE,
    LINE,
    PERSON,
    PLACE,
    held,
    matched,
    one_of,
    spans,
    times,
)

_SITES = ("amazon.com", "imdb.com", "twitch.tv", "weather.example", "news.example", "recipes.example")
_IS_OWNED = "list_contains(['amazon.com', 'imdb.com', 'twitch.tv'], {})".format(one_of("site", *_SITES))
_VIDEO = "c.creative_category = 'Video'"
# money: one cent is 1,000 millicents and 1,000,000 microcents
_MICROCENTS = "t.millicents * 1000"

DISPLAYED = {
    **ADVERTISER,
    **CAMPAIGN,
    **PERSON,
    **PLACE,
    **DEVICE,
    **spans("campaign", "date"),
    **spans("line_item", "date"),
    **times("impression", "t.utc_at", "t.local_at"),
    "ad_slot_size": f"if({_VIDEO}, '1920x1080', {one_of('size', '300x250', '728x90', '160x600', '320x50')})",
    "advertiser_account_frequency_group_ids": "if(chance(t.h, 'group') < 0.3, [7100 + c.brand_no], [])",
    "advertiser_id": "c.advertiser_id",
    "app_bundle": "if(c.kind = 2, 'com.amazon.avod', if(chance(t.h, 'app') < 0.45, 'com.amazon.shop', NULL))",
    "audience_fee": f"({_MICROCENTS} * 0.08)::BIGINT",
    "bid_price": f"({_MICROCENTS} * 1.4)::BIGINT",
    "campaign_budget_amount": "c.budget * 100000",
    "campaign_country": "'US'",
    "campaign_flight_id": "c.campaign_id * 10 + 1",
    "campaign_insertion_order_id": "'IO-' || c.campaign_id",
    "campaign_primary_goal": "c.goal",
    "campaign_sales_type": "if(chance(t.h, 'bonus') < 0.03, 'BONUS', 'BILLABLE')",
    "campaign_source": "'DSP'",
    "campaign_status": "'RUNNING'",
    "creative": "c.name || ' | ' || if(" + _VIDEO + ", 'Spot ', 'Banner ') || (1 + pick(t.h, 'creative', 3))",
    "creative_is_link_in": "if(pick(t.h, 'creative', 3) = 2, 'Y', 'N')",
    "creative_size": f"if({_VIDEO}, '1920x1080', {one_of('size', '300x250', '728x90', '160x600', '320x50')})",
    "creative_type": f"if({_VIDEO}, 'Streaming TV', 'Responsive eCommerce')",
    "deal_id": "if(chance(t.h, 'deal') < 0.25, 'DEAL-' || c.campaign_no, NULL)",
    "deal_name": "if(chance(t.h, 'deal') < 0.25, c.advertiser || ' private deal', NULL)",
    "demand_channel": "'Amazon DSP'",
    "demand_channel_owner": "'Amazon'",
    "device_id": "if(p.h IS NULL, NULL, hex(hash(p.h, 'device' || (chance(t.h, 'second device') < 0.25))))",
    "impression_cost": "t.millicents",
    "impressions": "1",
    "is_amazon_owned": _IS_OWNED,
    "line_item": f"c.name || ' | ' || ['In-market audience', 'Lookalike audience'][1 + {LINE}]",
    "line_item_budget_amount": "c.budget * 40000",
    "line_item_id": f"c.campaign_id * 10 + {LINE}",
    "line_item_price_type": "'CPM'",
    "line_item_status": "'RUNNING'",
    "line_item_type": f"if({_VIDEO}, 'VIDEO', 'STANDARD_DISPLAY')",
    "managed_service_fee": f"if(c.kind = 2, ({_MICROCENTS} * 0.03)::BIGINT, 0)",
    "manager_account_frequency_group_ids": "if(chance(t.h, 'group') < 0.1, [9001], [])",
    "matched_behavior_segment_ids": matched("t.utc_at"),
    "merchant_id": "12000 + c.brand_no",
    "ocm_fee": f"({_MICROCENTS} * 0.005)::BIGINT",
    "page_type": one_of("page", "Detail", "Search", "CustomerReviews", "Home"),
    "placement_is_view_aware": "chance(t.h, 'aware') < 0.8",
    "placement_view_rate": "(0.4 + 0.5 * chance(t.h, 'view rate'))::DECIMAL(38, 4)",
    "platform_fee": f"({_MICROCENTS} * 0.10)::BIGINT",
    "product_line": "if(c.kind = 2, 'Streaming TV', 'Display')",
    "request_tag": "hex(t.h)",
    "segment_marketplace_id": "1",
    "site": f"if(c.kind = 2, 'Prime Video', {one_of('site', *_SITES)})",
    "slot_position": one_of("slot", "ATF", "ATF", "BTF", "UNKNOWN"),
    "supply_cost": f"({_MICROCENTS} * 0.80)::BIGINT",
    "supply_source": "if(c.kind = 2, 'Prime Video', if("
    + _IS_OWNED
    + ", 'Amazon.com', 'Amazon Publisher Direct'))",
    "supply_source_id": "if(c.kind = 2, 33, if(" + _IS_OWNED + ", 1, 7))",
    "supply_source_is_view_aware": "chance(t.h, 'aware') < 0.9",
    "supply_source_view_rate": "(0.5 + 0.4 * chance(t.h, 'source rate'))::DECIMAL(38, 4)",
    "third_party_fees": f"({_MICROCENTS} * 0.02)::BIGINT",
    "total_cost": "t.millicents * 1.12",
    "user_behavior_segment_ids": held("t.utc_at"),
}

DSP_IMPRESSIONS = DISPLAYED

DSP_CLICKS = {
    **DISPLAYED,
    "matched_behavior_segment_ids": matched("t.seen_utc_at"),
    "user_behavior_segment_ids": held("t.seen_utc_at"),
    **times("impression", "t.seen_utc_at", "t.seen_local_at"),
    **times("click", "t.utc_at", "t.local_at"),
    "clicks": "1",
    "click_cost": "t.millicents",
}
