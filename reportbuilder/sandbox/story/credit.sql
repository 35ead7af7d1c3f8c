-- To which touch each conversion of one part of the time is credited: the last one within 14 days,
-- a click before an impression; a pixel's conversion only to Amazon DSP.
WITH wanted AS (
    SELECT h, user_no, brand_no + if(is_pixel, 100, 0) AS interest, utc_at FROM conversion
    WHERE utc_at >= getvariable('part_start') AND utc_at < getvariable('part_end')
), touched AS (
    SELECT * FROM impression
    WHERE utc_at >= getvariable('part_start') - INTERVAL 15 DAY AND utc_at < getvariable('part_end')
), followed AS (
    SELECT * FROM click
    WHERE utc_at >= getvariable('part_start') - INTERVAL 15 DAY AND utc_at < getvariable('part_end')
), clicks AS (
    SELECT h, user_no, brand_no AS interest, utc_at FROM followed WHERE user_no IS NOT NULL
    UNION ALL
    SELECT h, user_no, brand_no + 100, utc_at FROM followed WHERE user_no IS NOT NULL AND kind < 3
), impressions AS (
    SELECT h, user_no, brand_no AS interest, utc_at FROM touched WHERE user_no IS NOT NULL
    UNION ALL
    SELECT h, user_no, brand_no + 100, utc_at FROM touched WHERE user_no IS NOT NULL AND kind < 3
), clicked AS (
    SELECT w.h, c.h AS touch, c.utc_at FROM wanted w
    ASOF JOIN clicks c ON w.user_no = c.user_no AND w.interest = c.interest AND w.utc_at >= c.utc_at
    WHERE w.utc_at - c.utc_at < INTERVAL 14 DAY
), seen AS (
    SELECT w.h, s.h AS touch, s.utc_at FROM (SELECT * FROM wanted ANTI JOIN clicked USING (h)) w
    ASOF JOIN impressions s ON w.user_no = s.user_no AND w.interest = s.interest AND w.utc_at >= s.utc_at
    WHERE w.utc_at - s.utc_at < INTERVAL 14 DAY
), both_ways AS (
    SELECT h AS conversion, touch, utc_at, true AS is_click FROM clicked
    UNION ALL
    SELECT h, touch, utc_at, false FROM seen
)
SELECT t.touch AS h, s.campaign_no, v.user_no, t.is_click, t.utc_at,
       if(t.is_click, k.local_at, s.local_at) AS local_at, s.utc_at AS seen_utc_at, s.local_at AS seen_local_at,
       s.millicents, k.microcents, v.h AS conversion, v.product_no, v.utc_at AS conversion_utc_at,
       v.local_at AS conversion_local_at, v.reported_at, v.subtype, v.is_pixel, v.is_order, v.units, v.unit_price,
       v.new_to_brand, (v.product_no + s.kind) % 3 = 0 AS is_promoted
FROM both_ways t
JOIN conversion v ON v.h = t.conversion
JOIN touched s ON s.h = t.touch
LEFT JOIN followed k ON k.h = t.touch AND t.is_click
ORDER BY conversion_utc_at;
