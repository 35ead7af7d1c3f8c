"""What went wrong in production with templates of before, and does not after an import."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reportbuilder.catalog.drafts import read_draft
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.older.conversion import convert
from reportbuilder.catalog.older.files import find_sources
from reportbuilder.catalog.preparing import form_of, prepare
from reportbuilder.catalog.publishing import fill
from reportbuilder.parameters.windows import default_window

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
SQL = "SELECT campaign, SUM(clicks) AS n FROM dsp_clicks WHERE {} GROUP BY campaign"


def imported(sql: str, schema: Any) -> QueryTemplate:
    """Return the template that an older row becomes."""
    row = {"name": "Clicks", "category": "c", "sql_template": sql, "parameters_schema": schema}
    (source,) = find_sources([row])
    made = convert(source)
    assert made.publication is not None, made.refusals
    template = QueryTemplate()
    fill(template, read_draft(made.publication))
    return template


def rendered(sql: str, schema: Any, *, at: datetime = NOON, **values: Any) -> str:
    return prepare(imported(sql, schema), values, window=default_window(as_of=at), as_of=at).sql


def test_failure_11_old_fixed_dates_do_not_come_back_week_after_week() -> None:
    schema = {
        "startDate": {"type": "date", "required": True, "default": "2025-01-01"},
        "endDate": {"type": "date", "required": True, "default": "2025-01-31"},
    }
    sql = SQL.format("click_date BETWEEN '{{startDate}}' AND '{{endDate}}'")
    texts = [rendered(sql, schema, at=NOON + timedelta(weeks=week)) for week in range(3)]
    assert "BETWEEN '2026-01-20' AND '2026-02-18'" in texts[0]
    assert len(set(texts)) == 3
    assert not any("2025-01" in text for text in texts)


def test_failure_11_a_range_of_fixed_dates_rolls() -> None:
    schema = {"period": {"type": "date_range", "default": {"start": "2025-02-01", "end": "2025-02-28"}}}
    sql = SQL.format("click_date BETWEEN {{period.start}} AND {{period.end}}")
    assert "BETWEEN '2026-02-05' AND '2026-03-04'" in rendered(sql, schema)


@pytest.mark.parametrize(
    ("place", "definition", "written"),
    [
        ("campaign = '{{x}}'", {"type": "string", "default": "'O''Brien'"}, "campaign = 'O''Brien'"),
        ("campaign = {{x}}", {"type": "string", "default": "'O''Brien'"}, "campaign = 'O''Brien'"),
        ("campaign LIKE '%{{x}}%'", {"type": "string", "default": "O'Brien"}, "LIKE '%O''Brien%'"),
        ("campaign IN ('{{x}}')", {"type": "array", "default": ["a", "b"]}, "IN ('a','b')"),
        ("campaign IN ({{x}})", {"type": "string", "default": "'a','b'"}, "IN ('a','b')"),
        ("campaign IN {{x}}", {"type": "string", "default": "('a','b')"}, "IN ('a','b')"),
        ("campaign = :x", {"type": "string", "default": "it's"}, "campaign = 'it''s'"),
    ],
)
def test_failure_13_quotes_are_never_doubled_and_no_percent_is_lost(
    place: str, definition: dict[str, Any], written: str
) -> None:
    assert written in rendered(SQL.format(place), {"x": definition})


@pytest.mark.parametrize("place", ["VALUES {{xs}}", "VALUES ({{xs}})", "{{xs}}"])
def test_failure_14_a_list_becomes_rows(place: str) -> None:
    sql = (
        f"WITH w (name) AS ({place}) SELECT c.campaign, SUM(c.clicks) AS n FROM dsp_clicks AS c "
        "JOIN w ON w.name = c.campaign GROUP BY c.campaign"
    )
    text = rendered(sql, {"xs": {"type": "string", "default": "VALUES ('a'), ('b')"}})
    assert "(VALUES ('a'), ('b'))" in text


def test_failure_15_and_failure_31_no_placeholder_is_left_and_every_field_has_its_name() -> None:
    schema = [
        {"name": "least", "type": "integer", "default": 1},
        {"title": "device", "type": "string", "default": "PC"},
    ]
    sql = SQL.format("clicks >= :least AND device_type = $device AND campaign <> {{ other }}")
    template = imported(sql, schema)
    form = form_of(template, as_of=NOON)
    assert set(form.json_schema()["properties"]) == {"least", "device", "other", "time_window"}
    text = rendered(sql, schema, other="x")
    assert not {"{{", ":least", "$device"} & {piece for piece in ("{{", ":least", "$device") if piece in text}


def test_failure_36_comments_and_values_are_no_reason_to_refuse() -> None:
    sql = (
        "-- clicks; of what's listed\n/* by Ada */ WITH w (name) AS (VALUES ('a'), ('b'))\n"
        "SELECT c.campaign, SUM(c.clicks) AS n -- 'n'\nFROM dsp_clicks AS c JOIN w ON w.name = c.campaign\n"
        "GROUP BY c.campaign -- the end"
    )
    assert rendered(sql, {}) == sql


def test_a_value_is_put_in_once() -> None:
    schema = {"a": {"type": "string", "default": "{{b}}"}, "b": {"type": "string", "default": "\\1"}}
    text = rendered(SQL.format("campaign = {{a}} AND device_type = {{b}}"), schema)
    assert "campaign = '{{b}}' AND device_type = '\\1'" in text
