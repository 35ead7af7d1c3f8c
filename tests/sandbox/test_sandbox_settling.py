"""Data that settle: conversions that are reported late, and what a query sees of them at its time."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest

from reportbuilder.sandbox import Options
from reportbuilder.sandbox.tables import documented
from reportbuilder.sandbox.warehouses import Warehouse
from tests.sandbox.asked import Story, none

END = date(2026, 3, 4)

LATE = (
    "conversions",
    "conversions_all",
    "conversions_with_relevance",
    "amazon_attributed_events_by_conversion_time",
    "amazon_attributed_events_by_traffic_time",
)
WINDOW = (date(2026, 1, 5), date(2026, 1, 19))
Counter = Callable[[str, timedelta | None], int]


@pytest.fixture
def seen_after(story: Story) -> Iterator[Counter]:
    """Count a table's rows of the window, as a query saw them so long after the window's end."""
    cursor = story.cursor()

    def count(table: str, wait: timedelta | None) -> int:
        if wait is not None:
            cursor.execute(f"SET VARIABLE as_of = TIMESTAMP '{WINDOW[1] + wait}'")
        time = documented()[table].time
        query = f"SELECT COUNT(*) FROM {table} WHERE {time} >= $1 AND {time} < $2"
        row = cursor.execute(query, list(WINDOW)).fetchone()
        cursor.execute("RESET VARIABLE as_of")
        assert row is not None
        return int(row[0])

    yield count
    cursor.close()


@pytest.mark.conforms("semantics:settling", "semantics:conversion-time")
@pytest.mark.parametrize(
    "table", [name for name in LATE if name != "amazon_attributed_events_by_traffic_time"]
)
def test_conversions_grow_a_little_until_the_window_is_a_fortnight_old(
    seen_after: Counter, table: str
) -> None:
    counts = [seen_after(table, timedelta(days=day)) for day in range(16)]
    assert counts == sorted(counts)
    assert 0.9 * counts[-1] < counts[0] < counts[2] < counts[-1]
    assert 0.96 * counts[-1] < counts[2]
    assert counts[14] == counts[15] == seen_after(table, None)


@pytest.mark.conforms("semantics:settling", "semantics:traffic-time")
def test_traffic_goes_on_to_convert_for_weeks(seen_after: Counter) -> None:
    table = "amazon_attributed_events_by_traffic_time"
    counts = [seen_after(table, timedelta(days=day)) for day in range(0, 32, 2)]
    assert counts == sorted(counts)
    assert counts[0] < counts[2] < counts[-1]
    assert counts[-2] == counts[-1] == seen_after(table, None)


def test_a_conversion_is_reported_after_it_happened_and_everywhere_at_once(story: Story) -> None:
    none(story, "FROM act WHERE reported_at < utc_at OR reported_at >= utc_at + INTERVAL 14 DAY")
    none(
        story,
        """FROM credited c JOIN act a ON a.h = c.conversion
        WHERE a.reported_at <> c.reported_at OR a.utc_at <> c.conversion_utc_at""",
    )


def test_another_cursor_sees_everything(story: Story) -> None:
    with story.cursor() as one_of_them, story.cursor() as other:
        one_of_them.execute("SET VARIABLE as_of = TIMESTAMP '2025-12-01'")
        count = "SELECT COUNT(*) FROM conversions"
        early, late = one_of_them.execute(count).fetchone(), other.execute(count).fetchone()
        assert early is not None
        assert late is not None
        assert 0 < early[0] < late[0]


def test_the_parts_in_which_conversions_are_credited_make_no_difference(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reportbuilder.sandbox.story.IMPRESSIONS_PER_PART", 20_000)
    warehouse = Warehouse(Options(users=6000, end=END), 0, END)
    try:
        digest = "SELECT COUNT(*), bit_xor(hash(t)) FROM credited t"
        assert warehouse.connection().execute(digest).fetchone() == story.execute(digest).fetchone()
    finally:
        warehouse.close()
