"""One function makes the text that is shown and the text that is sent."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reportbuilder.catalog.drafts import read_draft
from reportbuilder.catalog.models import QueryTemplate, QueryTemplateParameter
from reportbuilder.catalog.preparing import definitions_of, form_of, prepare
from reportbuilder.catalog.publishing import fill
from reportbuilder.errors import Invalid
from reportbuilder.parameters.rendering import Limits
from reportbuilder.parameters.windows import Window, default_window

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
WINDOW = default_window(as_of=NOON)
SQL = """SELECT campaign, SUM(impressions) AS n
FROM dsp_impressions
WHERE campaign IN ({{campaigns}}) AND impression_date >= {{since}} AND campaign LIKE {{filter}}
GROUP BY campaign
HAVING SUM(impressions) >= {{least}}"""
PARAMETERS: list[dict[str, Any]] = [
    {
        "parameter_name": "campaigns",
        "parameter_type": "campaign_list",
        "validation_rules": {"empty": "neutral"},
    },
    {"parameter_name": "since", "parameter_type": "date", "default_value": "today-7", "required": True},
    {
        "parameter_name": "filter",
        "parameter_type": "campaign_filter",
        "validation_rules": {"empty": "neutral"},
    },
    {"parameter_name": "least", "parameter_type": "threshold_numeric", "default_value": 10, "required": True},
]


def template(sql: str = SQL, parameters: list[dict[str, Any]] = PARAMETERS) -> QueryTemplate:
    made = QueryTemplate()
    data = {"name": "Reach", "category": "C", "sql_template": sql, "parameter_definitions": parameters}
    fill(made, read_draft(data))
    return made


def test_empty_values_filter_nothing_and_defaults_come_in() -> None:
    prepared = prepare(template(), {}, window=WINDOW, as_of=NOON)
    assert "WHERE TRUE AND impression_date >= '2026-02-25' AND TRUE" in prepared.sql
    assert "HAVING SUM(impressions) >= 10" in prepared.sql
    assert prepared.given == {}
    assert prepared.values == {"since": "2026-02-25", "least": 10}


def test_given_values_stay_rolling_for_the_report_and_are_fixed_for_the_execution() -> None:
    values = {"since": "yesterday", "campaigns": ["O'Brien", "O'Brien"], "filter": "Brand*", "least": "20"}
    prepared = prepare(template(), values, window=WINDOW, as_of=NOON)
    assert prepared.given == {"since": "yesterday", "campaigns": ["O'Brien"], "filter": "Brand*", "least": 20}
    assert prepared.values["since"] == "2026-03-03"
    assert "campaign IN ('O''Brien')" in prepared.sql
    assert "LIKE 'Brand%'" in prepared.sql


def test_what_was_run_can_be_run_again_to_the_byte() -> None:
    first = prepare(template(), {"campaigns": "A\nB", "filter": "x*y"}, window=WINDOW, as_of=NOON)
    later = prepare(template(), first.values, window=WINDOW, as_of=NOON + timedelta(days=99))
    assert later.sql == first.sql


def test_days_are_those_of_the_windows_zone() -> None:
    night = datetime(2026, 3, 5, 2, tzinfo=UTC)  # still the 4th in New York
    window = default_window(as_of=night, zone="America/New_York")
    assert ">= '2026-02-25'" in prepare(template(), {}, window=window, as_of=night).sql


@pytest.mark.parametrize(
    ("values", "field", "part"),
    [
        ({"least": "many"}, "least", "not a number"),
        ({"leest": 5}, "leest", "did you mean least"),
        ({"time_window": {"preset": "last_month"}}, "time_window", "beside the parameters"),
        ({"start_date": "2020-01-01"}, "start_date", "time_window"),
        ({"since": "2020-02-30"}, "since", "calendar"),
    ],
)
def test_wrong_values_are_refused_by_field(values: dict[str, Any], field: str, part: str) -> None:
    with pytest.raises(Invalid) as caught:
        prepare(template(), values, window=WINDOW, as_of=NOON)
    assert list(caught.value.details) == [field]
    assert part in caught.value.details[field][0]


def test_limits_hold() -> None:
    many = [f"Campaign {n}" for n in range(30)]
    with pytest.raises(Invalid, match="campaigns: it has 30 values, 20 are allowed"):
        prepare(template(), {"campaigns": many}, window=WINDOW, as_of=NOON, limits=Limits(max_list_items=20))
    with pytest.raises(Invalid, match="bytes"):
        prepare(template(), {"campaigns": many}, window=WINDOW, as_of=NOON, limits=Limits(max_sql_bytes=200))


def test_a_window_that_has_not_settled_is_a_warning() -> None:
    young = Window.of_days(NOON.date() - timedelta(days=3), NOON.date(), "UTC")
    assert prepare(template(), {}, window=WINDOW, as_of=NOON).warnings == ()
    (warning,) = prepare(template(), {}, window=young, as_of=NOON).warnings
    assert "settle" in warning
    assert prepare(template(), {}, window=young, as_of=NOON, lag_days=0).warnings == ()


def test_a_template_from_before_the_lint_still_renders_with_a_warning() -> None:
    older = QueryTemplate(sql_template="SELECT a, COUNT(*) AS n FROM t GROUP BY a ORDER BY a", ui_schema={})
    (warning,) = prepare(older, {}, window=WINDOW, as_of=NOON).warnings
    assert warning.startswith("AMC refuses this: line 1, column 43: ")


def test_the_window_fills_its_names_and_needs_no_field() -> None:
    dated = template("SELECT 1 AS n FROM t WHERE d >= {{start_date}} AND d <= {{end_date}}", [])
    window = Window.of_days(datetime(2026, 1, 1).date(), datetime(2026, 1, 31).date())  # noqa: DTZ001 - days only
    prepared = prepare(dated, {}, window=window, as_of=NOON)
    assert prepared.needs_window
    assert prepared.sql.endswith("d >= '2026-01-01' AND d <= '2026-01-31'")
    assert not prepare(template(), {}, window=WINDOW, as_of=NOON).needs_window


def test_the_form_always_asks_for_the_window() -> None:
    form = form_of(template(), as_of=NOON)
    assert "time_window" in form.json_schema()["properties"]
    assert form.ui()["campaigns"]["ui:widget"] == "campaign-picker"


def test_a_broken_stored_definition_is_named() -> None:
    broken = QueryTemplate(name="Old one", sql_template=SQL, ui_schema={})
    broken.parameters = [
        QueryTemplateParameter(parameter_name="campaigns", parameter_type="list", validation_rules={})
    ]
    with pytest.raises(Invalid, match="'Old one'") as caught:
        definitions_of(broken)
    assert list(caught.value.details) == ["parameter_definitions.0.parameter_type"]
