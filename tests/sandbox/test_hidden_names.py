"""No query can tell the sandbox its own users, by the names under which rows carry them."""

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
