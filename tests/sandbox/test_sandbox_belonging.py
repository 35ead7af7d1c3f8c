"""How the rows of AMC's tables belong together: the same people, campaigns, products and events in all."""

from itertools import pairwise

import pytest

from reportbuilder.sandbox.tables import documented
from tests.sandbox.asked import Story, none, one, same

SEGMENTS = [name for name in documented() if name.startswith("audience_segments_")]


# ---------------------------------------------------------------- what an impression led to


@pytest.mark.conforms("semantics:viewability")
def test_views_are_views_of_impressions(small_story: Story) -> None:
    none(
        small_story,
        """FROM dsp_views v ANTI JOIN dsp_impressions i ON i.request_tag = v.impression_id
        AND i.campaign_id = v.campaign_id AND i.site = v.site AND i.user_id IS NOT DISTINCT FROM v.user_id
        AND v.event_dt_utc - i.impression_dt_utc BETWEEN INTERVAL 0 SECOND AND INTERVAL 2 SECOND""",
    )
    none(
        small_story,
        """SELECT impression_id FROM dsp_views GROUP BY 1 HAVING SUM(events) > 2
        OR SUM(viewable_impressions) > SUM(measurable_impressions)
        OR SUM(unmeasurable_viewable_impressions) > 0 AND COUNT(*) > 1""",
    )
    none(
        small_story,
        """FROM dsp_views WHERE (event_type = 'VIEW') <> (view_definition IS NOT NULL)
        OR viewable_impressions + measurable_impressions + unmeasurable_viewable_impressions <> events""",
    )
    unseen = "SELECT COUNT(*) FROM dsp_impressions ANTI JOIN dsp_views ON impression_id = request_tag"
    assert 0 < one(small_story, unseen) < 0.2 * one(small_story, "SELECT COUNT(*) FROM dsp_impressions")


PLAYED = [
    column.name
    for column in documented()["dsp_video_events_feed"].columns
    if column.name.startswith("video_")
]


@pytest.mark.conforms("semantics:video-feed")
def test_the_players_events_are_those_of_video_impressions(small_story: Story) -> None:
    shared = [name for name in documented()["dsp_impressions"].by_name if not name.endswith("_ids")]
    names = ", ".join(shared)
    left = f"SELECT {names} FROM dsp_video_events_feed WHERE video_impression = 1"
    same(small_story, left, f"SELECT {names} FROM dsp_impressions WHERE creative_category = 'Video'")
    none(small_story, f"FROM dsp_video_events_feed WHERE {' + '.join(PLAYED)} <> 1")
    steps = ["impression", "start", "first_quartile", "midpoint", "third_quartile", "complete", "replay"]
    breaks = " OR ".join(f"SUM(video_{later}) > SUM(video_{earlier})" for earlier, later in pairwise(steps))
    none(
        small_story,
        f"""SELECT request_tag FROM dsp_video_events_feed GROUP BY 1
        HAVING {breaks} OR SUM(video_resume) > SUM(video_pause)
        OR COUNT(*) <> COUNT(DISTINCT ({", ".join(PLAYED)}))""",
    )
    clicks = "SELECT request_tag FROM dsp_clicks WHERE creative_category = 'Video'"
    none(
        small_story, f"({clicks}) EXCEPT SELECT request_tag FROM dsp_video_events_feed WHERE video_click = 1"
    )


@pytest.mark.conforms("semantics:user-segments", "semantics:matched-segments")
@pytest.mark.parametrize(
    ("table", "ids"),
    [
        ("dsp_impressions_by_user_segments", "user_behavior_segment_ids"),
        ("dsp_impressions_by_matched_segments", "matched_behavior_segment_ids"),
    ],
)
def test_an_impression_has_a_row_for_each_of_its_segments(small_story: Story, table: str, ids: str) -> None:
    same(
        small_story,
        f"SELECT request_tag, user_id, total_cost, behavior_segment_id FROM {table}",
        f"""SELECT request_tag, user_id, total_cost, unnest({ids}) FROM dsp_impressions
        WHERE user_id IS NOT NULL""",
    )
    none(
        small_story,
        f"""FROM {table} WHERE NOT list_has_all(user_behavior_segment_ids, matched_behavior_segment_ids)
        OR (behavior_segment_matched = 1) <>
            list_contains(matched_behavior_segment_ids, behavior_segment_id)""",
    )
    none(
        small_story,
        f"""FROM {table} t ANTI JOIN segment_metadata m ON m.segment_id = t.behavior_segment_id
        AND m.segment_marketplace_id = t.segment_marketplace_id AND m.segment_name = t.behavior_segment_name
        AND m.segment_description = t.behavior_segment_description""",
    )


