"""The synthetic data: every documented column, and one story that holds together."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from reportbuilder.sandbox import Options
from reportbuilder.sandbox.tables import documented
from reportbuilder.sandbox.warehouses import Warehouse

END = date(2026, 3, 4)
BY_TIME = ("amazon_attributed_events_by_conversion_time", "amazon_attributed_events_by_traffic_time")
Story = duckdb.DuckDBPyConnection


def one(story: Story, sql: str) -> object:
    row = story.execute(sql).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("name", sorted(documented()))
def test_columns_and_types_are_as_documented(story: Story, name: str) -> None:
    table = documented()[name]
    found = {str(row[0]): str(row[1]) for row in story.execute(f'DESCRIBE "{name}"').fetchall()}
    assert found == {column.name: column.duckdb for column in table.columns}


@pytest.mark.parametrize("name", sorted(documented()))
def test_no_column_is_empty(story: Story, name: str) -> None:
    counts = ", ".join(f'COUNT("{column.name}")' for column in documented()[name].columns)
    row = story.execute(f'SELECT {counts} FROM "{name}"').fetchone()
    assert row is not None
    empty = {column.name for column, count in zip(documented()[name].columns, row, strict=True) if not count}
    assert empty == set()


@pytest.mark.parametrize("name", BY_TIME)
def test_every_credit_is_due_to_real_traffic_of_the_same_person(story: Story, name: str) -> None:
    traffic = """SELECT request_tag AS id, user_id, campaign_id, impression_dt_utc AS dt, 'AD_IMP' AS kind
            FROM dsp_impressions
        UNION ALL SELECT request_tag, user_id, campaign_id, click_dt_utc, 'AD_CLICK' FROM dsp_clicks
        UNION ALL SELECT event_id, user_id, campaign_id, event_dt_utc, if(clicks = 1, 'AD_CLICK', 'AD_IMP')
            FROM sponsored_ads_traffic"""
    total = one(story, f"SELECT COUNT(*) FROM {name}")
    matched = one(
        story,
        f"""SELECT COUNT(*) FROM {name} a JOIN ({traffic}) t ON t.id = a.traffic_event_id
        AND t.user_id = a.user_id AND t.campaign_id = a.campaign_id AND t.dt = a.traffic_event_dt_utc
        AND t.kind = a.traffic_event_subtype""",
    )
    assert total == matched
    assert isinstance(total, int)
    assert total > 5000


@pytest.mark.parametrize("name", BY_TIME)
def test_credit_goes_back_fourteen_days_at_most(story: Story, name: str) -> None:
    late = f"""SELECT COUNT(*) FROM {name} WHERE conversion_event_dt_utc < traffic_event_dt_utc
        OR conversion_event_dt_utc - traffic_event_dt_utc >= INTERVAL 14 DAY"""
    assert one(story, late) == 0


def test_credit_goes_to_the_last_touch_and_a_click_comes_first(story: Story) -> None:
    later = """SELECT COUNT(*) FROM credited a JOIN click k ON k.user_no = a.user_no
        JOIN campaign c ON c.campaign_no = a.campaign_no AND k.brand_no = c.brand_no
        WHERE NOT a.is_pixel AND k.utc_at <= a.conversion_utc_at
        AND k.utc_at > if(a.is_click, a.utc_at, a.conversion_utc_at - INTERVAL 14 DAY)"""
    assert one(story, later) == 0


def test_each_conversion_is_credited_once_and_is_a_conversion(story: Story) -> None:
    assert one(story, "SELECT COUNT(*) - COUNT(DISTINCT conversion) FROM credited") == 0
    assert (
        one(story, "SELECT COUNT(*) FROM credited ANTI JOIN conversion v ON v.h = credited.conversion") == 0
    )
    credited, all_of_them = (
        one(story, "SELECT COUNT(*) FROM credited"),
        one(story, "SELECT COUNT(*) FROM conversions"),
    )
    assert credited == all_of_them
    assert one(story, "SELECT COUNT(*) - COUNT(DISTINCT conversion_id) FROM conversions") == 0


def test_clicks_follow_impressions(story: Story) -> None:
    orphans = """SELECT COUNT(*) FROM dsp_clicks k ANTI JOIN dsp_impressions i
        ON i.request_tag = k.request_tag AND i.impression_dt_utc = k.impression_dt_utc AND i.site = k.site
        AND i.user_id IS NOT DISTINCT FROM k.user_id AND k.click_dt_utc > i.impression_dt_utc"""
    assert one(story, orphans) == 0
    most = """SELECT MAX(rate) FROM (SELECT campaign, SUM(clicks) / SUM(impressions) AS rate
        FROM sponsored_ads_traffic GROUP BY 1)"""
    rate = one(story, most)
    assert isinstance(rate, float)
    assert 0.03 < rate < 0.2
    assert one(story, "SELECT COUNT(*) FROM sponsored_ads_traffic WHERE impressions + clicks <> 1") == 0


def test_sales_are_price_times_units(story: Story) -> None:
    wrong = (
        "SELECT COUNT(*) FROM {} WHERE {} AND total_product_sales <> purchase_unit_price * total_units_sold"
    )
    assert one(story, wrong.format("conversions", "event_subtype = 'order'")) == 0
    for name in BY_TIME:
        assert one(story, wrong.format(name, "conversion_event_subtype = 'order'")) == 0
    assert one(story, "SELECT MIN(total_product_sales) > 0 FROM conversions WHERE event_subtype = 'order'")
    assert one(story, "SELECT MAX(total_product_sales) = 0 FROM conversions WHERE event_subtype <> 'order'")


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        ("total_purchases", "purchases + brand_halo_purchases"),
        ("total_product_sales", "product_sales + brand_halo_product_sales"),
        ("purchases", "purchases_clicks + purchases_views"),
        ("total_units_sold", "total_units_sold_clicks + total_units_sold_views"),
        ("new_to_brand_total_purchases", "if(new_to_brand, total_purchases, 0)"),
        (
            "new_to_brand_total_product_sales",
            "new_to_brand_product_sales + new_to_brand_brand_halo_product_sales",
        ),
        ("total_detail_page_view", "detail_page_view + brand_halo_detail_page_view"),
        ("conversions", "impressions + clicks"),
        ("combined_sales", "total_product_sales + off_amazon_product_sales"),
    ],
)
def test_measures_add_up(story: Story, whole: str, parts: str) -> None:
    assert one(story, f"SELECT COUNT(*) FROM {BY_TIME[0]} WHERE {whole} <> {parts}") == 0
    assert one(story, f"SELECT SUM({whole}) > 0 FROM {BY_TIME[0]}")


def test_a_person_is_new_to_a_brand_once(story: Story) -> None:
    twice = """SELECT COUNT(*) FROM (SELECT user_no, brand_no FROM conversion WHERE new_to_brand GROUP BY ALL
        HAVING COUNT(*) > 1)"""
    earlier = """SELECT COUNT(*) FROM conversion n JOIN conversion o USING (user_no, brand_no)
        WHERE n.new_to_brand AND o.is_order AND o.utc_at < n.utc_at"""
    assert one(story, twice) == 0
    assert one(story, earlier) == 0
    share = one(story, "SELECT AVG(new_to_brand::INTEGER) FROM conversion WHERE is_order")
    assert isinstance(share, float)
    assert 0.3 < share < 0.95


def test_money_has_amcs_units(story: Story) -> None:
    """Dollars of 1000 impressions, and of a click, as an advertiser knows them."""
    mille = one(story, "SELECT SUM(impression_cost) / 100000 / SUM(impressions) * 1000 FROM dsp_impressions")
    supply = one(story, "SELECT SUM(supply_cost) / 100000000 / SUM(impressions) * 1000 FROM dsp_impressions")
    click = one(
        story,
        """SELECT SUM(spend) / 100000000 / SUM(clicks) FROM sponsored_ads_traffic
        WHERE line_item_price_type = 'CPC'""",
    )
    assert isinstance(mille, float)
    assert isinstance(supply, float)
    assert isinstance(click, float)
    assert 5 < mille < 50
    assert 0.7 < supply / mille < 0.9
    assert 0.5 < click < 5


def test_every_ad_product_earns_differently(story: Story) -> None:
    rows = story.execute(
        f"""WITH cost AS (
            SELECT campaign_id, SUM(spend) / 1e8 AS spend FROM sponsored_ads_traffic GROUP BY 1
            UNION ALL SELECT campaign_id, SUM(total_cost) / 1e5 FROM dsp_impressions GROUP BY 1
        ), sold AS (
            SELECT campaign_id, ad_product_type, SUM(total_product_sales) AS sales FROM {BY_TIME[0]}
            GROUP BY 1, 2
        )
        SELECT coalesce(ad_product_type, 'dsp'), SUM(sales) / SUM(spend)
        FROM cost JOIN sold USING (campaign_id)
        GROUP BY 1"""
    ).fetchall()
    returns = {str(name): float(value) for name, value in rows}
    assert set(returns) == {
        "dsp",
        "sponsored_products",
        "sponsored_brands",
        "sponsored_display",
        "sponsored_television",
    }
    assert 1 < returns["sponsored_products"] < 20
    assert max(returns.values()) > 1.5 * min(returns.values())


def test_seasons_can_be_seen(story: Story) -> None:
    by_day = dict(
        story.execute(
            "SELECT dayofweek(impression_date_utc), COUNT(*) FROM dsp_impressions GROUP BY 1"
        ).fetchall()
    )
    assert by_day[0] > 1.08 * by_day[2]
    by_hour = dict(
        story.execute("SELECT impression_hour, COUNT(*) FROM dsp_impressions GROUP BY 1").fetchall()
    )
    assert by_hour[20] > 3 * by_hour[4]
    by_month = dict(
        story.execute(
            """SELECT strftime(event_date_utc, '%Y-%m'), SUM(impressions) / COUNT(DISTINCT event_date_utc)
            FROM sponsored_ads_traffic GROUP BY 1"""
        ).fetchall()
    )
    assert by_month["2025-12"] > 1.25 * by_month["2026-02"]
    assert by_month["2026-02"] > 1.1 * by_month["2025-02"]  # a year of growth
    top = story.execute(
        "SELECT impression_date_utc FROM dsp_impressions GROUP BY 1 ORDER BY SUM(impressions) DESC LIMIT 2"
    ).fetchall()
    assert {day for (day,) in top} == {date(2025, 11, 28), date(2025, 12, 1)}  # Black Friday and Cyber Monday


def test_data_end_yesterday_and_reach_back_thirteen_months(story: Story) -> None:
    assert one(story, "SELECT MAX(impression_date_utc) FROM dsp_impressions") == date(2026, 3, 3)
    assert one(story, "SELECT MAX(event_date_utc) FROM conversions") == date(2026, 3, 3)
    first = one(story, "SELECT MIN(impression_date_utc) FROM dsp_impressions")
    assert isinstance(first, date)
    assert (END - first).days >= 396


def test_brands_products_and_search_terms_are_many(story: Story) -> None:
    assert one(story, "SELECT COUNT(DISTINCT advertiser) FROM dsp_impressions") == 4
    assert one(story, "SELECT COUNT(DISTINCT tracked_asin) FROM conversions") == 60
    assert (
        one(story, "SELECT bool_and(regexp_full_match(tracked_asin, '[A-Z0-9]{10}')) FROM conversions")
        is True
    )
    assert one(story, "SELECT COUNT(DISTINCT campaign_id) FROM sponsored_ads_traffic") == 24
    terms = one(story, "SELECT COUNT(DISTINCT customer_search_term) FROM sponsored_ads_traffic")
    assert isinstance(terms, int)
    assert terms > 100
    kinds = story.execute(
        "SELECT DISTINCT match_type FROM sponsored_ads_traffic WHERE match_type IS NOT NULL"
    ).fetchall()
    assert {row[0] for row in kinds} == {"BROAD", "PHRASE", "EXACT"}
    promoted = one(
        story,
        "SELECT COUNT(*) FROM sponsored_ads_traffic WHERE creative_asin NOT IN (SELECT asin FROM product)",
    )
    assert promoted == 0


def test_a_few_events_have_no_person(story: Story) -> None:
    share = one(story, "SELECT COUNT(*) FILTER (WHERE user_id IS NULL) / COUNT(*) FROM dsp_impressions")
    assert isinstance(share, float)
    assert 0.01 < share < 0.06


DIGEST = """SELECT (SELECT bit_xor(hash(i)) FROM dsp_impressions i),
    (SELECT bit_xor(hash(s)) FROM sponsored_ads_traffic s),
    (SELECT bit_xor(hash(a)) FROM amazon_attributed_events_by_conversion_time a),
    (SELECT bit_xor(hash(c)) FROM conversions c)"""


def digest(options: Options, number: int = 0, end: date = END) -> object:
    warehouse = Warehouse(options, number, end)
    try:
        return warehouse.connection().execute(DIGEST).fetchone()
    finally:
        warehouse.close()


def test_the_same_seed_size_and_end_give_the_same_data(tmp_path: Path) -> None:
    options = Options(users=300, days=60)
    first = digest(options)
    assert digest(options) == first
    assert digest(Options(users=300, days=60, seed=8)) != first
    assert digest(options, end=date(2026, 3, 5)) != first
    assert digest(options, number=1) != first
    kept = Options(users=300, days=60, data_dir=tmp_path)
    assert digest(kept) == first
    (file,) = tmp_path.iterdir()
    made = file.stat().st_mtime_ns
    assert digest(kept) == first
    assert [(one.name, one.stat().st_mtime_ns) for one in tmp_path.iterdir()] == [(file.name, made)]


def test_a_query_gets_no_file_and_no_setting(story: Story) -> None:
    cursor = story.cursor()
    for sql in (
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY (SELECT 1) TO '/tmp/x'",
        "SET threads = 1",
        "ATTACH '/tmp/y'",
    ):
        with pytest.raises(duckdb.Error, match=r"disabled|locked|configuration"):
            cursor.execute(sql)
