"""Who met which ads and who bought because of them, counted from the facts below AMC's tables."""

import functools
from datetime import datetime
from typing import Any, NamedTuple

from reportbuilder.parameters.windows import Window
from tests.catalog.at_amc import Amc


class Contact(NamedTuple):
    """A person's meetings with one campaign in a window, its views and its clicks apart; cost in dollars."""

    user: int | None
    campaign: str
    advertiser: str
    ad_product: str
    is_video: bool
    is_click: bool
    times: int
    dollars: float
    first_at: datetime

    @property
    def is_dsp(self) -> bool:
        return self.ad_product == "amazon_dsp"


class Purchase(NamedTuple):
    """An order that is credited to an ad; whose click or view was at ``ad_at``, in UTC."""

    user: int | None
    campaign: str
    advertiser: str
    ad_product: str
    ad_at: datetime
    bought_at: datetime
    dollars: float
    is_promoted: bool
    is_new: bool
    asin: str


_CONTACTS = """
SELECT t.user_no, c.name, c.advertiser, coalesce(c.ad_product, 'amazon_dsp'), c.creative_category = 'Video',
    {is_click}, count(*), sum({dollars}), min(t.utc_at)
FROM {table} t JOIN campaign c USING (campaign_no)
WHERE t.utc_at >= $a AND t.utc_at < $b
GROUP BY ALL"""
_PURCHASES = """
SELECT t.user_no, c.name, c.advertiser, coalesce(c.ad_product, 'amazon_dsp'), t.utc_at, t.conversion_utc_at,
    CAST(t.units * t.unit_price AS DOUBLE), t.is_promoted, t.new_to_brand, r.asin
FROM credited t JOIN campaign c USING (campaign_no) JOIN product r USING (product_no)
WHERE t.is_order AND {time} >= $a AND {time} < $b"""
_VIEWS = {
    "table": "impression",
    "is_click": "false",
    # the cost of Amazon DSP with its fees; sponsored ads that cost by the view
    "dollars": "t.millicents * if(t.kind < 3, 1.12, 1) / 1e5",
}
_CLICKS = {"table": "click", "is_click": "true", "dollars": "if(t.kind < 3, 0, t.microcents) / 1e8"}


@functools.lru_cache(maxsize=6)
def contacts(amc: Amc, instance: str, window: Window) -> tuple[Contact, ...]:
    """Return all meetings of the window."""
    rows: list[Any] = []
    for words in (_VIEWS, _CLICKS):
        rows += amc.ask(_CONTACTS.format(**words), instance=instance, window=window)
    return tuple(Contact._make(row) for row in rows)


def purchases(amc: Amc, instance: str, window: Window, *, by: str = "conversion") -> list[Purchase]:
    """Return the orders whose ad (``by`` traffic) or which themselves (conversion) lie in the window."""
    time = {"traffic": "t.utc_at", "conversion": "t.conversion_utc_at"}[by]
    return [
        Purchase._make(row) for row in amc.ask(_PURCHASES.format(time=time), instance=instance, window=window)
    ]
