"""Packed runs: the parts equal single runs where the law says so, and do not where it says they may not."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reportbuilder.catalog
from reportbuilder.backfills.columns import COMBINING, GRAINS, Column, may_combine, read_columns
from reportbuilder.backfills.differences import find_differences
from reportbuilder.backfills.packs import (
    HIDDEN,
    Pack,
    Split,
    find_date_column,
    find_hindrances,
    pack_segments,
    spans_of,
    split_rows,
)
from reportbuilder.backfills.segments import Segment, cut_days, unit_of
from reportbuilder.errors import Invalid
from reportbuilder.parameters.dates import DateRange
from reportbuilder.parameters.windows import Window

ZONE = "Europe/Berlin"
DAYS = DateRange(date(2026, 3, 23), date(2026, 4, 9))  # the clocks go forward on 29 March
FIGURES = (
    Column("people", "distinct"),
    Column("orders", "count"),
    Column("spend", "sum"),
    Column("largest", "max"),
    Column("middle", "median"),
)
COLUMNS = (Column("period", grain="day", clock="local"), Column("campaign"), *FIGURES)
SQL = """
SELECT CAST(DATE_TRUNC('DAY', event_dt) AS DATE) AS period, campaign, COUNT(DISTINCT user_id) AS people,
    COUNT(*) AS orders, SUM(amount) AS spend, MAX(amount) AS largest, MEDIAN(amount) AS middle
