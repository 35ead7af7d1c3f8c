"""Every fact of an ad and of a sale with its cost and its people, added up as a test wants."""

from typing import Any

from tests.catalog.at_amc import Amc, Tally

# Every fact with its cost in dollars; a fact of an impression has its price of a thousand in it already.
EVENTS = """
    SELECT 'dsp impressions' AS source, campaign_no, user_no, utc_at, local_at, 1 AS impressions, 0 AS clicks,
        millicents * 1.12 / 1e5 AS dsp_spend, 0.0 AS sponsored_spend,
        0 AS purchases, 0 AS new_purchases, 0.0 AS sales
    FROM impression WHERE kind < 3
    UNION ALL
    SELECT 'dsp clicks', campaign_no, user_no, utc_at, local_at, 0, 1, 0, 0, 0, 0, 0 FROM click WHERE kind < 3
    UNION ALL
    SELECT 'sponsored', campaign_no, user_no, utc_at, local_at, 1, 0, 0, millicents / 1e5, 0, 0, 0
    FROM impression WHERE kind >= 3
    UNION ALL
    SELECT 'sponsored', campaign_no, user_no, utc_at, local_at, 0, 1, 0, microcents / 1e8, 0, 0, 0
    FROM click WHERE kind >= 3
    UNION ALL
    SELECT 'conversions', campaign_no, user_no, {at}utc_at, {at}local_at, 0, 0, 0, 0, ({counts})::INT,
        ({counts} AND new_to_brand)::INT, if({counts}, units * unit_price::DOUBLE, 0)
    FROM credited WHERE is_order
"""
SUMS = ("impressions", "clicks", "dsp_spend", "sponsored_spend", "purchases", "new_purchases", "sales")


def tally_of(
    amc: Amc, key: str, *, at: str = "conversion_", counts: str = "true", extra: str = "true", **place: Any
) -> Tally:
    """Add up every fact of the window by ``key``, which is SQL over the fact and its campaign ``c``.

    :param at: ``conversion_`` or nothing: whether a sale belongs to its own time or to that of its ad.
    :param counts: which sales count.
    """
    tally = Tally()
    sums = ", ".join(f"sum({name})" for name in SUMS)
    for *group, source, low, high, a, b, c, d, e, f, g in amc.ask(
        f"""SELECT {key}, source, min(user_no), max(user_no), {sums}
        FROM ({EVENTS.format(at=at, counts=counts)}) JOIN campaign c USING (campaign_no)
        WHERE utc_at >= $a AND utc_at < $b AND {extra} GROUP BY ALL""",
        **place,
    ):
        # AMC asks for two people: the first and the last one tell whether there are
        tally.add(
            tuple(group), source, low, **dict(zip(SUMS, map(float, (a, b, c, d, e, f, g)), strict=True))
        )
        tally.add(tuple(group), source, high)
    return tally
