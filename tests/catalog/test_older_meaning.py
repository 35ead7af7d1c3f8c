"""What an older template meant is what it means afterwards; where that cannot be, it is refused."""

from typing import Any

import pytest

from tests.catalog.test_older_shapes import made, parameters, sql_of, why

WHERE = "SELECT campaign, SUM(clicks) AS n FROM dsp_clicks WHERE {} GROUP BY campaign"


@pytest.mark.parametrize(
    "comment",
    [
        "/* AND campaign IN ({{only}})\n AND device_type = 'PC' */",
        "-- AND campaign IN ({{only}}) AND device_type = 'PC'",
    ],
)
def test_no_second_condition_is_switched_on_with_a_commented_one(comment: str) -> None:
    sql = WHERE.format(f"clicks > 0\n{comment}\n")
    conversion = made(sql, {"only": {"type": "campaign_list"}})
    assert sql_of(conversion) == sql
    assert parameters(conversion) == {}


def test_a_comment_after_a_commented_condition_does_no_harm() -> None:
    sql = WHERE.format("clicks > 0\n-- AND campaign IN ({{only}})  -- switch on if wanted\n")
    assert "\nAND campaign IN ({{only}})  -- switch" in sql_of(made(sql, {"only": {"type": "campaign_list"}}))


def test_a_name_in_dollar_and_braces_is_a_mark_like_the_others() -> None:
    conversion = made(WHERE.format("advertiser = ${advertiser}"), {"advertiser": "Northwind"})
    assert "advertiser = {{advertiser}}" in sql_of(conversion)
    assert "${x} is declared nowhere" in why(made(WHERE.format("advertiser = ${x}"), {}))


@pytest.mark.parametrize("mark", [":brand", "$brand", "${brand}", "{brand}", "%:brand%"])
def test_a_mark_in_quotes_is_not_sent_as_a_text(mark: str) -> None:
    conversion = made(WHERE.format(f"advertiser LIKE '{mark}'"), {"brand": "Northwind"})
    assert "is a text and no placeholder; write {{brand}} in its quotes" in why(conversion)


@pytest.mark.parametrize("type_", ["string", "array", None])
def test_a_list_that_leans_on_the_quotes_around_it_stays_a_list(type_: str | None) -> None:
    default = "Halden', 'O''Brien"
    declared: Any = {"type": type_, "default": default} if type_ else default
    conversion = made(WHERE.format("campaign IN ('{{names}}')"), {"names": declared})
    assert "campaign IN ({{names}})" in sql_of(conversion)
    assert parameters(conversion)["names"]["default_value"] == ["Halden", "O'Brien"]


def test_a_list_in_the_quotes_of_one_value_is_refused() -> None:
    conversion = made(WHERE.format("campaign = '{{name}}'"), {"name": {"type": "string", "default": "a','b"}})
    assert "is a list, but stands where one value can" in why(conversion)


@pytest.mark.parametrize("default", [[12, 34], "12, 34"])
@pytest.mark.parametrize("type_", ["array", "list", None])
def test_numbers_of_a_list_get_no_quotes_whatever_it_is_called(type_: str | None, default: Any) -> None:
    declared = {"type": type_, "default": default} if type_ else default
    row = parameters(made(WHERE.format("campaign_id IN ({{campaign_ids}})"), {"campaign_ids": declared}))
    assert row["campaign_ids"]["default_value"] == [12, 34]
    assert row["campaign_ids"]["validation_rules"] == {"item_type": "integer"}


def test_a_number_that_cannot_be_read_is_told_as_it_was_written() -> None:
    conversion = made(WHERE.format("clicks > {{least}}"), {"least": {"type": "number", "default": "1,000"}})
    assert '"1,000" is not a number' in why(conversion)
