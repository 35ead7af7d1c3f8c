"""Which of AMC's 35 tables each instance has, and what values their columns hold."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime

import pytest

from reportbuilder.sandbox import Options
from reportbuilder.sandbox.cutting import conditions
from reportbuilder.sandbox.instants import Window
from reportbuilder.sandbox.tables import documented
from reportbuilder.sandbox.warehouses import Warehouse
from reportbuilder.sandbox.world import DATASETS, Instance, instances, tables_of
from tests.sandbox.asked import Story, none, one

END = date(2026, 3, 4)
INSTANCES = instances(1)
FIRST = INSTANCES["amcnorthwind01"]
Stories = dict[int, Story]
SEGMENTS = [name for name in documented() if name.startswith("audience_segments_")]


@pytest.fixture(scope="module")
def stories(small_story: Story) -> Iterator[Stories]:
    """The data of every instance, small."""
    with ExitStack() as stack:
        found = {0: small_story}
        for number in sorted({instance.data for instance in INSTANCES.values()} - {0}):
            warehouse = Warehouse(Options(users=1200, days=120, end=END), number, END)
            stack.callback(warehouse.close)
            found[number] = warehouse.connection()
        yield found


def test_the_documented_tables_are_complete() -> None:
    sizes = {name: len(table.columns) for name, table in documented().items()}
    assert sizes == {
        "adserver_conversions": 41,
        "adserver_traffic": 129,
        "amazon_attributed_events_by_conversion_time": 217,
        "amazon_attributed_events_by_traffic_time": 217,
        "amazon_brand_store_engagement_events": 21,
        "amazon_brand_store_page_views": 18,
        "amazon_pvc_enrollments": 21,
        "amazon_pvc_streaming_events_feed": 40,
        "amazon_retail_purchases": 27,
        "amazon_your_garage": 17,
        **dict.fromkeys(SEGMENTS, 7),
        "conversions": 29,
        "conversions_all": 30,
        "conversions_with_relevance": 52,
        "dsp_clicks": 97,
        "dsp_impressions": 98,
        "dsp_impressions_by_matched_segments": 102,
        "dsp_impressions_by_user_segments": 102,
        "dsp_video_events_feed": 113,
        "dsp_views": 66,
        "experian_vehicle_purchases": 13,
        "ncs_cpg_insights_stream": 13,
        "segment_metadata": 8,
        "sponsored_ads_traffic": 73,
    }
    assert (len(sizes), len(SEGMENTS), sum(sizes.values())) == (35, 12, 1628)
    user = documented()["conversions"].by_name["user_id"]
    assert (user.type, user.column_type, user.threshold) == ("STRING", "DIMENSION", "VERY_HIGH")
    for table in documented().values():
        assert table.time is None or table.by_name[table.time].duckdb in ("TIMESTAMP", "DATE")


@pytest.mark.conforms("semantics:dimension-tables")
def test_tables_of_dimensions_have_no_time() -> None:
    timeless = {name for name, table in documented().items() if table.time is None}
    now = {name for name in SEGMENTS if not name.endswith("_snapshot")}
    assert timeless == {"segment_metadata", "amazon_your_garage", *now}
    early = Window(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC), "UTC")
    assert [name for name, table in documented().items() if not conditions(table, early)] == sorted(
        timeless, key=list(documented()).index
    )


def test_purchases_reach_back_further_than_advertising() -> None:
    further = {name: table.look_back_months for name, table in documented().items() if table.look_back_months}
    assert further == {"amazon_retail_purchases": 60}
    start, earliest, end = (datetime(year, 1, 1, tzinfo=UTC) for year in (2022, 2025, 2026))
    window = Window(start, end, "UTC", earliest=earliest)
    for name, year in (("amazon_retail_purchases", "2022"), ("conversions", "2025")):
        assert year in conditions(documented()[name], window)[0].sql()


@pytest.mark.conforms("semantics:sponsored-only", "semantics:dsp-only", "semantics:paid-tables")
def test_each_instance_has_the_tables_of_what_it_buys() -> None:
    names = {name: set(tables_of(instance)) for name, instance in INSTANCES.items()}
    everything = set(documented())
    free = {table.name for table in documented().values() if not table.dataset}
    assert names["amcnorthwind01"] == names["amcnorthwind05"] == names["amcload001"] == everything
    assert names["amcnorthwind02"] == free
    assert names["amcnorthwind03"] == {name for name in free if not name.startswith("dsp_")}
    assert names["amcnorthwind04"] == free - {"sponsored_ads_traffic"}
    assert {"conversions_all", "adserver_traffic", "segment_metadata"} & free == set()
    assert len(free) == 11
    assert len(DATASETS) == 9


@pytest.mark.parametrize("name", INSTANCES)
def test_every_table_of_an_instance_has_rows(stories: Stories, name: str) -> None:
    instance = INSTANCES[name]
    for table in tables_of(instance):
        assert stories[instance.data].execute(f"FROM {table} LIMIT 1").fetchall(), table


def _types(story: Story, table: str) -> set[str]:
    query = f"SELECT DISTINCT coalesce(ad_product_type, 'dsp') FROM {table}"
    return {str(row[0]) for row in story.execute(query).fetchall()}


@pytest.mark.conforms("semantics:sponsored-only", "semantics:dsp-only")
def test_credit_goes_to_what_the_instance_advertises(stories: Stories) -> None:
    for table in (
        "amazon_attributed_events_by_conversion_time",
        "amazon_attributed_events_by_traffic_time",
    ):
        assert "dsp" in _types(stories[0], table)
        assert "sponsored_products" in _types(stories[0], table)
        assert "dsp" not in _types(stories[INSTANCES["amcnorthwind03"].data], table)
        assert _types(stories[INSTANCES["amcnorthwind04"].data], table) == {"dsp"}
    none(stories[2], "FROM conversions WHERE event_category = 'off-Amazon'")
    none(stories[2], "FROM conversions_with_relevance WHERE campaign_source = 'DSP'")
    none(stories[3], "FROM conversions_with_relevance WHERE campaign_source <> 'DSP'")


def test_each_data_set_is_another_one(stories: Stories) -> None:
    counts = {
        one(story, "SELECT bit_xor(hash(event_dt_utc))::HUGEINT FROM conversions")
        for story in stories.values()
    }
    assert len(counts) == len(stories) == 5


VALUES: dict[tuple[str, str], set[str]] = {
    ("dsp_impressions", "device_type"): {"Tablet", "Phone", "TV", "PC", "ConnectedDevice"},
    ("dsp_impressions", "environment_type"): {"Web", "App"},
    ("dsp_impressions", "slot_position"): {"ATF", "BTF", "UNKNOWN"},
    ("dsp_impressions", "creative_category"): {"Display", "Video"},
    ("dsp_impressions", "campaign_sales_type"): {"BILLABLE", "BONUS"},
    ("dsp_impressions", "user_id_type"): {"adUserId", "sisDeviceId", "adBrowserId"},
    ("dsp_views", "event_type"): {"MEASURABLE_IMP", "VIEW", "UNMEASURABLE_IMP", "SYNTHETIC_VIEW"},
    ("sponsored_ads_traffic", "match_type"): {"BROAD", "PHRASE", "EXACT"},
    ("sponsored_ads_traffic", "campaign_budget_type"): {"DAILY_BUDGET", "LIFETIME_BUDGET"},
    ("sponsored_ads_traffic", "ad_product_type"): {
        "sponsored_products",
        "sponsored_brands",
        "sponsored_display",
        "sponsored_television",
    },
    ("amazon_attributed_events_by_traffic_time", "traffic_event_subtype"): {"AD_IMP", "AD_CLICK"},
    ("conversions", "event_category"): {"purchase", "website", "off-Amazon"},
    ("conversions", "event_type"): {"CONVERSION"},
    ("conversions", "event_type_class"): {"consideration", "conversion"},
    ("conversions", "event_subtype"): {
        *("order", "detailPageView", "shoppingCart", "searchConversion", "brandStorePageView", "wishList"),
        *("babyRegistry", "weddingRegistry", "customerReview", "134", "140", "141"),
    },
    ("conversions_with_relevance", "event_category"): {"purchase", "website", "pixel"},
    ("conversions_with_relevance", "engagement_scope"): {"PROMOTED", "BRAND_HALO"},
    ("conversions_with_relevance", "halo_code"): {
        *("TRACKED_ASIN", "VARIATIONAL_ASIN", "BRAND_KEYWORD", "CATEGORY_KEYWORD"),
        *("BRAND_MARKETPLACE", "BRAND_GL_PRODUCT", "BRAND_CATEGORY", "BRAND_SUBCATEGORY"),
    },
    ("conversions_all", "exposure_type"): {"ad-exposed", "non-ad-exposed", "pixel"},
    ("conversions_all", "event_category"): {"purchase", "website", "pixel"},
    ("amazon_retail_purchases", "purchase_order_method"): {"S", "B", "1"},
    ("amazon_retail_purchases", "purchase_order_type"): {"Prime", "NON-PRIME"},
    ("amazon_retail_purchases", "user_id_type"): {"adUserId"},
    ("amazon_brand_store_page_views", "ingress_type"): {"0", "1", "2", "4", "6"},
    ("experian_vehicle_purchases", "new_or_used"): {"N", "U"},
    ("adserver_traffic", "campaign_type"): {"display", "search"},
    ("adserver_conversions", "conversion_type"): {"sales", "counter"},
}


@pytest.mark.conforms("semantics:value-lists", "semantics:pixel-category")
@pytest.mark.parametrize(("table", "column"), VALUES)
def test_columns_hold_their_documented_values(story: Story, table: str, column: str) -> None:
    query = f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"
    found = {row[0] for row in story.execute(query).fetchall()}
    allowed = VALUES[table, column]
    assert found <= allowed | {"Unknown"}
    assert len(found) >= min(2, len(allowed))


@pytest.mark.conforms("semantics:null-users")
@pytest.mark.parametrize(
    "name", ["dsp_impressions", "dsp_clicks", "dsp_views", "sponsored_ads_traffic", "conversions_all"]
)
def test_some_rows_have_no_user_and_most_have_one(story: Story, name: str) -> None:
    unknown = one(story, f"SELECT COUNT(*) FROM {name} WHERE user_id IS NULL")
    assert 0 < unknown < 0.1 * one(story, f"SELECT COUNT(*) FROM {name}")
    if "user_id_type" in documented()[name].by_name:
        none(story, f"FROM {name} WHERE (user_id IS NULL) <> (user_id_type IS NULL)")


def test_a_user_is_the_same_kind_of_user_everywhere(story: Story) -> None:
    heavy = ("segments", "snapshot", "dsp_video", "by_traffic")
    names = [
        name
        for name, table in documented().items()
        if {"user_id", "user_id_type"} <= set(table.by_name) and not any(word in name for word in heavy)
    ]
    each = " UNION ALL ".join(f"SELECT DISTINCT user_id, user_id_type FROM {name}" for name in names)
    none(story, f"SELECT user_id FROM ({each}) GROUP BY 1 HAVING COUNT(DISTINCT user_id_type) > 1")
    none(story, f"FROM ({each}) ANTI JOIN person USING (user_id) WHERE user_id IS NOT NULL")
    assert len(names) > 12


def test_an_instance_that_shares_data_has_the_same_number() -> None:
    assert INSTANCES["amcload001"].data == FIRST.data
    assert Instance("amcelse", "Else").advertiser_types == FIRST.advertiser_types