# ---------------------------------------------------------------- audiences


@pytest.mark.conforms("semantics:segment-snapshots")
@pytest.mark.parametrize("name", [name for name in SEGMENTS if not name.endswith("_snapshot")])
def test_memberships_persist_from_month_to_month(small_story: Story, name: str) -> None:
    kept = f"{name}_snapshot"
    days = {
        row[0]
        for row in small_story.execute(
            "SELECT DISTINCT snapshot_datetime FROM audience_segments_amer_inmarket_snapshot"
        ).fetchall()
    }
    assert all(day.weekday() == 3 and day.day <= 7 for day in days)
    assert len(days) >= 3
    key = "user_id, segment_id, segment_marketplace_id, segment_name"
    none(small_story, f"SELECT {key} FROM {name} GROUP BY ALL HAVING COUNT(*) > 1")
    none(small_story, f"SELECT {key} FROM {kept} EXCEPT SELECT {key} FROM {name}")
    none(
        small_story,
        f"""SELECT {key} FROM {kept} GROUP BY ALL
        HAVING COUNT(*) <> (SELECT COUNT(*) FROM snapshot WHERE day >= MIN(snapshot_datetime))""",
    )
    none(
        small_story,
        f"FROM {name} ANTI JOIN segment_metadata USING (segment_id, segment_marketplace_id, segment_name)",
    )
    newest = one(
        small_story, f"SELECT COUNT(*) FROM {kept} WHERE snapshot_datetime = (SELECT MAX(day) FROM snapshot)"
    )
    oldest = one(
        small_story, f"SELECT COUNT(*) FROM {kept} WHERE snapshot_datetime = (SELECT MIN(day) FROM snapshot)"
    )
    assert 0 < oldest < newest <= one(small_story, f"SELECT COUNT(*) FROM {name}")


def test_whoever_sees_an_advertisement_is_in_the_segments_of_the_region(small_story: Story) -> None:
    ids = "SELECT DISTINCT user_id, unnest(user_behavior_segment_ids) AS segment_id FROM dsp_impressions"
    both = """SELECT user_id, segment_id FROM audience_segments_amer_inmarket
        UNION ALL SELECT user_id, segment_id FROM audience_segments_amer_lifestyle"""
    none(small_story, f"FROM ({ids}) WHERE user_id IS NOT NULL EXCEPT ({both})")


# ---------------------------------------------------------------- conversions and purchases

SAME_IN_BOTH = """conversion_id, user_id, event_subtype, event_dt_utc, tracked_asin, tracked_item,
    total_product_sales, total_units_sold, purchase_unit_price, new_to_brand"""