FROM events GROUP BY CAST(DATE_TRUNC('DAY', event_dt) AS DATE), campaign
"""
Event = tuple[datetime, str, int, int]  # when, campaign, person, amount

events = st.lists(
    st.tuples(
        st.datetimes(datetime(2026, 3, 20), datetime(2026, 4, 12), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
        st.sampled_from(["brand", "generic"]),
        st.integers(1, 4),
        st.integers(1, 900),
    ),
    max_size=60,
)


def run(rows: Sequence[Event], window: Window, grain: str) -> list[dict[str, Any]]:
    """Do what AMC does with the query above: cut the events to the window, group them, aggregate."""
    groups: dict[tuple[date, str], list[Event]] = defaultdict(list)
    for row in rows:
        if window.start <= row[0] < window.end:
            day = row[0].astimezone(ZoneInfo(ZONE)).date()
            groups[unit_of(day, GRAINS[grain]).start, row[1]].append(row)
    return [
        {
            "period": period,
            "campaign": campaign,
            "people": len({person for _, _, person, _ in group}),
            "orders": len(group),
            "spend": sum(amount for *_, amount in group),
            "largest": max(amount for *_, amount in group),
            "middle": median(amount for *_, amount in group),
        }
        for (period, campaign), group in groups.items()
    ]


def columns(grain: str) -> tuple[Column, ...]:
    return (Column("period", grain=grain, clock="local"), *COLUMNS[1:])


def packed(rows: Sequence[Event], pack: Pack, grain: str) -> Split:
    return split_rows(run(rows, pack.window, grain), columns(grain)[0], pack)


@given(
    events,
    st.sampled_from([("daily", "day"), ("weekly", "day"), ("weekly", "week"), ("monthly", "month")]),
    st.integers(1, 8),
)
def test_parts_equal_single_runs_where_periods_lie_in_one_segment(
    rows: list[Event], how: tuple[str, str], most: int
) -> None:
    """Distinct counts and medians too: each row is made of the same events in both ways."""
    segments = cut_days(DAYS, how[0], ZONE)
    assert find_hindrances(columns(how[1]), SQL, segments) == []
    for pack in pack_segments(segments, most):
        split = packed(rows, pack, how[1])
        assert split.strays == ()
        for segment, part in zip(pack.segments, split.parts, strict=True):
            assert find_differences(part, run(rows, segment.window, how[1]), columns(how[1])) == []


def test_weeks_over_daily_segments_are_refused_for_a_reason() -> None:
    segments = cut_days(DAYS, "daily", ZONE)
    (reason,) = find_hindrances(columns("week"), SQL, segments)
    assert "may lie in two segments; take longer segments" in reason
    rows: list[Event] = [(datetime(2026, 3, day, 12, tzinfo=UTC), "brand", 1, 5) for day in (23, 24)]
    (pack,) = pack_segments(segments[:2], 2)
    monday, tuesday = packed(rows, pack, "week").parts
    assert find_differences(tuesday, run(rows, segments[1].window, "week"), columns("week")) != []
    assert find_differences(monday, run(rows, segments[0].window, "week"), columns("week")) != []


@pytest.mark.parametrize(
    ("kind", "week_start", "grain", "is_allowed"),
    [
        ("daily", "monday", "day", True),
        ("weekly", "wednesday", "day", True),
        ("weekly", "wednesday", "week", False),
        ("weekly", "monday", "month", False),
        ("monthly", "monday", "week", False),
        ("quarterly", "monday", "month", True),
        ("monthly", "monday", "quarter", False),
        ("quarterly", "monday", "quarter", True),
    ],
)
def test_which_periods_lie_in_one_segment(
    kind: str, week_start: str, grain: str, *, is_allowed: bool
) -> None:
    segments = cut_days(DAYS, kind, ZONE, week_start)
    assert (find_hindrances(columns(grain), SQL, segments) == []) == is_allowed


def test_sums_by_day_make_weeks_and_distinct_counts_do_not() -> None:
    rows: list[Event] = [(datetime(2026, 3, day, 12, tzinfo=UTC), "brand", 1, 5) for day in (24, 25)]
    window = Window.of_days(date(2026, 3, 23), date(2026, 3, 29), ZONE)
    by_day, (by_week,) = run(rows, window, "day"), run(rows, window, "week")
    assert sum(row["spend"] for row in by_day) == by_week["spend"]
    assert sum(row["people"] for row in by_day) == 2 > by_week["people"]
    assert {column.name for column in FIGURES if may_combine(column, FIGURES)} == {
        "orders",
        "spend",
        "largest",
    }


def test_a_ratio_can_be_combined_if_its_parts_can() -> None:
    known = read_columns(
        [
            {"name": "spend", "format": "currency"},
            {"name": "reach", "format": "integer", "aggregate": "distinct"},
            {"name": "clicks", "format": "integer"},
            {"name": "cpc", "ratio": ["spend", "clicks"]},
            {"name": "cost_of_reach", "ratio": ["spend", "reach"]},
            {"name": "odd", "ratio": ["spend", "nothing"]},
            {"name": "spend_to_date", "format": "currency", "additive": False},
            {"name": "campaign"},
        ]
    )
    assert [one.name for one in known if may_combine(one, known)] == ["spend", "clicks", "cpc"]
    assert set(COMBINING) >= {one.aggregate for one in known if one.aggregate}


def test_what_the_columns_and_the_sql_must_not_be() -> None:
    segments = cut_days(DAYS, "daily", ZONE)

    def told(*more: Column, sql: str = SQL, first: Column = COLUMNS[0], **values: str) -> str:
        return "; ".join(find_hindrances([first, *more], sql, segments, values))

    assert told() == ""
    assert "no column has a date" in told(first=Column("period"))
    assert "2 columns have" in told(Column("first_bought", grain="day"))
    assert "spend_to_date is made of other rows" in told(Column("spend_to_date", "running"))
    assert "OVER" in told(sql="SELECT day, SUM(x) OVER (ORDER BY day) AS y FROM t GROUP BY day")
    assert "groups by campaign" in told(sql="SELECT campaign AS period, SUM(x) AS n FROM t GROUP BY campaign")
    assert "beyond its window" in told(sql="SELECT a FROM TABLE(EXTEND_TIME_WINDOW('t', 'P7D', 'P0D'))")
    assert "ends of its window" in told(sql="SELECT a FROM t WHERE day >= {{start_date}}")
    assert "ends of its window" in told(sql="SELECT BUILT_IN_PARAMETER('TIME_WINDOW_START') AS a FROM t")
    by_utc = Column("period", grain="day")
    assert told(first=by_utc) == (
        "period is by the clock of UTC, and the segments are by the clock of Europe/Berlin"
    )
    assert find_hindrances([by_utc], SQL, cut_days(DAYS, "daily", "UTC")) == []
    by_choice = Column("period", grain="day", clock="clock")
    assert "UTC" in told(first=by_choice, clock="dt_hour_utc")
    assert "UTC" in told(first=by_choice)
    assert told(first=by_choice, clock="dt_hour") == ""


def test_shipped_templates_are_not_packed_without_a_word_of_theirs() -> None:
    for path in (Path(reportbuilder.catalog.__file__).parent / "library").glob("*.toml"):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        described = read_columns(data["columns"])
        assert [one.name for one in described] == [row["name"] for row in data["columns"]]
        if not any("date" in row for row in data["columns"]):
            assert find_hindrances(described, data["sql"], cut_days(DAYS, "daily", "UTC"))


def test_weekly_roas_may_be_packed_by_whole_weeks_once_it_is_described() -> None:
    path = Path(reportbuilder.catalog.__file__).parent / "library" / "weekly_roas.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    words = {
        "week_start": {"date": "week", "clock": "clock"},
        "days": {"aggregate": "distinct"},
        "target_roas": {"aggregate": "constant"},
    }
    described = read_columns([row | words.get(row["name"], {}) for row in data["columns"]])
    values = {"clock": "dt_hour_utc"}
    assert find_hindrances(described, data["sql"], cut_days(DAYS, "weekly", "UTC"), values) == []
    assert find_hindrances(described, data["sql"], cut_days(DAYS, "weekly", "UTC", "sunday"), values)
    assert find_hindrances(described, data["sql"], cut_days(DAYS, "weekly", ZONE), values)
    assert find_hindrances(read_columns(data["columns"]), data["sql"], cut_days(DAYS, "weekly", "UTC"))


def test_words_that_are_none_are_refused() -> None:
    with pytest.raises(Invalid, match=re.escape('columns.1.date: "hour" is not one of day, week')):
        read_columns([{"name": "a"}, {"name": "b", "date": "hour"}])
    with pytest.raises(Invalid, match=re.escape("columns.0.aggregate")):
        read_columns([{"name": "a", "aggregate": ["sum"]}])


# ---------------------------------------------------------------- packs and their rows


@given(
    st.lists(st.booleans(), min_size=30, max_size=30),
    st.integers(1, 12),
    st.booleans(),
)
def test_packs_hold_every_segment_once_and_only_neighbours(
    kept: list[bool], most: int, newest_first: bool
) -> None:
    days = DateRange(date(2026, 3, 1), date(2026, 3, 30))
    every = cut_days(days, "daily", ZONE)
    segments: list[Segment] = [one for one, keep in zip(every, kept, strict=True) if keep]
    if newest_first:
        segments.reverse()
    packs = pack_segments(segments, most)
    assert sorted(
        (one for pack in packs for one in pack.segments), key=lambda one: one.window.start
    ) == sorted(segments, key=lambda one: one.window.start)
    for pack in packs:
        assert len(pack.segments) <= most
        span = timedelta(0)
        for one in pack.segments:
            assert one.window.start == pack.window.start + span
            span += one.window.end - one.window.start
        assert pack.window.end == pack.window.start + span
        assert pack.probe in pack.segments
    firsts = [pack.window.start for pack in packs]
    assert firsts == sorted(firsts, reverse=newest_first)
    gaps = sum(
        one.window.end != other.window.start and other.window.end != one.window.start
        for one, other in pairwise(segments)
    )
    assert len(packs) >= -(-len(segments) // most)
    assert len(packs) <= gaps + 1 + len(segments) // most


def test_rows_go_to_the_segment_of_their_date_and_strays_are_told() -> None:
    pack = Pack(cut_days(DateRange(date(2026, 3, 4), date(2026, 3, 10)), "weekly", "UTC"))
    week = Column("week", grain="week")
    assert [span.to_json()["start"] for span in spans_of(pack, "week")] == ["2026-03-02", "2026-03-09"]
    values = [
        date(2026, 3, 2),
        "2026-03-09",
        datetime(2026, 3, 9, tzinfo=UTC),
        "2026-03-09T00:00:00",
        None,
        "2026-03-16",
        date(2026, 2, 23),
        "soon",
    ]
    split = split_rows([{"week": value, "n": n} for n, value in enumerate(values)], week, pack)
    assert [[row["n"] for row in part] for part in split.parts] == [[0], [1, 2, 3]]
    assert [(stray.row["n"], stray.reason) for stray in split.strays] == [
        (4, HIDDEN),
        (5, "2026-03-16 lies in none of the segments"),
        (6, "2026-02-23 lies in none of the segments"),
        (7, "'soon' is no date"),
    ]
    by_day = Pack(cut_days(DateRange(date(2026, 3, 4), date(2026, 3, 10)), "weekly", "UTC"))
    assert spans_of(by_day, "day")[0].start == date(2026, 3, 4)


def test_the_date_column_is_the_one_and_only() -> None:
    assert find_date_column(COLUMNS) == COLUMNS[0]
    assert find_date_column([*COLUMNS, Column("other", grain="week")]) is None


def test_differences_are_told_by_row() -> None:
    row = {"period": "2026-03-04", "campaign": "brand", "people": 3, "orders": 4, "spend": 0.3, "largest": 2}
    one, other = dict(row), row | {"spend": 0.1 + 0.2}
    assert find_differences([one], [other], COLUMNS) == []
    (told,) = find_differences([one], [row | {"people": 2}], COLUMNS)
    assert "people is 3 out of the packed run, 2 of the single one" in told
    assert "brand" in told
    (told,) = find_differences([one, one], [one], COLUMNS)
    assert "2 rows out of the packed run, 1 of the single one" in told
    (told,) = find_differences([], [one], COLUMNS)
    assert "0 rows" in told
    assert len(find_differences([], [one | {"campaign": str(n)} for n in range(9)], COLUMNS)) == 5
    assert find_differences([one | {"spend": None}], [one], COLUMNS) != []
    twice = [one, one | {"spend": 7}]
    assert find_differences(twice, twice[::-1], COLUMNS) == []
