-- Who sells what to whom: brands, products, campaigns, keywords, audience segments, places, people, days.
CREATE MACRO chance(h, salt) AS (hash(h, salt) % 1000000) / 1e6;
CREATE MACRO pick(h, salt, n) AS (hash(h, salt) % n)::INTEGER;
CREATE MACRO one_of(h, salt, words) AS list_extract(words, 1 + (hash(h, salt) % len(words))::INTEGER);
CREATE MACRO hex(h) AS printf('%016x', (h >> 1)::BIGINT);

-- Only some people are known by their account; they alone can buy.
CREATE MACRO has_account(user_no) AS chance(user_no, 'id type') < 0.8;
-- Nearly half of all pairs of person and brand know each other already: when they met last before the data begin.
CREATE MACRO knows(user_no, brand_no) AS chance(user_no, brand_no) >= 0.55;
CREATE MACRO met_at(user_no, brand_no, first_day) AS
    first_day::TIMESTAMP - to_seconds(60 + pick(hash(user_no, brand_no), 'met', 28512000));

CREATE TABLE span AS SELECT getvariable('first_day') AS first_day, getvariable('end_day') AS end_day;

CREATE TABLE brand AS
SELECT i::INTEGER AS brand_no, list_extract(getvariable('brands'), i + 1) AS name, 580100200300100 + 11 * i AS advertiser_id
FROM range(len(getvariable('brands'))) AS t(i);

-- Fifteen products a brand; prices in dollars.
CREATE TABLE product AS
WITH named AS (
    SELECT * FROM (VALUES
        (0, ['Trail Tent 2P', 'Down Sleeping Bag', 'Folding Camp Chair', 'Steel Water Bottle', 'Head Torch',
             'Merino Hiking Socks', 'Daypack 22L', 'Trekking Poles', 'Camp Stove', 'Dry Bag Set',
             'Insulated Mug', 'Rain Cover', 'Picnic Blanket', 'Bear Canister', 'Carabiner Pack'],
            [119.0, 79.0, 34.0, 18.5, 21.0, 12.5, 39.0, 31.0, 36.0, 19.0, 14.0, 11.5, 17.5, 44.0, 9.5]),
        (1, ['Chef Knife', 'Cast Iron Skillet', 'Bamboo Board', 'Silicone Spatulas', 'Mixing Bowls',
             'Pour-over Kettle', 'Spice Rack', 'Salad Spinner', 'Baking Mat', 'Herb Scissors',
             'Digital Scale', 'Storage Jars', 'Tea Towels', 'Garlic Press', 'Measuring Cups'],
            [42.0, 29.0, 16.5, 11.0, 22.0, 36.0, 24.0, 19.5, 9.5, 8.5, 15.0, 18.0, 12.0, 9.0, 10.5]),
        (2, ['Earbuds One', 'Earbuds Sport', 'Studio Headphones', 'Pocket Speaker', 'Party Speaker',
             'Soundbar Mini', 'Phone Stand', 'USB-C Cable', 'Charging Case', 'Desk Microphone',
             'Turntable Mat', 'Aux Adapter', 'Ear Tips', 'Travel Pouch', 'Record Brush'],
            [39.0, 49.0, 89.0, 27.0, 74.0, 69.0, 12.0, 8.0, 17.0, 45.0, 13.0, 7.5, 6.5, 11.0, 9.0]),
        (3, ['Salmon Cat Treats', 'Dental Chews', 'Scratching Post', 'Cat Fountain', 'Dog Harness',
             'Orthopaedic Bed', 'Poop Bags', 'Rope Toy', 'Puzzle Feeder', 'Grooming Glove',
             'Travel Bowl', 'Lint Roller', 'Flea Comb', 'Training Treats', 'Pet Blanket'],
            [8.0, 11.5, 26.0, 29.0, 19.0, 48.0, 9.0, 7.5, 16.0, 10.0, 8.5, 6.5, 6.0, 9.5, 18.0])
    ) AS t(brand_no, titles, prices)
), flat AS (
    SELECT brand_no, unnest(titles) AS title, unnest(prices) AS price, unnest(range(15)) AS place FROM named
)
SELECT (brand_no * 15 + place)::INTEGER AS product_no, brand_no::INTEGER AS brand_no, place::INTEGER AS place,
       'B0' || upper(substr(md5('product' || brand_no || '-' || place), 1, 8)) AS asin,
       title, price::DECIMAL(38, 4) AS price
FROM flat ORDER BY product_no;