@pytest.mark.conforms("semantics:exposure")
def test_all_conversions_are_the_exposed_ones_and_others(story: Story) -> None:
    same(
        story,
        f"SELECT {SAME_IN_BOTH} FROM conversions",
        f"SELECT {SAME_IN_BOTH} FROM conversions_all WHERE exposure_type <> 'non-ad-exposed'",
    )
    none(story, "FROM conversions_all WHERE (exposure_type = 'pixel') <> (event_category = 'pixel')")
    none(story, "FROM conversions_all WHERE (exposure_type = 'pixel') <> (marketplace_name IS NULL)")
    traffic = """SELECT user_id, impression_dt_utc AS at FROM dsp_impressions
        UNION ALL SELECT user_id, event_dt_utc FROM sponsored_ads_traffic"""
    last = f"""SELECT c.exposure_type, c.event_dt_utc - t.at < INTERVAL 28 DAY AS is_near
        FROM (FROM conversions_all WHERE user_id IS NOT NULL) c
        ASOF LEFT JOIN ({traffic}) t ON t.user_id = c.user_id AND c.event_dt_utc >= t.at"""
    none(story, f"FROM ({last}) WHERE exposure_type = 'ad-exposed' AND is_near IS NOT TRUE")
    none(story, f"FROM ({last}) WHERE exposure_type = 'non-ad-exposed' AND is_near")
    assert one(story, "SELECT COUNT(*) - COUNT(DISTINCT conversion_id) FROM conversions_all") == 0
    assert one(story, "SELECT COUNT(*) FROM conversions_all WHERE sns_subscription_id IS NOT NULL") > 0


@pytest.mark.conforms("semantics:tracked-asin")
@pytest.mark.parametrize(
    ("table", "category"),
    [
        ("conversions", "event_category"),
        ("conversions_all", "event_category"),
        ("conversions_with_relevance", "event_category"),
        ("amazon_attributed_events_by_conversion_time", "conversion_event_category"),
    ],
)
def test_only_purchases_have_an_asin(story: Story, table: str, category: str) -> None:
    none(story, f"FROM {table} WHERE ({category} = 'purchase') <> (tracked_asin IS NOT NULL)")
    none(story, f"FROM {table} WHERE tracked_asin <> tracked_item OR tracked_item IS NULL")


@pytest.mark.conforms("semantics:relevance")
def test_relevant_campaigns_are_those_of_the_brand(story: Story) -> None:
    table = "conversions_with_relevance"
    same(
        story,
        f"SELECT DISTINCT {SAME_IN_BOTH} FROM {table}",
        f"SELECT {SAME_IN_BOTH} FROM conversions",
    )
    none(story, f"SELECT conversion_id, campaign_id FROM {table} GROUP BY ALL HAVING COUNT(*) > 1")
    none(story, f"SELECT conversion_id FROM {table} GROUP BY 1 HAVING COUNT(DISTINCT advertiser) > 1")
    none(
        story,
        f"""FROM {table} WHERE event_category = 'pixel'
        AND (engagement_scope <> 'PROMOTED' OR halo_code IS NOT NULL)""",
    )
    none(story, f"FROM {table} WHERE halo_code LIKE '%_ASIN' AND engagement_scope <> 'PROMOTED'")
    # what attribution credits as promoted is promoted here, and the halo is the halo
    credited = """SELECT hex(t.conversion) AS conversion_id, c.campaign_id, t.is_promoted
        FROM credited t JOIN campaign c USING (campaign_no) WHERE t.is_order"""
    none(
        story,
        f"""FROM ({credited}) c ANTI JOIN {table} r ON r.conversion_id = c.conversion_id
        AND r.campaign_id = c.campaign_id AND (r.engagement_scope = 'PROMOTED') = c.is_promoted""",
    )


@pytest.mark.conforms("semantics:retail-purchases")
def test_every_order_is_a_purchase_in_the_store(story: Story) -> None:
    same(
        story,
        """SELECT user_id, tracked_asin, event_dt_utc, total_units_sold, purchase_unit_price,
            purchase_currency,
            marketplace_name FROM conversions_all WHERE event_subtype = 'order'""",
        f"""SELECT user_id, asin, purchase_dt_utc, purchase_units_sold, unit_price, currency_code,
            marketplace_name FROM amazon_retail_purchases WHERE purchase_date_utc >= {_FIRST_DAY}""",
    )
    assert one(story, "SELECT COUNT(*) - COUNT(DISTINCT event_id) FROM amazon_retail_purchases") == 0
    assert one(story, "SELECT COUNT(*) - COUNT(DISTINCT purchase_id) FROM amazon_retail_purchases") > 0
    none(
        story,
        """SELECT purchase_id FROM amazon_retail_purchases GROUP BY 1
        HAVING COUNT(DISTINCT user_id) > 1 OR COUNT(DISTINCT purchase_date_utc) > 1""",
    )
    years = one(
        story,
        """SELECT datediff('month', MIN(purchase_date_utc), MAX(purchase_date_utc))
        FROM amazon_retail_purchases""",
    )
    assert 48 < years <= 60


