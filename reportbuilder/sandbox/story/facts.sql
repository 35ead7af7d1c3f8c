-- What happens: impressions, clicks, visits and purchases.
-- `h` is an event's own chance; all that a view shows of an event comes from it, so that a click
-- and a credited conversion tell the same of an impression as the impression itself.

-- The hours of the day (UTC): quiet in the American night, busiest in the evening.
CREATE MACRO hour_of(h) AS list_extract(
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 6, 7, 9, 10, 11, 11, 12, 12, 13, 13, 14, 14, 14, 15, 15, 15,
     16, 16, 16, 17, 17, 17, 18, 18, 18, 19, 19, 19, 20, 20, 20, 21, 21, 21, 22, 22, 22, 22, 23, 23, 23, 23,
     0, 0, 1, 1, 2, 23], 1 + (hash(h, 'hour') % 64)::INTEGER);
CREATE MACRO kind_of(h) AS getvariable('kinds')[1 + pick(h, 'kind', getvariable('kind_count'))];
CREATE MACRO brand_of(h, home) AS if(
    chance(h, 'home') < 0.6, home, getvariable('brand_mix')[1 + pick(h, 'brand', 10)]);
-- When a conversion is reported: most within hours, some after two days, all within a fortnight.
CREATE MACRO reported_after(h) AS to_seconds(CASE
    WHEN chance(h, 'reported') < 0.70 THEN pick(h, 'report', 21600)
    WHEN chance(h, 'reported') < 0.95 THEN 21600 + pick(h, 'report', 151200)
    ELSE 172800 + pick(h, 'report', 1036000) END);