-- Nine campaigns a brand, one of each kind. Click rates are shares, prices dollars: of a click, or of 1000 impressions.
CREATE TABLE kind AS
SELECT * FROM (VALUES
    (0, NULL, 'Prospecting | Display', 'Display', 0.0035, 0.0, 14.0, 0.8, 'DPVR'),
    (1, NULL, 'Retargeting | Display', 'Display', 0.0080, 0.0, 21.0, 1.9, 'ROAS'),
    (2, NULL, 'Streaming TV | Awareness', 'Video', 0.0008, 0.0, 34.0, 0.7, 'REACH'),
    (3, 'sponsored_products', 'SP | Branded keywords', 'Display', 0.075, 1.45, 0.0, 1.5, NULL),
    (4, 'sponsored_products', 'SP | Category keywords', 'Display', 0.034, 2.65, 0.0, 1.0, NULL),
    (5, 'sponsored_products', 'SP | Auto', 'Display', 0.026, 1.95, 0.0, 1.1, NULL),
    (6, 'sponsored_brands', 'SB | Brand video', 'Video', 0.030, 2.95, 0.0, 0.9, NULL),
    (7, 'sponsored_display', 'SD | Views remarketing', 'Display', 0.011, 0.0, 19.0, 1.2, NULL),
    (8, 'sponsored_television', 'STV | Launch', 'Video', 0.0012, 0.0, 29.0, 0.6, NULL)
) AS t(kind, ad_product, name, creative_category, click_rate, click_price, mille_price, pull, goal);

CREATE TABLE campaign AS
SELECT (b.brand_no * 9 + k.kind)::INTEGER AS campaign_no, b.brand_no, k.kind, k.ad_product, k.creative_category,
       b.name || ' | ' || k.name AS name, b.name AS advertiser, b.advertiser_id, k.goal,
       k.click_rate * (0.8 + 0.4 * chance(b.brand_no * 9 + k.kind, getvariable('seed') + 1)) AS click_rate,
       k.click_price, k.mille_price, k.pull * [1.15, 1.0, 0.85, 1.05][b.brand_no + 1] AS pull,
       410000000000 + (b.brand_no * 9 + k.kind) * 7919 + getvariable('dataset') * 1000003 AS campaign_id,
       (20000 + 2500 * pick(b.brand_no * 9 + k.kind, getvariable('seed') + 2, 9))::BIGINT AS budget,
       getvariable('first_day')::TIMESTAMP AS starts_at, (getvariable('end_day') + 90)::TIMESTAMP AS ends_at,
       -- the segments that its two line items target
       [list_transform(range(5), lambda i: (4101 + b.brand_no * 5 + i)::INTEGER),
        list_transform(range(5), lambda i: (4201 + (b.brand_no * 3 + i) % 12)::INTEGER)] AS targets
FROM brand b CROSS JOIN kind k WHERE list_contains(getvariable('kinds'), k.kind) ORDER BY campaign_no;