_FIRST_DAY = "(SELECT first_day FROM span)"


@pytest.mark.conforms("semantics:new-to-brand")
def test_new_to_brand_is_who_bought_nothing_for_a_year(story: Story) -> None:
    earlier = """SELECT c.new_to_brand, p.purchase_dt_utc AS last, c.event_dt_utc AS bought
        FROM (FROM conversions_all JOIN product ON asin = tracked_asin JOIN brand b USING (brand_no)
              WHERE event_subtype = 'order' AND user_id IS NOT NULL) c
        LEFT JOIN amazon_retail_purchases p ON p.user_id = c.user_id AND p.asin_brand = c.name
            AND p.purchase_dt_utc < c.event_dt_utc
            AND p.purchase_dt_utc > c.event_dt_utc - INTERVAL 365 DAY"""
    none(story, f"FROM ({earlier}) WHERE new_to_brand AND last IS NOT NULL")
    old = "SELECT COUNT(*) FROM (FROM conversions_all WHERE event_subtype = 'order' AND NOT new_to_brand)"
    known = f"SELECT COUNT(DISTINCT bought) FROM ({earlier}) WHERE NOT new_to_brand AND last IS NOT NULL"
    assert one(story, known) > 0.9 * one(story, old)


@pytest.mark.conforms("semantics:money-units")
def test_fees_and_costs_are_in_their_units(story: Story) -> None:
    """A supply cost in microcents is a part of the impression's cost in millicents."""
    none(story, "FROM dsp_impressions WHERE supply_cost > impression_cost * 1000")
    none(
        story, "FROM dsp_impressions WHERE total_cost < impression_cost OR total_cost > 1.2 * impression_cost"
    )
    dollars = one(story, "SELECT (SUM(spend) / 1e8 / SUM(clicks) * 100)::BIGINT FROM sponsored_ads_traffic")
    assert 20 < dollars < 500
    price = one(
        story,
        "SELECT (SUM(product_sales) / SUM(units_sold))::BIGINT FROM amazon_attributed_events_by_traffic_time",
    )
    assert 5 < price < 200


# ---------------------------------------------------------------- stores, streams, groceries, vehicles


def test_visits_to_stores_are_conversions(story: Story) -> None:
    same(
        story,
        """SELECT user_id, MIN(event_dt_utc), store_name FROM amazon_brand_store_page_views
        GROUP BY visit_id, user_id, store_name""",
        """SELECT user_id, event_dt_utc, b.name FROM conversions_all c
        JOIN act a ON hex(a.h) = c.conversion_id JOIN brand b USING (brand_no)
        WHERE event_subtype = 'brandStorePageView'""",
    )
    none(
        story,
        """FROM amazon_brand_store_engagement_events e ANTI JOIN amazon_brand_store_page_views v
        ON v.visit_id IS NOT NULL AND v.session_id = e.session_id AND v.page_id = e.page_id
        AND v.event_dt_utc = e.event_dt_utc AND v.page_title = e.page_title""",
    )
    none(
        story,
        """FROM amazon_brand_store_page_views v
        ANTI JOIN campaign c ON CAST(c.campaign_id AS VARCHAR) = reference_id
        WHERE ingress_type = '4'""",
    )
    none(story, "FROM amazon_brand_store_page_views WHERE (ingress_type = '4') <> (reference_id IS NOT NULL)")