CREATE TABLE impression AS
WITH slots AS (
    SELECT day, i AS day_no, is_peak, appetite, unnest(range(first, last)) AS n FROM calendar
), chances AS (
    SELECT day, day_no, is_peak, appetite, hash(n, getvariable('seed')) AS h FROM slots
), drawn AS (
    -- a third of the people are active in a fortnight, and the third moves on slowly, so that touches come in bursts
    SELECT h, is_peak, appetite,
           day + to_seconds(hour_of(h) * 3600 + pick(h, 'second', 3600)) AS utc_at,
           ((floor(getvariable('users') * 0.35 * pow(chance(h, 'user'), 1.5))
             + (day_no // 14) * (getvariable('users') * 0.11)::BIGINT) % getvariable('users'))::INTEGER AS user_no
    FROM chances
)
SELECT d.h, c.campaign_no, c.kind, c.brand_no,
       CASE WHEN chance(d.h, 'unknown user') >= 0.03 THEN d.user_no END AS user_no,
       d.utc_at, timezone('America/New_York', timezone('UTC', d.utc_at)) AS local_at,
       (c.mille_price * 100 * (0.6 + 0.8 * chance(d.h, 'price')) * if(d.is_peak, 1.3, 1))::BIGINT AS millicents,
       chance(d.h, 'click') < c.click_rate AS clicked,
       (c.pull * d.appetite * if(d.is_peak, 1.25, 1))::REAL AS pull
FROM drawn d
JOIN person p ON p.user_no = d.user_no
JOIN campaign c ON c.campaign_no = 9 * brand_of(d.h, p.home_brand) + kind_of(d.h);

CREATE TABLE click AS
SELECT i.h, i.campaign_no, i.kind, i.brand_no, i.user_no, i.utc_at + to_seconds(3 + pick(i.h, 'wait', 90)) AS utc_at,
       i.local_at + to_seconds(3 + pick(i.h, 'wait', 90)) AS local_at,
       i.utc_at AS seen_utc_at, i.local_at AS seen_local_at, i.millicents, i.pull,
       (c.click_price * 100000000 * (0.6 + 0.8 * chance(i.h, 'bid')))::BIGINT AS microcents
FROM impression i JOIN campaign c USING (campaign_no)
WHERE i.clicked AND i.utc_at < getvariable('end_day') - INTERVAL 100 SECOND;

-- One row per impression and one per click, as AMC has it.
CREATE VIEW sponsored AS
SELECT h, campaign_no, user_no, utc_at, local_at, false AS is_click, millicents * 1000 AS microcents
FROM impression WHERE kind >= 3
UNION ALL
SELECT h, campaign_no, user_no, utc_at, local_at, true, microcents FROM click WHERE kind >= 3;

-- Someone comes to a product page: because of a touch, or, without a campaign, all alone.
CREATE TEMP TABLE visit AS
WITH touch AS (
    SELECT h, campaign_no, kind, brand_no, user_no, utc_at, pull, true AS is_click FROM click
    WHERE user_no IS NOT NULL
    UNION ALL
    SELECT h, campaign_no, kind, brand_no, user_no, utc_at, pull, false FROM impression
    WHERE user_no IS NOT NULL AND chance(h, 'visit') < 0.015 * pull
), alone AS (
    SELECT hash(i, getvariable('seed') + 5) AS h,
           (getvariable('users') + floor(getvariable('shoppers') * chance(i, 'shopper')))::INTEGER AS user_no
    FROM range(3 * getvariable('shoppers')) AS t(i)
)
SELECT hash(h, is_click) AS h, user_no, brand_no, campaign_no, kind, pull, is_click,
       utc_at + to_seconds(if(is_click AND chance(h, 'soon') < 0.75, 20 + pick(h, 'delay', 500),
                          60 + (1000000 * pow(chance(h, 'delay'), 4))::BIGINT)) AS utc_at,
       brand_no * 15 + if(chance(h, 'promoted') < 0.7,
                          (3 - kind % 3) % 3 + 3 * (5 * pow(chance(h, 'product'), 1.6))::INTEGER % 15,
                          floor(15 * chance(h, 'product'))::INTEGER) AS product_no
FROM touch WHERE NOT is_click OR chance(h, 'visit') < 0.7
UNION ALL
SELECT a.h, a.user_no, brand_of(a.h, p.home_brand), NULL, NULL, 0.5, false,
       getvariable('first_day') + to_days(pick(a.h, 'day', getvariable('days')))
           + to_seconds(hour_of(a.h) * 3600 + pick(a.h, 'second', 3600)),
       brand_of(a.h, p.home_brand) * 15 + floor(15 * pow(chance(a.h, 'product'), 1.3))::INTEGER
FROM alone a JOIN person p USING (user_no);

-- What people do then, with the campaign that brought them.
CREATE TABLE act AS
WITH done AS (
    SELECT hash(h, 'view') AS h, user_no, brand_no, campaign_no, product_no, utc_at, 'detailPageView' AS subtype FROM visit
    UNION ALL
    SELECT hash(h, 'cart'), user_no, brand_no, campaign_no, product_no, utc_at + to_seconds(30 + pick(h, 'cart delay', 600)),
           'shoppingCart' FROM visit WHERE chance(h, 'cart') < 0.42
    UNION ALL
    SELECT hash(h, 'order'), user_no, brand_no, campaign_no, product_no,
           utc_at + to_seconds(90 + pick(h, 'cart delay', 600) + (150000 * pow(chance(h, 'order delay'), 5))::BIGINT),
           'order' FROM visit
    WHERE chance(h, 'order') < if(is_click, 0.42, 0.30) * (0.6 + 0.4 * pull) AND has_account(user_no)
    UNION ALL
    SELECT hash(h, 'other'), user_no, brand_no, campaign_no, product_no, utc_at + to_seconds(15 + pick(h, 'other delay', 900)),
           one_of(h, 'other', ['searchConversion', 'searchConversion', 'searchConversion', 'brandStorePageView',
                               'brandStorePageView', 'brandStorePageView', 'wishList', 'customerReview',
                               'babyRegistry', 'weddingRegistry'])
    FROM visit WHERE chance(h, 'any other') < 0.24
    UNION ALL
    SELECT hash(h, 'subscribe'), user_no, brand_no, campaign_no, product_no, utc_at + to_seconds(200), 'snsSubscription'
    FROM visit WHERE campaign_no IS NULL AND chance(h, 'subscribe') < 0.02 AND has_account(user_no)
    UNION ALL  -- seen by a pixel on the advertiser's own site
    SELECT hash(h, 'pixel'), user_no, brand_no, campaign_no, product_no, utc_at + to_seconds(40 + pick(h, 'pixel delay', 3000)),
           one_of(h, 'pixel', ['134', '134', '140', '141']) FROM visit WHERE kind < 3 AND chance(h, 'site') < 0.25
), counted AS (
    SELECT d.*, subtype IN ('134', '140', '141') AS is_pixel, subtype = 'order' AS is_order,
           1 + (chance(h, 'units') < 0.13)::INTEGER + (chance(h, 'units') < 0.03)::INTEGER AS units,
           row_number() OVER (PARTITION BY user_no, brand_no, subtype ORDER BY utc_at, h) AS nth
    FROM done d WHERE utc_at < getvariable('end_day')
)
SELECT c.h, if(campaign_no IS NULL AND chance(c.h, 'unknown user') < 0.02, NULL, c.user_no) AS user_no,
       c.brand_no, c.campaign_no, c.product_no, c.utc_at,
       timezone('America/New_York', timezone('UTC', c.utc_at)) AS local_at, c.utc_at + reported_after(c.h) AS reported_at,
       c.subtype, c.is_pixel, c.is_order, c.units::BIGINT AS units,
       CASE WHEN is_order OR subtype = '134'
            THEN round(p.price * if(chance(c.h, 'deal') < 0.2, 0.85, 1.0)::DECIMAL(3, 2), 2)::DECIMAL(38, 4) END AS unit_price,
       -- to whom the brand has not sold for a year
       is_order AND nth = 1 AND NOT (
           knows(c.user_no, c.brand_no)
           AND c.utc_at < met_at(c.user_no, c.brand_no, getvariable('first_day')) + INTERVAL 365 DAY) AS new_to_brand
FROM counted c JOIN product p USING (product_no) ORDER BY c.utc_at;
DROP TABLE visit;

-- What people did who had seen an advertisement.
CREATE VIEW conversion AS SELECT * FROM act WHERE campaign_no IS NOT NULL;