-- Five groups of buyers a brand, and three ways to live.
CREATE TABLE segment AS
WITH named AS (
    SELECT unnest([
        'Camping Tents', 'Hiking Apparel', 'Camp Cooking', 'Backpacks', 'Hydration',
        'Cutlery', 'Cookware', 'Bakeware', 'Kitchen Storage', 'Coffee and Tea',
        'Headphones', 'Speakers', 'Home Theater', 'Recording', 'Audio Accessories',
        'Cat Supplies', 'Dog Food and Treats', 'Dog Accessories', 'Pet Beds', 'Pet Grooming']) AS name,
        unnest(range(20)) AS place, 'inmarket' AS lane
    UNION ALL
    SELECT unnest([
        'Outdoor Enthusiasts', 'Hikers', 'Road Trippers', 'Home Cooks', 'Healthy Eaters', 'Entertainers',
        'Music Fans', 'Streamers', 'Gamers', 'Cat Owners', 'Dog Owners', 'Parents']), unnest(range(12)), 'lifestyle'
)
SELECT (if(lane = 'inmarket', 4101, 4201) + place)::INTEGER AS segment_id, lane,
       if(lane = 'inmarket', 'IM - ', 'LS - ') || name AS name,
       if(lane = 'inmarket', 'People who looked at products of: ', 'People who live like: ') || name AS description,
       if(lane = 'inmarket', 'In-market', 'Lifestyle') AS level_1,
       ['Sports and Outdoors', 'Home and Kitchen', 'Electronics', 'Pet Supplies']
           [1 + (place // if(lane = 'inmarket', 5, 3))::INTEGER] AS level_2
FROM named;

CREATE TABLE keyword AS
WITH words AS (
    SELECT * FROM (VALUES
        (0, ['camping tent', 'sleeping bag', 'hiking socks', 'water bottle', 'camping chair', 'head torch']),
        (1, ['chef knife', 'cast iron skillet', 'cutting board', 'spice rack', 'kitchen scale', 'salad spinner']),
        (2, ['wireless earbuds', 'bluetooth speaker', 'soundbar', 'headphones', 'usb c cable', 'microphone']),
        (3, ['cat treats', 'dog harness', 'cat fountain', 'dental chews', 'dog bed', 'dog toys'])
    ) AS t(brand_no, terms)
), plain AS (
    SELECT brand_no, false AS branded, unnest(terms) AS term, unnest(range(6)) AS place FROM words
)
SELECT * FROM plain
UNION ALL
SELECT p.brand_no, true, lower(split_part(b.name, ' ', 1)) || ' ' || p.term, p.place
FROM plain p JOIN brand b USING (brand_no) WHERE p.place < 3;

CREATE TABLE place AS
SELECT * FROM (VALUES
    (0, 'New York', 'US-NY', '501', '100'), (1, 'Los Angeles', 'US-CA', '803', '900'),
    (2, 'Chicago', 'US-IL', '602', '606'), (3, 'Philadelphia', 'US-PA', '504', '191'),
    (4, 'Dallas', 'US-TX', '623', '752'), (5, 'Atlanta', 'US-GA', '524', '303'),
    (6, 'Houston', 'US-TX', '618', '770'), (7, 'Boston', 'US-MA', '506', '021'),
    (8, 'Seattle', 'US-WA', '819', '981'), (9, 'Phoenix', 'US-AZ', '753', '850'),
    (10, 'Denver', 'US-CO', '751', '802'), (11, 'Miami', 'US-FL', '528', '331')
) AS t(place_no, city, state, dma, postal_prefix);

-- Those who see advertisements, and as many as `shoppers` who buy and never see one.
CREATE TABLE person AS
WITH plain AS (
SELECT i::INTEGER AS user_no, hash(i, getvariable('seed')) AS h,
       md5('user' || getvariable('seed') || '-' || i) AS user_id,
       CASE WHEN has_account(i) THEN 'adUserId'
            WHEN chance(i, 'id type') < 0.93 THEN 'sisDeviceId' ELSE 'adBrowserId' END AS user_id_type,
       floor(12 * pow(chance(i, getvariable('seed') + 3), 1.5))::INTEGER AS place_no,
       getvariable('brand_mix')[1 + pick(i, getvariable('seed') + 4, 10)] AS home_brand
FROM range(getvariable('users') + getvariable('shoppers')) AS t(i)
), held AS (
    -- who is in a segment stays in it
    SELECT *, list_sort(list_distinct([
        4101 + home_brand * 5 + pick(h, 'segment 1', 5), 4101 + home_brand * 5 + pick(h, 'segment 2', 5),
        4101 + pick(h, 'segment 3', 20), 4201 + home_brand * 3 + pick(h, 'segment 4', 3),
        4201 + pick(h, 'segment 5', 12), 4201 + pick(h, 'segment 6', 12)])) AS ids
    FROM plain
)
SELECT user_no, h, user_id, user_id_type, place_no, home_brand,
       list_transform(ids, lambda s: {
           'id': s::INTEGER,
           'joined': getvariable('first_day')
               + if(chance(h, s) < 0.85, -30 - pick(h, s + 1, 700), pick(h, s + 2, getvariable('days')))::INTEGER
       }) AS segments
FROM held;

-- How busy each day is: a slow growth, the year, the week, and the days of great sales.
CREATE TABLE calendar AS
WITH days AS (
    SELECT getvariable('first_day') + i::INTEGER AS day, i FROM range(getvariable('days')) AS t(i)
), weighed AS (
    SELECT day, i,
           (0.88 + 0.24 * i / getvariable('days'))
           * [0.92, 0.91, 0.93, 0.95, 0.98, 0.97, 1.05, 0.98, 0.96, 1.04, 1.30, 1.38][month(day)]
           * [1.14, 0.97, 0.95, 0.96, 0.98, 1.02, 1.10][dayofweek(day) + 1]
           * CASE WHEN month(day) IN (7, 10) AND day(day) BETWEEN 8 AND 14 AND dayofweek(day) IN (2, 3) THEN 2.4
                  WHEN month(day) = 11 AND day(day) BETWEEN 23 AND 29 AND dayofweek(day) = 5 THEN 2.3
                  WHEN day(day - 3) BETWEEN 23 AND 29 AND month(day - 3) = 11 AND dayofweek(day) = 1 THEN 2.5
                  ELSE 1 END AS weight
    FROM days
)
SELECT day, i, weight, weight > 2 AS is_peak,
       -- how willing people are to buy
       [0.95, 0.93, 0.99, 1.02, 1.04, 1.0, 1.08, 0.97, 1.0, 1.06, 1.16, 1.18][month(day)] AS appetite,
       round(sum(weight) OVER (ORDER BY i ROWS UNBOUNDED PRECEDING) / sum(weight) OVER ()
             * getvariable('impressions'))::BIGINT AS last,
       round((sum(weight) OVER (ORDER BY i ROWS UNBOUNDED PRECEDING) - weight) / sum(weight) OVER ()
             * getvariable('impressions'))::BIGINT AS first
FROM weighed;