def test_streams_are_those_of_subscribers(story: Story) -> None:
    none(
        story,
        """FROM amazon_pvc_streaming_events_feed s ANTI JOIN amazon_pvc_enrollments e ON e.user_id = s.user_id
        AND s.pv_playback_date_utc >= e.pv_start_date AND s.pv_playback_date_utc < e.pv_end_date""",
    )
    none(
        story,
        """SELECT pv_start_date FROM (SELECT *, lag(pv_end_date) OVER (
            PARTITION BY pv_subscription_id ORDER BY pv_start_date) AS before FROM amazon_pvc_enrollments)
        WHERE pv_is_plan_start <> (before IS NULL) OR before <> pv_start_date""",
    )
    none(
        story,
        """SELECT pv_subscription_id FROM amazon_pvc_enrollments GROUP BY 1
        HAVING COUNT(*) FILTER (pv_is_latest_record) <> 1 OR COUNT(DISTINCT user_id) <> 1""",
    )
    none(
        story,
        """FROM amazon_pvc_streaming_events_feed
        WHERE (pv_stream_type = 'live-event') <> (pv_gti_event_sport IS NOT NULL)
        OR pv_is_svod = pv_is_avod OR pv_playback_dt_utc >= (SELECT end_day FROM span)""",
    )


@pytest.mark.conforms("semantics:saturdays")
def test_groceries_are_those_of_households_by_week(story: Story) -> None:
    none(story, "FROM ncs_cpg_insights_stream WHERE dayofweek(week_end_dt) <> 6")
    none(story, "FROM ncs_cpg_insights_stream WHERE week_end_dt >= (SELECT end_day FROM span)")
    none(
        story,
        """SELECT user_id FROM ncs_cpg_insights_stream GROUP BY 1
        HAVING COUNT(DISTINCT ncs_household_id) > 1""",
    )
    none(
        story,
        "FROM ncs_cpg_insights_stream WHERE purchase_dollar_amount / purchase_quantity NOT BETWEEN 3 AND 12",
    )


@pytest.mark.conforms("semantics:late-registrations")
def test_vehicles_are_told_late_and_saved_before_they_change(story: Story) -> None:
    none(
        story, "FROM amazon_your_garage WHERE update_date < creation_date OR last_accessed_date < update_date"
    )
    recent = one(
        story, "SELECT COUNT(*) FROM experian_vehicle_purchases WHERE purchase_date >= DATE '2026-01-05'"
    )
    before = one(
        story,
        """SELECT COUNT(*) FROM experian_vehicle_purchases
        WHERE purchase_date >= DATE '2025-11-07' AND purchase_date < DATE '2026-01-05'""",
    )
    assert recent < 0.8 * before
    none(story, "FROM experian_vehicle_purchases WHERE vehicle_model_year > year(purchase_date)")


@pytest.mark.conforms("semantics:served-request-tag")
def test_the_ad_server_measures_the_same_advertisements(small_story: Story) -> None:
    for event, table, at in (
        ("impressions", "dsp_impressions", "impression"),
        ("clicks", "dsp_clicks", "click"),
    ):
        none(
            small_story,
            f"""FROM adserver_traffic t ANTI JOIN {table} i ON i.request_tag = t.request_tag
            AND i.user_id IS NOT DISTINCT FROM t.user_id AND i.{at}_dt_utc = t.event_dt_utc
            AND i.campaign_id = t.campaign_id WHERE t.{event} = 1 AND campaign_type = 'display'""",
        )
    none(small_story, "FROM adserver_traffic WHERE impressions + clicks <> 1 OR search_clicks > clicks")
    none(
        small_story,
        "FROM adserver_traffic WHERE (campaign_type = 'search') <> (search_keyword_text IS NOT NULL)",
    )
    none(
        small_story,
        """FROM adserver_traffic WHERE viewable_impressions > recordable_impressions
        OR recordable_impressions > measurable_impressions OR measurable_impressions > impressions
        OR video_played_100pc > video_played_75pc OR video_played_75pc > video_played_50pc
        OR video_played_50pc > video_played_25pc OR video_played_25pc > video_started""",
    )
    same(
        small_story,
        "SELECT conversion_id, user_id, event_dt_utc, revenue FROM adserver_conversions",
        """SELECT conversion_id, user_id, event_dt_utc, off_amazon_product_sales FROM conversions
        WHERE event_category = 'off-Amazon'""",
    )
