"""No query tells the sandbox its own users by the names of hidden columns, nor sees rows of events."""

from collections.abc import Iterator

import pytest

from reportbuilder.sandbox.warehouses import shape
from tests.sandbox.tiny import Tiny, spread


@pytest.fixture(scope="module")
def tiny() -> Iterator[Tiny]:
    connection = shape()
    found = Tiny(connection, {})
    found.fill("dsp_impressions", spread(9, 1, "impressions", "a", campaign="Alone"))
    found.fill("dsp_impressions", spread(9, 3, "impressions", "b", campaign="Crowd"))
    yield found
    found.close()
    connection.close()


@pytest.mark.parametrize("number", range(4))
def test_no_query_tells_its_own_users(tiny: Tiny, number: int) -> None:
    """Rows carry users under names of the sandbox's own; who writes them would choose the count."""
    sql = f"""WITH p AS (SELECT campaign, COUNT(*) AS n, 1 AS "__u{number}_0", 2 AS "__U{number}_1"
        FROM dsp_impressions GROUP BY 1) SELECT campaign, n FROM p GROUP BY 1, 2"""
    assert "reserved" in tiny.refusal(sql)


def test_the_names_that_rows_carry_stay_out_of_stars(tiny: Tiny) -> None:
    sql = "WITH p AS (SELECT * FROM dsp_impressions) SELECT campaign, SUM(impressions) AS n FROM p GROUP BY 1"
    assert tiny.rows(sql) == [("Crowd", 9)]


@pytest.mark.parametrize(
    "condition",
    ["EXISTS (SELECT COUNT(*) FROM dsp_clicks)", "user_id IN (SELECT DISTINCT user_id FROM dsp_clicks)"],
)
def test_a_condition_that_aggregates_puts_no_rows_together(tiny: Tiny, condition: str) -> None:
    assert "must aggregate" in tiny.refusal(f"SELECT total_cost FROM dsp_impressions WHERE {condition}")
    assert tiny.refusal(f"SELECT SUM(total_cost) AS n FROM dsp_impressions WHERE {condition}") == ""
