"""Which rows of a table an execution may read: its window, the look-back, and its advertisers."""

from sqlglot import exp

from reportbuilder.sandbox.functions.writing import timestamp_literal
from reportbuilder.sandbox.instants import Window
from reportbuilder.sandbox.tables import Table


def conditions(table: Table, window: Window) -> list[exp.Expr]:
    """Return what holds for the rows of the table that an execution reads."""
    found: list[exp.Expr] = []
    if table.time:
        column = exp.column(table.time, quoted=True)
        start = window.start
        if window.earliest is not None and table.look_back_months is None:
            start = max(start, window.earliest)
        found += [column >= timestamp_literal(start), column < timestamp_literal(window.end)]
    if window.advertisers is not None:
        advertiser = _advertiser(table)
        if advertiser is not None:
            ids = [exp.Literal.string(one) for one in sorted(window.advertisers)]
            found.append(exp.In(this=advertiser, expressions=ids))
    return found


def _advertiser(table: Table) -> exp.Expr | None:
    """Return the id of the advertiser that a row belongs to; None where no column tells it.

    Sponsored ads have an entity where Amazon DSP has an advertiser.
    """
    names = table.by_name
    entity = exp.column("entity_id", quoted=True)
    advertiser = exp.cast(exp.column("advertiser_id", quoted=True), "VARCHAR")
    if "ad_product_type" in names and "advertiser_id" in names:
        dsp = exp.column("ad_product_type", quoted=True).is_(exp.Null())
        return exp.case().when(dsp, advertiser).else_(entity)
    if "ad_product_type" in names:
        return entity
    return advertiser if "advertiser_id" in names else None
