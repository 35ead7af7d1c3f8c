"""AMC's tables with a handful of rows, and the results of queries as AMC's files show them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Self

import pytest
from _pytest.mark import ParameterSet

from reportbuilder.sandbox.compiling import Plan, compile_workflow
from reportbuilder.sandbox.csvtext import rows_sql
from reportbuilder.sandbox.dialect import RefusedError
from reportbuilder.sandbox.instants import Window
from reportbuilder.sandbox.tables import documented
from reportbuilder.sandbox.warehouses import shape

NOW = datetime(2026, 3, 4, 12, 34, 56, tzinfo=UTC)
JANUARY = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), "UTC")
_ROWS = """
INSERT INTO dsp_impressions (campaign, campaign_id, impressions, total_cost, user_id, impression_dt_utc)
VALUES
    ('Spring', 1, 2, 100.5, 'ada', '2026-01-10 00:00:00'),
    ('Spring', 1, 3, 50.25, 'ben', '2026-01-11 00:00:00'),
    ('Autumn', 2, 5, NULL, 'ada', '2026-01-31 23:59:59'),
    ('Late', 3, 7, 1, 'cleo', '2026-02-01 00:00:00'),
    ('Early', 4, 11, 1, 'cleo', '2025-12-31 23:59:59');
INSERT INTO dsp_clicks (campaign, campaign_id, clicks, user_id, click_dt_utc, impression_dt_utc) VALUES
    ('Spring', 1, 1, 'ada', '2026-01-10 01:00:00', '2026-01-10 00:00:00');
INSERT INTO sponsored_ads_traffic (campaign, ad_product_type, impressions, spend, user_id, event_dt_utc)
VALUES
    ('Words', 'sponsored_products', 13, 18000000, 'ada', '2026-01-10 00:00:00'),
    ('Film', 'sponsored_television', 17, 5, 'ben', '2026-01-10 00:00:00');
INSERT INTO amazon_attributed_events_by_conversion_time
    (campaign, conversions, product_sales, user_id, conversion_event_dt_utc, traffic_event_dt_utc) VALUES
    ('Spring', 1, 12.5, 'ada', '2026-01-12 00:00:00', '2026-01-10 00:00:00');
INSERT INTO amazon_attributed_events_by_traffic_time
    (campaign, conversions, product_sales, user_id, conversion_event_dt_utc, traffic_event_dt_utc) VALUES
    ('Spring', 1, 12.5, 'ada', '2026-01-12 00:00:00', '2026-01-10 00:00:00');
"""


class Tiny:
    """Compiles and runs a query over the rows above, without thresholds unless ``fields`` say otherwise."""

    def __init__(self) -> None:
        self.connection = shape()
        self.connection.execute(_ROWS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def plan(self, sql: str, workflow: dict[str, Any] | None = None, **fields: Any) -> Plan:
        body = {
            "workflow": {"sqlQuery": sql, "outputFormat": {"separatorCharacter": "\t"}, **(workflow or {})},
            "requireSyntheticData": True,
            "disableAggregationControls": True,
            **fields,
        }
        return compile_workflow(body, JANUARY, NOW, self.connection, documented())

    def lines(self, sql: str, **fields: Any) -> list[str]:
        """Return the rows as text, cells between tabs, in any order."""
        rows = self.connection.execute(rows_sql(self.plan(sql, **fields))).fetchall()
        return sorted(str(row[0]) for row in rows)

    def cell(self, expression: str, **fields: Any) -> str:
        (line,) = self.lines(f"SELECT {expression} AS x", **fields)
        return line

    def row(self, *expressions: str) -> tuple[str, ...]:
        """Return the cells of a row of several expressions."""
        named = ", ".join(f"{expression} AS x{place}" for place, expression in enumerate(expressions))
        (line,) = self.lines(f"SELECT {named}")
        return tuple(line.split("\t"))

    def type(self, expression: str, source: str = "") -> str:
        """Return the type that the result's column is told to have."""
        column = self.plan(f"SELECT {expression} AS x {source}").columns[0]
        size = f"({column.precision},{column.scale})" if column.data_type == "DECIMAL" else ""
        return column.data_type + size

    def refusal(self, sql: str, **fields: Any) -> str:
        with pytest.raises(RefusedError) as caught:
            self.plan(sql, **fields)
        return str(caught.value)


def proving(kind: str, rows: Iterable[tuple[str, ...]]) -> list[ParameterSet]:
    """Return parameters whose first value names the facts that they prove, those of ``kind`` without it."""
    return [
        pytest.param(
            *values,
            marks=pytest.mark.conforms(
                *(name if ":" in name else f"{kind}:{name}" for name in names.split())
            ),
            id=f"{names.split()[0]}-{place}",
        )
        for place, (names, *values) in enumerate(rows)
    ]
