-- What follows from people and their acts, worked out only when a query asks for it.

-- Everything bought: what the advertising tables know, and the years before them.
CREATE VIEW purchase AS
SELECT h, user_no, product_no, utc_at, units, unit_price FROM act WHERE is_order
UNION ALL
SELECT n.h, n.user_no, n.product_no, n.utc_at, 1, r.price FROM (
    SELECT hash(p.h, 'past' || b.brand_no || u.v) AS h, p.user_no,
           b.brand_no * 15 + pick(hash(p.h, u.v), 'product' || b.brand_no, 15) AS product_no,
           met_at(p.user_no, b.brand_no, s.first_day) - to_days(170 * u.v::INTEGER) AS utc_at
    FROM person p CROSS JOIN brand b CROSS JOIN span s, unnest(range(7)) AS u(v)
    WHERE has_account(p.user_no) AND knows(p.user_no, b.brand_no)
      AND (u.v = 0 OR chance(hash(p.h, u.v), b.brand_no) < 0.5)
) n JOIN product r ON r.product_no = n.product_no;

-- A visit to a brand's store begins with the page that is a conversion, and may go on to others.
CREATE VIEW store_page AS
SELECT a.h, a.user_no, a.brand_no, a.campaign_no, a.product_no, u.page,
       a.utc_at + to_seconds(u.page * (20 + pick(a.h, 'dwell', 70))) AS utc_at
FROM act a, unnest(range(1 + pick(a.h, 'pages', 4))) AS u(page)
WHERE a.subtype = 'brandStorePageView';

-- Each person in a segment of each region's marketplaces (US; UK and Germany; Japan and Australia).
CREATE VIEW membership AS
SELECT p.user_no, p.h, r.region, r.marketplaces[1 + pick(p.h, r.region || ' market', len(r.marketplaces))] AS marketplace,
       u.held.id AS segment_id, u.held.joined AS joined
FROM person p
JOIN (VALUES ('amer', 1.0, [1]), ('eu', 0.05, [3, 4]), ('apac', 0.04, [6, 111172])) AS r(region, share, marketplaces)
  ON chance(p.h, r.region) < r.share,
unnest(p.segments) AS u(held);

-- The first Thursday of each month.
CREATE VIEW snapshot AS
SELECT CAST(day AS DATE) AS day
FROM (SELECT unnest(generate_series(first_day, end_day - 1, INTERVAL 1 DAY)) AS day FROM span)
WHERE dayofweek(day) = 4 AND day(day) <= 7;

-- One person in six subscribes to a channel of Prime Video: a free week (interval 0), then month by month until
-- they leave or the data end.
CREATE VIEW enrolled AS
WITH subscriber AS (
    SELECT h, user_no, s.end_day AS until, pick(h, 'channel', 3) AS channel, pick(h, 'months', 12) AS stays,
           s.first_day + pick(h, 'subscribed', (s.end_day - s.first_day)::INTEGER) AS begins
    FROM person CROSS JOIN span s WHERE chance(h, 'subscribes') < 0.16 AND user_id_type = 'adUserId'
)
SELECT e.*, n, n = stays AS is_last, begins + if(n = 0, 0, 7 + 30 * (n - 1))::INTEGER AS starts,
       begins + (7 + 30 * n)::INTEGER AS ends
FROM subscriber e, unnest(range(1 + stays)) AS u(n)
WHERE begins + if(n = 0, 0, 7 + 30 * (n - 1))::INTEGER < until;

-- What subscribers watch: a few sessions in each interval. The third channel shows games, the others series
-- and films: `work` is which one, `title` which part of it.
CREATE VIEW streamed AS
WITH session AS (
    SELECT hash(e.h, e.n * 100 + v) AS h, e.user_no, e.channel, e.starts, least(e.ends, e.until) AS ends
    FROM enrolled e, unnest(range(pick(hash(e.h, e.n), 'sessions', 7))) AS u(v)
), titled AS (
    SELECT h, user_no, channel, channel = 2 AS is_game, pick(h, 'title', 12) AS title,
           starts + to_seconds(pick(h, 'when', (ends - starts)::INTEGER * 86400)) AS utc_at
    FROM session
)
SELECT *, NOT is_game AND title < 8 AS is_series,
       channel * 12 + if(NOT is_game AND title < 8, title // 4, title) AS work
FROM titled;

-- Half of the people are in a household of the panel; each has some weeks of shopping. A week ends on a Saturday.
CREATE VIEW basket AS
SELECT hash(p.h, v) AS h, p.user_no, p.h AS household,
       s.first_day + ((6 - dayofweek(s.first_day)) % 7)::INTEGER
           + 7 * pick(hash(p.h, v), 'week', greatest((s.end_day - s.first_day) // 7 - 1, 1)::INTEGER) AS week_end
FROM person p CROSS JOIN span s, unnest(range(1 + pick(p.h, 'weeks', 5))) AS u(v)
WHERE chance(p.h, 'panel') < 0.5;

-- One person in seven has saved a vehicle.
CREATE VIEW garage AS
SELECT p.h, p.user_no, s.first_day - pick(p.h, 'saved', 300) AS saved, s.first_day, s.end_day
FROM person p CROSS JOIN span s WHERE chance(p.h, 'garage') < 0.14 AND p.user_id_type = 'adUserId';

-- One person in forty buys a vehicle in a year; most of what was bought in the last two months is told later.
CREATE VIEW registration AS
WITH told AS (
    SELECT p.h, p.user_no, s.end_day,
           s.first_day + 20 + pick(p.h, 'registered', greatest((s.end_day - s.first_day)::INTEGER - 20, 1)) AS bought
    FROM person p CROSS JOIN span s WHERE chance(p.h, 'buys a vehicle') < 0.025
)
SELECT * FROM told WHERE bought < end_day - 60 OR chance(h, 'late') < 0.3;

-- Every fifth impression of Amazon DSP carried a tag of the Ad Server. Clicks on advertisements of search engines
-- have no campaign of Amazon's.
CREATE VIEW served AS
SELECT h, campaign_no, user_no, brand_no, utc_at, local_at, 'impression' AS what
FROM impression WHERE kind < 3 AND chance(h, 'served') < 0.2
UNION ALL
SELECT h, campaign_no, user_no, brand_no, utc_at, local_at, 'click'
FROM click WHERE kind < 3 AND chance(h, 'served') < 0.2
UNION ALL
SELECT h, NULL, user_no, brand_no, utc_at, timezone('America/New_York', timezone('UTC', utc_at)), 'search'
FROM (
    SELECT hash(p.h, 'search' || u.v) AS h, p.user_no, p.home_brand AS brand_no,
           s.first_day + to_seconds(pick(hash(p.h, 'search' || u.v), 'when',
               (s.end_day - s.first_day)::INTEGER * 86400)) AS utc_at
    FROM person p CROSS JOIN span s, unnest(range(2)) AS u(v) WHERE chance(p.h, 'searches') < 0.2
);
