"""Texts that would keep a compiler busy for minutes are answered at once, whatever the answer is."""

import time
from collections.abc import Iterator

import pytest

from reportbuilder.sandbox.warehouses import shape
from tests.sandbox.tiny import Tiny

SECONDS = 5.0  # the texts below took from ten seconds to hours


@pytest.fixture(scope="module")
def tiny() -> Iterator[Tiny]:
    connection = shape()
    found = Tiny(connection, {})
    yield found
    found.close()
    connection.close()


def nested(opening: str, closing: str, deep: int, inside: str = "1") -> str:
    return f"SELECT {opening * deep}{inside}{closing * deep} AS x, COUNT(*) AS n FROM dsp_clicks GROUP BY 1"


def where(deep: int) -> str:
    condition = "'a'"
    for _ in range(deep):
        condition = f"(SELECT MAX(campaign) FROM dsp_clicks WHERE campaign = {condition})"
    return f"SELECT COUNT(*) AS n FROM dsp_clicks WHERE campaign = {condition}"


def shown(deep: int) -> str:
    value = "1"
    for _ in range(deep):
        value = f"(SELECT MAX(campaign_id) + {value} FROM dsp_clicks)"
    return f"SELECT COUNT(*) AS n, {value} AS x FROM dsp_clicks"


HOSTILE = {
    "conditions": where(14),
    "values": shown(8),
    "choices": nested("NULLIF('a', ", ")", 22, "'b'"),
    "places": nested("REGEXP_REPLACE('a', 'b', ", ")", 22, "'b'"),
    "types": nested("DECIMAL(", ")", 22),
    "lists": nested("ARRAY[", "]", 22),
    "characters": nested("VARCHAR(", ")", 22),
    "brackets": nested("(", ")", 5_000),
    "numbers": nested("CAST(", " AS BIGINT)", 22),
    "extremes": nested("GREATEST(1, ", ")", 22),
    "arrays": nested("ARRAY_DISTINCT(", ")", 22, "ARRAY[1]"),
    "one word": f"SELECT COUNT(*) AS n FROM dsp_clicks WHERE campaign = '{'a' * 200_000}'",
}


@pytest.mark.parametrize("sql", [pytest.param(sql, id=name) for name, sql in HOSTILE.items()])
def test_hostile_texts_are_answered_soon(tiny: Tiny, sql: str) -> None:
    begun = time.process_time()
    tiny.refusal(sql)
    assert time.process_time() - begun < SECONDS


@pytest.mark.parametrize("sql", [where(3), shown(3)])
def test_what_people_write_compiles(tiny: Tiny, sql: str) -> None:
    assert tiny.refusal(sql) == ""
